"""The things of a small Discord as plain data: guilds, channels, roles, members, messages, events.

Nothing here acts or tells anybody; ``world`` changes these and says so, ``payloads`` writes them as
JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag
from typing import Any

Json = dict[str, Any]
"""A JSON object as Discord words it; its fields are in Discord's API documentation."""


class ChannelKind(IntEnum):
    TEXT = 0
    DM = 1
    VOICE = 2
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12
    STAGE = 13


THREADS = (ChannelKind.PUBLIC_THREAD, ChannelKind.PRIVATE_THREAD)


class MessageFlag(IntFlag):
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


@dataclass(slots=True, eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    open_to_messages: bool = True
    """Whether direct messages are let in; otherwise sending one is refused with 50007."""


@dataclass(slots=True, eq=False)
class Role:
    id: int
    name: str
    permissions: int = 0
    managed: bool = False


@dataclass(slots=True, eq=False)
class Overwrite:
    """What one channel gives and takes, for a role or a member."""

    of_member: bool
    allow: int = 0
    deny: int = 0


@dataclass(slots=True, eq=False)
class Member:
    user: User
    joined_at: datetime
    roles: list[int] = field(default_factory=list)
    nick: str | None = None

    @property
    def id(self) -> int:
        return self.user.id


@dataclass(slots=True, eq=False)
class Attachment:
    id: int
    filename: str
    content: bytes = field(repr=False)
    content_type: str
    url: str
    ephemeral: bool = False


@dataclass(slots=True, eq=False)
class Message:
    """``embeds`` and ``components`` as the bot sent them. ``edited`` has the time of every edit.

    ``kind`` is Discord's message type: 0 plain, 19 a reply, 20 a slash command's answer, 23 a
    menu's.
    """

    id: int
    channel: Channel
    author: User
    created_at: datetime
    kind: int = 0
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    nonce: str | int | None = None
    mentions: list[int] = field(default_factory=list)
    """Users that were really pinged."""
    mention_roles: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    reference: Json | None = None
    interaction: Json | None = None
    """``interaction_metadata``, on an answer to a person."""
    edited: list[datetime] = field(default_factory=list)
    deleted: bool = False

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & MessageFlag.EPHEMERAL)

    @property
    def loading(self) -> bool:
        return bool(self.flags & MessageFlag.LOADING)

    @property
    def text(self) -> str:
        """All that a person reads: the content, then each embed's title, text, fields, footer."""
        return "\n".join(line for line in self._lines() if line)

    @property
    def controls(self) -> list[Json]:
        """The buttons and select menus, in order."""
        return list(_controls(self.components))

    @property
    def labels(self) -> list[str]:
        """What stands on the buttons, in order."""
        return [c["label"] for c in self.controls if c.get("label")]

    def _lines(self) -> Iterator[str]:
        yield self.content
        for embed in self.embeds:
            yield embed.get("author", {}).get("name", "")
            yield embed.get("title", "")
            yield embed.get("description", "")
            for part in embed.get("fields", ()):
                yield part["name"]
                yield part["value"]
            yield embed.get("footer", {}).get("text", "")
        yield from _texts(self.components)


def _controls(components: list[Json]) -> Iterator[Json]:
    for component in components:
        yield from _controls(component.get("components", []))
        if accessory := component.get("accessory"):
            yield from _controls([accessory])
        if component["type"] in (2, 3, 5, 6, 7, 8):
            yield component


def _texts(components: list[Json]) -> Iterator[str]:
    for component in components:
        if component["type"] == 10:
            yield component["content"]
        yield from _texts(component.get("components", []))


@dataclass(slots=True, eq=False)
class ThreadState:
    owner_id: int
    created_at: datetime
    archived: bool = False
    locked: bool = False
    auto_archive_minutes: int = 4320
    members: dict[int, datetime] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Channel:
    """Of a guild, a thread in one (``parent``), or direct messages with the bot (``recipient``)."""

    id: int
    kind: ChannelKind
    name: str
    guild: Guild | None = None
    parent: Channel | None = None
    recipient: User | None = None
    thread: ThreadState | None = None
    overwrites: dict[int, Overwrite] = field(default_factory=dict, repr=False)
    messages: dict[int, Message] = field(default_factory=dict, repr=False)

    @property
    def history(self) -> list[Message]:
        """All messages that stand in it, oldest first."""
        return list(self.messages.values())


@dataclass(slots=True, eq=False)
class Event:
    """A scheduled event.

    ``kind``: 1 stage, 2 voice, 3 elsewhere. ``status``: 1 to come, 2 on, 3 over, 4 off.
    """

    id: int
    guild: Guild
    creator_id: int
    name: str
    start: datetime
    kind: int
    end: datetime | None = None
    description: str | None = None
    location: str | None = None
    channel_id: int | None = None
    status: int = 1
    interested: dict[int, None] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Command:
    """An application command; ``body`` is what the bot registered."""

    id: int
    version: int
    body: Json
    guild_id: int | None = None

    @property
    def name(self) -> str:
        return str(self.body["name"])

    @property
    def kind(self) -> int:
        """1 slash, 2 on a user, 3 on a message."""
        return int(self.body.get("type", 1))


@dataclass(slots=True, eq=False)
class Guild:
    id: int
    name: str
    owner_id: int
    joined_at: datetime
    bot_role: Role
    roles: dict[int, Role] = field(default_factory=dict, repr=False)
    members: dict[int, Member] = field(default_factory=dict, repr=False)
    channels: dict[int, Channel] = field(default_factory=dict, repr=False)
    threads: dict[int, Channel] = field(default_factory=dict, repr=False)
    events: dict[int, Event] = field(default_factory=dict, repr=False)

    def channel(self, name: str) -> Channel:
        """The channel or thread of that name; KeyError when there is none."""
        for channel in (*self.channels.values(), *self.threads.values()):
            if channel.name == name:
                return channel
        raise KeyError(name)
