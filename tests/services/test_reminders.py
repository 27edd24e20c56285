"""Reminders after any pause: the latest one of a session still ahead, and nothing of one begun."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.model import (
    OPERATOR,
    Destination,
    Group,
    Network,
    Post,
    PostKind,
    Reminder,
    ReminderState,
    Session,
    SessionStatus,
)
from bot.domain.ports import Rows
from bot.domain.posts import SessionPost
from bot.services.reminders import CHUNK, Reminders, planned
from bot.services.sessions import SessionChanges, SessionPlan, Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.services.test_sessions import queued

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def reminders(store: SqliteStore, now: FakeNow) -> Reminders:
    return Reminders(store, now)


@pytest.fixture
async def session(sessions: Sessions, group: Group, destination: Destination) -> Session:
    added = await sessions.add(group, SessionPlan("Llama", "2026-12-10 19:00"), by=OPERATOR)
    return (await sessions.announce(group, added.slug, by=OPERATOR)).session


async def sent(store: SqliteStore) -> list[Post]:
    return [post for post in await queued(store) if post.kind is PostKind.REMINDER]


async def states(store: SqliteStore, session: Session) -> list[ReminderState]:
    async with store.read() as view:
        return [row.state for row in await view.reminders.of_session(session.id)]


def test_offsets_are_hours_whatever_the_clocks_do(group: Group) -> None:
    session = Session(
        id=1,
        group_id=1,
        slug="s",
        title="S",
        starts_at=datetime(
            2026, 11, 2, 0, 0, tzinfo=UTC
        ),  # the day after New York's clocks go back
        local_time="2026-11-01 19:00",
        timezone="America/New_York",
    )
    rows = planned(group, session, datetime(2026, 10, 30, tzinfo=UTC))
    assert [(row.offset, row.due_at) for row in rows] == [
        (DAY, datetime(2026, 11, 1, 0, 0, tzinfo=UTC)),
        (HOUR, datetime(2026, 11, 1, 23, 0, tzinfo=UTC)),
    ]
    assert planned(group, session, session.starts_at) == []


async def test_a_due_reminder_is_posted_once(
    reminders: Reminders, session: Session, store: SqliteStore, now: FakeNow
) -> None:
    assert await reminders.fire_due() == session.starts_at - 7 * DAY
    now.at = session.starts_at - 7 * DAY
    assert await reminders.fire_due() == session.starts_at - DAY
    assert await reminders.fire_due() == session.starts_at - DAY
    posts = await sent(store)
    assert len(posts) == 1
    assert SessionPost.from_json(posts[0].payload).offset == 7 * DAY
    assert posts[0].expires_at == session.starts_at - DAY  # when the next one says it better


async def test_after_a_pause_only_the_latest_is_posted(
    reminders: Reminders, session: Session, store: SqliteStore, now: FakeNow
) -> None:
    now.at = session.starts_at - timedelta(minutes=30)
    assert await reminders.fire_due() is None
    assert [SessionPost.from_json(post.payload).offset for post in await sent(store)] == [HOUR]
    assert await states(store, session) == [
        ReminderState.SKIPPED,
        ReminderState.SKIPPED,
        ReminderState.SENT,
    ]


async def test_of_a_session_that_has_begun_all_are_skipped_with_one_line(
    reminders: Reminders,
    session: Session,
    store: SqliteStore,
    now: FakeNow,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot.services.reminders")
    now.at = session.starts_at
    assert await reminders.fire_due() is None
    assert await sent(store) == []
    assert set(await states(store, session)) == {ReminderState.SKIPPED}
    assert len(caplog.records) == 1
    assert "begun" in caplog.text


async def test_a_reminder_of_an_older_revision_is_skipped(
    reminders: Reminders, session: Session, store: SqliteStore, now: FakeNow
) -> None:
    async with store.transaction() as tx:
        old = Reminder(0, session.group_id, session.id, 2 * HOUR, 7, now() + HOUR)
        await tx.reminders.plan([old])
    now.advance(HOUR)
    await reminders.fire_due()
    assert await sent(store) == []


async def test_a_session_that_is_off_or_gone_nowhere_reminds_nobody(
    reminders: Reminders, sessions: Sessions, group: Group, store: SqliteStore, now: FakeNow
) -> None:
    planned_only = await sessions.add(group, SessionPlan("Llama", "2026-12-10 19:00"), by=OPERATOR)
    announced = await sessions.add(group, SessionPlan("Alpaca", "2026-12-11 19:00"), by=OPERATOR)
    async with store.transaction() as tx:
        await tx.sessions.update(replace(announced, status=SessionStatus.ANNOUNCED), now())
        for session in (planned_only, announced):
            await tx.reminders.plan(planned(group, session, now()))
    now.at = planned_only.starts_at - HOUR
    await reminders.fire_due()
    assert await sent(store) == []
    assert set(await states(store, planned_only)) == {ReminderState.SKIPPED}


async def test_a_moved_session_reminds_of_its_new_time(
    reminders: Reminders,
    sessions: Sessions,
    group: Group,
    session: Session,
    store: SqliteStore,
    now: FakeNow,
) -> None:
    moved = await sessions.edit(
        group, session.slug, SessionChanges(when="2026-12-12 19:00"), by=OPERATOR
    )
    now.at = session.starts_at - DAY
    assert await reminders.fire_due() == moved.starts_at - DAY
    posts = await sent(store)
    assert [SessionPost.from_json(post.payload).offset for post in posts] == [7 * DAY]
    assert SessionPost.from_json(posts[0].payload).card.starts_at == moved.starts_at


@pytest.mark.parametrize(
    ("changes", "waiting"),
    [
        (SessionChanges(when="2026-12-12 19:00"), 0),
        (SessionChanges(place="Room 9"), 0),
        (SessionChanges(tags=("ai",)), 1),
    ],
)
async def test_a_reminder_that_waits_for_a_relay_goes_when_a_notice_takes_its_place(
    reminders: Reminders,
    sessions: Sessions,
    group: Group,
    session: Session,
    store: SqliteStore,
    now: FakeNow,
    changes: SessionChanges,
    waiting: int,
) -> None:
    now.at = session.starts_at - DAY
    await reminders.fire_due()
    await sessions.edit(group, session.slug, changes, by=OPERATOR)
    assert len(await sent(store)) == waiting


async def test_a_cancelled_session_is_not_reminded_of_from_the_outbox(
    reminders: Reminders,
    sessions: Sessions,
    group: Group,
    session: Session,
    store: SqliteStore,
    now: FakeNow,
) -> None:
    now.at = session.starts_at - DAY
    await reminders.fire_due()
    await sessions.cancel(group, session.slug, by=OPERATOR)
    assert await sent(store) == []


async def test_a_reminder_due_while_nobody_ran_survives_a_small_edit(
    reminders: Reminders,
    sessions: Sessions,
    group: Group,
    session: Session,
    store: SqliteStore,
    now: FakeNow,
) -> None:
    now.at = session.starts_at - DAY
    await sessions.edit(group, session.slug, SessionChanges(tags=("ai",)), by=OPERATOR)
    await reminders.fire_due()
    (post,) = await sent(store)
    assert SessionPost.from_json(post.payload).offset == DAY


async def test_a_reminder_is_of_use_until_the_next_one_says_it_better(
    reminders: Reminders, session: Session, store: SqliteStore, now: FakeNow
) -> None:
    for offset in (7 * DAY, DAY, HOUR):
        now.at = session.starts_at - offset
        await reminders.fire_due()
    assert [post.expires_at for post in await sent(store)] == [
        session.starts_at - DAY,
        session.starts_at - HOUR,
        session.starts_at,
    ]


async def test_a_late_reminder_is_of_use_though_shorter_ones_were_never_planned(
    reminders: Reminders, session: Session, group: Group, store: SqliteStore, now: FakeNow
) -> None:
    more = replace(group, reminders=(*group.reminders, HOUR / 2))
    async with store.transaction() as tx:
        await tx.groups.ensure(more)
    now.at = session.starts_at - HOUR / 4
    await reminders.fire_due()
    assert [post.expires_at for post in await sent(store)] == [session.starts_at]


async def test_a_session_cut_by_the_chunk_still_gets_one_reminder(
    reminders: Reminders, session: Session, store: SqliteStore, now: FakeNow
) -> None:
    async with store.transaction() as tx:
        await tx.reminders.plan(
            [
                Reminder(0, session.group_id, session.id, minutes * timedelta(minutes=1), 1,
                         now() + timedelta(seconds=minutes))
                for minutes in range(1, 2 * CHUNK + 50)
            ]
        )  # fmt: skip
    now.advance(HOUR)
    await reminders.fire_due()
    posts = await sent(store)
    assert len(posts) == 1
    assert SessionPost.from_json(posts[0].payload).offset == timedelta(minutes=2 * CHUNK + 49)


async def test_a_thousand_due_at_once_let_others_write_in_between(
    reminders: Reminders, group: Group, destination: Destination, store: SqliteStore, now: FakeNow
) -> None:
    async with store.transaction() as tx:
        for number in range(1000):
            await _due_now(tx, group, number, now)
    firing = asyncio.create_task(reminders.fire_due())
    turns = 0
    while not firing.done():
        async with store.transaction() as tx:
            await tx.cursors.move({"relay": str(turns)}, now())
        turns += 1
    assert await firing is None
    async with store.read() as view:
        assert sum((await view.outbox.count(Network.NOSTR)).values()) == 1000
    assert turns >= 1000 // CHUNK


async def _due_now(tx: Rows, group: Group, number: int, now: FakeNow) -> None:
    session = await tx.sessions.add(
        Session(
            id=0,
            group_id=group.id,
            slug=f"s-{number}",
            title=f"Session {number}",
            starts_at=now() + HOUR,
            local_time="2026-12-01 08:00",
            timezone=group.timezone,
            status=SessionStatus.ANNOUNCED,
        ),
        now(),
    )
    await tx.reminders.plan([Reminder(0, group.id, session.id, HOUR / 2, 1, now())])
