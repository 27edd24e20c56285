"""A text or Markdown file becomes a reading, and a reading's text becomes sections of prose.

It reads plain text and Markdown only: a PDF or a web page is refused with a sentence that says what
to do. Code, tables, images, raw HTML and footnotes are not prose and are left out. Block structure
comes from markdown-it-py; inline marks are taken off with patterns that run in linear time, since
the text may be anybody's.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from bot.domain.errors import ReadingError
from bot.domain.model import Reading, Section

if TYPE_CHECKING:
    from markdown_it.token import Token

MAX_BYTES = 2 * 1024 * 1024
_MAX_TITLE = 200  # characters

_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.{0,16000}?)\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title[ \t]*[:=][ \t]*(.+)$", re.MULTILINE | re.IGNORECASE)
_LOOKS_HTML = re.compile(r"\A\s*(?:<!doctype html|<html\b|<\?xml\b)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MARKDOWN = re.compile(
    r"^#{1,6}[ \t]+\S|^(?:```|~~~)|\]\([^()\s]|^[^\s].*\n(?:={3,}|-{3,})[ \t]*$|\*\*\S",
    re.MULTILINE,
)

_CODE_OR_ESCAPE = re.compile(r"(`{1,3})([^`]{1,300})\1(?!`)|\\([!-/:-@\[-`{-~])")
_IMAGE = re.compile(r"!\[[^\[\]]*\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])")
_FOOTNOTE_MARK = re.compile(r"\[\^[^\[\]\s]{1,60}\]")
_LINK = re.compile(r"\[([^\[\]]*)\](?:\((?:[^()]|\([^()]*\))*\)|\[[^\[\]]*\])")
_AUTOLINK = re.compile(r"<((?:https?|mailto):[^<>\s]{1,2000})>")
_TAG = re.compile(r"<(?:!--[^<>]{0,2000}--|/?[a-zA-Z][^<>]{0,500})>")
_EMPHASIS = re.compile(
    r"(?<![\w*])\*{1,3}(?=[^\s*])|(?<=[^\s*])\*{1,3}(?![\w*])"
    r"|(?<!\w)_{1,3}(?=[^\W_])|(?<=[^\W_])_{1,3}(?!\w)|(?<=[.,!?)”\"])_{1,3}(?!\w)|~~"
)
_DEFINITION = re.compile(r"^\[[^\[\]]{1,200}\]:[ \t]")
_SIDE = {1: "open", 0: "", -1: "close"}  # what markdown-it calls a token that opens or closes
_PLACEHOLDER = re.compile("\ue000(\\d+)\ue001")

_BROKEN_WORD = re.compile(r"([^\W\d_]{2,40})[-\u2010][ \t]*\n[ \t]*([a-zß-öø-ÿ][^\W\d_]*)")
_SOFT_HYPHEN = re.compile(r"[\u00ad\x02][ \t]*\n?[ \t]*")

_BULLET = re.compile(r"^[ \t]*(?:[-*+•‣◦–]|\(?\d{1,3}[.)])[ \t]+")
_NUMBERED_HEADING = re.compile(r"^(\d{1,2}(?:\.\d{1,2}){0,4})\.?[ \t]+[^\W\d_]")
_NAMED_HEADING = re.compile(
    r"^(?:abstract|summary|introduction|background|related work|methods?|results|discussion"
    r"|conclusions?|references|bibliography|acknowledge?ments?|appendix|notes|footnotes"
    r"|(?:chapter|part|section|appendix)[ \t]+[\divxlca-h]{1,6}\b.{0,60})[:.]?$",
    re.IGNORECASE,
)


def read_text_file(data: bytes, name: str) -> Reading:
    """The reading in a plain-text or Markdown file called ``name``.

    Its title is the front matter's, else the first heading, else the file's name. The text is kept
    whole. Raises ReadingError for what is too large, empty, or not text.
    """
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // (1024 * 1024)
        raise _refused(f"“{name}” is larger than {limit} MiB. Give a shorter text.")
    _refuse_other_formats(data, name)
    text = _decoded(data, name)
    if _LOOKS_HTML.match(text):
        raise _web_page(name)
    if not text.strip():
        raise _refused(f"“{name}” has no text in it. Check the file and try again.")
    return Reading(title=title_of(text, name), text=text)


def sections(text: str) -> list[Section]:
    """The prose of a Markdown or plain text by section, in reading order, headings apart.

    Paragraphs are single lines without marks; words broken at a line's end are whole again.
    """
    body = _FRONT_MATTER.sub("", _lines_normalised(text), count=1)
    if _MARKDOWN.search(body):
        return _gathered(_markdown_blocks(body))
    return _gathered(_plain_blocks(body))


def _refused(reason: str) -> ReadingError:
    return ReadingError(reason, permanent=True)


def _web_page(name: str) -> ReadingError:
    return _refused(
        f"“{name}” is a web page, which can't be read yet. Save it as text or Markdown first."
    )


def _refuse_other_formats(data: bytes, name: str) -> None:
    suffix = PurePath(name).suffix.casefold()
    if b"%PDF-" in data[:1024] or suffix == ".pdf":
        raise _refused(
            f"“{name}” is a PDF, which can't be read yet. Save it as text or Markdown first."
        )
    if suffix in {".html", ".htm", ".xhtml"}:
        raise _web_page(name)


def _decoded(data: bytes, name: str) -> str:
    """UTF-8, UTF-16 with its mark, else Windows-1252; what has control characters isn't text."""
    codecs = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for codec in codecs:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text.replace("\x02", "")):
            return _lines_normalised(text)
        break
    raise _refused(f"“{name}” is not a text file. Save it as text or Markdown, and add that.")


