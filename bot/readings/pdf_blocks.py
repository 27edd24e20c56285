"""Lines in reading order are gathered to blocks: paragraphs, headings and entries of lists.

Where a block ends shows in the space below it, in its last line's length, and in the size, the
weight and the indent of what comes next. What a block is, and what goes on in the next column, is
for ``pdf_paragraphs``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from bot.readings.pdf_layout import Flow, Piece

LARGER = 1.12  # times the body's size makes a heading

END = re.compile(r"[.!?:…。！？][\"'”’»)\]]*(?:\[[\d, –-]+\]|\d{1,2})?$")
BULLET = re.compile(r"[•◦▪▫‣∙●○■□➢\uf0b7\uf0a7]\s*(?=\S)|[-–*]\s+(?=\S)")
NUMBERED_ITEM = re.compile(r"(?:\(?\d{1,3}[.)]|\(?[a-z][.)]|\[\d{1,3}\])\s+\S")
NUMBERED = re.compile(r"((?:\d{1,2}|[A-H])(?:\.\d{1,2}){0,4})\.?\s+(?=[^\W\d_a-z])")
ROMAN = re.compile(r"[IVX]{1,5}\.\s+[A-Z][A-Z \-,:&]{2,}$")
NAMED = re.compile(
    r"(?:abstract|summary|introduction|background|related work|methods?|results|discussion"
    r"|conclusions?|references|bibliography|acknowledge?ments?|appendix|contents"
    r"|table of contents|zusammenfassung|einleitung|literatur(?:verzeichnis)?|résumé|resumen"
    r"|(?:chapter|part|appendix|kapitel|anhang) (?:\d{1,3}|[ivxlc]{1,6}|[a-h])\b.{0,80})[:.]?",
    re.IGNORECASE,
)
LEADERS = re.compile(r"(?:\s?\.){4,}\s*\w{0,5}$")  # a line of a table of contents
BROKEN = re.compile("([^\\W\\d_]+)[\x02\xad\u2010-]$")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(slots=True)
class Block:
    """Lines that belong together, before it is said what they are."""

    flow: int
    page: int
    lines: list[Piece] = field(default_factory=list)
    wide: bool = False  # the last line goes to the column's edge
    indented: bool = False  # the first line doesn't begin at the column's edge
    words: str = ""
    item: bool = False  # an entry of a list

    @property
    def size(self) -> float:
        return self.lines[0].size

    @property
    def bold(self) -> bool:
        return all(line.bold for line in self.lines)


def gathered(flows: Sequence[Flow]) -> tuple[list[Block], float, Hyphens]:
    """The blocks with their words, the size that most of the text has, and how words are joined."""
    body, pitch = _body_size(flows), _pitch(flows)
    hyphens = Hyphens(flows)
    blocks: list[Block] = []
    for number, flow in enumerate(flows):
        blocks += _blocks(flow, number, _Measure(flow.left, flow.right, pitch, body))
    for block in blocks:
        block.words = hyphens.joined(line.text for line in block.lines)
    return blocks, body, hyphens


def _body_size(flows: Iterable[Flow]) -> float:
    """The font size that most of the text has."""
    sizes: Counter[float] = Counter()
    for flow in flows:
        for line in flow.lines:
            sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _pitch(flows: Iterable[Flow]) -> float:
    """From one line to the next, in font sizes."""
    steps = [
        (above.y - below.y) / above.size
        for flow in flows
        for above, below in zip(flow.lines, flow.lines[1:], strict=False)
        if abs(above.size - below.size) < 0.5 and 0.8 <= (above.y - below.y) / above.size < 3
    ]
    return median(steps) if steps else 1.2


@dataclass(frozen=True, slots=True)
class _Measure:
    """What the lines of one column are measured by: its edges, and the document's own habits."""

    left: float
    right: float
    pitch: float  # from one line to the next, in font sizes
    body: float  # the size of most of the text

    def indent(self, line: Piece) -> bool:
        return line.x0 > self.left + 0.7 * line.size

    def short(self, line: Piece) -> bool:
        return line.x1 < self.right - max(3 * line.size, 0.12 * (self.right - self.left))

    def apart(self, above: Piece, line: Piece) -> bool:
        """Whether the space between them is more than a line's; headings are set wider."""
        usual = max(self.pitch * 1.25, self.pitch + 0.15)
        if line.size >= LARGER * self.body:
            usual = max(usual, 1.6)
        return above.y - line.y > usual * line.size


