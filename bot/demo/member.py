"""The demo's member: asks the bot over the websocket, waits for answers, and checks their shape.

She knows nothing of the bot but its public key and a relay.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from bot.demo.checks import CheckError, require_answer, require_signed
from bot.networks.nostr.events import (
    CALENDAR_EVENT,
    COMMENT,
    LONG_FORM,
    NOTE,
    PROFILE,
    Event,
)
from bot.networks.nostr.member import Member

PATIENCE = 10.0
"""Seconds that anything may take."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked, what came back, and the seconds from sending to receiving.

    ``asked_at`` is when it was sent, on the clock of `perf_counter`.
    """

    asked: Event
    answer: Event
    seconds: float
    asked_at: float


class ScriptedMember:
    """``bot`` is the bot's public key in hex. ``patience`` is in seconds."""

    def __init__(self, client: Member, bot: str, patience: float = PATIENCE) -> None:
        self.client = client
        self.bot = bot
        self.patience = patience

    async def arrive(self, name: str) -> None:
        """Tell the relay who she is, and read everything that comes there from now on."""
        await self.client.publish(PROFILE, orjson.dumps({"name": name}).decode())
        kinds = [PROFILE, NOTE, COMMENT, CALENDAR_EVENT, LONG_FORM]
        await self.client.follow("all", {"kinds": kinds})

    async def sees(
        self, wanted: Callable[[Event], bool], what: str, seconds: float | None = None
    ) -> Event:
        """The bot's event that is ``wanted``. Raises CheckError when it doesn't come."""
        seconds = self.patience if seconds is None else seconds
        event = await self.client.until(
            lambda event: event.pubkey == self.bot and wanted(event), seconds
        )
        if event is None:
            raise CheckError(f"{what} didn't come within {seconds:g} s")
        require_signed(event, self.bot)
        return event

    async def mention(self, text: str) -> Exchange:
        """Raises CheckError when there is no answer, or one that doesn't stand where it should."""
        return await self._exchange(lambda: self.client.mention(self.bot, text))

    async def reply(self, root: Event, text: str) -> Exchange:
        """The same, as a reply to a note of the bot."""
        tags = (("e", root.id, self.client.url, "root", root.pubkey), ("p", root.pubkey))
        return await self._exchange(lambda: self.client.note(text, tags), root)

    def heard(self, kind: int) -> list[Event]:
        """All that the bot has posted of that kind, as far as it came."""
        return [e for e in self.client.events if e.pubkey == self.bot and e.kind == kind]

    async def _exchange(
        self, send: Callable[[], Awaitable[Event]], root: Event | None = None
    ) -> Exchange:
        started_at = time.perf_counter()
        asked = await send()
        answer = await self.client.reply_to(asked, self.bot, self.patience)
        seconds = time.perf_counter() - started_at
        if answer is None:
            raise CheckError(f"no answer came within {self.patience:g} s")
        require_answer(answer, asked, self.bot, root)
        return Exchange(asked, answer, seconds, started_at)
