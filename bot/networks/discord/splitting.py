"""Long text in pieces that fit: at paragraphs, else sentences, else words; no piece of it is lost.

Only the white space at the joints goes. A link, a stressed run, an escape and what a reader sees as
one character stay whole, unless one of them alone is longer than a piece.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable

from bot.networks.discord.limits import units

_WHOLE = re.compile(
    r"\[[^\[\]\n]+\]\([^\s()]+\)(?: \([^\s()]+\))?"  # a masked link and its host
    r"|(?<![\\*])(\*{1,3})(?=[^\s*])[^*\n]+?(?<=[^\s*\\])\1(?!\*)"
    r"|(?<!\\)`[^`\n]+`"
    r"|https?://\S+"
    r"|\\."
)
_SENTENCE = re.compile(r"[.!?…][\"'”’)]*\s")
_JOINERS = frozenset("\u200d")
_MARK = "…"


def split(text: str, limit: int) -> list[str]:
    """Pieces of at most ``limit`` UTF-16 units, none empty."""
    pieces = []
    text = text.strip()
    while text:
        end = _end_of_piece(text, limit)
        pieces.append(text[:end].rstrip() or text[:end])
        text = text[end:].lstrip()
    return pieces


def cut(text: str, limit: int) -> str:
    """The text, or its beginning with "…": for what can be read in full elsewhere."""
    text = text.strip()
    if units(text) <= limit:
        return text
    kept = text[: _end_of_piece(text, limit - len(_MARK))]
    return kept.rstrip(",;:–—- \n") + _MARK


def _end_of_piece(text: str, limit: int) -> int:
    fits = _fitting(text, limit)
    if fits == len(text):
        return fits
    window = text[: fits + 1]  # a piece may end right before a space
    wholes = [found.span() for found in _WHOLE.finditer(text, 0, min(len(text), fits + 2500))]
    kept = [(start, end) for start, end in wholes if start < fits]
    starts = [start for start, _ in kept]

    def is_free(at: int) -> bool:
        before = bisect_left(starts, at)  # how many begin before it; they don't overlap
        return before == 0 or kept[before - 1][1] <= at

    for mark, least in (("\n\n", fits // 2), ("\n", fits // 2)):
        if (at := _last(window, mark, least, is_free)) > 0:
            return at
    ends = [found.end() - 1 for found in _SENTENCE.finditer(window)]
    if at := max((at for at in ends if at >= fits * 2 // 5 and is_free(at)), default=0):
        return at
    spaces = (found.start() for found in re.finditer(r"\s", window))
    if at := max((at for at in spaces if at > 0 and is_free(at)), default=0):
        return at
    return _last_boundary(text, fits, kept)


def _last(window: str, mark: str, least: int, is_free: Callable[[int], bool]) -> int:
    at = window.rfind(mark)
    while at >= max(least, 1):
        if is_free(at):
            return at
        at = window.rfind(mark, 0, at)
    return 0


def _fitting(text: str, limit: int) -> int:
    """How many characters of the text have at most ``limit`` units."""
    fits = min(len(text), limit)
    while (over := units(text[:fits]) - limit) > 0:
        fits -= max(1, over // 2)
    return max(fits, 1)


def _last_boundary(text: str, fits: int, kept: list[tuple[int, int]]) -> int:
    """Within one overlong word: before a whole thing that doesn't start it, else at a character."""
    start = next((start for start, end in kept if start < fits < end), 0)
    if start:
        return start
    for at in range(fits, 0, -1):
        if text[at - 1] != "\\" and not _continues(text, at):
            return at
    return fits


def _continues(text: str, at: int) -> bool:
    """Whether the character at ``at`` belongs to what is seen as one with the one before it."""
    before, after = text[at - 1], text[at]
    if unicodedata.category(after)[0] == "M" or before in _JOINERS or after in _JOINERS:
        return True
    code = ord(after)
    if 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F:  # skin tones, flags' letters
        return True
    if _is_flag_half(after) and _is_flag_half(before):
        run = 0
        while run < at and _is_flag_half(text[at - 1 - run]):
            run += 1
        return run % 2 == 1
    return 0x1160 <= code <= 0x11FF  # the vowels and endings of a spelled-out Korean syllable


def _is_flag_half(char: str) -> bool:
    return 0x1F1E6 <= ord(char) <= 0x1F1FF