def _blocks(flow: Flow, number: int, measure: _Measure) -> Iterator[Block]:
    block = Block(number, flow.page)
    for place, line in enumerate(flow.lines):
        following = flow.lines[place + 1] if place + 1 < len(flow.lines) else None
        if block.lines and _begins(line, block, following, measure):
            yield _ended(block, measure)
            block = Block(number, flow.page)
        block.lines.append(line)
    if block.lines:
        yield _ended(block, measure)


def _ended(block: Block, measure: _Measure) -> Block:
    first, last = block.lines[0], block.lines[-1]
    slack = max(2 * last.size, 0.1 * (measure.right - measure.left))
    block.wide = last.x1 > measure.right - slack
    block.indented = measure.indent(first)
    block.item = bool(BULLET.match(first.text))
    return block


def _begins(line: Piece, block: Block, following: Piece | None, measure: _Measure) -> bool:
    """Whether a new block begins with ``line``."""
    above, first = block.lines[-1], block.lines[0]
    if abs(line.size - above.size) > 0.1 * max(line.size, above.size) or line.bold != above.bold:
        return True
    if measure.apart(above, line):
        return True
    ended = END.search(above.text) is not None
    short = measure.short(above)
    if BULLET.match(line.text) or (NUMBERED_ITEM.match(line.text) and (short or ended)):
        return True
    if LEADERS.search(above.text) or stands_alone(line, short or ended, measure.right):
        return True
    if len(block.lines) == 1 and stands_alone(above, True, measure.right):
        return True
    if measure.indent(line) and not measure.indent(above) and not BULLET.match(first.text):
        back = following is None or not measure.indent(following)
        return back or (short and ended)
    hanging = len(block.lines) > 1 and not measure.indent(first) and measure.indent(above)
    return (short and ended) or (hanging and not measure.indent(line))


def stands_alone(line: Piece, separate: bool, right: float) -> bool:
    """Whether a plain line reads as a heading on its own: by name, or by number and shortness."""
    if not separate or line.bold or line.x1 > right - 2 * line.size or len(line.text) > 90:
        return False
    if NAMED.fullmatch(line.text) or ROMAN.match(line.text):
        return True
    found = NUMBERED.match(line.text)
    return bool(found and found[1][0].isdigit() and not END.search(line.text))


class Hyphens:
    """Joins lines, and words that a line's end broke, as the same text writes them elsewhere."""

    def __init__(self, flows: Iterable[Flow]) -> None:
        self._seen: set[str] = set()
        for flow in flows:
            for line in flow.lines:
                self._seen.update(_WORDS.findall(line.text.casefold()))

    def joined(self, lines: Iterable[str]) -> str:
        whole: list[str] = []
        for line in lines:
            broken = BROKEN.search(whole[-1]) if whole else None
            if broken is None:
                whole += [" ", line] if whole else [line]
                continue
            whole[-1] = whole[-1][:-1]
            whole += [self._between(broken[1], line), line]
        return "".join(whole)

    def _between(self, left: str, line: str) -> str:
        """What stands between ``left`` and the rest of the word: a hyphen, or nothing."""
        rest = _WORDS.match(line)
        if rest is None or not line[:1].islower():
            return "-"
        right = rest[0].split("-")[0]
        if (left + right).casefold() in self._seen:
            return ""
        return "-" if f"{left}-{right}".casefold() in self._seen else ""
