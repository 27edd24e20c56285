"""Whether a quotation stands in a text, word for word.

Both are normalised (NFKC, folded, without punctuation, hyphens, soft hyphens and white space), and
then the match is exact: no likeness, no distance. Marks that carry a value stay: signs, per cent,
currencies, and whatever stands between two digits. It says nothing about what a quotation proves.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator

_IMAGE = re.compile(r"!\[[^\[\]]{0,500}\]\([^()]{0,2000}\)")
_LINK = re.compile(r"\[([^\[\]]{0,500})\]\((?:[^()]|\([^()]{0,200}\)){0,2000}\)")
_AUTOLINK = re.compile(r"<((?:https?|mailto):[^<>\s]{1,2000})>", re.IGNORECASE)
_TAG = re.compile(
    r"</?[A-Za-z][A-Za-z0-9-]{0,30}(?:\s[^<>]{0,300})?/?>|<!--.{0,2000}?-->", re.DOTALL
)
_FOOTNOTE = re.compile(r"\[\^[^\[\]\s]{1,30}\]:?")
_LINE_MARK = re.compile(r"^[ \t]*(?:>[ \t]?)+|^[ \t]*\+[ \t]|^[ \t]*={3,}[ \t]*$", re.MULTILINE)

_JOINING = re.compile("[\u00ad\x02\u200b-\u200d\u2060\ufeff]")  # shown as nothing, or a break
_GROUPED = re.compile(r"(?<=\d)[,'’](?=\d{3}(?!\d))")
_SIGNED = re.compile(r"(?:(?<=[\s(\[])|\A)[-\u2010\u2011\u2012\u2013\u2212](?=\d)")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)(?:([.,])|([:/])|([-\u2010-\u2015\u2212])|\s+)(?=\d)")
_BREAKS = re.compile(r"[\s—–…/()\[\]{}<>|“”„\"«»,;:!?]+")
_KEPT = frozenset("%‰")
_DROPPED = frozenset("|~^`")


def seen(markup: str) -> str:
    """What a reader sees of a Markdown text, its lines and paragraphs kept."""
    text = _IMAGE.sub("", markup)
    text = _AUTOLINK.sub(r"\1", _LINK.sub(r"\1", text))
    return html.unescape(_LINE_MARK.sub("", _FOOTNOTE.sub("", _TAG.sub("", text))))


def squeezed(text: str) -> str:
    """Letters, digits and marks that carry a value, folded and joined."""
    return "".join(_pieces(text))


class Quotable:
    """A text in which quotations are looked up."""

    def __init__(self, text: str) -> None:
        pieces = list(_pieces(text))
        self._text = "".join(pieces)
        self._starts: set[int] = set()
        self._ends: set[int] = set()
        place = 0
        for piece in pieces:
            self._starts.add(place)
            place += len(piece)
            self._ends.add(place)

    def has(self, quote: str) -> bool:
        """Whether the quote stands here, from a word's start to a word's end. Never for ""."""
        wanted = squeezed(quote)
        at = self._text.find(wanted) if wanted else -1
        while at >= 0:
            if self._whole(at, at + len(wanted)):
                return True
            at = self._text.find(wanted, at + 1)
        return False

    def _whole(self, start: int, end: int) -> bool:
        """Words have no spaces between them in some scripts: any place is a boundary there."""
        return (start in self._starts or _spaceless(self._text[start])) and (
            end in self._ends or _spaceless(self._text[end - 1])
        )


def _spaceless(character: str) -> bool:
    """Of a script that is written without spaces: Thai to Burmese and Khmer, Chinese, Japanese."""
    return (
        "\u0e00" <= character <= "\u0eff"
        or "\u1000" <= character <= "\u109f"
        or ("\u1780" <= character <= "\u17ff" or "\u3040" <= character <= "\u9fff")
    )


def _pieces(text: str) -> Iterator[str]:
    """The words of the text, normalised; a hyphen or an apostrophe joins, a dash parts."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    folded = _GROUPED.sub("", _JOINING.sub("", folded))
    folded = _BETWEEN_DIGITS.sub(_value_mark, _SIGNED.sub("−", folded))
    table = _Table()
    for word in _BREAKS.split(folded):
        if piece := word.translate(table):
            yield piece


def _value_mark(match: re.Match[str]) -> str:
    """What stands between two digits makes a value, so it is not dropped: 3.5 is not 35."""
    if match[1]:
        return "¤"
    if match[2]:
        return "∶" if match[2] == ":" else "⁄"
    return "−" if match[3] else "¦"


class _Table(dict[int, int | None]):
    """For ``str.translate``: drops punctuation, control and format characters, keeps the rest."""

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        category = unicodedata.category(character)
        dropped = character in _DROPPED or (category[0] in "PZC" and character not in _KEPT)
        self[code] = None if dropped or category == "Sk" else code
        return self[code]
