"""Transactions under cancellation, full disks, locks and other processes."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from datetime import timedelta, timezone
from functools import partial
from pathlib import Path

import pytest

from bot.domain.errors import StorageError
from bot.domain.model import Network, Rsvps, Session
from bot.domain.ports import Topic
from bot.storage.database import Database
from bot.storage.driver import Driver
from bot.storage.store import SqliteStore
from bot.storage.tables import moment_text
from tests.fakes import FakeNow
from tests.rows import NOON, a_group, a_post, a_reply, a_session, asked
from tests.waiting import until

LEASE = NOON + timedelta(minutes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readalong.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(path, FakeNow(NOON)) as store:
        yield store


@pytest.fixture
async def session(store: SqliteStore) -> Session:
    async with store.transaction() as tx:
        group = await a_group(tx)
        return await tx.sessions.add(a_session(group.id), NOON)


async def ask(store: SqliteStore, session: Session, number: int, count: int = 1) -> None:
    """What a mention's transaction does: the questions, what was seen, and the replies."""
    batch = [asked(session, number * 1000 + extra) for extra in range(count)]
    sources = [new.submission.source_id for new in batch]
    async with store.transaction() as tx:
        await tx.seen.add(Network.NOSTR, sources, NOON)
        await tx.questions.add(batch, NOON)
        await tx.outbox.add_claimed([a_reply(session, source) for source in sources], NOON, LEASE)


def counted(path: Path) -> set[int]:
    """How many rows there are of each thing that commits together, as another process sees it."""
    with closing(sqlite3.connect(path)) as other:
        tables = ("questions", "seen", "outbox")
        # The names are our own: nothing from outside is in this statement.
        return {other.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}  # noqa: S608


