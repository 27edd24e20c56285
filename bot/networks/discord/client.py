"""The bot's client on Discord: what it listens to, which commands it has, and who hears of errors.

It knows no command: those are extensions, loaded by name. What is posted is the courier's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.ports import Store
from bot.networks.discord.context import Services
from bot.networks.discord.errors import explain, is_worth_logging
from bot.networks.discord.forms import Form
from bot.networks.discord.registration import Registration

if TYPE_CHECKING:
    from bot.networks.discord.announcements import Announcements

logger = logging.getLogger(__name__)

_PATIENCE = 10.0
"""Seconds that discord.py may wait for a rate limit by itself; what is longer the outbox hears of,
which waits as long as it is told to, and holds nothing up meanwhile."""


class Commands(app_commands.CommandTree["ReadalongBot"]):
    """The tree of commands, whose errors go to the one handler."""

    async def on_error(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        await explain(interaction, error)


class ReadalongBot(commands.AutoShardedBot):
    """``announcements`` is set by whoever builds it, before it connects."""

    services: Services
    announcements: Announcements

    def __init__(
        self,
        services: Services,
        store: Store,
        *,
        extensions: Sequence[str] = (),
        shards: tuple[int, ...] = (),
        shard_count: int | None = None,
    ) -> None:
        # It warns once a process that it can't speak, which nobody asks it to.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=(),
            help_command=None,
            tree_cls=Commands,
            intents=discord.Intents(guilds=True, guild_scheduled_events=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            allowed_installs=app_commands.AppInstallationType(guild=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            shard_count=shard_count or None,
        )
        self.shard_ids = list(shards) or None
        # As an option it would be 30 s at least, against those who don't wait then; we do.
        self.http.max_ratelimit_timeout = _PATIENCE
        self.services = services
        self.registration = Registration(self.tree, store)
        self.logged_in = asyncio.Event()
        """Set once REST can be called."""
        self.connected = asyncio.Event()
        """Set while every shard of ours has been greeted (READY)."""
        self._wanted = tuple(extensions)
        self._greeted: set[int] = set()
        self._forms: list[type[Form]] = []
        logging.getLogger(app_commands.tree.__name__).addFilter(is_worth_logging)

    def add_forms(self, *forms: type[Form]) -> None:
        """Let these be submitted after a restart too; adding one twice is once."""
        self._forms.extend(form for form in forms if form not in self._forms)

    async def login(self, token: str) -> None:
        """As discord.py's, but it may be tried again after it failed."""
        await self.http.close()
        self.http.connector = discord.utils.MISSING  # closed with the session of the try before
        await super().login(token)
        self.logged_in.set()

    async def reopen(self) -> None:
        """Make it usable again where discord.py closed it by itself; else nothing."""
        if self.is_closed():
            self.clear()
            await self._async_setup_hook()  # private; what entering a client calls

    async def close(self) -> None:
        self.logged_in.clear()
        self.connected.clear()
        self._greeted.clear()
        await super().close()

    async def setup_hook(self) -> None:
        """Load the commands, and register them with Discord where they changed."""
        await self.load_commands()
        if self.application_id is not None:
            await self.registration.bring_up_to_date(self.application_id)

    async def load_commands(self) -> None:
        """Load the extensions that aren't loaded yet."""
        for name in self._wanted:
            if name not in self.extensions:
                await self.load_extension(name)

    async def on_shard_connect(self, shard_id: int) -> None:
        self._greeted.add(shard_id)
        if len(self._greeted) == len(self.shard_ids or range(self.shard_count or 1)):
            logger.info("connected to Discord as %s", self.user)
            self.connected.set()

    async def on_shard_resumed(self, shard_id: int) -> None:
        await self.on_shard_connect(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self._greeted.discard(shard_id)
        self.connected.clear()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Hand a submitted form to its class; discord.py knows only those of this process."""
        data: Any = interaction.data
        if interaction.type is not discord.InteractionType.modal_submit or not data:
            return
        for form in self._forms:
            found = form.template and form.template.fullmatch(data["custom_id"])
            if found:
                await self._submit(form, found.groupdict(), interaction)

    async def _submit(
        self, form: type[Form], arguments: dict[str, str], interaction: discord.Interaction[Any]
    ) -> None:
        data: Any = interaction.data
        try:
            restored = form.restored(arguments)
            # Private, but the one way to fill in a modal that discord.py didn't keep.
            await restored._dispatch_submit(
                interaction, data["components"], data.get("resolved", {})
            )
        except Exception as error:  # the one handler; discord.py would only log it
            await explain(interaction, error)
