"""An organiser's own words in place of a summary's: what is kept of them, and of what stood there.

Pure rules. Whether somebody may, and what members see of it, is `summaries`'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.errors import UserError
from bot.domain.model import Audience, Finding, Point, SummaryDraft
from bot.domain.ports import TakesApart
from bot.domain.text import mended

LONGEST = 20_000
"""Characters that an edited summary may have."""


def all_lead(body: str) -> tuple[str, tuple[Point, ...]]:
    """The ``TakesApart`` that finds no points."""
    return body, ()


def edited(versions: Sequence[SummaryDraft], body: str, parse: TakesApart) -> SummaryDraft:
    """The newest of the versions (they come newest first) in these words, Markdown; the same one
    where nothing is said anew.

    A point keeps the quote that it had in whatever version had one last. What a model took is not
    counted again. Raises UserError for words that can't be kept.
    """
    before = versions[0]
    body = _clean(body)
    if body == before.body:
        return before
    lead, points = parse(body)
    known = [point for draft in versions for point in draft.points if point.quote]
    return replace(
        before,
        body=body,
        lead=lead,
        points=tuple(_with_quote(point, known) for point in points),
        edited=True,
        usage=None,
        findings=(),
    )


def findings_of_edit(
    found: Mapping[Audience, tuple[Finding, ...]], audience: Audience
) -> tuple[Finding, ...]:
    """What is found in the edited draft; for the longer one, also in how they compare."""
    others = (each for each, _ in found.items() if each is not audience)
    compared = [each for other in others for each in found[other] if each.gate == "length"]
    return (*found[audience], *compared)


def _clean(body: str) -> str:
    if len(body) <= 4 * LONGEST:
        body = mended(body).strip()
    if not body:
        raise UserError("There is nothing to read in that; write the summary out.")
    if len(body) > LONGEST:
        raise UserError(f"That is too long: a summary may have {LONGEST:,} characters at most.")
    return body


def _with_quote(point: Point, known: Sequence[Point]) -> Point:
    """The point, with the words of the reading that it stood on when it was called the same, or
    said the same: those of the first such one in ``known``."""
    for old in known:
        same_head = bool(point.head) and old.head.casefold() == point.head.casefold()
        if same_head or old.text == point.text:
            return replace(point, quote=old.quote, section=old.section)
    return point
