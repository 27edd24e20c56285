"""Queries over summaries: every version is kept, one a session and audience is current."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from bot.domain.model import Audience, Point, Summary, SummaryDraft, SummaryStatus
from bot.storage.database import Link
from bot.storage.tables import CURRENT, summaries


class SummaryTable:
    """``SummaryRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def add(self, session_id: int, draft: SummaryDraft, at: datetime) -> Summary:
        of_audience = (
            summaries.c.session_id == session_id,
            summaries.c.audience == draft.audience.value,
        )
        await self._link.run(update(summaries).where(*of_audience, CURRENT).values(current=0))
        last = await self._link.scalar(select(func.max(summaries.c.version)).where(*of_audience))
        version = (last or 0) + 1
        values = {
            "session_id": session_id,
            "version": version,
            "current": 1,
            "created_at": at,
            **_values(draft),
        }
        summary_id = await self._link.scalar(insert(summaries).returning(summaries.c.id), values)
        return Summary(
            id=summary_id,
            session_id=session_id,
            version=version,
            current=True,
            created_at=at,
            draft=draft,
        )

    async def current(self, session_id: int) -> Mapping[Audience, Summary]:
        statement = select(summaries).where(summaries.c.session_id == session_id, CURRENT)
        rows = await self._link.rows(statement)
        return {Audience(row.audience): _summary(row) for row in rows}

    async def current_of(self, session_id: int, audience: Audience) -> Summary | None:
        row = await self._link.first(
            select(summaries).where(
                summaries.c.session_id == session_id,
                summaries.c.audience == audience.value,
                CURRENT,
            )
        )
        return None if row is None else _summary(row)


def _values(draft: SummaryDraft) -> dict[str, Any]:
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
    )
    return Summary(
        id=row.id,
        session_id=row.session_id,
        version=row.version,
        current=bool(row.current),
        created_at=row.created_at,
        draft=draft,
    )
