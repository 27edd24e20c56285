"""Choosing easier sentences so that their summary has about half the words of the other one.

For each point there are several sentences to choose from, or none; totals of words are built up
point by point, and for each total the best few choices are kept (a bounded subset sum). It knows
words and values only, not what the sentences say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.summarisers.languages import word_count

LEAST, MOST = 0.45, 0.548
"""The share of the longer summary's words that the easier one may have: 45 to 55 %, with a little
room at the top for those who count words otherwise."""

_SENTENCE_WORDS = 20  # on average, at most
_KEPT = 3  # choices kept for each total
_TRIES = 60  # bodies written to see which fits
_SLACK = 4  # words by which an estimate may be off
_FRAME_WORDS = 3  # a line's number and head


@dataclass(frozen=True, slots=True)
class Offer:
    """A sentence that could stand for a point: about how many words it takes, what it is worth.

    ``excludes`` are the sentences that can't be chosen beside it, itself among them.
    """

    sentence: int
    words: int
    value: float
    excludes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Choice:
    """The sentences chosen, whether their body fits, and how many needed points have none."""

    picks: tuple[int, ...]
    fits: bool
    missed: int


@dataclass(frozen=True, slots=True)
class _Partial:
    missed: int
    value: float
    words: int
    picks: tuple[int, ...]


def measured(text: str) -> int:
    """Words as a summary counts them (between spaces); in scripts without spaces, by characters."""
    spaced, read = len(text.split()), word_count(text)
    return read if read > 2 * spaced else spaced


def easier_half(
    offers: Sequence[Sequence[Offer]],
    needed: int,
    longer: str,
    body: Callable[[Sequence[int]], str],
) -> Choice:
    """The best sentences, at most one a point, whose body has 45 to 55 % of ``longer``'s words.

    The first ``needed`` points should have one if that is possible. ``body`` writes
    the summary of some sentences. Where nothing fits, the nearest.
    """
    whole = measured(longer)
    frame = measured(body(()))
    likely = sorted(
        _totals(offers, needed, int(whole * MOST) + _SLACK - frame),
        key=lambda part: (_excess(part.words + frame, whole), *_order(part)),
    )
    nearest = (1.0, likely[0])
    for part in likely[:_TRIES]:
        off = _share_off(measured(body(part.picks)), whole)
        if off == 0:
            return Choice(part.picks, True, part.missed)
        nearest = min(nearest, (off, part), key=lambda at: at[0])
    return Choice(nearest[1].picks, False, nearest[1].missed)


def _totals(offers: Sequence[Sequence[Offer]], needed: int, limit: int) -> list[_Partial]:
    """Choices of at least one sentence with up to ``limit`` words: the best few for each total."""
    kept: dict[int, list[_Partial]] = {0: [_Partial(0, 0.0, 0, ())]}
    for number, point in enumerate(offers):
        grown: dict[int, list[_Partial]] = {
            words: [replace(part, missed=part.missed + (number < needed)) for part in parts]
            for words, parts in kept.items()
        }
        for parts in kept.values():
            for part in parts:
                for offer in point:
                    words = part.words + offer.words
                    if words <= limit and offer.excludes.isdisjoint(part.picks):
                        picks = (*part.picks, offer.sentence)
                        grown.setdefault(words, []).append(
                            _Partial(part.missed, part.value + offer.value, words, picks)
                        )
        kept = {words: _best(parts) for words, parts in grown.items()}
    some = [part for parts in kept.values() for part in parts if part.picks]
    shortest = min((offer for point in offers for offer in point), key=lambda offer: offer.words)
    return some or [_Partial(needed, shortest.value, shortest.words, (shortest.sentence,))]


def _best(parts: Sequence[_Partial]) -> list[_Partial]:
    return sorted(parts, key=lambda part: (part.missed, -part.value, part.picks))[:_KEPT]


def _order(part: _Partial) -> tuple[int, float, tuple[int, ...]]:
    """What goes first: nothing needed missed, then merit."""
    return part.missed, -_merit(part), part.picks


def _merit(part: _Partial) -> float:
    """The value, less something where the sentences are long on average."""
    average = part.words / len(part.picks)
    return part.value - max(0.0, average - _SENTENCE_WORDS - _FRAME_WORDS) * 0.5


def _excess(words: int, whole: int) -> int:
    """How surely an estimate misses the range: 0 inside of it, then by rough steps."""
    return math.ceil(_share_off(words, whole) * 20)


def _share_off(words: int, whole: int) -> float:
    """How far outside of the range the share lies; 0 inside."""
    share = words / max(1, whole)
    return max(0.0, LEAST - share, share - MOST)
