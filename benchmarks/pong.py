"""The bare bot on Discord: `python -m benchmarks.pong`, with DISCORD_TOKEN in the environment.

Plain discord.py, written as its own examples are: a command, a button and a form that answer
"pong", and nothing stored. Answers are for the member alone, as ours are.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import discord
from discord import app_commands

PONG = "pong"


class Form(discord.ui.Modal, title="Pong"):
    text: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Text", max_length=1000)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(PONG, ephemeral=True)


class Buttons(discord.ui.View):
    @discord.ui.button(label="Pong", custom_id="pong")
    async def pong(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.send_message(PONG, ephemeral=True)

    @discord.ui.button(label="Form", custom_id="form")
    async def form(self, interaction: discord.Interaction, _: discord.ui.Button[Any]) -> None:
        await interaction.response.send_modal(Form())


class Pong(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)
        self.tree.command(name="pong", description="Answers pong.")(pong)
        self.tree.command(name="buttons", description="Shows the buttons.")(buttons)

    async def setup_hook(self) -> None:
        self.add_view(Buttons(timeout=None))
        await self.tree.sync()

    async def on_connect(self) -> None:
        """Discord's READY has come."""
        print("pong is ready now", file=sys.stderr, flush=True)


async def pong(interaction: discord.Interaction) -> None:
    await interaction.response.send_message(PONG, ephemeral=True)


async def buttons(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("buttons", view=Buttons(timeout=None))


if __name__ == "__main__":
    Pong().run(os.environ["DISCORD_TOKEN"], log_handler=None)
