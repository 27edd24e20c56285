"""What a route of the REST API is handed, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.networks.discord.local.errors import refused
from bot.networks.discord.local.files import Files
from bot.networks.discord.local.interactions import Interactions
from bot.networks.discord.local.model import Channel, Event, Guild, Json, Message
from bot.networks.discord.local.world import World


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a request, under its form's name (``files[0]``)."""

    filename: str
    content: bytes
    content_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``ids`` has the path's numbers by name; ``token`` an interaction's."""

    ids: Mapping[str, int]
    token: str
    query: Mapping[str, str]
    body: Any
    uploads: Mapping[str, Upload]

    @property
    def fields(self) -> Json:
        """The JSON object that was sent; 50109 when it is none."""
        if not isinstance(self.body, dict):
            raise refused(50109)
        return self.body


class Api:
    """All that routes work on.

    ``nonces``: (channel, nonce) -> the message it was sent with, and when.
    """

    def __init__(self, world: World, interactions: Interactions, files: Files, shards: int) -> None:
        self.world = world
        self.interactions = interactions
        self.files = files
        self.shards = shards
        self.gateway_url = ""
        self.nonces: dict[tuple[int, str], tuple[Message, datetime]] = {}

    def guild(self, call: Call) -> Guild:
        guild = self.world.guilds.get(call.ids["guild_id"])
        if guild is None:
            raise refused(10004)
        return guild

    def channel(self, call: Call) -> Channel:
        channel = self.world.channels.get(call.ids["channel_id"])
        if channel is None:
            raise refused(10003)
        return channel

    def message(self, call: Call) -> Message:
        message = self.channel(call).messages.get(call.ids["message_id"])
        if message is None:
            raise refused(10008)
        return message

    def event(self, call: Call) -> Event:
        event = self.guild(call).events.get(call.ids["event_id"])
        if event is None:
            raise refused(10070)
        return event


Reply = Json | list[Json] | None
"""None is answered as 204."""

Handler = Callable[[Api, Call], Reply]
Routes = Mapping[tuple[str, str], Handler]
"""Method and path, with ``{channel_id}`` and such -> what answers it."""
