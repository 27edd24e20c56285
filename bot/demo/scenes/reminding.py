"""Two reminders, each on both networks, watched for from the moment that they are planned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.app import utc_now
from bot.demo.checks import require, tag_of
from bot.demo.evening import Evening
from bot.demo.folder import FIRST, SECOND
from bot.demo.scenes.announcing import Told
from bot.domain.model import Session
from bot.networks.discord.local import Message
from bot.networks.nostr.events import Event


@dataclass(frozen=True, slots=True)
class Reminded:
    """What came, and when it came to Ada. Discord says itself when a message came."""

    note: Event
    message: Message
    noted_at: datetime


class Reminders:
    """``coming``: a task for each reminder, by its seconds before the start."""

    def __init__(self, coming: Mapping[int, asyncio.Task[Reminded]]) -> None:
        self._coming = coming

    async def show(self, evening: Evening, told: Told) -> None:
        for offset, name in ((FIRST, "first"), (SECOND, "second")):
            due_at = told.view.session.starts_at - timedelta(seconds=offset)
            with evening.checklist.step(f"the {name} reminder comes on both, {offset} s before"):
                with evening.talk.waiting(f"the {name} reminder is due at {due_at:%H:%M:%S} UTC"):
                    came = await self._coming[offset]
                _show(evening, came, due_at, brief=offset != FIRST)
                require(min(came.noted_at, came.message.created_at) >= due_at, "it came too early")
                root = tag_of(came.note, "e")
                require((root[1], root[3]) == (told.note.id, "root"), "the note stands elsewhere")


@asynccontextmanager
async def watching(evening: Evening, session: Session) -> AsyncIterator[Reminders]:
    coming = {
        offset: asyncio.create_task(_reminded(evening, session, offset))
        for offset in (FIRST, SECOND)
    }
    try:
        yield Reminders(coming)
    finally:
        for task in coming.values():
            task.cancel()
        await asyncio.gather(*coming.values(), return_exceptions=True)


async def _reminded(evening: Evening, session: Session, offset: int) -> Reminded:
    ahead = session.starts_at - timedelta(seconds=offset) - utc_now()
    seconds = ahead.total_seconds() + evening.ada.patience
    head = f"In {offset} seconds: {session.title}"

    async def on_nostr() -> tuple[Event, datetime]:
        note = await evening.ada.sees(lambda e: e.content.startswith(head), f"“{head}”", seconds)
        return note, utc_now()

    def on_discord() -> Message | None:
        found = [message for message in evening.guild.posts() if head in message.text]
        return found[0] if found else None

    (note, noted_at), message = await asyncio.gather(
        on_nostr(), evening.guild.until(on_discord, f"“{head}” on Discord", seconds)
    )
    return Reminded(note, message, noted_at)


def _show(evening: Evening, came: Reminded, due_at: datetime, *, brief: bool) -> None:
    nostr_late, discord_late = came.noted_at - due_at, came.message.created_at - due_at
    nostr = evening.note("reminds all", came.note, _late(nostr_late), fold=1 if brief else 3)
    discord = evening.message("reminds all", came.message, _late(discord_late), fold=1)
    evening.talk.beside([nostr], [replace(discord, body="", foot=()) if brief else discord])


def _late(late: timedelta) -> str:
    return f"{late / timedelta(milliseconds=1):.0f} ms late"
