"""What must hold at each step of the demo, and the list of what did.

The rows are read back from the data file with plain `sqlite3`, past all of our own storage code.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bot.domain.errors import ReadalongError
from bot.networks.nostr.events import Event, Tag, verify
from bot.networks.nostr.member import MemberError


class StepError(ReadalongError):
    """A step of the demo didn't do what it should; says which and why, in one line."""

    def __init__(self, step: str, reason: str) -> None:
        self.step = step
        self.reason = reason
        super().__init__(f"The demo failed at “{step}”: {reason}")


class CheckError(Exception):
    """Something isn't as it should be; the message says what."""


class Checklist:
    """``passed`` are the steps that held, in their order."""

    def __init__(self) -> None:
        self.passed: list[str] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Passed when the block ends. Raises StepError when it fails, or has unexpected data."""
        try:
            yield
        except (CheckError, MemberError, ReadalongError, sqlite3.Error, LookupError) as error:
            raise StepError(name, str(error)) from error
        self.passed.append(name)


def require(holds: object, reason: str) -> None:
    """Raises CheckError unless it holds."""
    if not holds:
        raise CheckError(reason)


def require_signed(event: Event, by: str) -> None:
    """The id is the content's own, and the signature is that of ``by`` (hex)."""
    require(event.pubkey == by, f"event {event.id[:8]} is not the expected author's")
    require(verify(event), f"the id or signature of event {event.id[:8]} is wrong")


def require_answer(answer: Event, asked: Event, by: str, root: Event | None = None) -> None:
    """NIP-10: under ``asked``, and in the thread of ``root`` where that is another event."""
    require_signed(answer, by)
    marks = {(tag[1], tag[3]) for tag in answer.tags if tag[0] == "e" and len(tag) > 3}
    wanted = {(asked.id, "root")} if root is None else {(root.id, "root"), (asked.id, "reply")}
    require(marks == wanted, f"its e tags are {sorted(marks)}, not {sorted(wanted)} (NIP-10)")
    require(asked.pubkey in answer.values("p"), "it has no p tag for the one who asked (NIP-10)")


def tag_of(event: Event, name: str) -> Tag:
    """Its only tag of that name. Raises CheckError."""
    found = [tag for tag in event.tags if tag[0] == name]
    require(len(found) == 1, f"event {event.id[:8]} has {len(found)} `{name}` tags, not one")
    return found[0]


Row = tuple[Any, ...]


def read_rows(data_file: Path, query: str, values: Sequence[object] = ()) -> list[Row]:
    """What the file holds now."""
    with closing(sqlite3.connect(f"{data_file.as_uri()}?mode=ro", uri=True)) as data:
        return data.execute(query, values).fetchall()


async def require_rows(
    data_file: Path, query: str, values: Sequence[object], wanted: Sequence[Row], seconds: float
) -> None:
    """The query gives ``wanted`` within ``seconds``. Raises CheckError.

    A row is marked as sent a moment after others have received it, hence the waiting.
    """
    found: list[Row] = []

    def as_wanted() -> bool:
        found[:] = read_rows(data_file, query, values)
        return found == list(wanted)

    if not await eventually(as_wanted, seconds):
        raise CheckError(f"the data file has {found}, not {list(wanted)}")


async def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether it holds within that time."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await asyncio.to_thread(holds):
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.01)
    return True
