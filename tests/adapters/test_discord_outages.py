"""What Discord does to a bot at work, and what must come of it: nothing lost, nothing twice, one
broken channel broken alone. The Discord rows of the fault table that need the whole bot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.domain.model import Network, OutboxState, PostKind
from bot.networks.discord.errors import UNANSWERED
from bot.networks.discord.local import Answer, Fate, LocalDiscord, Permission
from bot.networks.nostr.local_relay import LocalRelay
from tests.adapters.discord_group import Scene, group_at_work
from tests.waiting import until

MESSAGES, EVENTS = "/channels/*/messages", "/guilds/*/scheduled-events"
CALLBACKS = "/interactions/*/*/callback"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with LocalRelay() as relay, group_at_work(tmp_path, relay=relay.url) as scene:
        yield scene


def drop(server: LocalDiscord) -> None:
    server.gateway.drop()


def reconnect(server: LocalDiscord) -> None:
    server.gateway.reconnect()


# The gateway


@pytest.mark.parametrize("fault", [drop, reconnect])
async def test_what_happens_while_the_gateway_is_away_is_heard_after_a_resume(
    scene: Scene, fault: Callable[[LocalDiscord], None]
) -> None:
    home = scene.home
    session = await scene.announced()
    await scene.all_is_sent()
    (event,) = home.guild.events.values()
    await home.member.slash(home.channel, "ask", text="Before?")
    fault(scene.server)
    asking = asyncio.create_task(home.member.slash(home.channel, "ask", text="Meanwhile?"))
    home.organiser.interested(event)
    await scene.announced("Moats")
    await scene.server.gateway.until_resumed()
    assert "number **2**" in (await asking).text
    assert "number **3**" in (await home.member.slash(home.channel, "ask", text="After?")).text
    await scene.all_is_sent()
    await until(lambda: scene.posted("Maybe 1"), 10)
    await has_each_once(scene)
    assert await scene.board(session) == ["Before?", "Meanwhile?", "After?"]
    assert len(scene.server.gateway.identified) == 1


async def test_a_session_that_is_invalid_is_begun_anew_and_loses_nothing_acknowledged(
    scene: Scene,
) -> None:
    home = scene.home
    session = await scene.announced()
    await home.member.slash(home.channel, "ask", text="Before?")
    scene.server.gateway.invalidate()
    await scene.announced("Moats")
    await scene.server.gateway.until_identified(2, within=20)
    assert "number **2**" in (await home.member.slash(home.channel, "ask", text="After?")).text
    await scene.all_is_sent()
    await has_each_once(scene)
    assert await scene.board(session) == ["Before?", "After?"]
    assert len(scene.server.requests.to("PUT", "/applications/*/commands")) == 1


async def test_interest_in_an_event_that_nobody_heard_of_counts_once_connected_anew(
    scene: Scene,
) -> None:
    session = await scene.announced()
    await scene.all_is_sent()
    (event,) = scene.home.guild.events.values()
    event.interested[scene.home.member.id] = None
    scene.server.gateway.invalidate()
    await scene.server.gateway.until_identified(2, within=20)

    async def counted() -> bool:
        async with scene.bot.store.read() as view:
            return (await view.sessions.rsvps(session.id)).maybe == 1

    await until(counted)


async def has_each_once(scene: Scene) -> None:
    """Both announcements, threads and events, and not one of them twice."""
    announcements = [each for each in scene.posted("Who is coming") if "Going" in each.labels]
    assert [each.embeds[0]["title"] for each in announcements] == ["Relays", "Moats"]
    assert sorted(event.name for event in scene.home.guild.events.values()) == ["Moats", "Relays"]
    assert {each.id for each in announcements} == set(scene.home.guild.threads)
    assert len(scene.server.requests.to("POST", MESSAGES)) == 2


async def test_an_interaction_that_is_told_twice_is_one_question_and_one_answer(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a resume from too early a sequence number."""
    home = scene.home
    session = await scene.announced()
    told: list[Any] = []
    scene.server.world.tell.append(lambda event, said, guild: told.append((event, said, guild)))
    await home.member.slash(home.channel, "ask", text="Once?")
    again = next(each for each in told if each[0] == "INTERACTION_CREATE")
    scene.server.world.emit(*again)
    await home.member.slash(home.channel, "ask", text="And after?")
    assert await scene.board(session) == ["Once?", "And after?"]
    assert len(scene.server.requests.to("POST", CALLBACKS)) == 2
    assert "Traceback" not in caplog.text


# Requests


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 429, "retry_after": 0.3}, id="429"),
        pytest.param({"status": 429, "by_cloudflare": True}, id="429-cloudflare"),
        pytest.param({"status": 500}, id="500"),
        pytest.param({"status": 503}, id="503"),
        pytest.param({"fate": Fate.RESET}, id="reset"),
        pytest.param({"fate": Fate.LOST}, id="lost"),
    ],
)
async def test_a_request_that_fails_is_made_again_with_its_nonce_and_nothing_stands_twice(
    scene: Scene, fault: dict[str, Any]
) -> None:
    failing = [
        scene.server.faults.next("POST", path, **fault)
        for path in (MESSAGES, EVENTS, "/channels/*/messages/*/threads")
    ]
    await scene.announced()
    await scene.all_is_sent()
    assert all(each.hits for each in failing)
    (message,) = scene.posted("Relays")
    (event,) = scene.home.guild.events.values()
    (thread,) = scene.home.guild.threads.values()
    assert (event.name, thread.id) == ("Relays", message.id)
    sent = scene.server.requests.to("POST", MESSAGES)
    assert len(sent) > 1
    assert len({str(each.body) for each in sent}) == 1, "the same nonce, the same text"
    if "retry_after" in fault:
        assert (sent[1].at - sent[0].at).total_seconds() >= fault["retry_after"]
    async with scene.bot.store.read() as view:
        counts = await view.outbox.count(Network.DISCORD)
    assert not counts.get(OutboxState.FAILED)
    assert not counts.get(OutboxState.UNKNOWN)


