"""What is known of the people who mention us: an old acquaintance, a stranger, or a bot.

Both answers are looked up for many authors at once and kept for a while, in bounded memory. A bot
is whoever says so in its profile (NIP-24: ``"bot": true``). Nothing here decides who is let in.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

import orjson

from bot.networks.nostr.bounded import Newest
from bot.networks.nostr.events import PROFILE, Event

logger = logging.getLogger(__name__)

LookUpKnown = Callable[[Sequence[str]], Awaitable[set[str]]]
"""Which of these public keys belong to people we have held for a while."""

LookUpProfiles = Callable[[Sequence[str]], Awaitable[Sequence[Event]]]
"""The verified kind 0 events of these public keys, as far as relays have them."""

_KNOWN_FOR = 600.0  # seconds that the store's answer is good for
_PROFILE_FOR = 3600.0
_NO_PROFILE_FOR = 600.0
_ROOM = 20_000
_PROFILE_DEADLINE = 0.35
_PROFILE_BYTES = 65_536


class Acquaintances:
    """Times are Unix seconds, people are public keys in hex. Organisers are known always."""

    def __init__(
        self, known: LookUpKnown, profiles: LookUpProfiles, organisers: Iterable[str] = ()
    ) -> None:
        self._look_up_known = known
        self._look_up_profiles = profiles
        self._organisers = frozenset(organisers)
        self._known: Newest[str, tuple[bool, float]] = Newest(_ROOM)
        self._bots: Newest[str, tuple[bool, float]] = Newest(_ROOM)

    def is_known(self, pubkey: str, at: float) -> bool | None:
        """None when nobody looked lately."""
        if pubkey in self._organisers:
            return True
        entry = self._known.get(pubkey)
        if entry is None or (at >= entry[1] and not entry[0]):
            return None  # who is known stays known
        return entry[0]

    def is_bot(self, pubkey: str) -> bool:
        entry = self._bots.get(pubkey)
        return entry is not None and entry[0]

    def needs_profile(self, pubkey: str, at: float) -> bool:
        entry = self._bots.get(pubkey)
        return entry is None or at >= entry[1]

    async def meet(self, pubkeys: Sequence[str], at: float) -> None:
        """Ask the store which of them it knows. When it can't say, they are strangers for now."""
        known = await self._look_up_known(pubkeys)
        for pubkey in pubkeys:
            self._known.put(pubkey, (pubkey in known, at + _KNOWN_FOR))

    async def read_profiles(self, pubkeys: Sequence[str], at: float) -> None:
        """Look their profiles up, 350 ms at most; who isn't found in time counts as no bot."""
        newest: dict[str, Event] = {}
        try:
            async with asyncio.timeout(_PROFILE_DEADLINE):
                found = await self._look_up_profiles(pubkeys)
        except TimeoutError:
            found = ()
        for event in found:
            kept = newest.get(event.pubkey)
            if event.kind == PROFILE and (kept is None or _is_newer(event, kept)):
                newest[event.pubkey] = event
        for pubkey in pubkeys:
            profile = newest.get(pubkey)
            says_bot = self.is_bot(pubkey) if profile is None else _says_bot(profile)
            good_for = _NO_PROFILE_FOR if profile is None else _PROFILE_FOR
            self._bots.put(pubkey, (says_bot, at + good_for))


def _is_newer(event: Event, other: Event) -> bool:
    """NIP-01: the newest wins, and of two made in one second the lowest id."""
    return (event.created_at, other.id) > (other.created_at, event.id)


def _says_bot(profile: Event) -> bool:
    if len(profile.content) > _PROFILE_BYTES:
        return False
    try:
        content = orjson.loads(profile.content)
    except orjson.JSONDecodeError:
        return False
    return isinstance(content, dict) and content.get("bot") is True
