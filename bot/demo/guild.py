"""The demo's Discord server: Ben, a member, and Cleo, who organises; they act, wait and see.

They use what their clients offer them and know nothing of the bot. What must come of it is checked
in the scenes; that something came, and to whom it was shown, is checked here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.app import utc_now
from bot.demo.checks import CheckError, require
from bot.demo.seen import Reader, Written
from bot.networks.discord.local import (
    Actor,
    Answer,
    CannotDoError,
    LocalDiscord,
    Message,
    Permission,
    Shown,
)

BEN, CLEO = "Ben", "Cleo"
CHANNEL = "reading-group"
ROLE = "organisers"

_Found = TypeVar("_Found")


class ScriptedGuild:
    """``patience`` is in seconds. ``reader`` is how people there read, with a clock at ``zone``."""

    def __init__(self, server: LocalDiscord, zone: str, patience: float) -> None:
        self.server = server
        self.patience = patience
        self.guild = server.guild("Riverside Library")
        self.channel = server.channel(self.guild, CHANNEL)
        self.role = server.role(self.guild, ROLE)
        manages = server.role(self.guild, "librarians", Permission.MANAGE_GUILD)
        self.cleo = server.join(self.guild, CLEO, self.role, manages)
        self.ben = server.join(self.guild, BEN)
        self.reader = Reader(self.guild, ZoneInfo(zone), utc_now)
        for person in (self.ben, self.cleo):
            person.within = patience

    async def slash(self, by: Actor, name: str, /, **options: object) -> Shown:
        """A command in the group's channel. Raises CheckError when there is no answer."""
        try:
            return answered(await by.slash(self.channel, name, **options))
        except CannotDoError as error:
            raise CheckError(str(error)) from error

    async def press(self, by: Actor, message: Message | Shown, button: str) -> Shown:
        """A button, by its label. Raises CheckError when there is no answer."""
        try:
            return answered(await by.click(message, button))
        except CannotDoError as error:
            raise CheckError(str(error)) from error

    async def fill(self, by: Actor, form: Shown, values: Written) -> Shown:
        """A form that was opened. Raises CheckError when there is no answer."""
        try:
            return answered(await by.submit(form, values))
        except CannotDoError as error:
            raise CheckError(str(error)) from error

    async def until(
        self, found: Callable[[], _Found | None], what: str, seconds: float | None = None
    ) -> _Found:
        """What is ``found``, as soon as it is there. Raises CheckError when it doesn't come."""
        seconds = self.patience if seconds is None else seconds
        try:
            await self.server.until(found, seconds)
        except TimeoutError:
            raise CheckError(f"{what} didn't come within {seconds:g} s") from None
        there = found()
        if there is None:
            raise CheckError(f"{what} is gone again")
        return there

    def posts(self) -> list[Message]:
        """What the bot has posted in the channel for everybody, oldest first."""
        bot = self.server.world.bot
        return [message for message in self.channel.history if message.author is bot]


def answered(shown: Shown) -> Shown:
    """Raises CheckError where nothing came, or where others see what is for one person."""
    came = shown.answer is Answer.MODAL or shown.answered_ms is not None
    require(came, "the bot did not respond")
    if shown.answer is Answer.MESSAGE:
        require(shown.ephemeral, "everybody sees the answer")
    return shown


def milliseconds(shown: Shown) -> float:
    """From the act to the first thing to see."""
    known = shown.answered_ms if shown.answered_ms is not None else shown.acknowledged_ms
    return 0.0 if known is None else known
