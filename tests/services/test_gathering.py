"""What comes while others are served is served together, and everybody hears of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from bot.domain.errors import StorageError, UserError
from bot.services.gathering import Gathering
from tests.waiting import until


class Counter:
    """Doubles numbers; a negative one is refused. ``gate`` holds a turn up."""

    def __init__(self) -> None:
        self.turns: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self, numbers: Sequence[int]) -> list[int | Exception]:
        self.turns.append(list(numbers))
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return [2 * each if each >= 0 else UserError(f"{each} is below 0.") for each in numbers]


async def test_those_who_come_at_once_are_one_turn_and_the_others_the_next() -> None:
    counter = Counter()
    counter.gate.clear()
    gathering: Gathering[int, int] = Gathering(counter)
    asking = [asyncio.create_task(gathering(number)) for number in range(3)]
    await until(lambda: counter.turns)
    asking += [asyncio.create_task(gathering(number)) for number in range(3, 5)]
    await asyncio.sleep(0)
    counter.gate.set()
    assert await asyncio.gather(*asking) == [0, 2, 4, 6, 8]
    assert counter.turns == [[0, 1, 2], [3, 4]]
    assert await gathering(5) == 10


async def test_who_asks_again_as_soon_as_they_are_answered_is_served() -> None:
    gathering: Gathering[int, int] = Gathering(Counter())

    async def several_times(number: int) -> list[int]:
        return [await gathering(number) for _ in range(5)]

    async with asyncio.timeout(5):
        assert await several_times(3) == [6] * 5
        found = await asyncio.gather(*map(several_times, range(20)))
    assert found == [[2 * number] * 5 for number in range(20)]


async def test_too_many_for_one_turn_are_several() -> None:
    counter = Counter()
    gathering: Gathering[int, int] = Gathering(counter)
    assert await asyncio.gather(*map(gathering, range(250))) == [2 * each for each in range(250)]
    assert [len(turn) for turn in counter.turns] == [100, 100, 50]


async def test_one_who_is_refused_is_the_only_one() -> None:
    gathering: Gathering[int, int] = Gathering(Counter())
    found = await asyncio.gather(*map(gathering, (1, -1, 2)), return_exceptions=True)
    assert (found[0], found[2]) == (2, 4)
    assert isinstance(found[1], UserError)


async def test_what_fails_fails_for_all_of_a_turn_and_not_for_the_next() -> None:
    counter = Counter()
    counter.error = StorageError("The disk is full.")
    gathering: Gathering[int, int] = Gathering(counter)
    found = await asyncio.gather(*map(gathering, (1, 2)), return_exceptions=True)
    assert [str(each) for each in found] == ["The disk is full."] * 2
    counter.error = None
    assert await gathering(1) == 2


async def test_one_whom_a_whole_turn_fails_of_fails_alone() -> None:
    turns: list[list[int]] = []

    async def serve(numbers: Sequence[int]) -> list[int | Exception]:
        turns.append(list(numbers))
        if 2 in numbers:
            raise StorageError("2 doesn't fit.", permanent=True)
        return [*numbers]

    gathering: Gathering[int, int] = Gathering(serve)
    found = await asyncio.gather(*map(gathering, (1, 2, 3)), return_exceptions=True)
    assert (found[0], str(found[1]), found[2]) == (1, "2 doesn't fit.", 3)
    assert turns == [[1, 2, 3], [1], [2], [3]]


async def test_who_leaves_is_served_and_holds_nobody_up() -> None:
    counter = Counter()
    counter.gate.clear()
    gathering: Gathering[int, int] = Gathering(counter)
    leaving, staying = (asyncio.create_task(gathering(number)) for number in (1, 2))
    await until(lambda: counter.turns)
    leaving.cancel()
    counter.gate.set()
    assert await staying == 4
    assert counter.turns == [[1, 2]]


@pytest.mark.parametrize("begun", [True, False])
async def test_nobody_waits_for_a_turn_that_is_cancelled(begun: bool) -> None:
    counter = Counter()
    counter.gate.clear()
    gathering: Gathering[int, int] = Gathering(counter)
    asking = [asyncio.create_task(gathering(number)) for number in range(2)]
    while gathering._serving is None or (begun and not counter.turns):  # noqa: ASYNC110 (each turn)
        await asyncio.sleep(0)
    asking.append(asyncio.create_task(gathering(2)))
    await asyncio.sleep(0)
    gathering._serving.cancel()
    async with asyncio.timeout(5):
        found = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(each, asyncio.CancelledError) for each in found)
    counter.gate.set()
    assert await gathering(1) == 2