# A channel


def forbid_to_send(scene: Scene) -> None:
    us = scene.home.guild.members[scene.server.world.bot.id]
    scene.server.world.deny(scene.home.channel, us, Permission.SEND_MESSAGES)


def hide(scene: Scene) -> None:
    us = scene.home.guild.members[scene.server.world.bot.id]
    scene.server.world.deny(scene.home.channel, us, Permission.VIEW_CHANNEL)


def remove(scene: Scene) -> None:
    scene.server.world.remove_channel(scene.home.channel)


@pytest.mark.parametrize(
    ("fault", "code", "reason"),
    [
        pytest.param(forbid_to_send, 50013, "Send Messages", id="50013"),
        pytest.param(hide, 50001, "View Channel", id="50001"),
        pytest.param(remove, 10003, "doesn't exist any more", id="10003"),
    ],
)
async def test_a_broken_channel_is_paused_its_organiser_told_and_all_others_go_on(
    scene: Scene, fault: Callable[[Scene], None], code: int, reason: str
) -> None:
    fault(scene)
    session = await scene.announced()
    await scene.announced("Berliner Relays", at=scene.away)
    await scene.all_is_sent_but_paused(scene.home)
    assert reason in await scene.reason(scene.home)
    assert await scene.reason(scene.away) == ""
    codes = [each.code for each in scene.server.requests.to("POST", MESSAGES) if each.code]
    assert codes == [code], "tried once"
    assert len(scene.posted("Berliner Relays", scene.away)) == 1
    await told_in_person(scene, reason)

    async def is_on_nostr() -> bool:
        async with scene.bot.store.read() as view:
            return bool(await view.outbox.sent(session.id, Network.NOSTR, PostKind.ANNOUNCEMENT))

    await until(is_on_nostr)


async def told_in_person(scene: Scene, reason: str) -> None:
    """Whoever set the guild up, once, as no channel of the group is left."""
    messages = scene.home.boss.direct_messages
    await scene.server.until(lambda: messages.history, 10)
    (warning,) = messages.history
    assert "For the organisers" in warning.text
    assert "Nothing more is posted in the Discord channel" in warning.text
    assert reason in warning.text
    assert not scene.away.boss.direct_messages.history


async def test_a_channel_that_was_mended_gets_what_it_missed_once(scene: Scene) -> None:
    home = scene.home
    forbid_to_send(scene)
    await scene.announced()
    await scene.all_is_sent_but_paused(home)
    us = home.guild.members[scene.server.world.bot.id]
    scene.server.world.allow(home.channel, us, Permission.SEND_MESSAGES)
    for _ in range(2):
        await home.organiser.slash(home.channel, "session announce", session="relays")
    await scene.all_is_sent()
    assert await scene.reason(home) == ""
    assert len([each for each in scene.posted("Relays") if "Going" in each.labels]) == 1
    assert len(home.guild.events) == 1


# Answers


@pytest.mark.parametrize("code", [10062, 40060])
async def test_an_answer_that_discord_no_longer_takes_is_said_at_info_and_given_once(
    scene: Scene, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    home = scene.home
    session = await scene.announced()
    scene.server.faults.next("POST", CALLBACKS, code=code)
    asking = asyncio.create_task(home.member.slash(home.channel, "ask", text="Why?"))
    await until(lambda: "came too late to be answered" in caplog.text)
    asking.cancel()
    (said,) = [each for each in caplog.records if "came too late" in each.getMessage()]
    assert said.levelno == logging.INFO
    assert len(scene.server.requests.to("POST", CALLBACKS)) == 1
    assert not scene.server.requests.to("POST", "/webhooks/*/*")
    assert await scene.board(session) == ["Why?"], "what is stored stays"
    again = await home.member.slash(home.channel, "questions")
    assert again.answer is Answer.MESSAGE
    assert "Traceback" not in caplog.text


async def test_an_answer_that_does_not_get_through_is_not_said_to_have_done_nothing(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """The question is stored before its answer: who tries again at once would ask it twice."""
    home = scene.home
    session = await scene.announced()
    scene.server.faults.next("POST", CALLBACKS, fate=Fate.RESET)
    shown = await home.member.slash(home.channel, "ask", text="Why?")
    assert shown.text == UNANSWERED
    assert shown.ephemeral
    assert await scene.board(session) == ["Why?"]
    assert "Traceback" not in caplog.text
    assert "could not be answered" in caplog.text


async def test_an_answer_that_got_through_unnoticed_is_not_given_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    home = scene.home
    session = await scene.announced()
    scene.server.faults.next("POST", CALLBACKS, fate=Fate.LOST)
    shown = await home.member.slash(home.channel, "ask", text="Why?")
    await until(lambda: len(scene.server.requests.to("POST", CALLBACKS)) == 2)
    assert "number **1**" in shown.text
    assert not shown.followups
    assert await scene.board(session) == ["Why?"]
    assert "Traceback" not in caplog.text
