"""Progress is shown line by line, at most once in a while, and never after what it led to."""

from __future__ import annotations

import asyncio

from cogs.progress import Steps
from tests.waiting import until

EVERY = 0.05


class Answer:
    """An interaction whose answer is edited; ``gate`` is waited for, ``error`` is raised."""

    def __init__(self) -> None:
        self.begun = 0
        self.edits: list[str] = []
        self.times: list[float] = []
        self.gate: asyncio.Event | None = None
        self.error: Exception | None = None

    async def edit_original_response(self, *, content: str) -> None:
        self.begun += 1
        if self.gate is not None:
            await self.gate.wait()
        self.edits.append(content)
        self.times.append(asyncio.get_running_loop().time())
        if self.error is not None:
            raise self.error


async def test_what_comes_in_between_is_shown_together_and_later() -> None:
    answer = Answer()
    async with Steps(answer, EVERY) as steps:
        steps("fetched")
        await until(lambda: answer.edits)
        steps("12 pages")
        steps("techie")
        await until(lambda: len(answer.edits) == 2)
    assert answer.edits == ["fetched", "fetched · 12 pages · techie"]
    assert answer.times[1] - answer.times[0] >= EVERY * 0.9


async def test_an_edit_on_its_way_arrives_before_the_end() -> None:
    answer = Answer()
    answer.gate = asyncio.Event()
    steps = Steps(answer, EVERY)
    await steps.__aenter__()
    steps("fetched")
    await until(lambda: answer.begun)
    leaving = asyncio.create_task(steps.__aexit__(None, None, None))
    await asyncio.sleep(0)
    assert not leaving.done()
    answer.gate.set()
    await leaving
    assert answer.edits == ["fetched"]


async def test_an_edit_that_fails_stops_nothing() -> None:
    answer = Answer()
    answer.error = ConnectionResetError("gone")
    async with Steps(answer, EVERY) as steps:
        steps("fetched")
        await until(lambda: answer.edits)
        steps("techie")
        await until(lambda: len(answer.edits) == 2)


async def test_nothing_done_shows_nothing() -> None:
    answer = Answer()
    async with Steps(answer, EVERY):
        pass
    assert answer.edits == []
