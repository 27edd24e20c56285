"""Which version of a summary somebody may look at, when a post or a button names one.

What is posted stays in its place, so that an approved version is shown for ever. Nothing is made.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import UnknownSessionError, UnknownSummaryError
from bot.domain.model import Audience, Caller, Group, Session, Summary, SummaryStatus
from bot.domain.ports import Rows
from bot.services import find
from bot.services.rights import is_organiser


async def version(
    rows: Rows,
    group: Group,
    session_id: int,
    audience: Audience,
    number: int,
    by: Caller,
    now: datetime,
) -> tuple[Session, Summary]:
    """That version, with its session; where the caller may not see it, the one that members see.

    Raises UnknownSessionError, UnknownSummaryError.
    """
    organises = await is_organiser(rows, group, by)
    session = await _session(rows, group, session_id, now, organises=organises)
    stored = await rows.summaries.versions(session.id)
    for summary in stored:
        is_it = summary.draft.audience is audience and summary.version == number
        if is_it and (organises or summary.draft.status is SummaryStatus.APPROVED):
            return session, summary
    found = await rows.summaries.current_of(session.id, audience)
    if found is None:
        found = (await rows.summaries.latest(session.id)).get(audience)
    if found is None or _waits(found):
        raise UnknownSummaryError(
            f"There is no {audience} summary of “{session.title}” to see yet."
        )
    return session, found


async def _session(
    rows: Rows, group: Group, session_id: int, now: datetime, *, organises: bool
) -> Session:
    if not organises:
        return await find.told(rows, group, session_id, now)
    session = await rows.sessions.by_id(session_id)
    if session is None or session.group_id != group.id:
        raise UnknownSessionError("")
    return session


def _waits(summary: Summary) -> bool:
    """Whether it is a draft that members don't get to see."""
    is_draft = summary.draft.status is SummaryStatus.DRAFT
    return is_draft and any(finding.severe for finding in summary.draft.findings)
