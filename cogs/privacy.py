"""`/forget-me`: what is held on the person who asks, and a button that deletes it.

What is deleted, and what must stay, is the service's word.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.errors import NotPermittedError, UserError
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import Press, author_of, bot_of, group_of
from bot.networks.discord.ids import Verb, template
from bot.networks.discord.render import forgotten, holdings
from cogs.answers import redraw, show


class Privacy(commands.Cog):
    def __init__(self, bot: ReadalongBot) -> None:
        self.bot = bot

    @app_commands.command(
        name="forget-me", description="See what is stored about you, and have it deleted."
    )
    async def forget_me(self, interaction: discord.Interaction) -> None:
        held = await self.bot.services.people.holdings(author_of(interaction.user))
        await show(interaction, [holdings(held, str(interaction.user.id))])


class ForgetPress(Press, template=template(Verb.FORGET, r"(?P<user>\d{1,20})")):
    """Deletes what is held on the one person whose button it is."""

    async def press(self, interaction: discord.Interaction) -> None:
        if self.arguments["user"] != str(interaction.user.id):
            raise NotPermittedError(
                "That button is somebody else's; say `/forget-me` to have your own data deleted."
            )
        gone = await bot_of(interaction).services.people.forget(author_of(interaction.user))
        await redraw(interaction, forgotten(gone))
        if gone.rsvps:
            await _recount(interaction)


async def _recount(interaction: discord.Interaction) -> None:
    """Let the announcements of this guild's group show who still comes."""
    bot = bot_of(interaction)
    try:
        group = await group_of(interaction)
    except UserError:  # no group is set up here; what was deleted was another one's
        return
    for session in await bot.services.sessions.listing(group):
        bot.announcements.touch(session.id)


async def setup(bot: ReadalongBot) -> None:
    await bot.add_cog(Privacy(bot))
    bot.add_dynamic_items(ForgetPress)
