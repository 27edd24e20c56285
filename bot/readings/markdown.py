"""The Markdown that session pages are made of: blocks, links, and text that survives the trip.

Structure comes from markdown-it-py's tokens; text is cut out of the source by their line numbers,
so that nothing is rendered and written anew. ``to_page`` and ``from_page`` are each other's
inverse: whatever a stranger typed, it can't become a heading, a footer or a speaker of the page.
This module knows nothing of sessions or summaries.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

FOOTER = (
    r"(?:Published|Posted)\b.{0,40}\d{4}[ \t]*By\b|Categori[sz]ed as[ \t]+\["
    r"|Tagged[ \t]*(?:\[|\#|$)|[Tt]ags?:"
)
SPEAKER = r"\*\*(?P<inside>[^*\n]{1,60}):\*\*|\*\*(?P<outside>[^*\n]{1,60})\*\*:"
LABEL = (
    r"\*Quoted from the reading|\*Made by[ ]"
    r"|\*Not from all of it:[ ]|\*Edited by the organiser\.\*"
)

_STRUCTURE = (
    r"\#{1,6}(?:[ \t]|$)"  # headings
    r"|[=-][=\- \t]*$|(?:[*_][ \t]*){3,}$"  # underlined headings, rules
    r"|```|~~~"  # a fence left open would swallow the rest of the page
    r"|!\["  # a paragraph of pictures is not text
    rf"|{FOOTER}|{SPEAKER.replace('?P<inside>', '?:').replace('?P<outside>', '?:')}|{LABEL}"
)
_TO_ESCAPE = re.compile(rf"^([ \t]*)(?=\\*(?:{_STRUCTURE}))")
_ESCAPED = re.compile(rf"^([ \t]*)\\(?=\\*(?:{_STRUCTURE}))")
_MARKER = re.compile(r"[ \t]*(?:\d{1,9}[.)]|[-*+])(?:[ \t]{1,4}(?=\S)|[ \t]*$)")
_INLINE_SPECIAL = re.compile(r"[\\`*_\[\]<]|&(?=#?\w{1,40};)|!(?=\[)")
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")


class _Parser(MarkdownIt):
    """CommonMark with links kept as they are written; HTML is text, and so are definitions."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False})
        self.disable("reference")

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link

    def validateLink(self, url: str) -> bool:
        return True


class _Structure(_Parser):
    """Blocks alone: their inline text is left as it is, which is most of the work."""

    def __init__(self) -> None:
        super().__init__()
        self.core.ruler.disable(["inline", "text_join"])


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it stands in the text: ``text`` is plain, on one line; ``url`` is unescaped."""

    text: str
    url: str

    @property
    def web(self) -> bool:
        return bool(re.match(r"https?://[^\s/]", self.url, re.IGNORECASE))


@dataclass(frozen=True, slots=True)
class Block:
    """A top-level block: its token type ("paragraph", "heading", ...), tag and lines [start, end).

    ``source`` is the inline Markdown of a paragraph or a heading.
    """

    kind: str
    tag: str
    start: int
    end: int
    source: str = ""

    @property
    def text(self) -> str:
        """What a reader sees of it, on one line."""
        return " ".join("".join(_plain(self.children)).split())

    @property
    def children(self) -> list[Token]:
        return [c for token in _Parser().parseInline(self.source) for c in token.children or []]


def blocks(source: str) -> list[Block]:
    """The top-level blocks of ``source``, with line numbers into ``source.split("\\n")``."""
    tokens = _Structure().parse(source)
    found = []
    for place, token in enumerate(tokens):
        if token.level == 0 and token.nesting >= 0 and token.map is not None:
            inline = token.type in ("paragraph_open", "heading_open")
            words = tokens[place + 1].content if inline else ""
            kind = token.type.removesuffix("_open")
            found.append(Block(kind, token.tag, token.map[0], token.map[1], words))
    return found


def items(source: str, block: Block) -> list[str]:
    """The source of each item of a list block, without its marker and indentation."""
    lines = source.split("\n")
    return [
        _item(lines[token.map[0] : token.map[1]])
        for token in _Structure().parse(source)
        if token.type == "list_item_open"
        and token.level == 1
        and token.map is not None
        and block.start <= token.map[0] < block.end
    ]


def _item(lines: Sequence[str]) -> str:
    marker = _MARKER.match(lines[0])
    width = marker.end() if marker else 0
    rest = (re.sub(rf"^[ \t]{{0,{width}}}", "", line) for line in lines[1:])
    return "\n".join((lines[0][width:], *rest)).strip()


def links(source: str) -> Iterator[Link]:
    """Every link of ``source`` in order, whatever its scheme."""
    for token in _Parser().parse(source):
        children = token.children or []
        for place, child in enumerate(children):
            if child.type == "link_open":
                end = next(
                    i for i in range(place, len(children)) if children[i].type == "link_close"
                )
                text = "".join(_plain(children[place + 1 : end]))
                yield Link(" ".join(text.split()), str(child.attrGet("href") or ""))


def to_page(text: str) -> str:
    """``text`` as it is written on a page; ``from_page`` gives it back.

    A line that would be read as structure gets a backslash before it, and a line break within a
    paragraph becomes a hard one.
    """
    lines = [_TO_ESCAPE.sub(r"\1\\", line) for line in text.split("\n")]
    soft = _soft_breaks(lines)
    for place, line in enumerate(lines[:-1]):
        if place in soft or (line.endswith("\\") and not _blank(lines[place + 1])):
            lines[place] = line + "\\"
    return "\n".join(lines)


def from_page(source: str) -> str:
    """The text of a page's lines: a paragraph on one line, the escapes of ``to_page`` off."""
    lines = source.split("\n")
    soft = _soft_breaks(lines)
    text = ""
    joins = True
    for place, line in enumerate(lines):
        hard = line.endswith("\\") and place + 1 < len(lines) and not _blank(lines[place + 1])
        words = _ESCAPED.sub(r"\1", line[:-1] if hard else line)
        text += words.lstrip(" \t") if joins else words
        joins = place in soft and not hard and not line.endswith("  ")
        if joins:
            text = text.rstrip(" \t") + " "
        else:
            text = (text.rstrip(" ") if place in soft and not hard else text) + "\n"
    return text.strip()


