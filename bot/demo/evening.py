"""What all scenes of the demo share: the bot, its people, what is checked, and the page.

It turns what was said on either network into turns of the conversation; it checks nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.app.process import Running
from bot.demo.checks import Checklist, Row, read_rows, require_rows
from bot.demo.conversation import Conversation, Side, Turn
from bot.demo.guild import CLEO, ScriptedGuild, milliseconds
from bot.demo.member import Exchange, ScriptedMember
from bot.demo.seen import Seen, buttons
from bot.domain.model import OPERATOR, Network, SessionView
from bot.networks.discord.local import Actor, Message, Shown
from bot.networks.nostr.events import CALENDAR_EVENT, PROFILE, Event

ADA = "Ada"
BOT = "The bot"

_WHOLE = 9  # lines: what somebody fills in is shown in a picture, too
_KINDS = {CALENDAR_EVENT: "calendar", PROFILE: "profile"}


@dataclass(slots=True)
class Evening:
    """``desk`` is that of the running bot. ``pause``: seconds that a person gets to read a scene.

    ``took``: the milliseconds of every answer so far. ``mentions`` counts those of Ada's that were
    answered.
    """

    desk: Running
    ada: ScriptedMember
    guild: ScriptedGuild
    talk: Conversation
    checklist: Checklist
    pause: float = 0.0
    mentions: int = 0
    took: dict[Network, list[float]] = field(
        default_factory=lambda: {Network.NOSTR: [], Network.DISCORD: []}
    )

    @property
    def pace(self) -> str:
        """How long answers took: ``"5 to 31 ms on Nostr, 4 to 52 ms on Discord"``."""
        return ", ".join(
            f"{min(took):.0f} to {max(took):.0f} ms on {network.value.capitalize()}"
            for network, took in self.took.items()
        )

    @property
    def ada_address(self) -> str:
        return self.ada.client.signer.public_key

    # Nostr

    async def mention(self, text: str) -> Exchange:
        return self._counted(await self.ada.mention(text))

    async def reply(self, root: Event, text: str) -> Exchange:
        return self._counted(await self.ada.reply(root, text))

    def exchange(self, exchange: Exchange, does: str, *, fold: int | None = None) -> list[Turn]:
        """What Ada said, and what the bot answered."""
        answered = exchange.asked_at + exchange.seconds
        took = f"{exchange.seconds * 1000:.0f} ms"
        return [
            Turn(
                Side.MEMBER,
                ADA,
                does,
                Network.NOSTR,
                where(exchange.asked),
                body=exchange.asked.content,
                at=exchange.asked_at,
            ),
            replace(
                self.note(f"answers {ADA}", exchange.answer, took, fold=fold, at=answered),
                answers=True,
            ),
        ]

    def note(
        self,
        does: str,
        event: Event,
        took: str = "",
        *,
        body: str = "",
        fold: int | None = None,
        at: float = 0.0,
    ) -> Turn:
        """An event of the bot's; ``body`` in the place of its content."""
        text = body or event.content
        when = at or time.perf_counter()
        return Turn(
            Side.BOT, BOT, does, Network.NOSTR, where(event), took, body=text, fold=fold, at=when
        )

    # Discord

    def act(
        self,
        by: Actor,
        does: str,
        shown: Shown,
        *,
        body: str = "",
        fold: int | None = None,
        only: str = "",
    ) -> list[Turn]:
        """What Ben or Cleo did, and what that person alone saw of it; ``only`` that of it."""
        took = milliseconds(shown)
        self.took[Network.DISCORD].append(took)
        answered = time.perf_counter()
        name = by.user.name
        seen = Seen("", only, ()) if only else self.guild.reader.sees(*shown.messages)
        side = Side.ORGANISER if name == CLEO else Side.MEMBER
        answers = f"answers, only {name} sees it"
        return [
            Turn(
                side,
                name,
                does,
                Network.DISCORD,
                f"#{self.guild.channel.name}",
                body=body,
                brief=_WHOLE,
                at=answered - took / 1000,
            ),
            Turn(
                Side.BOT,
                BOT,
                answers,
                Network.DISCORD,
                took=f"{took:.0f} ms",
                title=seen.title,
                body=seen.body,
                foot=seen.foot,
                fold=fold,
                answers=True,
                at=answered,
            ),
        ]

    def message(
        self, does: str, message: Message, took: str, *, fold: int | None = None, at: float = 0.0
    ) -> Turn:
        """A message of the bot's for everybody."""
        seen = self.guild.reader.sees(message)
        return Turn(
            Side.BOT,
            BOT,
            does,
            Network.DISCORD,
            f"#{self.guild.channel.name}",
            took,
            seen.title,
            seen.body,
            (buttons(message),),
            fold,
            at=at or time.perf_counter(),
        )

    def deed(self, does: str, where: str, took: str, body: str) -> Turn:
        """What else the bot did on Discord, for everybody."""
        return Turn(Side.BOT, BOT, does, Network.DISCORD, where, took, body=body)

    # The data file

    async def rows(self, query: str, *values: object) -> list[Row]:
        """What the file holds now."""
        return await asyncio.to_thread(read_rows, self._data_file, query, values)

    async def require(self, query: str, values: Sequence[object], wanted: Sequence[Row]) -> None:
        """Raises CheckError unless the file holds ``wanted``, now or soon."""
        await require_rows(self._data_file, query, values, wanted, self.ada.patience)

    async def view(self, slug: str = "") -> SessionView:
        """A session with all that hangs off it, as an organiser sees it."""
        return await self.desk.sessions.show(self.desk.group, slug, by=OPERATOR)

    async def breathe(self) -> None:
        if self.pause:
            await asyncio.sleep(self.pause)

    def _counted(self, exchange: Exchange) -> Exchange:
        self.mentions += 1
        self.took[Network.NOSTR].append(exchange.seconds * 1000)
        return exchange

    @property
    def _data_file(self) -> Path:
        return self.desk.folder.data_file


def where(event: Event) -> str:
    """Which event: its kind in a word, and the start of its id."""
    return f"{_KINDS.get(event.kind, 'note')} {event.id[:8]}"
