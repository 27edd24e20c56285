"""Whether what a point says can be shown in the reading: its quotation, its numbers, and that it
isn't the same as another point. It looks at one point at a time and knows nothing of style.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.model import Point
from bot.summarisers.figures import Figure, Figures, shares
from bot.summarisers.languages import Language, terms, word_count, word_set
from bot.summarisers.quotes import squeezed
from bot.summarisers.source import Placed, Source, unified
from bot.summarisers.units import UNITS

_QUOTE_WORDS = 3  # fewer prove nothing
_INSIDE_WORDS = 4  # fewer between quotation marks may be a way of speaking
_INSIDE = re.compile(r"“([^“”]{1,600})”|\"([^\"]{1,600})\"|«([^«»]{1,600})»|„([^„“”]{1,600})[“”]")
_PROPORTION = re.compile(r"\b(?:out of|in|in every)\b")
_SAME = 0.8  # the share of words above which two points say the same
_UNCOUNTED = word_set("one a first second third")
_FAMILIAR = word_set("24/7 9/11 50/50 101")

Fault = tuple[str, str, bool]
"""Its gate, what is wrong as a half sentence, and whether it is severe."""


def quote_faults(point: Point, source: Source) -> Iterator[Fault]:
    """What is wrong with a point's quotation and the section that it names."""
    quote = point.quote
    if not squeezed(quote):
        yield "quote", "nothing is quoted from the reading", True
    elif not source.says(quote):
        yield "quote", f"the words do not stand in the reading: “{_begun(quote)}”", True
    elif source.orders_models(quote):
        what = f"the words are what the reading tells to models: “{_begun(quote)}”"
        yield "instruction", what, True
    elif word_count(quote) < _QUOTE_WORDS:
        yield "quote", f"“{_begun(quote)}” is too short to prove anything", True
    if point.section.strip() and not source.says(point.section):
        yield "section", f"the reading names no section “{_begun(point.section)}”", False


def quoted_inside(text: str, source: Source) -> Iterator[str]:
    """Quotations within the text that the reading doesn't have."""
    for match in _INSIDE.finditer(text):
        quote = next(filter(None, match.groups()), "")
        if word_count(quote) < _INSIDE_WORDS:
            continue
        pieces = [piece for piece in re.split(r"\[[^\[\]]*\]|…|\.\.\.", quote) if squeezed(piece)]
        if not all(source.says(piece) for piece in pieces):
            yield quote


def number_faults(
    text: str, context: frozenset[str], source: Source, language: Language
) -> Iterator[tuple[str, bool]]:
    """Numbers of the text that the reading doesn't have, or has of something else.

    ``context`` is what the whole point speaks of, as terms. With each comes whether it is severe.
    """
    reported: set[str] = set()
    figures = Figures(language.code).found(text)
    parts: set[int] = set()
    for part, whole, share in shares(figures, text):
        if share in source.shares:
            parts.update((id(part), id(whole)))
        elif _PROPORTION.search(text[part.end : whole.start]) and not _beside(part, whole, source):
            yield f"the reading has no “{text[part.start : whole.end]}”", True
    for figure in figures:
        written = " ".join(figure.written.split())
        if id(figure) in parts or written in reported or _uncounted(figure, text, source):
            continue
        reported.add(written)
        if fault := _Number(figure, written, context, language).fault(source):
            yield fault


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of a summary, and what is said of it."""

    figure: Figure
    written: str
    context: frozenset[str]
    language: Language

    def fault(self, source: Source) -> tuple[str, bool] | None:
        """What is wrong; None when it stands in the reading near what it is said of."""
        met = source.meeting(self.figure)
        if not met and _spelled_alike(self.written, source):
            return None
        foreign = self.language.code != source.language.code
        thing = "" if foreign or self.figure.unit else " ".join(self.figure.things)
        otherwise = self._counted_otherwise(thing, met, source)
        if not met:
            return f"the reading has no “{self.written}”", otherwise or not self._own_count
        if foreign:
            return None
        if otherwise:
            return f"the reading gives another number than “{self.written}” for “{thing}”", True
        digits = (word for word in self.written.split() if word.casefold() not in UNITS)
        said = self.context.difference(terms(" ".join(digits), self.language))
        if any(said & source.near(placed.sentence) for placed in met):
            return None
        what = f"the reading has “{self.written}” only where it speaks of something else"
        return what, not self._own_count

    @property
    def _own_count(self) -> bool:
        """Whether it may be the writer's own counting: "three tips", "the two groups"."""
        few = self.written.isalpha() and max(self.figure.values) <= 4
        return self.figure.loose or (few and not self.figure.unit and bool(self.figure.thing))

    def _counted_otherwise(self, thing: str, met: Sequence[Placed], source: Source) -> bool:
        """Whether the reading counts the same things, and nowhere by this number."""
        stems = set(terms(thing, self.language))
        if not stems or any(self._supports(placed, stems, source) for placed in met):
            return False
        return any(stems & self._said_after(placed) for placed in source.figures)

    def _supports(self, placed: Placed, stems: set[str], source: Source) -> bool:
        """Whether the number there may count them: it is before them, or before no other thing."""
        if stems & self._said_after(placed):
            return True
        other = placed.figure.thing or placed.figure.unit
        return not other and bool(stems & source.near(placed.sentence))

    def _said_after(self, placed: Placed) -> set[str]:
        return set(terms(" ".join(placed.figure.after), self.language))


def _beside(part: Figure, whole: Figure, source: Source) -> bool:
    """Whether a sentence of the reading has both numbers."""
    first = {placed.sentence for placed in source.meeting(part)}
    second = {placed.sentence for placed in source.meeting(whole)}
    return not first.isdisjoint(second)


def _uncounted(figure: Figure, text: str, source: Source) -> bool:
    """Whether the number isn't looked up: a pronoun, a way of speaking, a share that is known."""
    written = figure.written.casefold()
    near = text[max(0, figure.start - 5) : figure.end + 5]
    named = re.search(r"([^\W\d_]+)[ -]\Z", text[: figure.start])
    return (
        written in _UNCOUNTED
        or (written.startswith("one ") and figure.unit != "%")
        or any(word in near for word in _FAMILIAR)
        or (named is not None and (named[1] + written).casefold() in source.forms)
        or (figure.share is not None and figure.share in source.shares)
    )


def _spelled_alike(written: str, source: Source) -> bool:
    """A number that is part of a name or a code stands there letter by letter."""
    folded = "".join(filter(str.isalnum, written.casefold()))
    return not folded.isdigit() and bool(re.search(r"\d", folded)) and folded in source.forms


def duplicated(points: Sequence[Point], language: Language) -> Iterator[tuple[int, int, str, bool]]:
    """Pairs of points (from 1) that say the same, what they share, and whether that is severe."""
    said = [frozenset(terms(unified(point.text), language)) for point in points]
    for second in range(len(points)):
        for first in range(second):
            one, other = points[first], points[second]
            same = squeezed(one.text) == squeezed(other.text) or _alike(said[first], said[second])
            if same and squeezed(one.text):
                yield first + 1, second + 1, "say the same", True
            elif squeezed(one.head) == squeezed(other.head):
                yield first + 1, second + 1, "have the same head", False
            elif squeezed(one.quote) and squeezed(one.quote) == squeezed(other.quote):
                yield first + 1, second + 1, "quote the same words", False


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one) > 3 and len(one & other) >= _SAME * len(one | other)


def _begun(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"
