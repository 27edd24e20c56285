"""People on the local Discord server: what they may press, choose and see, and where."""

from __future__ import annotations

import discord
import pytest

from bot.networks.discord.local import (
    Actor,
    Answer,
    CannotDoError,
    Channel,
    Guild,
    LocalDiscord,
    Permission,
)
from tests.adapters.plain_discord_bot import PlainBot, running
from tests.waiting import until


class Answering(discord.ui.View):
    """Buttons and a menu that are answered in every way that a component may be."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.add_item(discord.ui.Button(label="Off", custom_id="off", disabled=True))
        self.add_item(discord.ui.Button(label="Elsewhere", url="https://example.org"))

    @discord.ui.button(label="Later", emoji="⏳")
    async def later(
        self, interaction: discord.Interaction, button: discord.ui.Button[Answering]
    ) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="later")
        await interaction.followup.send("for you", ephemeral=True)

    @discord.ui.button(label="Form")
    async def form(
        self, interaction: discord.Interaction, button: discord.ui.Button[Answering]
    ) -> None:
        await interaction.response.send_modal(Renaming())

    @discord.ui.button(label="Gone")
    async def gone(
        self, interaction: discord.Interaction, button: discord.ui.Button[Answering]
    ) -> None:
        await interaction.response.send_message("soon gone", ephemeral=True)
        await interaction.delete_original_response()

    @discord.ui.select(
        placeholder="Who hears it",
        options=[
            discord.SelectOption(label="Plain", value="p"),
            discord.SelectOption(label="Techie"),
        ],
    )
    async def choose(
        self, interaction: discord.Interaction, select: discord.ui.Select[Answering]
    ) -> None:
        await interaction.response.edit_message(content=f"for {select.values[0]}")


class Renaming(discord.ui.Modal, title="Rename"):
    name: discord.ui.TextInput[discord.ui.View] = discord.ui.TextInput(label="Name")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=self.name.value)


@pytest.fixture
async def shown(bot: PlainBot, general: Channel) -> str:
    """A message with all of them stands in the channel."""
    await bot.text_channel(general.id).send("choose", view=Answering())
    return "choose"


async def test_a_deferred_update_changes_the_message_and_adds_to_it(
    server: LocalDiscord, ada: Actor, general: Channel, shown: str
) -> None:
    message = await server.posted(general, shown)
    seen = await ada.click(message, "⏳")
    await seen.until(lambda it: it.followups)

    assert seen.answer is Answer.DEFERRED_UPDATE
    assert (message.content, len(message.edited)) == ("later", 1)
    assert [each.text for each in seen.followups] == ["for you"]
    assert ada.reads(general) == [message]


async def test_a_form_from_a_button_may_change_its_message(
    server: LocalDiscord, ada: Actor, general: Channel, shown: str
) -> None:
    message = await server.posted(general, shown)
    form = await ada.click(message, "Form")
    seen = await ada.submit(form, {"Name": "chosen"})

    assert seen.answer is Answer.UPDATE
    assert message.content == "chosen"


async def test_a_menu_is_chosen_from(
    server: LocalDiscord, ada: Actor, general: Channel, shown: str
) -> None:
    message = await server.posted(general, shown)
    assert (await ada.select(message, "Who hears it", "Plain")).text == "for p"
    with pytest.raises(CannotDoError, match="can't be chosen"):
        await ada.select(message, "Who hears it", "Nobody")


async def test_an_answer_may_be_taken_back(
    server: LocalDiscord, ada: Actor, general: Channel, shown: str
) -> None:
    seen = await ada.click(await server.posted(general, shown), "Gone")
    await seen.until(lambda it: not it.messages)

    with pytest.raises(CannotDoError, match="doesn't see"):
        await ada.click(seen, "Gone")


async def test_what_can_not_be_pressed_is_not_pressed(
    server: LocalDiscord, ada: Actor, guild: Guild, general: Channel, shown: str
) -> None:
    message = await server.posted(general, shown)
    for label in ("Off", "Elsewhere", "Who hears it"):
        with pytest.raises(CannotDoError):
            await ada.click(message, label)
    form = await ada.click(message, "Form")
    with pytest.raises(CannotDoError, match="no message"):
        await ada.click(form, "Form")
    with pytest.raises(CannotDoError, match="no form"):
        await ada.submit(await ada.select(message, "Who hears it", "p"), {})
    with pytest.raises(CannotDoError, match="1 to 4000"):
        await ada.submit(form, {})

    server.world.deny(general, ada.member(guild), Permission.VIEW_CHANNEL)
    with pytest.raises(CannotDoError, match="doesn't see"):
        await ada.click(message, "Form")
    with pytest.raises(CannotDoError, match="can't write"):
        ada.write(general, "hello")
    with pytest.raises(CannotDoError, match="isn't offered"):
        await ada.menu(general, "Quote this", message)


async def test_commands_in_direct_messages_are_those_that_allow_it(
    server: LocalDiscord, bot: PlainBot, ada: Actor, general: Channel
) -> None:
    assert (await ada.slash(ada.direct_messages, "ping")).text == "pong"

    command = next(each for each in server.world.commands.values() if each.name == "ping")
    command.body["contexts"] = [0]
    with pytest.raises(CannotDoError, match="no command"):
        await ada.slash(ada.direct_messages, "ping")
    assert (await ada.slash(general, "ping")).text == "pong"


async def test_people_come_go_and_change_their_roles(
    server: LocalDiscord, ada: Actor, guild: Guild, general: Channel
) -> None:
    intents = discord.Intents(guilds=True, members=True)
    server.gateway.privileged = intents.value
    async with running(server, PlainBot(intents=intents)) as bot:
        [there] = bot.guilds
        await until(lambda: there.get_member(ada.id))
        role = server.role(guild, "readers")
        ada.give(guild, role)
        await until(lambda: [each.name for each in there.members if each.get_role(role.id)])
        ada.leave(guild)
        await until(lambda: there.get_member(ada.id) is None)

    with pytest.raises(CannotDoError):
        await ada.slash(general, "ping")


async def test_an_outage_ends_and_the_session_is_resumed(
    server: LocalDiscord, bot: PlainBot, ada: Actor, general: Channel
) -> None:
    url = server.url
    await server.stop()
    await until(lambda: "shard_disconnect" in bot.told)
    await server.start()
    await server.gateway.until_connected()

    assert server.url == url
    assert (await ada.slash(general, "ping")).text == "pong"
