"""Text for the demo's columns: made inert, wrapped by words, folded where it is long.

Pure. What is said, and where on the page it stands, is `conversation`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.text import Text

_UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0e\ufe0f]"
)
_NAME = re.compile(r"\bnostr:(npub|nprofile|note|nevent|naddr)1([02-9ac-hj-np-z]{12,})")
_HANGING = re.compile(r"(\d{1,2}\. |• )")
_HEAD = re.compile(r"(\d{1,2}\. )([^:.!?]{3,60}[:.!])")


def inert(text: str, names: Mapping[str, str]) -> str:
    """The text without what a terminal obeys; npubs as clients show them, by ``names``."""

    def named(found: re.Match[str]) -> str:
        whole = f"{found[1]}1{found[2]}"
        if whole in names:
            return f"@{names[whole]}"
        return f"nostr:{found[1]}1{found[2][:6]}…{found[2][-4:]}"

    return _NAME.sub(named, _UNSAFE.sub("", text))


def paragraphs(console: Console, text: str, width: int) -> list[Text]:
    """The lines of an inert text; what follows a number or a bullet hangs under its first word."""
    lines: list[Text] = []
    for paragraph in text.split("\n") if text else ():
        line = Text(paragraph)
        if head := _HEAD.match(paragraph):
            line.stylize("bold", *head.span(2))
        hanging = _HANGING.match(paragraph)
        lines += wrapped(console, line, width, len(hanging[1]) if hanging else 0)
    return lines


def wrapped(console: Console, text: Text, width: int, indent: int = 0) -> list[Text]:
    """By words; lines after the first are set in by ``indent``."""
    first, *_ = text.wrap(console, width) or [Text()]
    rest = text[len(first.plain.rstrip()) :]
    rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
    first.rstrip()
    if not rest.plain:
        return [first]
    further = rest.wrap(console, width - indent)
    for line in further:
        line.rstrip()
    return [first, *(Text.assemble(" " * indent, line) for line in further)]


def folded(lines: Sequence[Text], fold: int | None) -> list[Text]:
    """The first ``fold`` lines, and how many more there are; all where it is hardly more."""
    if fold is None or len(lines) <= fold + 1:
        return list(lines)
    shown = list(lines[:fold])
    while shown and not shown[-1].plain:
        shown.pop()
    return [*shown, Text(f"… {len(lines) - fold} more lines", style="dim italic")]


def both_ends(left: Text, right: Text, width: int) -> list[Text]:
    """One line with something at either end; two where it doesn't fit on one."""
    gap = width - left.cell_len - right.cell_len
    if not right.plain or gap >= 1:
        return [Text.assemble(left, " " * max(gap, 0), right) if right.plain else left]
    return [left, Text.assemble(" " * max(0, width - right.cell_len), right)]