def _soft_breaks(lines: Sequence[str]) -> set[int]:
    """The lines whose end is a line break inside a paragraph. A quote's own marks stay apart."""
    return {
        place
        for token in _Structure().parse("\n".join(lines))
        if token.type == "inline" and token.map is not None
        for place in range(token.map[0], token.map[1] - 1)
        if not lines[place + 1].lstrip().startswith(">")
    }


def _blank(line: str) -> bool:
    return not line.strip(" \t")


def normal(text: str) -> str:
    """``text`` with plain line ends and without control characters or outer space."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def escaped(text: str) -> str:
    """Plain text as Markdown that reads as just that; ``plain_text`` gives it back."""
    paragraphs = text.split("\n\n")
    if any(not part.strip() or part != part.strip("\n") for part in paragraphs):
        return "&#10;".join(_escaped_line(line) for line in text.split("\n"))
    return "\n\n".join(
        "\\\n".join(_escaped_line(line) for line in part.split("\n")) for part in paragraphs
    )


def _escaped_line(line: str) -> str:
    bare = line.strip()
    if not bare:
        return _references(line)
    head, tail = line[: line.index(bare)], line[line.index(bare) + len(bare) :]
    bare = _INLINE_SPECIAL.sub(lambda found: "\\" + found[0], bare)
    bare = _NUMBERED.sub(r"\1\\\2", re.sub(r"^([#>+=~|-])", r"\\\1", bare))
    return _references(head) + bare + _references(tail)


def _references(space: str) -> str:
    """Space at a line's edge, which Markdown would drop, as character references."""
    return "".join(f"&#{ord(c)};" for c in space)


def plain_text(source: str) -> str:
    """What a reader sees of ``source``: no marks, ``code`` in backticks, links with address."""
    tokens = (token for token in _Parser().parse(source) if token.type == "inline")
    parts = ["".join(_plain(token.children or [])) for token in tokens]
    return "\n\n".join(parts).strip()


def _plain(children: Sequence[Token]) -> Iterator[str]:
    href, since = "", ""
    for child in children:
        text = _plain_one(child)
        if child.type == "link_open":
            href, since = str(child.attrGet("href") or ""), ""
        elif child.type == "link_close" and since != href:
            text = f" ({href})"
        since += text
        yield text


def _plain_one(child: Token) -> str:
    match child.type:
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "code_inline":
            return f"`{child.content}`"
        case "image":
            return "".join(_plain(child.children or []))
        case _:
            return child.content
