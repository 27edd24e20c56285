"""After the script: what anybody says to the bot is shown as it comes, until the demo is ended."""

from __future__ import annotations

import json
import time

from bot.demo.conversation import Conversation, Side, Turn
from bot.demo.evening import ADA, BOT, where
from bot.demo.folder import NAME
from bot.demo.guild import BEN, CLEO
from bot.domain.model import Network
from bot.domain.text import clean_name
from bot.instance import DataFolder
from bot.networks.nostr.events import COMMENT, NOTE, PROFILE, Event
from bot.networks.nostr.keys import InvalidKeyError, read_key_file
from bot.networks.nostr.member import Member
from bot.networks.nostr.nip19 import encode_npub

_LOOK = 3600.0  # seconds; how long one wait for the next event lasts


class Live:
    """``window`` is a connection that follows everything on the relay."""

    def __init__(self, window: Member, bot: str, folder: DataFolder, talk: Conversation) -> None:
        self._window = window
        self._bot = bot
        self._folder = folder
        self._talk = talk
        self._shown = {event.id for event in window.events}
        self._came_at: dict[str, tuple[float, str]] = {}  # when each note came, and who wrote it

    async def show(self) -> None:
        """Until cancelled. Raises MemberError when the relay is gone."""
        while True:
            event = await self._window.until(lambda e: e.id not in self._shown, _LOOK)
            if event is None:
                continue
            self._shown.add(event.id)
            if event.kind in (NOTE, COMMENT):
                self._show(event)

    def _show(self, event: Event) -> None:
        if event.pubkey == self._window.signer.public_key:
            return
        if event.pubkey == self._bot:
            self._show_answer(event)
            return
        side, name = self._who(event.pubkey)
        self._came_at[event.id] = (time.perf_counter(), name)
        does = "speak" if side is Side.YOU else "speaks"
        self._show_turn(side, name, does, event)

    def _show_answer(self, event: Event) -> None:
        answered = [self._came_at[i] for i in event.values("e") if i in self._came_at]
        does, took = "says", ""
        if answered:
            came_at, name = answered[-1]
            does = f"answers {name}"
            took = f"{(time.perf_counter() - came_at) * 1000:.0f} ms"
        self._show_turn(Side.BOT, BOT, does, event, took)

    def _show_turn(self, side: Side, name: str, does: str, event: Event, took: str = "") -> None:
        turn = Turn(side, name, does, Network.NOSTR, where(event), took, body=event.content)
        self._talk.turn(turn)

    def _who(self, pubkey: str) -> tuple[Side, str]:
        """You, who speak with `readalong say`; or by the name in their profile; or by their key."""
        if pubkey == self._own_key():
            return Side.YOU, "You"
        profiles = [e for e in self._window.events if (e.kind, e.pubkey) == (PROFILE, pubkey)]
        name = _name_in(profiles[-1].content) if profiles else ""
        return Side.MEMBER, name or f"{encode_npub(pubkey)[:12]}…"

    def _own_key(self) -> str:
        try:
            return read_key_file(self._folder.member_key_file).public_key
        except (OSError, InvalidKeyError):
            return ""


def _name_in(profile: str) -> str:
    """The name that a profile gives, unless it is one that the demo itself goes by."""
    try:
        name = json.loads(profile).get("name")
    except (ValueError, AttributeError):
        return ""
    name = clean_name(name, 30) if isinstance(name, str) else ""
    return "" if name in (BOT, NAME, ADA, BEN, CLEO, "You") else name
