"""The outbox: every post once, whatever fails, whoever dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.errors import DeliveryError, StorageError
from bot.domain.model import (
    OPERATOR,
    Delivery,
    Group,
    Network,
    OutboxState,
    Post,
    PostKind,
    Prepared,
    Session,
    Thread,
)
from bot.domain.ports import Rows, Topic
from bot.services.outbox import LEASE, SENDING, Outbox, backoff
from bot.services.sessions import SessionChanges, SessionPlan, Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeCourier, FakeNow
from tests.waiting import until

MINUTE = timedelta(minutes=1)
Queue = Callable[..., Post]
pytestmark = pytest.mark.usefixtures("destination")


@pytest.fixture
def courier() -> FakeCourier:
    return FakeCourier()


@pytest.fixture
def outbox(store: SqliteStore, courier: FakeCourier, now: FakeNow) -> Outbox:
    return Outbox(store, courier, now, _at_once)


def _at_once(attempt: int) -> timedelta:
    return timedelta(0)


@asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[None]:
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        await outbox.stop(timedelta(seconds=1))
        await task


@pytest.fixture
def post(group: Group) -> Queue:
    def post(key: str, *, wire: bytes | None = None, **more: object) -> Post:
        made = Post(
            key=key,
            group_id=group.id,
            network=Network.NOSTR,
            destination="aa" * 32,
            kind=PostKind.NOTICE,
            payload="{}",
            wire=wire,
        )
        return replace(made, **more)  # type: ignore[arg-type]  # whichever field a test is about

    return post


async def queue(store: SqliteStore, now: FakeNow, *posts: Post) -> None:
    async with store.transaction() as tx:
        assert await tx.outbox.add(posts, now()) == len(posts)


async def claimed_at_once(store: SqliteStore, now: FakeNow, post: Post) -> Sequence[Delivery]:
    async with store.transaction() as tx:
        return await tx.outbox.add_claimed([post], now(), now() + LEASE)


async def claim(store: SqliteStore, now: FakeNow) -> Delivery:
    async with store.transaction() as tx:
        return (await tx.outbox.claim(Network.NOSTR, now(), now() + LEASE, 1))[0]


async def states(store: SqliteStore) -> dict[OutboxState, int]:
    async with store.read() as view:
        return dict(await view.outbox.count(Network.NOSTR))


async def due_at(store: SqliteStore) -> datetime | None:
    async with store.read() as view:
        return await view.outbox.next_due_at(Network.NOSTR)


async def failures(store: SqliteStore) -> list[str]:
    async with store.read() as view:
        return [error for _, error in await view.outbox.failures()]


async def all_sent(store: SqliteStore) -> bool:
    return await states(store) == {}


async def only_skipped(store: SqliteStore) -> bool:
    return set(await states(store)) == {OutboxState.SKIPPED}


class FlakyStore:
    """A store whose disk is full for the next so many transactions."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.full_for = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Rows]:
        if self.full_for:
            self.full_for -= 1
            raise StorageError("The disk is full.")
        async with self._store.transaction() as tx:
            yield tx

    def read(self) -> AbstractAsyncContextManager[Rows]:
        return self._store.read()

    def on_commit(self, topic: Topic, callback: Callable[[], None]) -> None:
        self._store.on_commit(topic, callback)

    def version(self) -> object:
        return self._store.version()


def test_the_wait_grows_to_ten_minutes_and_varies() -> None:
    assert all(timedelta(0) <= backoff(1) <= timedelta(seconds=2) for _ in range(50))
    waits = [backoff(60) for _ in range(200)]
    assert timedelta(minutes=5) < max(waits) <= timedelta(minutes=10)
    assert len(set(waits)) > 100


