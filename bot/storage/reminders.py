"""Queries over planned reminders. Their rows are the truth; whoever fires them asks here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.domain.model import Reminder, ReminderState
from bot.domain.ports import Topic
from bot.storage.link import Link
from bot.storage.tables import PENDING, listed, reminders

_PLAN = insert(reminders).on_conflict_do_nothing(
    index_elements=["session_id", "offset", "revision"]
)
_DUE = (
    select(reminders)
    .where(PENDING, reminders.c.due_at <= bindparam("moment"))
    .order_by(reminders.c.session_id, reminders.c.due_at, reminders.c.id)
    .limit(bindparam("limit"))
)
_NEXT = select(reminders.c.due_at).where(PENDING).order_by(reminders.c.due_at).limit(1)
_SETTLE = (
    update(reminders)
    .where(reminders.c.id.in_(listed("ids")))
    .values(state=bindparam("new_state"), settled_at=bindparam("at"))
)


class ReminderTable:
    """``ReminderRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def plan(self, reminders: Sequence[Reminder]) -> None:
        if await self._link.run(_PLAN, [_values(reminder) for reminder in reminders]):
            self._link.touched.add(Topic.REMINDERS)

    async def due(self, moment: datetime, limit: int) -> Sequence[Reminder]:
        rows = await self._link.rows(_DUE, {"moment": moment, "limit": limit})
        return [_reminder(row) for row in rows]

    async def next_due_at(self) -> datetime | None:
        moment: datetime | None = await self._link.scalar(_NEXT)
        return moment

    async def settle(self, ids: Sequence[int], state: ReminderState, at: datetime) -> None:
        values = {"ids": json.dumps(list(ids)), "new_state": state.value, "at": at}
        if await self._link.run(_SETTLE, values) and state is ReminderState.PENDING:
            self._link.touched.add(Topic.REMINDERS)

    async def skip_pending(self, session_id: int, at: datetime) -> int:
        statement = update(reminders).where(
            reminders.c.session_id == session_id,
            reminders.c.state == ReminderState.PENDING.value,
        )
        skipped = ReminderState.SKIPPED.value
        return await self._link.run(statement.values(state=skipped, settled_at=at))

    async def of_session(self, session_id: int) -> Sequence[Reminder]:
        statement = select(reminders).where(reminders.c.session_id == session_id)
        rows = await self._link.rows(statement.order_by(reminders.c.due_at, reminders.c.id))
        return [_reminder(row) for row in rows]


def _values(reminder: Reminder) -> dict[str, Any]:
    return {
        "group_id": reminder.group_id,
        "session_id": reminder.session_id,
        "offset": reminder.offset,
        "revision": reminder.revision,
        "due_at": reminder.due_at,
        "state": reminder.state.value,
    }


def _reminder(row: Row[Any]) -> Reminder:
    return Reminder(
        id=row.id,
        group_id=row.group_id,
        session_id=row.session_id,
        offset=row.offset,
        revision=row.revision,
        due_at=row.due_at,
        state=ReminderState(row.state),
    )
