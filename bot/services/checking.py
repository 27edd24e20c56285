"""What the gates say of summaries, put beside them.

The gates are given; against what they check, and which of their findings mean nothing for what
people wrote themselves, is decided here. Nothing is stopped or stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bot.domain.model import Audience, Finding, Reading, SummaryDraft
from bot.domain.ports import Gates

_AGAINST_THE_READING = frozenset(["quote", "number", "name", "link"])


def no_gates(drafts: Mapping[Audience, SummaryDraft], text: str) -> Sequence[Finding]:
    """The ``Gates`` that find nothing."""
    return ()


def first_with_text(readings: Sequence[Reading]) -> Reading | None:
    """The reading that summaries are made from and checked against."""
    return next((reading for reading in readings if reading.text.strip()), None)


def checked_text(reading: Reading) -> str:
    """The words that a summary of the reading may take its names and numbers from."""
    parts = (reading.title, reading.author, reading.published, reading.text)
    return "\n\n".join(part for part in parts if part)


async def findings_of(
    gates: Gates,
    drafts: Mapping[Audience, SummaryDraft],
    reading: Reading | None,
    *,
    quoted: bool = True,
) -> Mapping[Audience, tuple[Finding, ...]]:
    """What is found in each draft; in a thread, since a long text keeps the gates busy.

    Without a reading whose text we have nothing can be looked up there. ``quoted=False``: the
    points needn't have a quote, as people write them.
    """
    if not drafts:
        return {}
    text = "" if reading is None else checked_text(reading)
    found = await asyncio.to_thread(gates, drafts, text)

    def counts(finding: Finding) -> bool:
        if reading is None and finding.gate in _AGAINST_THE_READING:
            return False
        unquoted = finding.gate == "quote" and not _has_quote(drafts[finding.audience], finding)
        return quoted or not unquoted

    return {
        audience: tuple(each for each in found if each.audience is audience and counts(each))
        for audience in drafts
    }


def _has_quote(draft: SummaryDraft, finding: Finding) -> bool:
    return finding.point is not None and bool(draft.points[finding.point - 1].quote)
