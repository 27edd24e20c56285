"""Workers that crash come back, those that end stay ended, and a stalled loop is said."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta

import pytest

from bot.supervision import Heartbeat, supervise
from tests.waiting import until


def at_once(attempt: int) -> timedelta:
    return timedelta(0)


async def test_a_worker_that_crashes_is_logged_and_started_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    attempts: list[int] = []
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs < 4:
            raise ValueError(f"crash {runs}")

    def backoff(attempt: int) -> timedelta:
        attempts.append(attempt)
        return timedelta(0)

    with caplog.at_level(logging.ERROR):
        await supervise("the worker", work, backoff)
    assert runs == 4
    assert attempts == [1, 2, 3]
    assert "the worker crashed" in caplog.text
    assert "ValueError: crash 2" in caplog.text


async def test_a_worker_that_ends_is_not_started_again() -> None:
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1

    await supervise("the worker", work, at_once)
    assert runs == 1


async def test_a_cancelled_worker_stays_cancelled() -> None:
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(supervise("the worker", work, at_once))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stall_of_the_loop_is_measured_and_said(caplog: pytest.LogCaptureFixture) -> None:
    heartbeat = Heartbeat(stall=0.05)
    task = asyncio.create_task(heartbeat.run())
    await asyncio.sleep(0)
    with caplog.at_level(logging.WARNING):
        deadline = time.monotonic() + 0.3
        while time.monotonic() < deadline:
            pass  # what a stall is: nothing else gets a turn
        await until(lambda: heartbeat.stalls == 1)
    task.cancel()
    assert heartbeat.worst > 0.1
    assert "the event loop stalled for" in caplog.text
