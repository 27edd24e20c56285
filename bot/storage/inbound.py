"""Queries over what came in: sources that were handled, and how far each place was read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Text, bindparam, func, select, true
from sqlalchemy.dialects.sqlite import insert

from bot.domain.model import Network
from bot.storage.link import Link
from bot.storage.statements import Query, is_short
from bot.storage.tables import cursors, listed, moment_text, seen

_given = func.json_each(bindparam("source_ids", type_=Text)).table_valued("value")
_ADD = Query(
    insert(seen)
    .from_select(
        ["network", "source_id", "seen_at"],
        # SQLite takes ON CONFLICT for part of the FROM unless a WHERE stands between them.
        select(bindparam("network", type_=Text), _given.c.value, bindparam("at", type_=Text)).where(
            true()
        ),
    )
    .on_conflict_do_nothing()
    .returning(seen.c.source_id)
)
_WHICH = Query(
    select(seen.c.source_id).where(
        seen.c.network == bindparam("network"), seen.c.source_id.in_(listed("source_ids"))
    )
)
_MOVE = insert(cursors)
_MOVE = _MOVE.on_conflict_do_update(
    index_elements=["place"],
    set_={"position": _MOVE.excluded.position, "moved_at": _MOVE.excluded.moved_at},
)


class SeenTable:
    """``SeenRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def add(self, network: Network, source_ids: Sequence[str], at: datetime) -> set[str]:
        given = {"network": network.value, "source_ids": json.dumps(source_ids)}
        values = {**given, "at": moment_text(at)}
        rows = await self._link.found(_ADD, values, short=is_short(source_ids))
        return {source_id for (source_id,) in rows}

    async def which(self, network: Network, source_ids: Sequence[str]) -> set[str]:
        values = {"network": network.value, "source_ids": json.dumps(source_ids)}
        rows = await self._link.found(_WHICH, values, short=is_short(source_ids))
        return {source_id for (source_id,) in rows}


class CursorTable:
    """``CursorRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def all(self) -> Mapping[str, str]:
        rows = await self._link.rows(select(cursors.c.place, cursors.c.position))
        return {row.place: row.position for row in rows}

    async def move(self, positions: Mapping[str, str], at: datetime) -> None:
        await self._link.run(
            _MOVE,
            [
                {"place": place, "position": position, "moved_at": at}
                for place, position in positions.items()
            ],
        )
