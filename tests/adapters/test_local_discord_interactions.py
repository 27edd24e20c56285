"""The local Discord server's interactions, by way of discord.py's real code."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import discord
import pytest

from bot.networks.discord.local import (
    Actor,
    Answer,
    CannotDoError,
    Channel,
    FileToSend,
    Guild,
    LocalDiscord,
    Permission,
)
from tests.adapters.plain_discord_bot import PlainBot, running
from tests.discord_openapi import checked_discord
from tests.fakes import FakeNow
from tests.waiting import until


async def test_a_slash_command_is_answered_in_the_channel(
    bot: PlainBot, ada: Actor, general: Channel
) -> None:
    shown = await ada.slash(general, "ping")

    assert (shown.answer, shown.text, shown.ephemeral) == (Answer.MESSAGE, "pong", False)
    assert [message.text for message in ada.reads(general)] == ["pong"]
    assert shown.acknowledged_ms == shown.answered_ms
    assert 0 < shown.ms < 3000


async def test_a_subcommand_is_found_by_its_words(
    bot: PlainBot, ada: Actor, general: Channel
) -> None:
    assert (await ada.slash(general, "/session add", title="Relays")).text == "added Relays"

    with pytest.raises(CannotDoError, match="needs a subcommand"):
        await ada.slash(general, "session")
    with pytest.raises(CannotDoError, match="it has: add"):
        await ada.slash(general, "session remove")


async def test_options_of_every_kind_reach_the_bot(
    server: LocalDiscord, bot: PlainBot, ada: Actor, guild: Guild, general: Channel
) -> None:
    role = server.role(guild, "readers")
    await until(lambda: bot.guilds[0].get_role(role.id))
    file = FileToSend("page.md", b"# A page")

    shown = await ada.slash(
        general, "echo", text="so", times=2, who=ada, where=general, role=role, file=file
    )

    assert shown.text == "soso Ada general readers # A page"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "required: text"),
        ({"text": "x" * 51}, "1 to 50 characters"),
        ({"text": ""}, "1 to 50 characters"),
        ({"text": 3}, "is a text"),
        ({"text": "x", "times": 6}, "takes 1 to 5"),
        ({"text": "x", "times": "6"}, "is a number"),
        ({"text": "x", "nothing": 1}, "no option 'nothing'"),
    ],
)
async def test_what_a_client_would_not_send_is_not_sent(
    bot: PlainBot, ada: Actor, general: Channel, options: dict[str, object], said: str
) -> None:
    with pytest.raises(CannotDoError, match=said):
        await ada.slash(general, "echo", **options)


async def test_autocomplete_offers_what_the_bot_says(
    bot: PlainBot, ada: Actor, general: Channel
) -> None:
    offered = await ada.autocomplete(general, "echo", "text", "re", times=2)

    assert [choice.value for choice in offered] == ["relay", "reading"]
    with pytest.raises(CannotDoError, match="isn't autocompleted"):
        await ada.autocomplete(general, "echo", "times", "1")


async def test_a_defer_is_waited_out_and_its_follow_ups_are_seen(
    bot: PlainBot, ada: Actor, general: Channel
) -> None:
    shown = await ada.slash(general, "slow")
    await shown.until(lambda it: it.followups and "edited" in it.text)

    assert shown.answer is Answer.THINKING
    assert shown.text == "first, edited\nsecond"
    assert shown.ephemeral
    assert ada.reads(general) == []
    assert shown.acknowledged_ms is not None
    assert shown.answered_ms is not None
    assert shown.acknowledged_ms <= shown.answered_ms


async def test_a_form_is_opened_filled_in_and_answered(
    bot: PlainBot, ada: Actor, general: Channel
) -> None:
    form = await ada.slash(general, "form")
    assert form.modal is not None
    assert form.modal.title == "Ask"
    assert [field["label"] for field in form.modal.inputs] == ["Question", "Name"]

    shown = await ada.submit(form, {"Question": "Why relays?", "Name": ""})

    assert (shown.text, shown.ephemeral) == ("asks: Why relays?", True)
    with pytest.raises(CannotDoError, match="3 to 20 characters"):
        await ada.submit(form, {"Question": "?"})
    with pytest.raises(CannotDoError, match="the form has no"):
        await ada.submit(form, {"Question": "Why?", "Age": "3"})


async def test_a_form_of_labels_and_menus_is_filled_in(
    bot: PlainBot, ada: Actor, general: Channel
) -> None:
    form = await ada.slash(general, "labelled")

    assert (await ada.submit(form, {"Question": "Why?"})).text == "Why? (open)"
    form = await ada.slash(general, "labelled")
    assert (await ada.submit(form, {"Question": "Why?", "How": "Anonymously"})).text == (
        "Why? (anonymous)"
    )
    form = await ada.slash(general, "labelled")
    assert (await ada.submit(form, {"Question": "Why?", "At once": True})).text == "Why? (open) now"
    with pytest.raises(CannotDoError, match="is ticked or not"):
        await ada.submit(form, {"Question": "Why?", "At once": "yes"})


async def test_a_button_changes_its_message_before_and_after_a_restart(
    server: LocalDiscord, ada: Actor, general: Channel
) -> None:
    async with running(server):
        first = await ada.slash(general, "button")
        shown = await ada.click(first, "Pressed 0")
        assert shown.answer is Answer.UPDATE
        assert shown.message is first.message
    async with running(server):
        await ada.click(first, "press:1")

    assert first.message is not None
    assert first.message.labels == ["Pressed 2"]
    assert len(first.message.edited) == 2
    with pytest.raises(CannotDoError, match="there is no 'Pressed 0'"):
        await ada.click(first, "Pressed 0")


async def test_context_menus_act_on_messages_and_people(
    server: LocalDiscord, bot: PlainBot, ada: Actor, guild: Guild, general: Channel
) -> None:
    ben = server.join(guild, "Ben")
    message = ben.write(general, "why relays?")

    assert (await ada.menu(general, "Quote this", message)).text == "Ben: why relays?"
    assert (await ada.menu(general, "Greet", ben)).text == "Hello Ben"


async def test_the_bot_is_told_roles_and_permissions_in_the_channel(
    server: LocalDiscord, bot: PlainBot, guild: Guild, general: Channel
) -> None:
    role = server.role(guild, "organisers", Permission.MANAGE_EVENTS)
    await until(lambda: bot.guilds[0].get_role(role.id))
    organiser, member = server.join(guild, "Olga", role), server.join(guild, "Max")

    assert (await organiser.slash(general, "rights")).text == (
        "True ['@everyone', 'organisers'] True"
    )
    server.world.deny(
        general, guild.members[bot.application_id or 0], Permission.CREATE_PUBLIC_THREADS
    )
    assert (await member.slash(general, "rights")).text == "False ['@everyone'] False"


async def test_no_answer_within_the_time_is_seen_as_none_and_later_ones_are_10062(
    server: LocalDiscord, bot: PlainBot, ada: Actor, general: Channel
) -> None:
    server.interactions.acknowledge_within = 0.0

    shown = await ada.slash(general, "ping")
    await until(lambda: bot.errors)

    assert (shown.answer, shown.text) == (Answer.NONE, "")
    assert shown.ms == float("inf")
    error = bot.errors[0]
    assert isinstance(error, discord.NotFound)
    assert error.code == 10062


async def test_a_second_answer_is_40060(
    server: LocalDiscord, bot: PlainBot, ada: Actor, general: Channel
) -> None:
    shown = await ada.slash(general, "twice")
    await until(lambda: bot.errors)

    error = bot.errors[0]
    assert isinstance(error, discord.HTTPException)
    assert (error.status, error.code) == (400, 40060)
    assert shown.text == "once"


async def test_a_token_is_good_for_a_quarter_of_an_hour() -> None:
    now = FakeNow()
    async with checked_discord(now=now) as server, running(server) as bot:
        guild = server.guild()
        ada = server.join(guild, "Ada")
        seen: list[discord.Interaction] = []

        async def keep(interaction: discord.Interaction) -> None:
            seen.append(interaction)

        keep.__name__ = "on_interaction"
        bot.event(keep)
        await ada.slash(guild.channel("general"), "ping")
        await until(lambda: seen)
        await seen[0].followup.send("still")
        now.advance(timedelta(minutes=16))
        with pytest.raises(discord.HTTPException) as raised:
            await seen[0].followup.send("too late")

    assert raised.value.code == 50027


async def test_who_lacks_the_permission_is_not_offered_a_command(
    server: LocalDiscord, bot: PlainBot, ada: Actor, guild: Guild, general: Channel
) -> None:
    server.world.deny(general, ada.member(guild), Permission.USE_APPLICATION_COMMANDS)

    with pytest.raises(CannotDoError, match="isn't offered"):
        await ada.slash(general, "ping")
    with pytest.raises(CannotDoError, match="no command 'pong'"):
        await ada.slash(general, "pong")


async def test_a_hundred_at_once_are_all_answered(
    server: LocalDiscord, bot: PlainBot, guild: Guild, general: Channel
) -> None:
    members = [server.join(guild, f"Member {n}") for n in range(100)]
    shown = await asyncio.gather(*(each.slash(general, "ping") for each in members))

    assert {each.text for each in shown} == {"pong"}


async def test_files_are_given_and_replaced_in_answers(
    bot: PlainBot, ada: Actor, general: Channel
) -> None:
    shown = await ada.slash(general, "file")
    await shown.until(lambda it: it.followups)

    assert shown.message is not None
    assert [each.content for each in shown.message.attachments] == [b"# A newer page"]
    assert shown.followups[0].text == "newer.md"


async def test_every_other_kind_of_option_is_checked_and_sent(
    bot: PlainBot, ada: Actor, general: Channel, guild: Guild
) -> None:
    first = await ada.slash(
        general, "choose", audience="plain", loud=True, weight=1, level=2, whom=ada
    )
    second = await ada.slash(general, "choose", audience="techie", whom=guild.bot_role)

    assert first.text == "plain True 1.0 2 ada"
    assert second.text == "techie False 0.5 1 Readalong"
    for wrong in ({"loud": "yes"}, {"weight": 2}, {"level": 3}, {"audience": "all"}):
        with pytest.raises(CannotDoError):
            await ada.slash(general, "choose", **{"audience": "plain", **wrong})


async def test_an_answer_of_the_wrong_kind_is_refused_and_may_be_mended(
    server: LocalDiscord, bot: PlainBot, ada: Actor, general: Channel
) -> None:
    server.interactions.acknowledge_within = 0.5
    shown = await ada.slash(general, "twice", kind=7)

    error = bot.errors[0]
    assert isinstance(error, discord.HTTPException)
    assert error.code == 50035
    assert shown.answer is Answer.NONE
    server.requests.clear()


async def test_there_is_no_answer_to_edit_after_a_form(
    bot: PlainBot, ada: Actor, general: Channel
) -> None:
    shown = await ada.slash(general, "formless")
    await until(lambda: bot.errors)

    assert shown.modal is not None
    error = bot.errors[0]
    assert isinstance(error, discord.NotFound)
    assert error.code == 10008


async def test_follow_ups_need_a_token_that_was_acknowledged(
    server: LocalDiscord, bot: PlainBot, ada: Actor, general: Channel
) -> None:
    asked: list[discord.Interaction] = []

    async def on_interaction(interaction: discord.Interaction) -> None:
        asked.append(interaction)

    bot.event(on_interaction)
    waiting = asyncio.create_task(ada.slash(general, "silent"))
    await until(lambda: asked)
    for webhook in (asked[0].followup, discord.Webhook.partial(1, "x", client=bot)):
        with pytest.raises(discord.NotFound) as raised:
            await webhook.send("too early")
        assert raised.value.code == 10015
    await asked[0].response.send_message("now")

    assert (await waiting).text == "now"