async def test_what_is_queued_is_posted_once(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    await queue(store, now, post("a"))
    async with running(outbox):
        await until(lambda: all_sent(store))
        await queue(store, now, post("b"))  # the commit wakes it
        await until(lambda: all_sent(store))
    assert courier.arrived == ["a", "b"]


async def test_many_posts_go_out_together_but_not_all_at_once(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    await queue(store, now, *(post(str(number)) for number in range(200)))
    async with running(outbox):
        await until(lambda: all_sent(store))
    assert sorted(courier.arrived) == sorted(str(number) for number in range(200))
    assert 1 < courier.most_at_once <= SENDING


async def test_no_more_is_claimed_than_can_be_sent_soon(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    gate = asyncio.Event()
    courier.plans.extend([gate] * 200)
    await queue(store, now, *(post(str(number)) for number in range(200)))
    async with running(outbox):
        await until(lambda: len(courier.tried) == SENDING)
        assert (await states(store))[OutboxState.PENDING] == 150
        gate.set()
        await until(lambda: all_sent(store))
    assert len(courier.arrived) == 200


async def test_a_calendar_entry_and_a_notice_know_the_announcement(
    outbox: Outbox,
    sessions: Sessions,
    group: Group,
    store: SqliteStore,
    courier: FakeCourier,
) -> None:
    session = await _announced(sessions, group)
    async with running(outbox):
        await until(lambda: all_sent(store))
        await sessions.edit(group, session.slug, SessionChanges(title="Alpaca"), by=OPERATOR)
        await until(lambda: all_sent(store))
    assert len(courier.threads) == 4
    by_kind = {key.split(":")[0]: thread for key, thread in courier.threads.items()}
    assert by_kind["announcement"].announcement is None
    assert by_kind["notice"].announcement is not None
    second_calendar = list(courier.threads.values())[2]
    assert (second_calendar.previous or b"").startswith(b"calendar")


async def test_what_a_change_makes_untrue_is_not_sent_any_more(
    outbox: Outbox,
    sessions: Sessions,
    group: Group,
    store: SqliteStore,
    courier: FakeCourier,
) -> None:
    session = await _announced(sessions, group)
    gate = asyncio.Event()
    courier.plans.extend([gate, gate])
    async with running(outbox):
        await until(lambda: len(courier.tried) == 2)  # under way while the organiser cancels
        await sessions.cancel(group, session.slug, by=OPERATOR)
        courier.plans.extend([DeliveryError("no relay"), DeliveryError("no relay")])
        gate.set()
        await until(lambda: len(courier.arrived) >= 4)
        await until(lambda: only_skipped(store))
    assert courier.arrived[-1].startswith("notice")
    calendars = [key for key in courier.arrived if key.startswith("calendar")]
    assert calendars[-1].split(":")[2] == "r2"


async def test_what_was_superseded_since_its_claim_is_not_made_into_a_post(
    outbox: Outbox,
    sessions: Sessions,
    group: Group,
    store: SqliteStore,
    courier: FakeCourier,
    now: FakeNow,
) -> None:
    session = await _announced(sessions, group)
    async with store.transaction() as tx:
        (announcement, calendar) = await tx.outbox.claim(Network.NOSTR, now(), now() + LEASE, 9)
        assert await tx.outbox.supersede(session.id, [PostKind.CALENDAR], "newer") == 1
    assert [d.id for d in await outbox._prepare([announcement, calendar])] == [announcement.id]


async def _announced(sessions: Sessions, group: Group) -> Session:
    added = await sessions.add(group, SessionPlan("Llama", "2026-12-10 19:00"), by=OPERATOR)
    return (await sessions.announce(group, added.slug, by=OPERATOR)).session


async def test_a_post_of_no_use_any_more_is_skipped_with_a_line(
    outbox: Outbox,
    store: SqliteStore,
    courier: FakeCourier,
    now: FakeNow,
    post: Queue,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "bot.services.outbox")
    await queue(store, now, post("late", expires_at=now()), post("fine", expires_at=now() + MINUTE))
    async with running(outbox):
        await until(lambda: courier.arrived == ["fine"])
    assert await states(store) == {OutboxState.SKIPPED: 1}
    assert "late skipped" in caplog.text


async def test_a_transient_failure_is_tried_again_with_the_same_bytes(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    courier.plans.extend([DeliveryError("rate-limited: later"), DeliveryError("error: later")])
    await queue(store, now, post("a"))
    async with running(outbox):
        await until(lambda: all_sent(store))
    assert courier.tried == ["a", "a", "a"]
    assert len(courier.threads) == 1
    assert len(courier.messages["aa" * 32]) == 1


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(None, timedelta(seconds=8)), (MINUTE, MINUTE), (timedelta(seconds=1), timedelta(seconds=8))],
)
async def test_the_wait_is_ours_or_the_networks_whichever_is_longer(
    store: SqliteStore,
    courier: FakeCourier,
    now: FakeNow,
    post: Queue,
    asked: timedelta | None,
    waits: timedelta,
) -> None:
    attempts: list[int] = []

    def eight_seconds(attempt: int) -> timedelta:
        attempts.append(attempt)
        return timedelta(seconds=8)

    courier.plans.append(DeliveryError("later", retry_after=asked))
    await queue(store, now, post("a"))
    async with running(Outbox(store, courier, now, eight_seconds)):
        await until(lambda: courier.tried)
        await until(lambda: _is(states(store), {OutboxState.PENDING: 1}))
    assert await due_at(store) == now() + waits
    assert attempts == [1]


async def _is(found: Awaitable[object], expected: object) -> bool:
    return await found == expected


async def test_a_permanent_failure_ends_the_row_and_tells_the_operator(
    outbox: Outbox,
    store: SqliteStore,
    courier: FakeCourier,
    now: FakeNow,
    post: Queue,
    caplog: pytest.LogCaptureFixture,
) -> None:
    courier.plans.append(DeliveryError("blocked: not you", permanent=True))
    await queue(store, now, post("a"))
    async with running(outbox):
        await until(lambda: _is(states(store), {OutboxState.FAILED: 1}))
        await queue(store, now, post("b"))
        await until(lambda: courier.arrived == ["b"])
    assert await failures(store) == ["blocked: not you"]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_a_destination_at_fault_is_paused_and_others_go_on(
    outbox: Outbox,
    store: SqliteStore,
    courier: FakeCourier,
    now: FakeNow,
    group: Group,
    post: Queue,
) -> None:
    async with store.transaction() as tx:
        await tx.groups.ensure_destination(group.id, Network.NOSTR, "bb")
    courier.plans.append(DeliveryError("missing access", permanent=True, pause=True))
    await queue(store, now, post("a"))
    async with running(outbox):
        await until(lambda: _is(states(store), {OutboxState.FAILED: 1}))
        await queue(store, now, post("b"), post("c", destination="bb"))
        await until(lambda: courier.arrived == ["c"])
    assert await states(store) == {OutboxState.FAILED: 1, OutboxState.PENDING: 1}
    async with store.read() as view:
        assert [d.paused_reason for d in await view.groups.destinations(group.id)] == [
            "missing access",
            "",
        ]


@pytest.mark.parametrize("where", ["prepare", "send"])
async def test_a_bug_is_logged_tried_ten_times_and_ends_only_its_row(
    outbox: Outbox,
    store: SqliteStore,
    courier: FakeCourier,
    now: FakeNow,
    post: Queue,
    caplog: pytest.LogCaptureFixture,
    where: str,
) -> None:
    if where == "prepare":
        courier.unpreparable["a"] = ZeroDivisionError()
    else:
        courier.plans.extend(ZeroDivisionError() for _ in range(10))
    await queue(store, now, post("a"))
    async with running(outbox):
        await until(lambda: _is(states(store), {OutboxState.FAILED: 1}))
        await queue(store, now, post("b"))
        await until(lambda: courier.arrived == ["b"])
    traced = [record for record in caplog.records if record.exc_info]
    assert len(traced) == 10


async def test_what_cant_be_prepared_for_good_fails_at_once(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    courier.unpreparable["a"] = DeliveryError("too large", permanent=True)
    await queue(store, now, post("a"), post("b"))
    async with running(outbox):
        await until(lambda: _is(states(store), {OutboxState.FAILED: 1}))
    assert courier.arrived == ["b"]
    assert await failures(store) == ["too large"]


async def test_a_network_that_never_answers_is_given_up_before_the_lease_ends(
    store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    courier.plans.append(asyncio.Event())
    await queue(store, now, post("a"))
    outbox = Outbox(store, courier, now, _at_once, lease=timedelta(seconds=0.1))
    async with running(outbox):
        await until(lambda: all_sent(store))
    assert courier.tried == ["a", "a"]


# Straight after a commit


async def test_what_a_transaction_claimed_is_sent_without_the_loop(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    claimed = await claimed_at_once(store, now, post("r", wire=b"bytes"))
    outbox.send_now(claimed)
    await until(lambda: courier.arrived == ["r"])
    await until(lambda: all_sent(store))
    assert courier.messages["aa" * 32] == [b"bytes"]


async def test_what_waited_too_long_for_its_turn_is_given_back(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    claimed = await claimed_at_once(store, now, post("r", wire=b"bytes"))
    now.advance(LEASE - timedelta(seconds=1))
    outbox.send_now(claimed)
    await until(lambda: _is(states(store), {OutboxState.PENDING: 1}))
    assert courier.tried == []


# Whoever dies


async def test_a_row_that_a_dead_process_claimed_is_sent_when_its_lease_ends(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    await queue(store, now, post("a"))
    dead = await claim(store, now)
    async with running(outbox):
        await queue(store, now, post("b"))
        await until(lambda: courier.arrived == ["b"])
        now.advance(LEASE)
        outbox.wake()
        await until(lambda: len(courier.arrived) > 1)
        assert courier.arrived == ["b", "a"]
        await until(lambda: all_sent(store))
    async with store.transaction() as tx:  # it wasn't dead, only slow: its mark comes too late
        assert await tx.outbox.mark_sent([(dead, "late")], now()) == 0


async def test_what_was_prepared_and_sent_before_a_kill_is_sent_again_the_same(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    await queue(store, now, post("a"))
    dead = await claim(store, now)
    prepared = courier.prepare(dead.post, await _thread(store, dead))
    async with store.transaction() as tx:
        await tx.outbox.set_wire([(dead, prepared)], now())
    await courier.send(replace(dead, post=replace(dead.post, wire=prepared.wire)))
    courier.unpreparable["a"] = AssertionError("made anew")
    assert await outbox.take_over() == 1
    async with running(outbox):
        await until(lambda: all_sent(store))
    assert courier.tried == ["a", "a"]
    assert courier.messages["aa" * 32] == [prepared.wire]


async def _thread(store: SqliteStore, delivery: Delivery) -> Thread:
    async with store.read() as view:
        return await view.outbox.thread_of(delivery.post)


# Stopping


async def test_stopping_lets_what_is_under_way_finish_and_claims_nothing_more(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    gate = asyncio.Event()
    courier.plans.append(gate)
    await queue(store, now, post("a"))
    task = asyncio.create_task(outbox.run())
    await until(lambda: courier.tried == ["a"])
    stopping = asyncio.create_task(outbox.stop())
    await asyncio.wait_for(task, 1)
    await queue(store, now, post("b"))
    gate.set()
    await stopping
    assert courier.arrived == ["a"]
    assert await states(store) == {OutboxState.PENDING: 1}


async def test_what_doesnt_finish_in_time_is_released_for_the_next_start(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    courier.plans.append(asyncio.Event())
    await queue(store, now, post("a"))
    task = asyncio.create_task(outbox.run())
    await until(lambda: courier.tried == ["a"])
    await outbox.stop(timedelta(seconds=0.01))
    await task
    assert await due_at(store) == now()
    async with running(Outbox(store, courier, now, _at_once)):
        await until(lambda: all_sent(store))
    assert courier.arrived == ["a"]


async def test_what_is_handed_over_after_the_stop_is_released(
    outbox: Outbox, store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    await outbox.stop()
    outbox.send_now(await claimed_at_once(store, now, post("r", wire=b"bytes")))
    await until(lambda: _is(states(store), {OutboxState.PENDING: 1}))
    assert courier.tried == []


# A data file that can't be written


async def test_a_full_disk_makes_the_loop_wait_and_go_on(
    store: SqliteStore,
    courier: FakeCourier,
    now: FakeNow,
    post: Queue,
    caplog: pytest.LogCaptureFixture,
) -> None:
    flaky = FlakyStore(store)
    outbox = Outbox(flaky, courier, now, _at_once)
    await queue(store, now, post("a"))
    flaky.full_for = 3
    async with running(outbox):
        await until(lambda: courier.arrived == ["a"])
        flaky.full_for = 3  # for its mark
        await until(lambda: all_sent(store))
    assert courier.tried == ["a"]
    assert "The disk is full." in caplog.text
    assert not any(record.exc_info for record in caplog.records)


class FillingCourier(FakeCourier):
    """Fills the disk once, with its tenth post."""

    def __init__(self, store: FlakyStore) -> None:
        super().__init__()
        self._store = store

    def prepare(self, post: Post, thread: Thread) -> Prepared:
        if len(self.threads) == 9:
            self._store.full_for = 1
        return super().prepare(post, thread)


async def test_rows_that_couldnt_be_prepared_for_want_of_disk_are_given_back(
    store: SqliteStore, now: FakeNow, post: Queue
) -> None:
    flaky = FlakyStore(store)
    courier = FillingCourier(flaky)
    outbox = Outbox(flaky, courier, now, _at_once)
    await queue(store, now, *(post(str(number)) for number in range(15)))

    async with running(outbox):
        await until(lambda: all_sent(store))
    assert sorted(courier.arrived, key=int) == [str(number) for number in range(15)]


async def test_marks_that_cant_be_written_at_the_stop_leave_the_lease_to_end(
    store: SqliteStore, courier: FakeCourier, now: FakeNow, post: Queue
) -> None:
    flaky = FlakyStore(store)
    outbox = Outbox(flaky, courier, now, _at_once)
    outbox.send_now(await claimed_at_once(store, now, post("r", wire=b"bytes")))
    await until(lambda: courier.arrived)
    flaky.full_for = 1
    await outbox.stop()
    assert await states(store) == {OutboxState.SENDING: 1}
    assert await due_at(store) == now() + LEASE
