"""How commands and buttons of members answer: messages as rendered, session names as typed.

It sends what it is given, and offers names from memory. What is said, and to whom something may be
shown, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.utils import MISSING

from bot.domain.errors import UserError
from bot.networks.discord.forms import bot_of, group_of
from bot.networks.discord.render.message import Message

SHARE = "Show the answer to everybody here, and not only to you."
SESSION = "Which session: its name, words of its title, “next” or “last”."


async def show(
    interaction: discord.Interaction, messages: Sequence[Message], *, share: bool = False
) -> None:
    """Answer with the first message and follow up with the others; seen by all where shared.

    After a defer the first one takes the place of "is thinking", as visible as the defer said.
    """
    for message in messages:
        view = message.view() or MISSING
        if interaction.response.is_done():
            await interaction.followup.send(
                message.content, embeds=message.embeds, view=view, ephemeral=not share
            )
        else:
            await interaction.response.send_message(
                message.content, embeds=message.embeds, view=view, ephemeral=not share
            )


async def say(interaction: discord.Interaction, text: str) -> None:
    """Answer in a sentence that only the person sees."""
    await show(interaction, [Message(content=text)])


async def redraw(interaction: discord.Interaction, message: Message) -> None:
    """Put ``message`` in the place of the one whose button was pressed."""
    await interaction.response.edit_message(
        content=message.content or None, embeds=message.embeds, view=message.view()
    )


async def session_names(
    interaction: discord.Interaction, typed: str
) -> list[app_commands.Choice[str]]:
    """The sessions that members see and that ``typed`` may mean, soonest first."""
    try:
        group = await group_of(interaction)
    except UserError:  # nothing can be offered; the command itself says why
        return []
    found = bot_of(interaction).services.directory.matching(group.id, typed, members_only=True)
    return [app_commands.Choice(name=label, value=slug) for label, slug in found]
