"""A session's scheduled event in a guild: created, moved and cancelled with the session.

It is found again by a mark in its description, so that a crash after it was created makes no second
one. Who is interested in it is `events`'.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from bot.domain.ports import Now
from bot.domain.posts import SessionCard
from bot.networks.discord import limits
from bot.networks.discord.marks import mark_of
from bot.networks.discord.render.message import Payload
from bot.networks.discord.rest import UNKNOWN_EVENT, Refusal, Rest
from bot.networks.discord.splitting import cut
from bot.networks.discord.text import host_of, plain, prose

_VOICE_CHANNEL = 2  # a channel's type
_GUILD_ONLY = 2  # the one privacy level there is
_MENTION = re.compile(r"<#(\d{1,20})>")
NONE = "none"
"""The id where there is no event and none is wanted."""


class Kind(IntEnum):
    """A scheduled event's ``entity_type``."""

    VOICE = 2
    EXTERNAL = 3


class Status(IntEnum):
    SCHEDULED = 1
    ACTIVE = 2
    COMPLETED = 3
    CANCELLED = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """What an event should be. ``channel`` is the one that the place mentions, of any type."""

    mark: str
    name: str
    description: str
    starts_at: datetime
    ends_at: datetime
    location: str
    channel: str
    cancelled: bool

    def to_json(self) -> bytes:
        fields = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(fields, ensure_ascii=False, default=datetime.isoformat).encode()

    @classmethod
    def from_json(cls, wire: bytes) -> Entry:
        fields = json.loads(wire)
        for name in ("starts_at", "ends_at"):
            fields[name] = datetime.fromisoformat(fields[name])
        return cls(**fields)


def entry(card: SessionCard, session_id: int, guild: str) -> Entry:
    """The event of a session in a guild, whatever channel it is announced in."""
    mark = event_mark(session_id, guild)
    mention = _MENTION.fullmatch(card.place.strip())
    place = "" if mention else plain(card.place)
    return Entry(
        mark=mark,
        name=cut(plain(card.title), limits.EVENT_NAME) or "Session",
        description=_description(card, mark),
        starts_at=card.starts_at,
        ends_at=card.starts_at + card.duration,
        location=cut(place or plain(card.group), limits.EVENT_LOCATION) or "here",
        channel=mention[1] if mention else "",
        cancelled=card.cancelled,
    )


def event_mark(session_id: int, guild: str) -> str:
    """The last line of the event's description, by which it is found again."""
    return mark_of(f"event:{session_id}:{guild}")


class GuildEvents:
    """Brings guilds' scheduled events in line with sessions."""

    def __init__(self, rest: Rest, now: Now) -> None:
        self._rest = rest
        self._now = now
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def settle(self, guild: str, wanted: Entry) -> str:
        """Make it so; returns the event's id, or ``NONE``. Raises Refusal.

        What was completed or called off in Discord stays so, and nothing that began is created.
        """
        async with self._turns[guild]:  # two at once would each find none and create one
            found = await self._find(guild, wanted.mark)
            if found is not None:
                await self._edit(guild, found, wanted)
                return str(found["id"])
            if wanted.cancelled or wanted.starts_at <= self._now():
                return NONE
            return await self._rest.create_event(guild, await self._payload(guild, wanted))

    async def _find(self, guild: str, mark: str) -> Payload | None:
        events = await self._rest.events(guild)
        ours = [event for event in events if str(event.get("description") or "").endswith(mark)]
        return min(ours, key=lambda event: int(str(event["id"])), default=None)

    async def _edit(self, guild: str, found: Payload, wanted: Entry) -> None:
        changes = await self._changes(guild, found, wanted)
        if not changes:
            return
        try:
            await self._rest.edit_event(guild, str(found["id"]), changes)
        except Refusal as error:
            if error.code != UNKNOWN_EVENT:
                raise
            # Deleted since it was looked up: the next attempt looks again.
            raise Refusal("the event was deleted just now", code=error.code) from error

    async def _changes(self, guild: str, found: Payload, wanted: Entry) -> Payload:
        match found.get("status"), wanted.cancelled:
            case Status.SCHEDULED, True:
                return {"status": Status.CANCELLED.value}
            case Status.ACTIVE, True:  # of what has begun, only the end can be said
                return {"status": Status.COMPLETED.value}
            case Status.SCHEDULED, False if wanted.starts_at > self._now():
                payload = await self._payload(guild, wanted)
                return {} if _is_as(found, payload) else payload
            case _:
                return {}

    async def _payload(self, guild: str, wanted: Entry) -> Payload:
        """The event's JSON. A channel that members can't speak in is told as a place."""
        payload: Payload = {
            "name": wanted.name,
            "description": wanted.description,
            "scheduled_start_time": wanted.starts_at.isoformat(),
            "scheduled_end_time": wanted.ends_at.isoformat(),
            "privacy_level": _GUILD_ONLY,
        }
        channel = await self._channel(guild, wanted.channel) if wanted.channel else None
        if channel is not None and channel.get("type") == _VOICE_CHANNEL:
            voice: Payload = {"entity_type": Kind.VOICE.value, "channel_id": wanted.channel}
            return {**payload, **voice, "entity_metadata": None}
        location = wanted.location if channel is None else f"#{plain(str(channel.get('name')))}"
        place: Payload = {"location": cut(location, limits.EVENT_LOCATION)}
        external: Payload = {"entity_type": Kind.EXTERNAL.value, "channel_id": None}
        return {**payload, **external, "entity_metadata": place}

    async def _channel(self, guild: str, channel: str) -> Payload | None:
        """A channel of that guild; None where it is another's, or can't be seen."""
        try:
            found = await self._rest.channel(channel)
        except Refusal as error:
            if not error.permanent:
                raise
            return None
        return found if str(found.get("guild_id")) == guild else None


def _description(card: SessionCard, mark: str) -> str:
    """What it is about, the readings, and the mark at the very end."""
    readings = [f"📖 {plain(title)} {url if host_of(url) else ''}" for title, url in card.readings]
    about = "\n\n".join(
        part for part in ("\n".join(line.strip() for line in readings), prose(card.topic)) if part
    )
    room = limits.EVENT_DESCRIPTION - len(mark) - 2
    return f"{cut(about, room)}\n\n{mark}" if about else mark


def _is_as(found: Payload, payload: Payload) -> bool:
    """Whether the event is like that already; Discord writes the same times in other ways."""
    return all(_same(found.get(name), value) for name, value in payload.items())


def _same(one: Any, other: Any) -> bool:
    if isinstance(other, dict):
        return isinstance(one, dict) and all(_same(one.get(name), other[name]) for name in other)
    if one == other or (not one and not other):
        return True
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except (TypeError, ValueError):
        return False
