"""The lines of a PDF's pages in the order in which people read them.

A page comes as pieces of text with places and sizes, in whatever order the file has them. Columns
are found by the gutter between them; what stands at the top or the bottom of many pages (running
heads, page numbers) is dropped. Coordinates are in points, x to the right and y upwards. It knows
nothing of PDF itself, and makes no paragraphs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

GAP = 0.9  # of the font's size: a wider one may be a gutter
_EDGE_LINES = 2  # running heads are among so many lines at the top, and at the bottom
_MOST_HEADS = 20  # pieces on the line of a running head
_DEPTH = 2  # gutters within a column of a page
_STEP = 2.0  # points between the places where a gutter is looked for
_PAGE_NUMBER = re.compile(
    r"(?:page |p\. ?|seite |- ?|– ?|\[)?(?:\d{1,4}|[ivxlc]{1,7})(?: ?(?:/|of|von|de) ?\d{1,4})?"
    r"(?: ?[-–\]])?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that stands on one line; ``y`` is its baseline, ``size`` its font's."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Flow:
    """A column, or what stands across the columns: lines from the top down, and its edges."""

    page: int  # from 0
    lines: tuple[Piece, ...]

    @property
    def left(self) -> float:
        starts = Counter(round(line.x0) for line in self.lines)
        most = max(starts.values())
        return min(x for x, count in starts.items() if count * 3 >= most)

    @property
    def right(self) -> float:
        return max(line.x1 for line in self.lines)


def flows(pages: Sequence[Sequence[Piece]]) -> list[Flow]:
    """All pages in reading order, running heads and page numbers left out."""
    found = []
    for number, pieces in enumerate(_without_running_heads(pages)):
        found += [Flow(number, tuple(lines)) for lines in _ordered(pieces, _DEPTH) if lines]
    return found


def lines(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces side by side on one baseline joined, from the top down."""
    return [_joined(row) for row in _rows(pieces)]


def _phrases(pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces joined as long as no gap is between them that may be a gutter."""
    found = []
    for row in _rows(pieces):
        start = 0
        for place in range(1, len(row) + 1):
            if place == len(row) or _apart(row[place - 1], row[place]):
                found.append(_joined(row[start:place]))
                start = place
    return found


def _apart(before: Piece, piece: Piece) -> bool:
    return piece.x0 - before.x1 > GAP * max(before.size, piece.size)


def _rows(pieces: Iterable[Piece]) -> list[list[Piece]]:
    rows: list[list[Piece]] = []
    main: Piece | None = None  # the largest of the last row, which is the measure of its height
    for piece in sorted(pieces, key=lambda piece: -piece.y):
        if main and _on_one_line(main, piece):
            rows[-1].append(piece)
            main = max(main, piece, key=lambda each: each.size)
        else:
            rows.append([piece])
            main = piece
    return [sorted(row, key=lambda piece: piece.x0) for row in rows]


def _on_one_line(main: Piece, piece: Piece) -> bool:
    """A superscript is on the line of what it stands beside."""
    return abs(main.y - piece.y) <= 0.45 * max(main.size, piece.size)


def _joined(row: Sequence[Piece]) -> Piece:
    if len(row) == 1:
        return row[0]
    main = max(row, key=lambda each: (len(each.text), each.size))
    return Piece(
        _words(row, main),
        row[0].x0,
        max(piece.x1 for piece in row),
        main.y,
        main.size,
        all(piece.bold for piece in row),
    )


def _words(row: Sequence[Piece], main: Piece) -> str:
    """A raised number is an exponent after a number; anywhere else it is a footnote's mark."""
    words = ""
    for piece in row:
        raised = piece.size < 0.8 * main.size and piece.y > main.y + 0.1 * main.size
        if words and raised and re.fullmatch(r"[\d,]{1,5}", piece.text):
            words += f"^{piece.text}" if words[-1].isdigit() else ""
        else:
            words += f" {piece.text}" if words else piece.text
    return words


def _ordered(pieces: Sequence[Piece], depth: int) -> Iterator[list[Piece]]:
    gutter = _gutter(pieces) if depth else None
    if gutter is None:
        yield lines(pieces)
        return
    across: list[Piece] = []
    left: list[Piece] = []
    right: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: -piece.y):
        if piece.x0 < gutter < piece.x1:
            yield from _columns(left, right, depth)
            left, right = [], []
            across.append(piece)
            continue
        if across and not _on_one_line(across[-1], piece):
            yield lines(across)
            across = []
        (across or (left if piece.x1 <= gutter else right)).append(piece)
    yield lines(across)
    yield from _columns(left, right, depth)


