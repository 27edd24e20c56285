"""What is imported when it is first used, so that a start doesn't pay for it: checking summaries,
reading and writing session pages. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.model import Audience, Finding, Point, SessionView, SummaryDraft


def check(drafts: Mapping[Audience, SummaryDraft], text: str) -> Sequence[Finding]:
    """The ``Gates``."""
    from bot.summarisers.checks import check

    return check(drafts, text)


def summary_parts(body: str) -> tuple[str, tuple[Point, ...]]:
    """The ``TakesApart`` of summaries."""
    from bot.readings.page import summary_parts

    return summary_parts(body)


def write_article(view: SessionView) -> str:
    """The ``WritesPage`` of what is published."""
    from bot.readings.page import write_article

    return write_article(view)
