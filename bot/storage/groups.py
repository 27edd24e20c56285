"""Queries over groups, the guilds that are set up for them, and their destinations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.domain.errors import StorageError
from bot.domain.model import Destination, Group, Guild, Network
from bot.domain.ports import Topic
from bot.storage.link import Link
from bot.storage.statements import Query
from bot.storage.tables import destinations, groups, guilds

_GUILD = Query(
    select(
        guilds.c.address,
        guilds.c.group_id,
        guilds.c.channel,
        guilds.c.organiser_role,
        guilds.c.set_up_by,
        guilds.c.set_up_at,
    ).where(guilds.c.address == bindparam("guild"))
)


class GroupTable:
    """``GroupRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def ensure(self, group: Group) -> Group:
        return await self._put(_group_values(group), group.slug)

    async def set_up(self, group: Group, at: datetime) -> Group:
        return await self._put({**_group_values(group), "set_up_at": at}, group.slug)

    async def set_up_at(self, group_id: int) -> datetime | None:
        statement = select(groups.c.set_up_at).where(groups.c.id == group_id)
        moment: datetime | None = await self._link.scalar(statement)
        return moment

    async def by_slug(self, slug: str) -> Group | None:
        row = await self._link.first(select(groups).where(groups.c.slug == slug))
        return None if row is None else _group(row)

    async def by_id(self, group_id: int) -> Group:
        row = await self._link.first(select(groups).where(groups.c.id == group_id))
        return _one(None if row is None else _group(row), str(group_id))

    async def all(self) -> Sequence[Group]:
        return [_group(row) for row in await self._link.rows(select(groups).order_by(groups.c.id))]

    async def ensure_destination(
        self, group_id: int, network: Network, address: str
    ) -> Destination:
        statement = insert(destinations).on_conflict_do_nothing()
        values = {"group_id": group_id, "network": network.value, "address": address}
        if await self._link.run(statement, values):
            self._link.touched.add(Topic.GROUPS)
        row = await self._link.first(
            select(destinations).where(*_destination_is(group_id, network, address))
        )
        return _destination(_one(row, address))

    async def destinations(self, group_id: int) -> Sequence[Destination]:
        statement = select(destinations).where(destinations.c.group_id == group_id)
        rows = await self._link.rows(statement.order_by(destinations.c.id))
        return [_destination(row) for row in rows]

    async def guild(self, address: str) -> Guild | None:
        found = await self._link.found(_GUILD, {"guild": address})
        if not found:
            return None
        address, group_id, channel, organiser_role, set_up_by, set_up_at = found[0]
        return Guild(
            address=address,
            group_id=group_id,
            channel=channel,
            set_up_by=set_up_by,
            set_up_at=datetime.fromisoformat(set_up_at),
            organiser_role=organiser_role,
        )

    async def guilds(self, group_id: int) -> Sequence[Guild]:
        statement = select(guilds).where(guilds.c.group_id == group_id)
        rows = await self._link.rows(statement.order_by(guilds.c.set_up_at, guilds.c.address))
        return [_guild(row) for row in rows]

    async def set_guild(self, guild: Guild) -> None:
        values = {
            "address": guild.address,
            "group_id": guild.group_id,
            "channel": guild.channel,
            "organiser_role": guild.organiser_role,
            "set_up_by": guild.set_up_by,
            "set_up_at": guild.set_up_at,
        }
        statement = insert(guilds).values(values)
        await self._link.run(
            statement.on_conflict_do_update(index_elements=["address"], set_=values)
        )
        self._link.touched.add(Topic.GROUPS)

    async def pause_destination(
        self, group_id: int, network: Network, address: str, reason: str, at: datetime
    ) -> None:
        await self._link.run(
            update(destinations)
            .where(*_destination_is(group_id, network, address))
            .values(paused_at=at, paused_reason=reason)
        )
        self._link.touched.add(Topic.GROUPS)

    async def resume_destination(self, group_id: int, network: Network, address: str) -> None:
        await self._link.run(
            update(destinations)
            .where(*_destination_is(group_id, network, address))
            .values(paused_at=None, paused_reason="")
        )
        self._link.touched |= {Topic.GROUPS, Topic.OUTBOX}  # what waited for it is due

    async def _put(self, values: dict[str, Any], slug: str) -> Group:
        statement = insert(groups).values(values)
        statement = statement.on_conflict_do_update(index_elements=["slug"], set_=values)
        await self._link.run(statement)
        self._link.touched.add(Topic.GROUPS)
        return _one(await self.by_slug(slug), slug)


_T = TypeVar("_T")


def _destination_is(group_id: int, network: Network, address: str) -> tuple[Any, ...]:
    return (
        destinations.c.group_id == group_id,
        destinations.c.network == network.value,
        destinations.c.address == address,
    )


def _one(found: _T | None, name: str) -> _T:
    if found is None:
        raise StorageError(f"The data file has no “{name}”.", permanent=True)
    return found


def _group_values(group: Group) -> dict[str, Any]:
    return {
        "slug": group.slug,
        "name": group.name,
        "timezone": group.timezone,
        "reminders": [int(offset.total_seconds()) for offset in group.reminders],
    }


def _group(row: Row[Any]) -> Group:
    return Group(
        id=row.id,
        slug=row.slug,
        name=row.name,
        timezone=row.timezone,
        reminders=tuple(timedelta(seconds=seconds) for seconds in row.reminders),
    )


def _guild(row: Row[Any]) -> Guild:
    return Guild(
        address=row.address,
        group_id=row.group_id,
        channel=row.channel,
        set_up_by=row.set_up_by,
        set_up_at=row.set_up_at,
        organiser_role=row.organiser_role,
    )


def _destination(row: Row[Any]) -> Destination:
    return Destination(
        id=row.id,
        group_id=row.group_id,
        network=Network(row.network),
        address=row.address,
        paused_at=row.paused_at,
        paused_reason=row.paused_reason,
    )
