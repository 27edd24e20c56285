"""`/help`: what can be said to the bot; organisers also see what is theirs.

Its commands can be clicked where Discord tells their ids in time, and are plain words otherwise.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.errors import NotSetUpError
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import caller_of, group_of
from bot.networks.discord.render import help_text
from cogs.answers import show

logger = logging.getLogger(__name__)

_PATIENCE = 1.0  # seconds, of the three that Discord gives for an answer


class Help(commands.Cog):
    def __init__(self, bot: ReadalongBot) -> None:
        self.bot = bot
        self._ids: Mapping[str, int] = {}

    @app_commands.command(name="help", description="What you can do here, and what organisers can.")
    async def help(self, interaction: discord.Interaction) -> None:
        by, is_set_up = caller_of(interaction), True
        try:
            group = await group_of(interaction)
            organiser = await self.bot.services.sessions.is_organiser(group, by)
        except NotSetUpError:
            organiser, is_set_up = by.manages_guild, False  # who may set the group up sees how
        known = await self._known()
        await show(
            interaction, [help_text(organiser=organiser, commands=known, is_set_up=is_set_up)]
        )

    async def _known(self) -> Mapping[str, int]:
        """Discord's ids of the commands, asked for once a process."""
        if not self._ids:
            try:
                async with asyncio.timeout(_PATIENCE):
                    found = await self.bot.tree.fetch_commands()
            except (discord.HTTPException, TimeoutError) as error:
                logger.info("the ids of the commands are not to be had: %s", error)
                return {}
            self._ids = {command.name: command.id for command in found}
        return self._ids


async def setup(bot: ReadalongBot) -> None:
    await bot.add_cog(Help(bot))