def _columns(left: list[Piece], right: list[Piece], depth: int) -> Iterator[list[Piece]]:
    for side in (left, right):
        if side:
            yield from _ordered(side, depth - 1)


def _gutter(pieces: Sequence[Piece]) -> float | None:
    """Where a gap goes down the page between two columns of prose; None where there are none."""
    if len(pieces) < 8:
        return None
    start, end = min(piece.x0 for piece in pieces), max(piece.x1 for piece in pieces)
    crossing = _crossings(pieces, start, end)
    margin = len(crossing) // 5  # a column has a fifth of the width at least
    inner = range(margin, len(crossing) - margin)
    if not inner:
        return None
    fewest = min(crossing[place] for place in inner)
    if fewest > 0.4 * len(pieces):
        return None
    gutter = start + _STEP * _middle_of_longest([p for p in inner if crossing[p] == fewest])
    left = lines(piece for piece in pieces if piece.x1 <= gutter)
    right = lines(piece for piece in pieces if piece.x0 >= gutter)
    return gutter if _are_columns(left, right) else None


def _crossings(pieces: Sequence[Piece], start: float, end: float) -> list[int]:
    """How many pieces stand over each place between ``start`` and ``end``, ``_STEP`` apart."""
    places = min(int((end - start) / _STEP) + 1, 5000)
    change = [0] * (places + 1)
    for piece in pieces:
        change[min(int((piece.x0 - start) / _STEP) + 1, places)] += 1
        change[min(int((piece.x1 - start) / _STEP) + 1, places)] -= 1
    total, crossing = 0, []
    for step in change[:-1]:
        total += step
        crossing.append(total)
    return crossing


def _middle_of_longest(places: Sequence[int]) -> int:
    """The middle of the longest run of neighbours in a rising, non-empty list of places."""
    best_start, best_length, start = places[0], 1, places[0]
    for before, place in pairwise(places):
        if place != before + 1:
            start = place
        if place - start + 1 > best_length:
            best_start, best_length = start, place - start + 1
    return best_start + best_length // 2


def _are_columns(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    """Two columns of prose stand side by side and are filled by their lines; a table's aren't."""
    if min(len(left), len(right)) < 4:
        return False
    if min(left[0].y, right[0].y) < max(left[-1].y, right[-1].y):
        return False
    return all(_fill(side) >= 0.5 and _length(side) >= 15 for side in (left, right))


def _fill(side: Sequence[Piece]) -> float:
    start, end = min(line.x0 for line in side), max(line.x1 for line in side)
    return fmean(line.x1 - line.x0 for line in side) / max(end - start, 1.0)


def _length(side: Sequence[Piece]) -> float:
    return fmean(len(line.text) for line in side)


def _without_running_heads(pages: Sequence[Sequence[Piece]]) -> Iterator[list[Piece]]:
    phrases = [_phrases(pieces) for pieces in pages]
    body = _body_size(phrases)
    edges = [_edges(pieces) for pieces in phrases]
    seen: Counter[str] = Counter()
    for edge in edges:
        seen.update({_key(piece, body) for row in edge for piece in row})
    often = 2 if len(pages) <= 4 else 3
    for pieces, edge in zip(phrases, edges, strict=True):
        dropped: set[int] = set()
        for row in edge:
            if len(row) > _MOST_HEADS:
                continue
            heads = [piece for piece in row if seen[_key(piece, body)] >= often]
            # A number is the page's only where no other stands beside it, as it does in a table.
            rest = [piece for piece in row if piece not in heads]
            if len(rest) == 1 and _PAGE_NUMBER.fullmatch(rest[0].text):
                heads = row
            dropped.update(id(piece) for piece in heads if len(piece.text) < 150)
        yield [piece for piece in pieces if id(piece) not in dropped]


def _body_size(pages: Iterable[Iterable[Piece]]) -> float:
    sizes: Counter[int] = Counter()
    for pieces in pages:
        for piece in pieces:
            sizes[round(piece.size)] += len(piece.text)
    return max(sizes, key=lambda size: sizes[size], default=10)


def _key(piece: Piece, body: float) -> str:
    """What is the same of a running head on each page: all but its numbers.

    What is larger than the text is a heading: "Chapter 1" and "Chapter 2" are two of them.
    """
    words = " ".join(piece.text.casefold().split())
    if piece.size <= 1.1 * body:
        words = re.sub(r"\d+|\b[ivxlc]+\b", "#", words)
    return f"{words} {piece.size:.0f}"  # a title may stand over every page, but in small print


def _edges(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The outermost lines; fewer of a page that has hardly more."""
    rows = _rows(pieces)
    if len(rows) < 3:
        return []
    count = _EDGE_LINES if len(rows) > 2 * _EDGE_LINES else 1
    return rows[:count] + rows[-count:]
