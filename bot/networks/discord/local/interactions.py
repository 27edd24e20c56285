"""The interactions under way: who began each, what they see, and how long its token is good for."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.networks.discord.local import payloads
from bot.networks.discord.local.errors import refused
from bot.networks.discord.local.model import Channel, Json, Message, User
from bot.networks.discord.local.shown import Shown
from bot.networks.discord.local.world import World

LASTS = timedelta(minutes=15)
"""How long a token is good for (Discord's documentation, "Receiving and Responding")."""

_KEPT = 10_000
"""Interactions that are remembered."""

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
"""An interaction's types."""


@dataclass(slots=True, eq=False)
class Interaction:
    """``source`` is the message of a pressed button, or of the button that opened a submitted form.

    ``original`` is what ``@original`` names. ``begun`` is the loop's time when the bot was told.
    """

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    shown: Shown
    begun: float
    created_at: datetime
    command_kind: int = 0
    source: Message | None = None
    original: Message | None = None
    acknowledged: bool = False

    def metadata(self, application_id: int) -> Json:
        owner = self.channel.guild.id if self.channel.guild else application_id
        return {
            "id": str(self.id),
            "type": self.kind,
            "user": payloads.user(self.user),
            "authorizing_integration_owners": {"0": str(owner)},
        }

    def elapsed_ms(self) -> float:
        return (asyncio.get_running_loop().time() - self.begun) * 1000


class Interactions:
    """``acknowledge_within``: seconds that the bot has for its first answer."""

    def __init__(self, world: World, acknowledge_within: float = 3.0) -> None:
        self.acknowledge_within = acknowledge_within
        self._world = world
        self._by_token: dict[str, Interaction] = {}

    def begin(self, kind: int, user: User, channel: Channel) -> Interaction:
        interaction = Interaction(
            id=self._world.ids.next(),
            token=secrets.token_urlsafe(48),
            kind=kind,
            user=user,
            channel=channel,
            shown=Shown(self._world.changes, channel),
            begun=asyncio.get_running_loop().time(),
            created_at=self._world.now(),
        )
        self._by_token[interaction.token] = interaction
        if len(self._by_token) > _KEPT:
            del self._by_token[next(iter(self._by_token))]
        return interaction

    def answerable(self, interaction_id: int, token: str) -> Interaction:
        """That which may be acknowledged now; 10062 when it is unknown or late, 40060 the second
        time.
        """
        interaction = self._by_token.get(token)
        if interaction is None or interaction.id != interaction_id:
            raise refused(10062)
        if interaction.acknowledged:
            raise refused(40060)
        if interaction.elapsed_ms() > self.acknowledge_within * 1000:
            raise refused(10062)
        return interaction

    def answered(self, application_id: int, token: str) -> Interaction:
        """That which was acknowledged and whose token still counts: 10015 before, 50027 after."""
        interaction = self._by_token.get(token)
        if interaction is None or application_id != self._world.bot.id:
            raise refused(10015)
        if self._world.now() - interaction.created_at > LASTS:
            raise refused(50027)
        if not interaction.acknowledged:
            raise refused(10015)
        return interaction
