"""Who gets in: every event from a relay passes here before anything is done for it.

Cheap checks come first and the signature last; each refusal is counted. What is admitted waits in
two bounded lanes, one for people we know and one for strangers, so that a flood of new keys can't
push members out. No relay is trusted to respect a filter. What a mention means is not known here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping

from bot.domain.model import Limits
from bot.domain.ports import Now
from bot.networks.nostr.acquaintances import Acquaintances
from bot.networks.nostr.bounded import Allowance, Newest
from bot.networks.nostr.events import (
    COMMENT,
    NOTE,
    REACTION,
    Event,
    InvalidEventError,
    parse,
    verify,
)
from bot.networks.nostr.lanes import Lane, Mention
from bot.networks.nostr.threads import reacted_to

logger = logging.getLogger(__name__)

MAX_EVENT_BYTES = 512 * 1024
"""More than any relay takes, so that an overlong question is told its limit and not ignored."""

_AHEAD = 600  # seconds that an author's clock may be ahead of ours
_BEHIND = 30 * 86_400
_MAX_P_TAGS = 10
_REACTIONS_A_MENTION = 3  # a tap is less than a sentence, and gets no answer
_HANDLED_IDS = 50_000
_RELAYS_OF_ONE = 20
_LOG_EVERY = 60.0
_AUTHORS_AT_ONCE = 50
_GATHER = 0.02  # seconds in which strangers' profiles are gathered into one request
_LOOK_UPS_AT_ONCE = 4


class Admission:
    """``receive`` takes what relays send; ``take`` gives what is to be answered.

    ``done`` must be called for each mention taken, once it needs nothing more. ``room`` is how many
    mentions each lane holds. ``run`` looks people up, and must be running for strangers to get in.
    """

    def __init__(
        self,
        pubkey: str,
        acquaintances: Acquaintances,
        limits: Limits,
        now: Now,
        *,
        room: int = 2000,
    ) -> None:
        self._pubkey = pubkey
        self._acquaintances = acquaintances
        self._now = now
        self._room = room
        self._said = Allowance(limits.mentions_per_minute, limits.strangers_per_minute)
        self._reacted = Allowance(  # apart, so that many likes keep nobody from asking
            limits.mentions_per_minute * _REACTIONS_A_MENTION, limits.strangers_per_minute
        )
        self._members_lane = Lane(room)
        self._strangers_lane = Lane(room)
        self._unmet = Lane(room)  # authors that the store was not asked about yet; not verified
        self._unread = Lane(room)  # strangers whose profile was not looked up yet
        self._stale: set[str] = set()  # members whose profile is to be read again
        self._under_way: dict[str, Mention] = {}
        self._handled: Newest[str, int] = Newest(_HANDLED_IDS)
        self._counts: Counter[str] = Counter()
        self._logged_at = 0.0
        self._arrived = asyncio.Event()
        self._moved_on = asyncio.Event()
        self._to_meet = asyncio.Event()
        self._to_read = asyncio.Event()

    def receive(self, raw: object, size: int, relay: str) -> Mention | None:
        """One event as it came in a frame of ``size`` bytes, decoded but not checked.

        Returns the mention when it was known already and is done with, so that the relay's cursor
        can pass it; else None.
        """
        at = self._now().timestamp()
        self._counts["received"] += 1
        event = _shape(raw, size)
        objection = event if isinstance(event, str) else self._objection(event, at)
        if isinstance(event, str) or objection is not None:
            self._refuse(str(objection), at)
            return None
        if (brought := self._brought_again(event, relay)) is not None:
            return brought if event.id in self._handled else None
        mention = Mention(event, size, [relay])
        is_known = self._acquaintances.is_known(event.pubkey, at)
        if is_known is not None:
            self._enter(mention, is_known=is_known, at=at)
        elif self._unmet.has_room_for(size):
            self._unmet.put(mention)
            self._to_meet.set()
        else:
            self._refuse("no room", at)
        return None

    async def take(self, limit: int = 500) -> list[Mention]:
        """All that waits, members first; waits until there is something."""
        while not len(self._members_lane) + len(self._strangers_lane):
            self._arrived.clear()
            await self._arrived.wait()
        taken = self._members_lane.take(limit)
        self._moved_on.set()
        return taken + self._strangers_lane.take(limit - len(taken))

    def done(self, mention: Mention) -> None:
        """It is answered, or will never be: the same id is not looked at again."""
        self._under_way.pop(mention.event.id, None)
        self._handled.put(mention.event.id, mention.event.created_at)

    def oldest_under_way(self, relay: str) -> int | None:
        """``created_at`` of the oldest mention from this relay that isn't done."""
        waiting = (*self._under_way.values(), *self._unmet)
        return min((m.event.created_at for m in waiting if relay in m.relays), default=None)

    async def wait_room(self) -> None:
        """Until what waits fills half of a lane at most: time to ask for more.

        All of it counts together, because all of it may end in the same lane.
        """
        lanes = (self._members_lane, self._strangers_lane, self._unmet, self._unread)
        while sum(len(lane) for lane in lanes) > self._room // 2:
            self._moved_on.clear()
            await self._moved_on.wait()

    def stats(self) -> Mapping[str, int]:
        """Since the start: how many came in, were admitted, and were refused for which reason."""
        return dict(self._counts)

    async def run(self) -> None:
        """Look up who people are, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._meet_people())
            for _ in range(_LOOK_UPS_AT_ONCE):
                tasks.create_task(self._read_profiles())

    def _objection(self, event: Event, at: float) -> str | None:
        """Why an event is not for us, as far as that shows without its signature."""
        if event.pubkey == self._pubkey:
            return "own"
        people = event.values("p")
        if self._pubkey not in people:
            return "not for us"
        if event.kind == REACTION and not reacted_to(event):
            return "about nothing"
        if len(people) > _MAX_P_TAGS:
            return "too many people"
        if event.created_at > at + _AHEAD:
            return "from the future"
        if event.created_at < at - _BEHIND:
            return "too old"
        return "bot" if self._acquaintances.is_bot(event.pubkey) else None

    def _brought_again(self, event: Event, relay: str) -> Mention | None:
        """The mention, when its id is known: a copy is never verified, answered or charged for."""
        under_way = self._under_way.get(event.id)
        if under_way is not None:
            self._counts["duplicate"] += 1
            if relay not in under_way.relays and len(under_way.relays) < _RELAYS_OF_ONE:
                under_way.relays.append(relay)
            return under_way
        if event.id not in self._handled:
            return None
        self._counts["duplicate"] += 1
        created_at = self._handled.get(event.id) or event.created_at
        return Mention(_at(event, created_at), 0, [relay])

    def _enter(self, mention: Mention, *, is_known: bool, at: float) -> None:
        """The limits, then the signature; a token is only taken by who signed."""
        event = mention.event
        allowance = self._reacted if event.kind == REACTION else self._said
        if exceeded := allowance.exceeded(event.pubkey, at, is_known=is_known):
            self._refuse(exceeded, at)
        elif not (self._members_lane if is_known else self._strangers_lane).has_room_for(
            mention.size
        ):
            self._refuse("no room", at)
        elif not verify(event):
            self._refuse("signature", at)
        else:
            allowance.take(event.pubkey, at, is_known=is_known)
            self._under_way[event.id] = mention
            self._admit(mention, is_known=is_known, at=at)

    def _admit(self, mention: Mention, *, is_known: bool, at: float) -> None:
        """Members go in at once; a stranger's profile is read first, to not talk to a bot."""
        needs_profile = self._acquaintances.needs_profile(mention.event.pubkey, at)
        if is_known:
            if needs_profile and len(self._stale) < _AUTHORS_AT_ONCE:
                self._stale.add(mention.event.pubkey)
                self._to_read.set()
            self._let_in(mention, self._members_lane)
        elif not needs_profile:
            self._let_in(mention, self._strangers_lane)
        elif self._unread.has_room_for(mention.size):
            self._unread.put(mention)
            self._to_read.set()
        else:
            self._under_way.pop(mention.event.id, None)
            self._refuse("no room", at)

    def _let_in(self, mention: Mention, lane: Lane) -> None:
        lane.put(mention)
        self._counts["admitted"] += 1
        self._arrived.set()

    async def _meet_people(self) -> None:
        while True:
            await self._to_meet.wait()
            self._to_meet.clear()
            while len(self._unmet):
                mentions = self._unmet.take(_AUTHORS_AT_ONCE)
                at = self._now().timestamp()
                try:
                    await self._acquaintances.meet(_authors(mentions), at)
                except Exception:
                    logger.exception("can't look up who mentioned us; taken for strangers")
                for mention in mentions:
                    self._enter_met(mention, at)
                self._moved_on.set()

    def _enter_met(self, mention: Mention, at: float) -> None:
        relay = mention.relays[0]
        if self._brought_again(mention.event, relay) is None:
            is_known = self._acquaintances.is_known(mention.event.pubkey, at)
            self._enter(mention, is_known=bool(is_known), at=at)

    async def _read_profiles(self) -> None:
        while True:
            await self._to_read.wait()
            await asyncio.sleep(_GATHER)
            mentions = self._unread.take(_AUTHORS_AT_ONCE)
            stale, self._stale = self._stale, set()
            if not len(self._unread):
                self._to_read.clear()
            if not mentions and not stale:
                continue
            at = self._now().timestamp()
            authors = list(dict.fromkeys([*_authors(mentions), *stale]))
            try:
                await self._acquaintances.read_profiles(authors[:_AUTHORS_AT_ONCE], at)
            except Exception:
                logger.exception("can't look up the profiles of who mentioned us; let in without")
            for mention in mentions:
                self._enter_read(mention, at)
            self._moved_on.set()

    def _enter_read(self, mention: Mention, at: float) -> None:
        if self._acquaintances.is_bot(mention.event.pubkey):
            self.done(mention)
            self._refuse("bot", at)
        elif self._strangers_lane.has_room_for(mention.size):
            self._let_in(mention, self._strangers_lane)
        else:
            self._under_way.pop(mention.event.id, None)
            self._refuse("no room", at)

    def _refuse(self, reason: str, at: float) -> None:
        """Count it, and say so once a minute at most."""
        self._counts[reason] += 1
        if abs(at - self._logged_at) >= _LOG_EVERY:
            self._logged_at = at
            logger.info("events refused so far: %s", self._refusals())

    def _refusals(self) -> str:
        kept = {"received", "admitted", "duplicate"}
        return ", ".join(f"{why} {n}" for why, n in self._counts.items() if why not in kept)


def _shape(raw: object, size: int) -> Event | str:
    """The event, or why it is none that we read."""
    if size > MAX_EVENT_BYTES:
        return "too big"
    if not isinstance(raw, dict):
        return "malformed"
    if raw.get("kind") not in (NOTE, COMMENT, REACTION):
        return "kind"
    try:
        return parse(raw)
    except InvalidEventError:
        return "malformed"


def _authors(mentions: Iterable[Mention]) -> list[str]:
    return list(dict.fromkeys(mention.event.pubkey for mention in mentions))


def _at(event: Event, created_at: int) -> Event:
    """A copy's own time isn't verified; the one that was is used."""
    if event.created_at == created_at:
        return event
    return Event(
        event.id, event.pubkey, created_at, event.kind, event.tags, event.content, event.sig
    )
