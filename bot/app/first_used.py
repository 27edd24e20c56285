"""What is imported when it is first used, so that a start doesn't pay for it: checking summaries,
reading and writing session pages. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.domain.model import Audience, Finding, Point, SessionView, SummaryDraft

if TYPE_CHECKING:
    from bot.summarisers.source import Source

_KEPT = 2_000_000  # characters; the index of so many takes 70 MB


def _indexed(text: str) -> Source:
    from bot.summarisers.source import Source

    return Source(text)


class Checks:
    """The ``Gates``. The last reading stays indexed, as a conversation is checked a few times
    against the same; safe to be called from several threads. ``index`` makes the index."""

    def __init__(self, index: Callable[[str], Source] = _indexed) -> None:
        self._index = index
        self._last: tuple[str, Source] | None = None

    def __call__(self, drafts: Mapping[Audience, SummaryDraft], text: str) -> Sequence[Finding]:
        from bot.summarisers.checks import check

        return check(drafts, self._source(text))

    def _source(self, text: str) -> Source:
        last = self._last  # another thread may put its own there meanwhile
        if last is not None and last[0] == text:
            return last[1]
        source = self._index(text)
        self._last = (text, source) if len(text) <= _KEPT else None
        return source


def summary_parts(body: str) -> tuple[str, tuple[Point, ...]]:
    """The ``TakesApart`` of summaries."""
    from bot.readings.page import summary_parts

    return summary_parts(body)


def write_article(view: SessionView) -> str:
    """The ``WritesPage`` of what is published."""
    from bot.readings.page import write_article

    return write_article(view)