def _lines_normalised(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n\n")


def title_of(text: str, name: str) -> str:
    """The front matter's title, else the first heading, else the file's name without its ending."""
    front = _FRONT_MATTER.match(text)
    if front and (named := _FRONT_TITLE.search(front[2])):
        return _cut(named[1].strip().strip("\"'“”"))
    heading = next((part.heading for part in sections(text[:20_000]) if part.heading), "")
    stem = PurePath(name.replace("\\", "/")).stem
    return _cut(heading or " ".join(re.split(r"[-_\s]+", stem)).strip() or "Untitled")


def _cut(title: str) -> str:
    one_line = " ".join(title.split())
    return one_line if len(one_line) <= _MAX_TITLE else one_line[: _MAX_TITLE - 1].rstrip() + "…"


# A block is (level, text): 0 is a paragraph, 1 to 6 a heading of that depth, -1 a list's entry.
_Block = tuple[int, str]
_ITEM = -1


def _gathered(blocks: Iterator[_Block]) -> list[Section]:
    """Paragraphs gathered under the heading before them."""
    found: list[Section] = []
    heading, level, paragraphs, items = "", 1, list[str](), list[str]()
    for depth, text in blocks:
        if not text:
            continue
        if depth <= 0:
            (items if depth == _ITEM else paragraphs).append(text)
            continue
        if heading or paragraphs or items:
            found.append(Section(heading, tuple(paragraphs), tuple(items), level))
        heading, level, paragraphs, items = text, depth, [], []
    if heading or paragraphs or items:
        found.append(Section(heading, tuple(paragraphs), tuple(items), level))
    return found


def _markdown_blocks(text: str) -> Iterator[_Block]:
    from markdown_it import MarkdownIt  # only a Markdown reading pays for it

    # Inline parsing and link definitions are left out: both are slow on hostile input.
    parser = MarkdownIt("commonmark").enable("table").disable(["reference", "inline", "text_join"])
    known = _Words(text, join_by_default=False)
    tokens = parser.parse(text)
    lists = 0
    for place, token in enumerate(tokens):
        lists += token.nesting if token.type.endswith("_list_" + _SIDE[token.nesting]) else 0
        if token.type != "inline":
            continue
        opener = tokens[place - 1].type
        if opener == "heading_open":
            yield _depth(tokens[place - 1]), shown(known.mended(token.content))
        elif opener == "paragraph_open" and not _DEFINITION.match(token.content):
            yield _ITEM if lists else 0, shown(known.mended(token.content))


def _depth(heading: Token) -> int:
    return int(heading.tag[1:])


def shown(markup: str) -> str:
    """What a reader sees of inline Markdown, on one line: link texts without their addresses."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[2] if match[3] is None else match[3])
        return f"\ue000{len(kept) - 1}\ue001"

    text = _CODE_OR_ESCAPE.sub(keep, markup.replace("\ue000", "").replace("\ue001", ""))
    text = _FOOTNOTE_MARK.sub("", _IMAGE.sub("", text))
    text = _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", text))
    text = html.unescape(_EMPHASIS.sub("", _TAG.sub("", text)))
    text = _PLACEHOLDER.sub(lambda match: kept[int(match[1])], text)
    return " ".join(text.split())


def _plain_blocks(text: str) -> Iterator[_Block]:
    known = _Words(text, join_by_default=True)
    for block in re.split(r"\n[ \t]*\n", text):
        lines = [line.strip() for line in block.split("\n") if line.strip()]
        if not lines:
            continue
        level = _heading_level(lines[0], alone=len(lines) == 1)
        if level:
            yield level, " ".join(lines[0].split()).rstrip(":")
            lines = lines[1:]
        for depth, paragraph in _paragraphs(lines):
            yield depth, " ".join(known.mended(paragraph).split())


def _heading_level(line: str, *, alone: bool) -> int:
    """How deep a heading this plain line is; 0 when it reads as prose."""
    if len(line) > 80 or len(line.split()) > 12 or not re.search(r"[^\W\d_]{2}", line):
        return 0
    if _NAMED_HEADING.match(line):
        return 1
    if line.endswith((".", "!", "?", ";", ",", ":", "。", "！", "？", "”", '"', "-")):
        return 0
    if _BULLET.match(line) and not _NUMBERED_HEADING.match(line):
        return 0
    numbered = _NUMBERED_HEADING.match(line)
    if numbered and alone:
        return min(6, numbered[1].count(".") + 1)
    capitals = line.isupper() and len(line) > 3
    return 1 if capitals or (alone and not line[0].islower()) else 0


def _paragraphs(lines: Sequence[str]) -> Iterator[_Block]:
    """The lines of one block, each entry of a list on its own and without its bullet."""
    current: list[str] = []
    depth = 0
    for line in lines:
        bare = _BULLET.sub("", line)
        if bare == line:
            current.append(line)
            continue
        yield depth, "\n".join(current)
        current, depth = [bare], _ITEM
    yield depth, "\n".join(current)


class _Words:
    """Mends words that a line's end broke, looking at how the same text writes them elsewhere."""

    def __init__(self, text: str, *, join_by_default: bool) -> None:
        self._join_by_default = join_by_default
        broken = _BROKEN_WORD.search(text) is not None
        self._seen = set(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", text.casefold())) if broken else ()

    def mended(self, paragraph: str) -> str:
        return _BROKEN_WORD.sub(self._mend, _SOFT_HYPHEN.sub("", paragraph))

    def _mend(self, match: re.Match[str]) -> str:
        joined, hyphened = match[1] + match[2], f"{match[1]}-{match[2]}"
        if joined.casefold() in self._seen:
            return joined
        if hyphened.casefold() in self._seen:
            return hyphened
        return joined if self._join_by_default else hyphened
