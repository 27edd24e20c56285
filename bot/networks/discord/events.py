"""Who is "interested" in a session's scheduled event, as the gateway tells: an RSVP *maybe*.

discord.py drops what concerns people whom it doesn't know, and without the members intent it knows
nearly nobody; so its table of parsers is given ours, which needs ids only. What was told while
nobody listened is asked for whenever we are connected anew. Whether interest counts is the
service's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import discord

from bot.domain.errors import NotSetUpError, ReadalongError
from bot.domain.model import Author, Network
from bot.networks.discord.calendar import NONE
from bot.networks.discord.context import Services
from bot.networks.discord.rest import Rest
from bot.services.attendance import Entry

logger = logging.getLogger(__name__)

_ADDED, _REMOVED = "GUILD_SCHEDULED_EVENT_USER_ADD", "GUILD_SCHEDULED_EVENT_USER_REMOVE"

Heard = tuple[Mapping[str, Any], bool] | None
"""What the gateway tells; None: that all is to be asked for."""


class Interest:
    """Takes in who is interested, in the order of the gateway.

    ``touch`` hears of each session whose counts changed. ``us`` is our own user's snowflake:
    Discord may count an event's creator in. ``waiting``: how many may wait to be stored.
    """

    def __init__(
        self,
        services: Services,
        touch: Callable[[int], None],
        us: Callable[[], str],
        rest: Rest,
        waiting: int = 10_000,
    ) -> None:
        self._services = services
        self._rest = rest
        self._touch = touch
        self._us = us
        self._heard: asyncio.Queue[Heard] = asyncio.Queue(waiting)

    def listen(self, client: discord.Client) -> None:
        """Hear what the gateway tells this client; once is enough, before it connects."""
        # Private, and held by a test: the one table that says what is done with a gateway event.
        parsers = client._connection.parsers
        for name, interested in ((_ADDED, True), (_REMOVED, False)):
            parsers[name] = self._hearing(interested)

    def ask_for_all(self) -> None:
        """We are connected anew, and may not have been told of everything."""
        self._put(None)

    async def run(self) -> None:
        """Store what is heard, until cancelled. What fails is logged, and the next one taken."""
        while True:
            heard = await self._heard.get()
            try:
                if heard is None:
                    await self._take_all()
                else:
                    await self._take(*heard)
            except NotSetUpError:
                continue
            except ReadalongError as error:
                logger.warning("interest in an event is not counted: %s", error)
            except Exception:  # the supervising loop: one interest must not be the last
                logger.exception("interest in an event is not counted")

    def _hearing(self, interested: bool) -> Callable[[Mapping[str, Any]], None]:
        def hear(data: Mapping[str, Any]) -> None:
            self._put((data, interested))

        return hear

    def _put(self, heard: Heard) -> None:
        try:
            self._heard.put_nowait(heard)
        except asyncio.QueueFull:
            logger.warning("interest in an event is not counted: too much at once")

    async def _take_all(self) -> None:
        for entry in await self._services.attendance.entries(Network.DISCORD):
            try:
                await self._take_entry(entry)
            except ReadalongError as error:
                logger.info("who is interested in session %s: %s", entry.session_id, error)

    async def _take_entry(self, entry: Entry) -> None:
        """A session may have an event on several guilds: who shows interest in any of them."""
        people: set[str] = set()
        events = {(place.split("/")[0], event) for place, event in entry.places if event != NONE}
        for guild, event in events:
            people |= await self._rest.interested(guild, event)
        people.discard(self._us())
        if events and await self._services.attendance.all_interest(
            entry.group, entry.session_id, Network.DISCORD, people
        ):
            self._touch(entry.session_id)

    async def _take(self, data: Mapping[str, Any], interested: bool) -> None:
        event, user = str(data["guild_scheduled_event_id"]), str(data["user_id"])
        if user == self._us():
            return
        sessions = await self._services.sessions.of_posts(Network.DISCORD, [event])
        if event not in sessions:
            return  # somebody else's event
        group = await self._services.groups.of_guild(str(data["guild_id"]))
        person = Author(Network.DISCORD, user)
        if await self._services.attendance.interest(
            group, sessions[event], person, interested=interested
        ):
            self._touch(sessions[event])
