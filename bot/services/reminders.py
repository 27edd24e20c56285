"""Reminders: which posts are planned before a session, and firing those that are due.

The rows are the truth; whoever calls ``fire_due`` (the clock) only decides when to look. Of a
session still ahead only the latest due reminder is posted: an outage ends in one post, not five.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from bot.domain.model import (
    Destination,
    Group,
    Post,
    PostKind,
    Reminder,
    ReminderState,
    Session,
    SessionStatus,
)
from bot.domain.ports import Now, Rows, Store, WritesPage
from bot.domain.posts import SessionPost, card_of, session_post
from bot.services.places import places
from bot.services.posting import due_with

logger = logging.getLogger(__name__)

CHUNK = 100
"""Rows settled in one transaction: a long outage must not hold the writer or the loop."""

_PAGE = 50  # sessions


def planned(group: Group, session: Session, now: datetime) -> list[Reminder]:
    """The session's reminders that are still ahead, for its revision. Offsets are UTC hours."""
    return [
        Reminder(
            id=0,
            group_id=group.id,
            session_id=session.id,
            offset=offset,
            revision=session.revision,
            due_at=session.starts_at - offset,
        )
        for offset in group.reminders
        if session.starts_at - offset > now
    ]


async def replan(rows: Rows, group: Group, now: datetime) -> None:
    """Fit the plans of the group's announced sessions to offsets that were changed."""
    moment = now
    while page := await rows.sessions.starting_after(group.id, moment, _PAGE):
        for session in page:
            await _replan_session(rows, group, session, now)
        moment = page[-1].starts_at


async def _replan_session(rows: Rows, group: Group, session: Session, now: datetime) -> None:
    """What is due already fires as it was planned; what was skipped for an earlier change and is
    wanted again is pending again."""
    wanted = planned(group, session, now)
    offsets = {reminder.offset for reminder in wanted}
    known = [
        row
        for row in await rows.reminders.of_session(session.id)
        if row.revision == session.revision and row.due_at > now
    ]
    states = ReminderState.PENDING, ReminderState.SKIPPED
    dropped = [r.id for r in known if r.state is states[0] and r.offset not in offsets]
    again = [r.id for r in known if r.state is states[1] and r.offset in offsets]
    await rows.reminders.settle(dropped, ReminderState.SKIPPED, now)
    await rows.reminders.settle(again, ReminderState.PENDING, now)
    await rows.reminders.plan(wanted)


class Reminders:
    """Fires what is due, once, in transactions of bounded size.

    With a reminder go the session's approved summaries and, by ``article``, its page, each once.
    """

    def __init__(self, store: Store, now: Now, article: WritesPage | None = None) -> None:
        self._store = store
        self._now = now
        self._article = article

    async def fire_due(self) -> datetime | None:
        """Post or skip everything that is due; returns when the next one is due."""
        while True:
            moment = self._now()
            async with self._store.transaction() as tx:
                due = await tx.reminders.due(moment, CHUNK)
                if due:
                    await _Firing(tx, moment, self._article).settle(due)
                next_due_at = None if due else await tx.reminders.next_due_at()
            if not due:
                return next_due_at
            await asyncio.sleep(0)


class _Firing:
    """One chunk, in one transaction."""

    def __init__(self, rows: Rows, moment: datetime, article: WritesPage | None) -> None:
        self._rows = rows
        self._moment = moment
        self._article = article
        self._groups: dict[int, tuple[Group, Sequence[Destination]]] = {}
        self._posts: list[Post] = []
        self._sent: list[int] = []
        self._skipped: list[int] = []

    async def settle(self, due: Sequence[Reminder]) -> None:
        sessions = [list(rows) for _, rows in groupby(due, key=lambda row: row.session_id)]
        cut = sessions.pop() if len(due) >= CHUNK else []
        # The last session of a full chunk may go on in the next one: its latest here waits for it.
        self._skipped += [row.id for row in cut[:-1]]
        for rows in sessions:
            await self._settle_session(rows)
            await asyncio.sleep(0)  # a short query may not yield, and a hundred in a row are felt
        await self._rows.outbox.add(self._posts, self._moment)
        await self._rows.reminders.settle(self._sent, ReminderState.SENT, self._moment)
        await self._rows.reminders.settle(self._skipped, ReminderState.SKIPPED, self._moment)

    async def _settle_session(self, due: Sequence[Reminder]) -> None:
        session = await self._rows.sessions.by_id(due[0].session_id)
        if session is None or session.status is not SessionStatus.ANNOUNCED:
            self._skip(due, "its session is off")
            return
        if session.starts_at <= self._moment:
            self._skip(due, f"“{session.title}” has begun")
            return
        standing = [row for row in due if row.revision == session.revision]
        group, destinations = await self._group(session.group_id)
        if not standing or not destinations:
            self._skip(due, "the session changed" if not standing else "there is no destination")
            return
        latest = max(standing, key=lambda row: row.due_at)
        self._post(group, session, latest, destinations)
        self._posts += await due_with(self._rows, group, session, destinations, self._article)
        self._sent.append(latest.id)
        if earlier := [row for row in due if row.id != latest.id]:
            self._skip(earlier, f"a later one of “{session.title}” is due too")

    def _post(
        self,
        group: Group,
        session: Session,
        reminder: Reminder,
        destinations: Sequence[Destination],
    ) -> None:
        body = SessionPost(card_of(group, session), offset=reminder.offset)
        # Of use until the next one says it better, however long every relay is down.
        later = (session.starts_at - offset for offset in group.reminders)
        expires_at = min([session.starts_at, *(due for due in later if due > self._moment)])
        self._posts += [
            session_post(PostKind.REMINDER, session, destination, body, expires_at=expires_at)
            for destination in destinations
        ]

    def _skip(self, rows: Sequence[Reminder], why: str) -> None:
        self._skipped += [row.id for row in rows]
        logger.info("%d reminder(s) of session %d skipped: %s", len(rows), rows[0].session_id, why)

    async def _group(self, group_id: int) -> tuple[Group, Sequence[Destination]]:
        if group_id not in self._groups:
            self._groups[group_id] = (
                await self._rows.groups.by_id(group_id),
                await places(self._rows, group_id),
            )
        return self._groups[group_id]