class TestCancellation:
    @pytest.mark.parametrize("count", [1, 40])
    async def test_a_task_cancelled_anywhere_leaves_all_or_nothing(
        self, store: SqliteStore, session: Session, path: Path, count: int
    ) -> None:
        dice = random.Random(count)  # noqa: S311 (a dice for a test)
        cancelled = 0
        for number in range(150):
            task = asyncio.create_task(ask(store, session, number, count))
            for _ in range(dice.randrange(12)):
                await asyncio.sleep(0)
            if dice.random() < 0.5:
                await asyncio.sleep(dice.random() * 0.003)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            cancelled += task.cancelled()
            stored = counted(path)
            assert len(stored) == 1, "they commit together or not at all"
            assert stored.pop() % count == 0
        assert cancelled > 30
        await ask(store, session, 999, count)
        assert store._database._lock.locked() is False

    async def test_cancelling_many_at_once_leaves_the_rest_in_order(
        self, store: SqliteStore, session: Session, path: Path
    ) -> None:
        dice = random.Random(7)  # noqa: S311 (a dice for a test)
        tasks = [asyncio.create_task(ask(store, session, number)) for number in range(100)]
        for task in dice.sample(tasks, 60):
            await asyncio.sleep(dice.random() * 0.002)
            task.cancel()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        finished = sum(not task.cancelled() for task in tasks)
        (stored,) = counted(path)
        assert finished >= 40
        assert finished <= stored <= 100

    async def test_a_cancelled_statement_has_ended_before_the_next_transaction(
        self, store: SqliteStore, session: Session
    ) -> None:
        entered = asyncio.Event()

        async def slow() -> None:
            async with store.transaction() as tx:
                await tx.cursors.move({"before": "1"}, NOON)
                entered.set()
                await tx.seen.add(Network.NOSTR, [f"{n:064}" for n in range(20_000)], NOON)

        task = asyncio.create_task(slow())
        await entered.wait()
        await asyncio.sleep(0)
        task.cancel()
        async with store.transaction() as tx:
            assert task.done()
            assert await tx.cursors.all() == {}
            assert await tx.seen.which(Network.NOSTR, [f"{19_999:064}"]) == set()
        assert task.cancelled()

    async def test_a_timeout_around_a_transaction_is_a_timeout(self, store: SqliteStore) -> None:
        async def slow() -> None:
            async with asyncio.timeout(0.02), store.transaction() as tx:
                many = [f"{n:064}" for n in range(20_000)]
                for network in Network:
                    await tx.seen.add(network, many, NOON)

        with pytest.raises(TimeoutError):
            await slow()
        async with store.read() as view:
            assert await view.seen.which(Network.NOSTR, [f"{0:064}"]) == set()

    async def test_a_reader_cancelled_anywhere_leaves_its_connection_whole(
        self, store: SqliteStore, session: Session
    ) -> None:
        async def look() -> None:
            async with store.read() as view:
                await view.questions.of_session(session.id)
                await view.outbox.failures()

        for steps in range(60):
            tasks = [asyncio.create_task(look()) for _ in range(3)]
            for _ in range(steps % 15):
                await asyncio.sleep(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await look()
        async with store.transaction() as tx:
            await tx.cursors.move({"a": "1"}, NOON)
        async with store.read() as view:
            assert await view.cursors.all() == {"a": "1"}

    async def test_commits_are_told_though_the_task_is_cancelled(
        self, store: SqliteStore, session: Session, path: Path
    ) -> None:
        told: list[int] = []
        store.on_commit(Topic.OUTBOX, lambda: told.append(1))
        ready = asyncio.Event()

        async def queue() -> None:
            async with store.transaction() as tx:
                await tx.outbox.add([a_post(session, "a")], NOON)
                ready.set()

        task = asyncio.create_task(queue())
        await ready.wait()
        task.cancel()  # the commit is under way: it can't be called back
        with pytest.raises(asyncio.CancelledError):
            await task
        async with store.read() as view:
            assert await view.outbox.count(Network.NOSTR)
        assert told == [1]


class TestRowsThatOthersWrite:
    async def test_votes_order_the_board_and_answers_are_counted(
        self, store: SqliteStore, session: Session, path: Path
    ) -> None:
        async with store.transaction() as tx:
            batch = [asked(session, number, f"{number:064}") for number in (1, 2, 3, 4)]
            await tx.questions.add(batch, NOON)
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("INSERT INTO votes VALUES (3, 1, 'then'), (3, 2, 'then'), (2, 1, 'then')")
            other.execute("UPDATE questions SET status = 'hidden' WHERE id = 4")
            answers = [(1, 1, "yes"), (1, 2, "no"), (1, 3, "yes")]
            other.executemany("INSERT INTO rsvps VALUES (?, ?, ?, 'then', 0)", answers)
        async with store.read() as view:
            board = await view.questions.of_session(session.id)
            assert await view.sessions.rsvps(session.id) == Rsvps(yes=2, no=1)
        assert [(question.number, question.votes) for question in board] == [(3, 2), (2, 1), (1, 0)]


class TestTimes:
    def test_a_moment_is_text_of_one_width_that_sorts(self) -> None:
        tokyo = timezone(timedelta(hours=9))
        moments = [NOON, NOON + timedelta(microseconds=1), (NOON + timedelta(days=1))]
        texts = [moment_text(moment.astimezone(tokyo)) for moment in moments]
        assert texts[0] == "2026-12-01T12:00:00.000000Z"
        assert sorted(texts) == texts
        assert {len(text) for text in texts} == {27}

    def test_a_moment_without_a_zone_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no time zone"):
            moment_text(NOON.replace(tzinfo=None))


class TestFaults:
    async def test_a_full_disk_acknowledges_nothing_and_recovers(
        self, store: SqliteStore, session: Session, path: Path
    ) -> None:
        _, driver = await store._database._open_writer()
        pages = await driver.pragma("page_count")
        await driver.pragma(f"max_page_count = {pages}")
        acknowledged = 0
        full = None
        for number in range(50):
            try:
                await ask(store, session, number, 20)
            except StorageError as error:
                full = error
                break
            acknowledged += 20
        assert full is not None
        assert "full" in str(full)
        assert not full.permanent
        assert counted(path) == {acknowledged}
        async with store.read() as view:
            assert len(await view.questions.of_session(session.id)) == acknowledged
        with pytest.raises(StorageError, match="full"):
            await ask(store, session, 60, 200)
        await driver.pragma("max_page_count = 1000000")
        await ask(store, session, 70, 200)
        assert counted(path) == {acknowledged + 200}

    async def test_a_locked_file_is_an_error_that_passes(
        self, store: SqliteStore, session: Session, path: Path
    ) -> None:
        _, driver = await store._database._open_writer()
        await driver.pragma("busy_timeout = 50")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageError, match="locked") as locked:
                await ask(store, session, 1)
            async with store.read() as view:
                assert await view.questions.counts([session.id]) == {}
            other.execute("ROLLBACK")
        assert not locked.value.permanent
        await ask(store, session, 2)
        assert counted(path) == {1}

    async def test_a_writer_that_breaks_is_replaced(
        self, store: SqliteStore, session: Session, path: Path
    ) -> None:
        _, driver = await store._database._open_writer()
        await driver.close()
        with pytest.raises(StorageError):
            await ask(store, session, 1)
        await ask(store, session, 2)
        assert counted(path) == {1}

    async def test_a_writer_that_cannot_be_opened_is_an_error(
        self, store: SqliteStore, session: Session, path: Path
    ) -> None:
        database = Database(path.with_name("missing.db"), lambda _: None)
        with pytest.raises(StorageError, match="unable to open"):
            async with database.transaction():
                pass
        with pytest.raises(StorageError, match="unable to open"):
            async with database.read():
                pass
        await database.close()

    async def test_connections_are_as_the_design_says(self, store: SqliteStore, path: Path) -> None:
        driver = Driver(path)
        await driver
        try:
            assert await driver.pragma("synchronous") == 2, "FULL"
            assert await driver.pragma("foreign_keys") == 1
            assert await driver.pragma("query_only") == 1
            assert await driver.pragma("busy_timeout") == 5000
        finally:
            await driver.close()
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)


class TestOtherProcesses:
    async def test_their_commits_wake_us_and_ours_do_not_wake_us_twice(
        self, store: SqliteStore, session: Session, path: Path
    ) -> None:
        told: list[Topic] = []
        for topic in Topic:
            store.on_commit(topic, partial(told.append, topic))
        watching = asyncio.create_task(store.watch(interval=0.005))
        try:
            await ask(store, session, 1)
            async with SqliteStore.open(path, FakeNow(NOON)) as other:
                assert told == []
                async with other.transaction() as tx:
                    await tx.outbox.add([a_post(session, "a")], NOON)
                await until(lambda: set(told) == set(Topic))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    async def test_watching_outlives_a_failure(
        self, store: SqliteStore, session: Session, path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        told: list[int] = []
        store.on_commit(Topic.OUTBOX, lambda: told.append(1))
        _, driver = await store._database._open_writer()
        watching = asyncio.create_task(store.watch(interval=0.005))
        try:
            await driver.close()
            await until(lambda: "can't be seen" in caplog.text)
            await until(lambda: told)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
