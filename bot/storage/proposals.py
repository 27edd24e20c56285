"""Queries over proposals: changes that were shown to an organiser and wait for a yes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert, select

from bot.storage.link import Link
from bot.storage.tables import proposals

_KEPT: Final = timedelta(days=1)


class ProposalTable:
    """``ProposalRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def add(self, id: str, group_id: int, payload: str, at: datetime) -> None:
        await self._link.run(delete(proposals).where(proposals.c.created_at < at - _KEPT))
        values = {"id": id, "group_id": group_id, "payload": payload, "created_at": at}
        await self._link.run(insert(proposals).values(values))

    async def take(self, id: str, group_id: int) -> str | None:
        statement = delete(proposals).where(proposals.c.id == id, proposals.c.group_id == group_id)
        payload: str | None = await self._link.scalar(statement.returning(proposals.c.payload))
        return payload

    async def get(self, id: str, group_id: int) -> str | None:
        of_id = proposals.c.id == id, proposals.c.group_id == group_id
        payload: str | None = await self._link.scalar(select(proposals.c.payload).where(*of_id))
        return payload
