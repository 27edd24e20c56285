"""`/agenda`: a session's order on one page: when, where, what is read and asked, and who comes."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import caller_of, group_of
from bot.networks.discord.render import agenda
from cogs.answers import SESSION, SHARE, session_names, show


class Agenda(commands.Cog):
    def __init__(self, bot: ReadalongBot) -> None:
        self.bot = bot

    @app_commands.command(name="agenda", description="A session's order: readings and questions.")
    @app_commands.describe(session=SESSION, share=SHARE)
    @app_commands.autocomplete(session=session_names)
    async def agenda(
        self, interaction: discord.Interaction, session: str = "", share: bool = False
    ) -> None:
        group = await group_of(interaction)
        services = self.bot.services
        view = await services.sessions.show(group, session, by=caller_of(interaction))
        await show(interaction, agenda(view, names=services.names), share=share)


async def setup(bot: ReadalongBot) -> None:
    await bot.add_cog(Agenda(bot))
