"""What a worker may not do, shown by one that tries."""

from __future__ import annotations

import asyncio
import builtins
import logging
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.readings import confined as module
from bot.readings.confined import Limits, WorkerError, confined, limit
from tests.waiting import until

WORKER = "tests.adapters.greedy_worker"
LIMITS = Limits(wall=20, cpu=1, memory=256 * 2**20, answer=50_000)


async def asked(what: str, limits: Limits = LIMITS) -> Mapping[str, Any]:
    return await confined(WORKER, what.encode(), limits)


async def test_a_modest_worker_answers() -> None:
    assert await asked("nothing") == {"done": "nothing"}


@pytest.mark.parametrize("what", ["memory", "time", "talk", "list", "noise"])
async def test_a_greedy_worker_is_an_error_and_no_more(what: str) -> None:
    with pytest.raises(WorkerError):
        await asked(what)


async def test_the_clock_ends_what_sleeps_through_the_other_limits() -> None:
    with pytest.raises(WorkerError, match=r"longer than 0\.3 s"):
        await asked("time", replace(LIMITS, wall=0.3, cpu=100))


async def test_two_workers_at_most_are_at_work_at_once() -> None:
    """Four that use their time up take it twice over, and waiting for a place costs none of it."""
    limits = replace(LIMITS, wall=0.4, cpu=100)
    loop = asyncio.get_running_loop()
    began = loop.time()
    ends = await asyncio.gather(*(asked("time", limits) for _ in range(4)), return_exceptions=True)
    assert loop.time() - began >= 0.8
    assert [str(end) for end in ends] == [f"{WORKER} took longer than 0.4 s"] * 4


async def test_a_worker_writes_no_file(tmp_path: Path) -> None:
    target = tmp_path / "out"
    with pytest.raises(WorkerError):
        await asked(f"file {target}")
    assert not target.exists() or target.stat().st_size == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may start processes whatever the limit")
async def test_a_worker_starts_no_process() -> None:
    with pytest.raises(WorkerError):
        await asked("process")


async def test_a_worker_sees_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    names = (await asked("environment"))["names"]
    assert not {"OPENAI_API_KEY", "HOME", "PATH"} & set(names)


async def test_a_worker_that_never_reads_is_no_hang() -> None:
    with pytest.raises(WorkerError):
        await confined("tests.adapters.no_such_worker", b"x" * 5_000_000, LIMITS)


def children() -> Sequence[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_cancelled_reading_leaves_no_process() -> None:
    before = children()
    task = asyncio.create_task(asked("time", replace(LIMITS, cpu=100)))
    await until(lambda: len(children()) > len(before))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == before


def test_limits_that_the_platform_lacks_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(kind: int, most: tuple[int, int]) -> None:
        if kind != resource.RLIMIT_CPU:
            raise ValueError("not here")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert limit(1, 1) == ["memory", "files", "core files", "processes"]


def test_without_limits_at_all_every_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "resource":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    assert limit(1, 1) == ["CPU time", "memory", "files", "processes"]


def test_what_could_not_be_limited_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert module._answer("reader", b'{"text": "x", "unlimited": ["memory"]}') == {"text": "x"}
    assert "can't limit the memory of reader" in caplog.text
