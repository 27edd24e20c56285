"""Queries over summaries: every version is kept, and of one session and audience one is current."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, select, tuple_, update

from bot.domain.model import (
    Audience,
    Finding,
    Point,
    Summary,
    SummaryDraft,
    SummaryStatus,
    Usage,
)
from bot.storage.link import Link
from bot.storage.statements import Query
from bot.storage.tables import CURRENT, listed, summaries

_OF_SESSION = summaries.c.session_id == bindparam("of_session")
_c = summaries.c
_WHOLE = select(
    *(_c.id, _c.session_id, _c.version, _c.current, _c.created_at, _c.approved_at),
    *(_c.audience, _c.body, _c.lead, _c.points, _c.origin, _c.asked_by, _c.prompt),
    *(_c.answered_by, _c.status, _c.findings, _c.usage, _c.scope, _c.edited),
).where(_OF_SESSION)  # in the order in which ``_summary`` takes them apart
_CURRENT = Query(_WHOLE.where(CURRENT))
_CURRENT_OF = Query(_WHOLE.where(CURRENT, _c.audience == bindparam("of_audience")))
_NEWEST = (
    select(summaries.c.audience, func.max(summaries.c.version))
    .where(_OF_SESSION)
    .group_by(summaries.c.audience)
)
_LATEST = Query(_WHOLE.where(tuple_(_c.audience, _c.version).in_(_NEWEST)))
_VERSIONS = Query(_WHOLE.order_by(_c.id))
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
        return _by_audience(await self._link.found(_CURRENT, {"of_session": session_id}))

    async def current_of(self, session_id: int, audience: Audience) -> Summary | None:
        values = {"of_session": session_id, "of_audience": audience.value}
        rows = await self._link.found(_CURRENT_OF, values)
        return _summary(rows[0]) if rows else None

    async def latest(self, session_id: int) -> Mapping[Audience, Summary]:
        return _by_audience(await self._link.found(_LATEST, {"of_session": session_id}))

    async def approve(self, summary_ids: Sequence[int], at: datetime) -> None:
        ids = json.dumps(list(summary_ids))
        if not await self._link.run(_APPROVE, {"ids": ids, "at": at}):
            return
        places = await self._link.rows(_PLACES, {"ids": ids})
        for session_id, audience in {(row.session_id, row.audience) for row in places}:
            await self._settle_current(session_id, Audience(audience))

    async def versions(self, session_id: int) -> Sequence[Summary]:
        rows = await self._link.found(_VERSIONS, {"of_session": session_id}, short=False)
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


def _by_audience(rows: Iterable[tuple[Any, ...]]) -> Mapping[Audience, Summary]:
    return {summary.draft.audience: summary for summary in map(_summary, rows)}


def _summary(row: tuple[Any, ...]) -> Summary:
    """A row of ``_WHOLE`` as SQLite has it."""
    summary_id, session_id, version, current, created_at, approved_at, *parts = row
    return Summary(
        id=summary_id,
        session_id=session_id,
        version=version,
        current=bool(current),
        created_at=datetime.fromisoformat(created_at),
        draft=_draft(*parts),
        approved_at=None if approved_at is None else datetime.fromisoformat(approved_at),
    )


def _draft(
    audience: str,
    body: str,
    lead: str,
    points: str,
    origin: str,
    asked_by: str,
    prompt: str,
    answered_by: str,
    status: str,
    findings: str,
    usage: str | None,
    scope: str,
    edited: int,
) -> SummaryDraft:
    return SummaryDraft(
        audience=Audience(audience),
        body=body,
        lead=lead,
        points=tuple(Point(*parts) for parts in json.loads(points)),
        origin=origin,
        asked_by=asked_by,
        prompt=prompt,
        answered_by=answered_by,
        status=SummaryStatus(status),
        findings=tuple(
            Finding(gate, Audience(of_audience), text, point, severe)
            for gate, of_audience, text, point, severe in json.loads(findings)
        ),
        usage=None if usage is None else Usage(*json.loads(usage)),
        scope=scope,
        edited=bool(edited),
    )
