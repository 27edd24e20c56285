"""A small discord.py bot with commands of its own, to try the local Discord server out."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, Self

import discord
from discord import app_commands

from bot.networks.discord.local import LocalDiscord
from tests.waiting import until


class Press(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"press:(?P<times>\d+)"
):
    """Counts in its own id, so that it works after a restart too."""

    def __init__(self, times: int) -> None:
        super().__init__(discord.ui.Button(label=f"Pressed {times}", custom_id=f"press:{times}"))
        self.times = times

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction,
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> Self:
        return cls(int(match["times"]))

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(view=pressable(self.times + 1))


def pressable(times: int = 0) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(Press(times))
    return view


class Form(discord.ui.Modal, title="Ask"):
    question: discord.ui.TextInput[discord.ui.View] = discord.ui.TextInput(
        label="Question", min_length=3, max_length=20
    )
    name: discord.ui.TextInput[discord.ui.View] = discord.ui.TextInput(
        label="Name", required=False, default="nobody"
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        said = f"{self.name.value} asks: {self.question.value}"
        await interaction.response.send_message(said, ephemeral=True)


class Labelled(discord.ui.Modal, title="Ask"):
    text: discord.ui.Label[discord.ui.View] = discord.ui.Label(
        text="Question", component=discord.ui.TextInput()
    )
    how: discord.ui.Label[discord.ui.View] = discord.ui.Label(
        text="How",
        component=discord.ui.Select(
            options=[
                discord.SelectOption(label="Openly", value="open", default=True),
                discord.SelectOption(label="Anonymously", value="anonymous"),
            ]
        ),
    )
    now: discord.ui.Label[discord.ui.View] = discord.ui.Label(
        text="At once", component=discord.ui.Checkbox()
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        text, how, now = self.text.component, self.how.component, self.now.component
        assert isinstance(text, discord.ui.TextInput)
        assert isinstance(how, discord.ui.Select)
        assert isinstance(now, discord.ui.Checkbox)
        at_once = " now" if now.value else ""
        await interaction.response.send_message(f"{text.value} ({how.values[0]}){at_once}")


class PlainBot(discord.AutoShardedClient):
    """``errors``: what commands raised. ``told``: names of the events that it was dispatched."""

    def __init__(self, **options: Any) -> None:
        intents = options.pop("intents", discord.Intents(guilds=True, guild_scheduled_events=True))
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.02,
            **options,
        )
        self.errors: list[BaseException] = []
        self.told: list[str] = []
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self._failed)
        add_commands(self.tree)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Without discord.py's five seconds between shards."""

    async def setup_hook(self) -> None:
        self.add_dynamic_items(Press)
        await self.tree.sync()

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        self.told.append(event)
        super().dispatch(event, *args, **kwargs)

    async def _failed(self, interaction: discord.Interaction, error: Exception) -> None:
        self.errors.append(getattr(error, "original", error))

    def text_channel(self, channel_id: int) -> discord.TextChannel:
        channel = self.get_channel(channel_id)
        assert isinstance(channel, discord.TextChannel)
        return channel


def add_commands(tree: app_commands.CommandTree[PlainBot]) -> None:
    @tree.command(description="Answers pong")
    async def ping(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong")

    @tree.command(description="Says what it was given")
    @app_commands.describe(text="What", times="How often", who="Who", where="Where", file="A file")
    async def echo(
        interaction: discord.Interaction,
        text: app_commands.Range[str, 1, 50],
        times: app_commands.Range[int, 1, 5] = 1,
        who: discord.Member | None = None,
        where: discord.TextChannel | None = None,
        role: discord.Role | None = None,
        file: discord.Attachment | None = None,
    ) -> None:
        said = [text * times, who and who.display_name, where and where.name, role and role.name]
        if file is not None:
            said.append((await file.read()).decode())
        await interaction.response.send_message(" ".join(str(each) for each in said if each))

    @echo.autocomplete("text")
    async def offered(
        interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        words = ["relay", "reading", "question"]
        return [app_commands.Choice(name=w, value=w) for w in words if w.startswith(typed)]

    @tree.command(description="Thinks first")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await interaction.followup.send("first")
        await interaction.followup.send("second", ephemeral=True)
        await interaction.edit_original_response(content="first, edited")

    @tree.command(description="A form")
    async def form(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())

    @tree.command(description="A form, and an edit of what isn't there")
    async def formless(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Form())
        await interaction.edit_original_response(content="nothing")

    @tree.command(description="Everything else that may be chosen")
    async def choose(
        interaction: discord.Interaction,
        audience: Literal["techie", "plain"],
        loud: bool = False,
        weight: app_commands.Range[float, 0, 1] = 0.5,
        level: Literal[1, 2] = 1,
        whom: discord.Member | discord.Role | None = None,
    ) -> None:
        await interaction.response.send_message(f"{audience} {loud} {weight} {level} {whom}")

    @tree.command(description="A form with labels")
    async def labelled(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Labelled())

    @tree.command(description="A button")
    async def button(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("press", view=pressable(), ephemeral=True)

    @tree.command(description="Gives a file, then another in its place")
    async def file(interaction: discord.Interaction) -> None:
        page = discord.File(io.BytesIO(b"# A page"), "page.md")
        await interaction.response.send_message("the page", file=page)
        newer = discord.File(io.BytesIO(b"# A newer page"), "newer.md")
        await interaction.edit_original_response(attachments=[newer])
        original = await interaction.original_response()
        await interaction.followup.send(original.attachments[0].filename, ephemeral=True)

    @tree.command(description="Never answers")
    async def silent(interaction: discord.Interaction) -> None:
        return

    @tree.command(description="Answers twice")
    async def twice(interaction: discord.Interaction, kind: int = 4) -> None:
        answer = {"type": kind, "data": {"content": "again"}}
        if kind == 4:
            await interaction.response.send_message("once")
        route = discord.http.Route(
            "POST",
            "/interactions/{id}/{token}/callback",
            id=interaction.id,
            token=interaction.token,
        )
        await interaction.client.http.request(route, json=answer)

    @tree.command(description="Who asks and what they may")
    async def rights(interaction: discord.Interaction) -> None:
        assert isinstance(interaction.user, discord.Member)
        may = interaction.permissions.manage_events
        roles = [role.name for role in interaction.user.roles]
        said = f"{may} {roles} {interaction.app_permissions.create_public_threads}"
        await interaction.response.send_message(said)

    session = app_commands.Group(name="session", description="Sessions")

    @session.command(name="add", description="Adds one")
    async def add(interaction: discord.Interaction, title: str) -> None:
        await interaction.response.send_message(f"added {title}")

    tree.add_command(session)

    @tree.context_menu(name="Quote this")
    async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(f"{message.author.display_name}: {message.content}")

    @tree.context_menu(name="Greet")
    async def greet(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(f"Hello {member.display_name}")


@asynccontextmanager
async def running(server: LocalDiscord, bot: PlainBot | None = None) -> AsyncIterator[PlainBot]:
    """A bot that is ready, until it is left."""
    bot = bot or PlainBot()
    task = asyncio.create_task(bot.start(server.token))
    try:
        await until(lambda: task.done() or bot.is_ready())
        if task.done():
            task.result()
        yield bot
    finally:
        await bot.close()
        await asyncio.wait([task], timeout=5)
