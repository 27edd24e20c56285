"""Queries over summaries: every version is kept, and of one session and audience one is current."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, insert, select, tuple_, update

from bot.domain.model import (
    Audience,
    Finding,
    Point,
    Summary,
    SummaryDraft,
    SummaryStatus,
    Usage,
)
from bot.storage.database import Link
from bot.storage.tables import CURRENT, listed, summaries

_OF_SESSION = summaries.c.session_id == bindparam("of_session")
_CURRENT = select(summaries).where(_OF_SESSION, CURRENT)
_CURRENT_OF = _CURRENT.where(summaries.c.audience == bindparam("of_audience"))
_NEWEST = (
    select(summaries.c.audience, func.max(summaries.c.version))
    .where(_OF_SESSION)
    .group_by(summaries.c.audience)
)
_LATEST = select(summaries).where(
    _OF_SESSION, tuple_(summaries.c.audience, summaries.c.version).in_(_NEWEST)
)
_VERSIONS = select(summaries).where(_OF_SESSION).order_by(summaries.c.id)
_APPROVE = (
    update(summaries)
    .where(summaries.c.id.in_(listed("ids")), summaries.c.status != SummaryStatus.APPROVED.value)
    .values(status=SummaryStatus.APPROVED.value, approved_at=bindparam("at"))
)
_PLACES = select(summaries.c.session_id, summaries.c.audience).where(
    summaries.c.id.in_(listed("ids"))
)


class SummaryTable:
    """``SummaryRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def add(self, session_id: int, draft: SummaryDraft, at: datetime) -> Summary:
        of_audience = _of_audience(session_id, draft.audience)
        approved = draft.status is SummaryStatus.APPROVED
        if approved:
            await self._link.run(update(summaries).where(*of_audience, CURRENT).values(current=0))
        last = await self._link.scalar(select(func.max(summaries.c.version)).where(*of_audience))
        version = (last or 0) + 1
        approved_at = at if approved else None
        values = {
            "session_id": session_id,
            "version": version,
            "current": int(approved),
            "created_at": at,
            "approved_at": approved_at,
            **_values(draft),
        }
        summary_id = await self._link.scalar(insert(summaries).returning(summaries.c.id), values)
        return Summary(
            id=summary_id,
            session_id=session_id,
            version=version,
            current=approved,
            created_at=at,
            draft=draft,
            approved_at=approved_at,
        )

    async def current(self, session_id: int) -> Mapping[Audience, Summary]:
        rows = await self._link.rows(_CURRENT, {"of_session": session_id}, short=True)
        return {Audience(row.audience): _summary(row) for row in rows}

    async def current_of(self, session_id: int, audience: Audience) -> Summary | None:
        values = {"of_session": session_id, "of_audience": audience.value}
        row = await self._link.first(_CURRENT_OF, values)
        return None if row is None else _summary(row)

    async def latest(self, session_id: int) -> Mapping[Audience, Summary]:
        rows = await self._link.rows(_LATEST, {"of_session": session_id})
        return {Audience(row.audience): _summary(row) for row in rows}

    async def approve(self, summary_ids: Sequence[int], at: datetime) -> None:
        ids = json.dumps(list(summary_ids))
        if not await self._link.run(_APPROVE, {"ids": ids, "at": at}):
            return
        places = await self._link.rows(_PLACES, {"ids": ids})
        for session_id, audience in {(row.session_id, row.audience) for row in places}:
            await self._settle_current(session_id, Audience(audience))

    async def versions(self, session_id: int) -> Sequence[Summary]:
        rows = await self._link.rows(_VERSIONS, {"of_session": session_id})
        return [_summary(row) for row in rows]

    async def _settle_current(self, session_id: int, audience: Audience) -> None:
        """The newest approved version is current, and no other one; never two on the way."""
        of_audience = _of_audience(session_id, audience)
        approved = summaries.c.status == SummaryStatus.APPROVED.value
        newest = select(func.max(summaries.c.version)).where(*of_audience, approved)
        version = await self._link.scalar(newest)
        await self._link.run(update(summaries).where(*of_audience, CURRENT).values(current=0))
        chosen = update(summaries).where(*of_audience, summaries.c.version == version)
        await self._link.run(chosen.values(current=1))


def _of_audience(
    session_id: int, audience: Audience
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return summaries.c.session_id == session_id, summaries.c.audience == audience.value


def _values(draft: SummaryDraft) -> dict[str, Any]:
    usage = draft.usage
    return {
        "audience": draft.audience.value,
        "body": draft.body,
        "lead": draft.lead,
        "points": [[point.head, point.text, point.quote, point.section] for point in draft.points],
        "origin": draft.origin,
        "asked_by": draft.asked_by,
        "prompt": draft.prompt,
        "answered_by": draft.answered_by,
        "status": draft.status.value,
        "findings": [
            [each.gate, each.audience.value, each.text, each.point, each.severe]
            for each in draft.findings
        ],
        "usage": None
        if usage is None
        else [
            usage.model,
            usage.calls,
            usage.prompt_tokens,
            usage.cached_tokens,
            usage.completion_tokens,
            usage.cost,
        ],
        "scope": draft.scope,
        "edited": int(draft.edited),
    }


def _summary(row: Row[Any]) -> Summary:
    draft = SummaryDraft(
        audience=Audience(row.audience),
        body=row.body,
        lead=row.lead,
        points=tuple(Point(*parts) for parts in row.points),
        origin=row.origin,
        asked_by=row.asked_by,
        prompt=row.prompt,
        answered_by=row.answered_by,
        status=SummaryStatus(row.status),
        findings=tuple(
            Finding(gate, Audience(audience), text, point, severe)
            for gate, audience, text, point, severe in row.findings
        ),
        usage=None if row.usage is None else Usage(*row.usage),
        scope=row.scope,
        edited=bool(row.edited),
    )
    return Summary(
        id=row.id,
        session_id=row.session_id,
        version=row.version,
        current=bool(row.current),
        created_at=row.created_at,
        draft=draft,
        approved_at=row.approved_at,
    )
