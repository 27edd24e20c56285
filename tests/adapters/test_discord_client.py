"""The client on a local Discord server: registration, errors, buttons and forms, who calls."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import discord
import pytest
from discord import app_commands

from bot.domain.errors import StorageError, SummaryError, UserError
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.errors import BUSY, OUTDATED, SERVERS_ONLY, SORRY
from bot.networks.discord.forms import Form, Press, author_of, caller_of, group_of
from bot.networks.discord.ids import Verb, custom_id, template
from bot.networks.discord.local.members import Actor
from bot.networks.discord.local.model import Channel
from bot.networks.discord.local.server import LocalDiscord
from bot.networks.discord.registration import CHANGED, CURRENT, NEVER
from bot.storage.store import SqliteStore
from tests.adapters.discord_bot import connected
from tests.fakes import FakeNow
from tests.waiting import until

COMMANDS = "/applications/*/commands"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    async with SqliteStore.open(tmp_path / "readalong.sqlite", FakeNow()) as store:
        yield store


@pytest.fixture
async def server() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord() as server:
        yield server


def at_home(server: LocalDiscord) -> tuple[Channel, Actor]:
    guild = server.guild()
    return next(iter(guild.channels.values())), server.join(guild, "Alice")


def raising(error: Exception) -> Any:
    """Gives a bot `/fail`, and `/late`, which fails after it has deferred."""

    def prepare(bot: ReadalongBot) -> None:
        @bot.tree.command(description="Fails.")
        async def fail(interaction: discord.Interaction) -> None:
            raise error

        @bot.tree.command(description="Fails late.")
        async def late(interaction: discord.Interaction) -> None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            raise error

    return prepare


def one_command(description: str) -> Any:
    def prepare(bot: ReadalongBot) -> None:
        @bot.tree.command(description=description)
        async def next(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("soon")

    return prepare


# Registration


async def test_commands_are_registered_once_and_again_when_they_changed(
    server: LocalDiscord, store: SqliteStore
) -> None:
    at_home(server)
    for description, times in (("One.", 1), ("One.", 1), ("Two.", 2)):
        async with connected(server, store, one_command(description)) as bot:
            assert bot.application_id is not None
            assert await bot.registration.state(bot.application_id) == CURRENT
        assert len(server.requests.to("PUT", COMMANDS)) == times


async def test_the_state_of_the_registration_says_what_a_start_would_do(
    server: LocalDiscord, store: SqliteStore
) -> None:
    async with connected(server, store, one_command("One.")) as bot:
        assert bot.application_id is not None
        assert await bot.registration.state(bot.application_id + 1) == NEVER, "another application"
        one_more: app_commands.Command[Any, ..., None] = app_commands.Command(
            name="more", description="Two.", callback=nothing
        )
        bot.tree.add_command(one_more)
        assert await bot.registration.state(bot.application_id) == CHANGED


async def nothing(interaction: discord.Interaction) -> None: ...


async def test_the_order_of_commands_makes_no_difference(
    server: LocalDiscord, store: SqliteStore
) -> None:
    def both(first: str, second: str) -> Any:
        def prepare(bot: ReadalongBot) -> None:
            for name in (first, second):
                bot.tree.add_command(
                    app_commands.Command(name=name, description="It.", callback=nothing)
                )

        return prepare

    for names in (("a", "b"), ("b", "a")):
        async with connected(server, store, both(*names)):
            assert len(server.requests.to("PUT", COMMANDS)) == 1


async def test_commands_that_discord_refuses_are_logged_and_the_bot_is_there_all_the_same(
    server: LocalDiscord, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    server.faults.next("PUT", COMMANDS, status=403, code=50001)
    async with connected(server, store, one_command("One.")) as bot:
        assert bot.application_id is not None
        assert await bot.registration.state(bot.application_id) == NEVER, "so that a start retries"
    assert "Discord refused our commands" in caplog.text


async def test_a_server_error_while_registering_is_tried_again(
    server: LocalDiscord, store: SqliteStore
) -> None:
    server.faults.next("PUT", COMMANDS, status=503)
    async with connected(server, store, one_command("One.")) as bot:
        assert bot.application_id is not None
        assert await bot.registration.state(bot.application_id) == CURRENT
    assert len(server.requests.to("PUT", COMMANDS)) == 2


async def test_setting_up_twice_changes_nothing(server: LocalDiscord, store: SqliteStore) -> None:
    async with connected(server, store, one_command("One.")) as bot:
        await bot.setup_hook()
        await bot.setup_hook()
    assert len(server.requests.to("PUT", COMMANDS)) == 1


async def test_commands_are_for_servers_only_and_installed_there(
    server: LocalDiscord, store: SqliteStore
) -> None:
    async with connected(server, store, one_command("One.")):
        (sent,) = server.requests.to("PUT", COMMANDS)
    assert isinstance(sent.body, list)
    assert sent.body[0]["contexts"] == [0]
    assert sent.body[0]["integration_types"] == [0]


# What it asks of the gateway


async def test_it_asks_for_two_intents_of_which_none_is_privileged(
    server: LocalDiscord, store: SqliteStore
) -> None:
    async with connected(server, store):
        (identified,) = server.gateway.identified
    asked = discord.Intents._from_value(identified["intents"])
    assert [name for name, on in asked if on] == ["guilds", "guild_scheduled_events"]


async def test_nobody_is_pinged_whatever_is_sent(server: LocalDiscord, store: SqliteStore) -> None:
    channel, alice = at_home(server)

    def prepare(bot: ReadalongBot) -> None:
        @bot.tree.command(description="Shouts.")
        async def shout(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("@everyone")

    async with connected(server, store, prepare):
        await alice.slash(channel, "shout")
    (answer,) = server.requests.to("POST", "/interactions/*/*/callback")
    assert isinstance(answer.body, dict)
    assert answer.body["data"]["allowed_mentions"] == {"parse": []}


# Errors


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (UserError("There is no such session."), "There is no such session."),
        (SummaryError("There is nothing to quote.", permanent=True), "There is nothing to quote."),
        (StorageError("disk full"), BUSY),
        (ValueError("a bug with a secret in it"), SORRY),
        (discord.DiscordException("what a library says"), SORRY),
    ],
)
@pytest.mark.parametrize("command", ["fail", "late"])
async def test_an_error_is_one_sentence_that_only_its_person_sees(
    server: LocalDiscord, store: SqliteStore, error: Exception, sentence: str, command: str
) -> None:
    channel, alice = at_home(server)
    async with connected(server, store, raising(error)):
        shown = await alice.slash(channel, command)
    assert shown.text == sentence
    assert shown.ephemeral
    assert len(shown.messages) == 1


async def test_a_bug_leaves_its_traceback_in_the_log_and_a_refusal_does_not(
    server: LocalDiscord, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    channel, alice = at_home(server)
    caplog.set_level(logging.INFO)
    async with connected(server, store, raising(ValueError("the bug"))):
        await alice.slash(channel, "fail")
    assert "Traceback" in caplog.text
    assert "the bug" in caplog.text
    caplog.clear()
    async with connected(server, store, raising(UserError("No."))):
        await alice.slash(channel, "fail")
    assert "refused /fail" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("code", [10062, 40060])
async def test_an_answer_that_comes_too_late_is_said_at_info_and_never_given_twice(
    server: LocalDiscord, store: SqliteStore, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    channel, alice = at_home(server)
    caplog.set_level(logging.INFO)
    async with connected(server, store, one_command("One.")):
        server.interactions.acknowledge_within = 0.05
        fault = server.faults.next("POST", "/interactions/*/*/callback", code=code, times=9)
        await alice.slash(channel, "next")
        await until(lambda: "too late" in caplog.text)
    assert fault.hits == 1
    assert [record.levelname for record in caplog.records if "too late" in record.msg] == ["INFO"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_an_answer_that_cannot_be_sent_at_all_does_not_end_the_bot(
    server: LocalDiscord, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    channel, alice = at_home(server)
    async with connected(server, store, raising(UserError("No."))):
        server.interactions.acknowledge_within = 0.05
        server.faults.next("POST", "/interactions/*/*/callback", status=403, code=50013)
        await alice.slash(channel, "fail")
        await until(lambda: "could not be answered" in caplog.text)
        server.interactions.acknowledge_within = 3.0
        assert (await alice.slash(channel, "fail")).text == "No."


async def test_an_autocompletion_that_comes_too_late_is_said_at_info(
    server: LocalDiscord, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    channel, alice = at_home(server)
    caplog.set_level(logging.INFO)

    def prepare(bot: ReadalongBot) -> None:
        async def names(
            interaction: discord.Interaction, typed: str
        ) -> list[app_commands.Choice[str]]:
            if typed == "bug":
                raise ValueError("the bug")
            return [app_commands.Choice(name="Relays", value="relays")]

        @bot.tree.command(description="One.")
        @app_commands.describe(session="Which.")
        @app_commands.autocomplete(session=names)
        async def show(interaction: discord.Interaction, session: str) -> None: ...

    async with connected(server, store, prepare):
        offered = await alice.autocomplete(channel, "show", "session", "r")
        assert [choice.name for choice in offered] == ["Relays"]
        server.interactions.acknowledge_within = 0.05
        server.faults.next("POST", "/interactions/*/*/callback", code=10062)
        await alice.autocomplete(channel, "show", "session", "r")
        await until(lambda: "too late" in caplog.text)
        assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
        await alice.autocomplete(channel, "show", "session", "bug")
        await until(lambda: "the bug" in caplog.text)


async def test_a_command_of_an_older_version_says_to_reload(
    server: LocalDiscord, store: SqliteStore
) -> None:
    channel, alice = at_home(server)
    async with connected(server, store, one_command("One.")) as bot:
        bot.tree.remove_command("next")
        assert (await alice.slash(channel, "next")).text == OUTDATED


class Hour(app_commands.Transformer):
    async def transform(self, interaction: discord.Interaction, value: str, /) -> int:
        if value == "noon":
            raise UserError("Write noon as 12.")
        if not value.isdecimal():
            raise app_commands.TransformerError(value, self.type, self)
        return int(value)


async def test_a_value_that_cannot_be_used_is_named_or_explained(
    server: LocalDiscord, store: SqliteStore
) -> None:
    channel, alice = at_home(server)

    def prepare(bot: ReadalongBot) -> None:
        @bot.tree.command(description="At which hour?")
        async def at(
            interaction: discord.Interaction, hour: app_commands.Transform[int, Hour]
        ) -> None: ...

    async with connected(server, store, prepare):
        assert (await alice.slash(channel, "at", hour="noon")).text == "Write noon as 12."
        shown = await alice.slash(channel, "at", hour="x" * 200)
    assert shown.text.startswith(f"“{'x' * 99}…” can't be used there")


async def test_a_very_long_sentence_is_cut_to_what_discord_takes(
    server: LocalDiscord, store: SqliteStore
) -> None:
    channel, alice = at_home(server)
    async with connected(server, store, raising(UserError("long " * 1000))):
        assert len((await alice.slash(channel, "fail")).text) == 2000


async def test_answering_twice_is_no_second_answer(
    server: LocalDiscord, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    channel, alice = at_home(server)
    caplog.set_level(logging.INFO)

    def prepare(bot: ReadalongBot) -> None:
        @bot.tree.command(description="Twice.")
        async def twice(interaction: discord.Interaction) -> None:
            await interaction.response.send_message("once")
            await interaction.response.send_message("twice")

    async with connected(server, store, prepare):
        shown = await alice.slash(channel, "twice")
        await until(lambda: "too late" in caplog.text)
    assert shown.text == "once"


# Buttons and forms


class Vote(Press, template=template(Verb.VOTE, r"(?P<session>\d+)", r"(?P<number>\d+)")):
    async def press(self, interaction: discord.Interaction[Any]) -> None:
        if self.number("number") == 2:
            raise UserError("That one was answered.")
        await interaction.response.send_message(f"voted for {self.arguments['number']}")


class Ask(Form, title="Ask", template=template(Verb.ASK, r"(?P<session>\d+)")):
    question: discord.ui.TextInput[Any] = discord.ui.TextInput(label="Question")

    @classmethod
    def restored(cls, arguments: dict[str, str]) -> Self:
        return cls(custom_id=custom_id(Verb.ASK, arguments["session"]))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        if not self.question.value.endswith("?"):
            raise UserError("A question ends with a question mark.")
        await interaction.response.send_message(f"{self.custom_id}: {self.question.value}")


def interactive(bot: ReadalongBot) -> None:
    bot.add_dynamic_items(Vote)
    bot.add_forms(Ask)
    bot.add_forms(Ask)

    @bot.tree.command(description="Shows buttons.")
    async def board(interaction: discord.Interaction) -> None:
        view = discord.ui.View(timeout=None)
        for number in (1, 2):
            view.add_item(
                discord.ui.Button(label=f"{number}", custom_id=custom_id(Verb.VOTE, 7, number))
            )
        await interaction.response.send_message("the board", view=view)

    @bot.tree.command(description="Opens a form.")
    async def ask(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Ask(custom_id=custom_id(Verb.ASK, 7)))


async def test_a_button_works_before_and_after_a_restart_and_tells_its_errors(
    server: LocalDiscord, store: SqliteStore
) -> None:
    channel, alice = at_home(server)
    async with connected(server, store, interactive):
        board = await alice.slash(channel, "board")
        assert (await alice.click(board, "1")).text == "voted for 1"
    async with connected(server, store, interactive):
        assert (await alice.click(board, "1")).text == "voted for 1"
        refused = await alice.click(board, "2")
    assert refused.text == "That one was answered."
    assert refused.ephemeral


async def test_a_form_that_was_opened_before_a_restart_is_taken_after_it(
    server: LocalDiscord, store: SqliteStore
) -> None:
    channel, alice = at_home(server)
    async with connected(server, store, interactive):
        opened = await alice.slash(channel, "ask")
        first = await alice.submit(opened, {"Question": "Who pays?"})
        assert first.text == "ra:ask:7: Who pays?"
        opened = await alice.slash(channel, "ask")
    async with connected(server, store, interactive):
        assert (await alice.submit(opened, {"Question": "Who?"})).text == "ra:ask:7: Who?"
        opened = await alice.slash(channel, "ask")
        refused = await alice.submit(opened, {"Question": "I think so."})
    assert refused.text == "A question ends with a question mark."
    assert refused.ephemeral


async def test_a_form_that_cannot_be_restored_says_sorry(
    server: LocalDiscord, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, alice = at_home(server)

    def broken(arguments: dict[str, str]) -> Ask:
        raise ValueError("a bug")

    async with connected(server, store, interactive):
        opened = await alice.slash(channel, "ask")
        monkeypatch.setattr(Ask, "restored", broken)
        assert (await alice.submit(opened, {"Question": "Who?"})).text == SORRY


async def test_a_forms_id_must_match_its_template() -> None:
    with pytest.raises(ValueError, match="doesn't match"):
        Ask(custom_id="ra:vote:7")


# Who calls


async def test_a_caller_is_who_discord_says_with_what_they_may_do_there(
    server: LocalDiscord, store: SqliteStore
) -> None:
    guild = server.guild()
    channel = next(iter(guild.channels.values()))
    role = server.role(guild, "Organisers")
    events = server.role(guild, "Events", discord.Permissions.manage_events.flag)
    manager = server.role(guild, "Managers", discord.Permissions.manage_guild.flag)
    heard = []

    def prepare(bot: ReadalongBot) -> None:
        @bot.tree.command(description="Who am I?")
        async def who(interaction: discord.Interaction) -> None:
            heard.append(caller_of(interaction))
            await interaction.response.send_message("you")

    people = [server.join(guild, "Alice", role), server.join(guild, "Bob", events, manager)]
    async with connected(server, store, prepare):
        for person in people:
            await person.slash(channel, "who")
    alice, bob = heard
    assert (alice.guild, alice.author.address) == (str(guild.id), str(people[0].id))
    assert str(role.id) in alice.roles
    assert (alice.manages_events, alice.manages_guild) == (False, False)
    assert (bob.manages_events, bob.manages_guild) == (True, True)


async def test_a_guild_that_is_not_set_up_hears_what_to_do(
    server: LocalDiscord, store: SqliteStore
) -> None:
    channel, alice = at_home(server)

    def prepare(bot: ReadalongBot) -> None:
        @bot.tree.command(description="Where?")
        async def where(interaction: discord.Interaction) -> None:
            await group_of(interaction)

    async with connected(server, store, prepare):
        assert "/setup" in (await alice.slash(channel, "where")).text


async def test_outside_a_server_there_is_no_group(server: LocalDiscord, store: SqliteStore) -> None:
    _, alice = at_home(server)

    def prepare(bot: ReadalongBot) -> None:
        @bot.tree.command(description="Where?")
        @app_commands.allowed_contexts(dms=True)
        async def where(interaction: discord.Interaction) -> None:
            assert author_of(interaction.user).address == str(alice.id)
            await group_of(interaction)

    async with connected(server, store, prepare):
        shown = await alice.slash(alice.direct_messages, "where")
    assert shown.text == SERVERS_ONLY
