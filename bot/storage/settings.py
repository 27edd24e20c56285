"""Queries over settings: small facts that outlive a start. What they mean isn't known here."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from bot.storage.link import Link
from bot.storage.tables import settings


class SettingTable:
    """``SettingRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def get(self, name: str) -> str | None:
        statement = select(settings.c.value).where(settings.c.name == name)
        value: str | None = await self._link.scalar(statement)
        return value

    async def put(self, name: str, value: str) -> None:
        statement = insert(settings).values(name=name, value=value)
        await self._link.run(
            statement.on_conflict_do_update(index_elements=["name"], set_={"value": value})
        )
