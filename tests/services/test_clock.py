"""The clock looks when it should, and one failed look isn't the last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import pytest

from bot.clock import Clock
from bot.domain.ports import Rows, Topic
from tests.waiting import until


class CountedReminders:
    """Counts the looks, and answers each with the next of the times it was given."""

    def __init__(self, *answers: datetime | Exception) -> None:
        self.answers = list(answers)
        self.looks = 0
        self.busy = 0
        self.most_busy = 0

    async def fire_due(self) -> datetime | None:
        self.looks += 1
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


class Commits:
    """A store of which only ``on_commit`` is used."""

    def __init__(self) -> None:
        self.callbacks: list[Callable[[], None]] = []

    def transaction(self) -> AbstractAsyncContextManager[Rows]:
        raise NotImplementedError

    def read(self) -> AbstractAsyncContextManager[Rows]:
        raise NotImplementedError

    def version(self) -> object:
        raise NotImplementedError

    def on_commit(self, topic: Topic, callback: Callable[[], None]) -> None:
        assert topic is Topic.REMINDERS
        self.callbacks.append(callback)

    def commit(self) -> None:
        for callback in self.callbacks:
            callback()


def soon(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def test_it_looks_once_at_start() -> None:
    reminders = CountedReminders()
    async with Clock(reminders, Commits()):
        await until(lambda: reminders.looks == 1)


async def test_it_looks_again_when_the_next_reminder_falls_due() -> None:
    reminders = CountedReminders(soon(0.05), soon(0.1))
    async with Clock(reminders, Commits()):
        await until(lambda: reminders.looks == 3)


async def test_a_reminder_that_fell_due_long_ago_is_looked_at_at_once() -> None:
    reminders = CountedReminders(soon(-3600))
    async with Clock(reminders, Commits()):
        await until(lambda: reminders.looks == 2)


async def test_a_commit_that_plans_an_earlier_reminder_replaces_the_later_one() -> None:
    reminders, store = CountedReminders(soon(3600), soon(0.05)), Commits()
    async with Clock(reminders, store):
        await until(lambda: reminders.looks == 1)
        store.commit()
        await until(lambda: reminders.looks == 3)


async def test_nothing_left_to_do_takes_the_scheduled_look_back() -> None:
    reminders, store = CountedReminders(soon(0.5)), Commits()
    async with Clock(reminders, store, poll=timedelta(seconds=1.5)):
        await until(lambda: reminders.looks == 1)
        store.commit()
        await until(lambda: reminders.looks == 2)
        looked_at = asyncio.get_running_loop().time()
        await until(lambda: reminders.looks == 3)
        assert asyncio.get_running_loop().time() - looked_at > 1.0, "it was the poll, not the job"


async def test_it_looks_every_poll_whatever_the_wall_clock_does() -> None:
    reminders = CountedReminders(soon(7200), soon(7200), soon(7200))
    async with Clock(reminders, Commits(), poll=timedelta(milliseconds=20)):
        await until(lambda: reminders.looks >= 4)


async def test_a_burst_of_commits_never_makes_two_looks_at_once() -> None:
    reminders, store = CountedReminders(), Commits()
    async with Clock(reminders, store):
        await until(lambda: reminders.looks == 1)
        for _ in range(100):
            store.commit()
        await until(lambda: reminders.looks == 2)
        await until(lambda: reminders.busy == 0)
    assert reminders.most_busy == 1
    assert reminders.looks <= 3


async def test_a_failed_look_is_logged_and_the_next_one_comes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    reminders, store = CountedReminders(OSError("disk full")), Commits()
    with caplog.at_level(logging.ERROR, logger="bot.clock"):
        async with Clock(reminders, store):
            await until(lambda: "disk full" in caplog.text)
            store.commit()
            await until(lambda: reminders.looks == 2)


async def test_it_stops_looking_when_it_is_closed() -> None:
    reminders, store = CountedReminders(), Commits()
    async with Clock(reminders, store):
        await until(lambda: reminders.looks == 1)
    store.commit()
    await asyncio.sleep(0)
    assert reminders.looks == 1
