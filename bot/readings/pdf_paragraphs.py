"""Blocks of lines become Markdown: headings, paragraphs and the entries of lists.

What a heading is shows in its size, its weight, its number or its name. A paragraph that goes on in
the next column or on the next page is one paragraph; what isn't prose, such as the labels inside of
figures, is left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from bot.readings.pdf_blocks import (
    BROKEN,
    BULLET,
    END,
    LARGER,
    LEADERS,
    NAMED,
    NUMBERED,
    NUMBERED_ITEM,
    ROMAN,
    Block,
    Hyphens,
    gathered,
    stands_alone,
)
from bot.readings.pdf_layout import Flow

_SMALLER = 0.93  # times the body's size makes a footnote or a caption
_HEADING_LENGTH = 160  # characters
_TITLE_LEVEL = 1
_MOST_BETWEEN = 40  # blocks of a figure or a table between a paragraph's halves

_LETTERS = re.compile(r"[^\W\d_]{2}|[\u3040-\u9fff]")
_HASHES = re.compile(r"^(#{1,6})\s")  # would be a heading
_PRESENTATION = re.compile("[\ufb00-\ufb4f\U0001d400-\U0001d7ff\uff01-\uff5e]+")
_HYPHEN = "\x02"  # PDFium's mark of a hyphen that ends a line


def markdown(flows: Sequence[Flow], limit: int) -> tuple[str, str, bool]:
    """The text, the title that stands on the first page ("" for none), and whether it was cut."""
    blocks, body, hyphens = gathered(flows)
    blocks = [block for block in blocks if not _is_noise(block, body)]
    headings = _headings(blocks, body)
    title = _title(blocks, headings)
    headings -= _by_line(blocks, headings, title)
    levels = _levels(blocks, headings, title, body)
    written: list[str] = []
    length = 0
    for words in _written(_whole(blocks, levels, body, hyphens), levels):
        length += len(words) + 2
        if length > limit:
            return "\n\n".join(written), _title_words(title), True
        written.append(words)
    return "\n\n".join(written), _title_words(title), False


def _title_words(title: Block | None) -> str:
    return _clean(title.words) if title else ""


def _is_noise(block: Block, body: float) -> bool:
    """Labels inside of figures, lines of dots, and a table of contents' entries."""
    words = block.words
    if LEADERS.search(words) or not _LETTERS.search(words):
        return True
    small = block.size < _SMALLER * body
    return small and len(words) < 30 and len(words.split()) < 4 and not END.search(words)


def _headings(blocks: Sequence[Block], body: float) -> set[int]:
    found = {place for place, block in enumerate(blocks) if _is_heading(block, body)}
    # A line in bold type that the next one goes on from is emphasis.
    return {
        place
        for place in found
        if blocks[place].size >= LARGER * body
        or place + 1 == len(blocks)
        or not blocks[place + 1].words[:1].islower()
    }


def _by_line(blocks: Sequence[Block], headings: set[int], title: Block | None) -> set[int]:
    """Who wrote it, where and when: set larger than the text, right below the title."""
    found: set[int] = set()
    place = next((n for n, block in enumerate(blocks) if block is title), len(blocks)) + 1
    while place in headings and not _names_a_section(blocks[place].words):
        found.add(place)
        place += 1
    return found if place < len(blocks) else set()


def _names_a_section(words: str) -> bool:
    return any(p.match(words) for p in (NUMBERED, ROMAN)) or NAMED.fullmatch(words) is not None


def _is_heading(block: Block, body: float) -> bool:
    words = block.words
    if len(words) > _HEADING_LENGTH or len(block.lines) > 3 or block.item:
        return False
    if words[:1].islower() or (words.endswith((".", ",", ";")) and not NAMED.fullmatch(words)):
        return False
    if block.size >= LARGER * body:
        return True
    if block.size < _SMALLER * body:
        return False
    if block.bold and len(words) <= 100:
        return True
    return len(block.lines) == 1 and stands_alone(block.lines[0], True, float("inf"))


def _title(blocks: Sequence[Block], headings: set[int]) -> Block | None:
    """The largest heading of the first page that has text, unless others are as large as it."""
    first = [blocks[place] for place in sorted(headings) if blocks[place].page == blocks[0].page]
    if not first:
        return None
    largest = max(first, key=lambda block: block.size)
    others = [blocks[place].size for place in headings if blocks[place] is not largest]
    return largest if not others or largest.size > 1.05 * max(others) else None


def _levels(
    blocks: Sequence[Block], headings: set[int], title: Block | None, body: float
) -> dict[int, int]:
    """Heading levels by the block's identity: a number's depth, else the rank of the size."""
    found = [blocks[place] for place in sorted(headings)]
    sizes = sorted(
        {round(b.size) for b in found if b is not title and b.size >= LARGER * body}, reverse=True
    )
    top = _TITLE_LEVEL + 1 if title else _TITLE_LEVEL
    levels = {}
    for block in found:
        numbered = NUMBERED.match(block.words)
        if block is title:
            level = _TITLE_LEVEL
        elif numbered:
            level = top + numbered[1].count(".")
        elif NAMED.fullmatch(block.words) or ROMAN.match(block.words):
            level = top
        else:
            rank = sizes.index(round(block.size)) if round(block.size) in sizes else len(sizes)
            level = top + min(rank, 3)
        levels[id(block)] = min(level, 6)
    return levels


def _whole(
    blocks: Sequence[Block], levels: dict[int, int], body: float, hyphens: Hyphens
) -> Iterator[Block]:
    """The blocks, those joined that columns and pages cut apart; notes between come after them."""
    held: list[Block] = []  # a paragraph that may go on, and the small print below it
    for block in blocks:
        if id(block) in levels:
            yield from held
            held = []
            yield block
        elif held and _goes_on(held[0], block):
            held[0].words = hyphens.joined((held[0].words, block.words))
            held[0].wide, held[0].flow = block.wide, block.flow
        elif held and (block.size < _SMALLER * body or _waits(held, block)):
            held.append(block)
        else:
            yield from held
            held = [block]
    yield from held


def _waits(held: Sequence[Block], block: Block) -> bool:
    """Whether ``block`` may be a figure or a table that came between a paragraph's halves."""
    open_end = held[0].wide and len(held[0].words) > 60 and not END.search(held[0].words)
    return open_end and len(held) < _MOST_BETWEEN and len(block.words) < 120


def _goes_on(before: Block, block: Block) -> bool:
    if END.search(before.words) or block.item or NUMBERED_ITEM.match(block.words):
        return False
    if abs(before.size - block.size) > 0.1 * block.size:
        return False
    if BROKEN.search(before.words) or block.words[:1].islower():
        return True
    return before.flow != block.flow and before.wide and not block.indented


def _written(blocks: Iterable[Block], levels: dict[int, int]) -> Iterator[str]:
    for block in blocks:
        words = _clean(block.words)
        if not words:
            continue
        level = levels.get(id(block))
        if level:
            yield f"{'#' * level} {words}"
        elif block.item:
            yield "- " + BULLET.sub("", words, count=1)
        else:
            yield _HASHES.sub("\\1\u00a0", words.replace("```", "'''"))


def _clean(words: str) -> str:
    words = _PRESENTATION.sub(lambda found: unicodedata.normalize("NFKC", found[0]), words)
    return " ".join(words.replace(_HYPHEN, "-").replace("\xad", "").split())
