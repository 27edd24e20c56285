"""Queries over groups, their destinations and the people they have met."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.domain.errors import StorageError
from bot.domain.model import Author, Destination, Group, Network
from bot.domain.ports import Topic
from bot.storage.database import Link
from bot.storage.tables import destinations, groups, listed, people


class GroupTable:
    """``GroupRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def ensure(self, group: Group) -> Group:
        values = {
            "slug": group.slug,
            "name": group.name,
            "timezone": group.timezone,
            "reminders": [int(offset.total_seconds()) for offset in group.reminders],
        }
        statement = insert(groups).values(values)
        statement = statement.on_conflict_do_update(index_elements=["slug"], set_=values)
        await self._link.run(statement)
        return _one(await self.by_slug(group.slug), group.slug)

    async def by_slug(self, slug: str) -> Group | None:
        row = await self._link.first(select(groups).where(groups.c.slug == slug))
        return None if row is None else _group(row)

    async def by_id(self, group_id: int) -> Group:
        row = await self._link.first(select(groups).where(groups.c.id == group_id))
        return _one(None if row is None else _group(row), str(group_id))

    async def ensure_destination(
        self, group_id: int, network: Network, address: str
    ) -> Destination:
        statement = insert(destinations).on_conflict_do_nothing()
        values = {"group_id": group_id, "network": network.value, "address": address}
        await self._link.run(statement, values)
        row = await self._link.first(
            select(destinations).where(*_destination_is(group_id, network, address))
        )
        return _destination(_one(row, address))

    async def destinations(self, group_id: int) -> Sequence[Destination]:
        statement = select(destinations).where(destinations.c.group_id == group_id)
        rows = await self._link.rows(statement.order_by(destinations.c.id))
        return [_destination(row) for row in rows]

    async def pause_destination(
        self, group_id: int, network: Network, address: str, reason: str, at: datetime
    ) -> None:
        await self._link.run(
            update(destinations)
            .where(*_destination_is(group_id, network, address))
            .values(paused_at=at, paused_reason=reason)
        )

    async def resume_destination(self, group_id: int, network: Network, address: str) -> None:
        await self._link.run(
            update(destinations)
            .where(*_destination_is(group_id, network, address))
            .values(paused_at=None, paused_reason="")
        )
        self._link.touched.add(Topic.OUTBOX)  # what waited for it is due


_T = TypeVar("_T")

_KNOWN = (
    select(people.c.address)
    .distinct()
    .where(
        people.c.network == bindparam("network"),
        people.c.address.in_(listed("addresses")),
        people.c.first_seen_at < bindparam("before"),
    )
)


class PeopleTable:
    """``PeopleRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def known(self, network: Network, addresses: Sequence[str], before: datetime) -> set[str]:
        values = {"network": network.value, "addresses": json.dumps(addresses), "before": before}
        return {row.address for row in await self._link.rows(_KNOWN, values)}

    async def helped_at(self, group_id: int, author: Author) -> datetime | None:
        moment: datetime | None = await self._link.scalar(
            select(people.c.helped_at).where(
                people.c.network == author.network.value,
                people.c.address == author.address,
                people.c.group_id == group_id,
            )
        )
        return moment

    async def set_helped(self, group_id: int, author: Author, at: datetime) -> None:
        statement = insert(people).values(
            group_id=group_id,
            network=author.network.value,
            address=author.address,
            name=author.name,
            first_seen_at=at,
            helped_at=at,
        )
        await self._link.run(
            statement.on_conflict_do_update(
                index_elements=["network", "address", "group_id"], set_={"helped_at": at}
            )
        )


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


def _group(row: Row[Any]) -> Group:
    return Group(
        id=row.id,
        slug=row.slug,
        name=row.name,
        timezone=row.timezone,
        reminders=tuple(timedelta(seconds=seconds) for seconds in row.reminders),
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
