"""What is thrown at the bot on Discord, by the numbers of the list of faults: from what a member
types to what stands in the data file and what others see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.domain.model import OPERATOR, Session, SessionStatus
from bot.networks.discord.ids import Verb, custom_id
from bot.networks.discord.limits import CONTENT, EMBED_TOTAL, units
from bot.networks.discord.local import Answer, Message, Shown
from tests.adapters.discord_group import WHEN, Place, Scene, group_at_work

LONG = "[limits]\nquestion_length = 4000\nquestions_per_person = 50"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with group_at_work(tmp_path, more=LONG) as scene:
        yield scene


def refusal(shown: Shown) -> str:
    """The one sentence that a refused person sees, and nobody else."""
    assert shown.answer is Answer.MESSAGE
    assert shown.ephemeral
    (message,) = shown.messages
    assert not message.controls
    return message.text


def pings(message: Message) -> bool:
    return bool(message.mention_everyone or message.mentions or message.mention_roles)


# 44-50, 54: what people write

ZALGO = "why" + "\u0300\u0316" * 50
TAKEN_TEXTS = [
    pytest.param("hey @everyone and @here?", "@\u200beveryone and @\u200bhere?", id="44"),
    pytest.param("<@&{role}> <@{boss}> why?", r"\<@\u200b&{role}> \<@\u200b{boss}> why?", id="45"),
    pytest.param("nostr:npub1abc nostr:npub1def?", "nostr:npub1abc nostr:npub1def?", id="45-nostr"),
    pytest.param("[free](https://evil.test/x)?", r"\[free\](https://evil.test/x)?", id="46"),
    pytest.param("is \u202ethis\u202c so?", "is this so?", id="47"),
    pytest.param(ZALGO, "why" + "\u0300\u0316" * 2, id="48"),
    pytest.param("```\n@everyone why?", "\\`\\`\\`\n@\u200beveryone why?", id="50"),
    pytest.param("'; DROP TABLE questions; --?", "'; DROP TABLE questions; --?", id="54"),
]


@pytest.mark.parametrize(("text", "shown"), TAKEN_TEXTS)
async def test_hostile_text_is_kept_as_text_and_shown_inertly(
    scene: Scene, text: str, shown: str
) -> None:
    home = scene.home
    named = {"role": home.role.id, "boss": home.boss.id}
    if "{" in text:
        text, shown = text.format(**named), shown.replace(r"\u200b", "\u200b").format(**named)
    session = await scene.announced()
    answer = await home.member.slash(home.channel, "ask", text=text)
    assert "number **1**" in answer.text
    assert len(await scene.board(session)) == 1
    board = await home.organiser.slash(home.channel, "questions", share=True)
    (message,) = board.messages
    assert not message.ephemeral
    assert unicodedata.normalize("NFD", shown) in unicodedata.normalize("NFD", message.text)
    assert "\u0300\u0316" * 3 not in unicodedata.normalize("NFD", message.text)
    assert not pings(message)


@pytest.mark.parametrize("title", ["@everyone", "<@&{role}> hi", "[x](https://evil.test)", "```"])
async def test_44_to_50_a_session_of_such_a_name_pings_and_formats_nothing(
    scene: Scene, title: str
) -> None:
    title = title.format(role=scene.home.role.id)
    await scene.announced(title, place=title, topic=title, tags=("a",))
    await scene.all_is_sent()
    (message,) = scene.posted("Who is coming")
    assert not pings(message)
    assert "@everyone" not in message.text
    assert "```" not in message.text
    assert not re.search(r"(?<!\\)\[x\]\(https://evil.test\)(?! \(evil\.test\))", message.text)


async def test_49_only_zero_width_characters_are_refused(scene: Scene) -> None:
    session = await scene.announced()
    answer = await scene.home.member.slash(scene.home.channel, "ask", text="\u200b\u200d\u2060")
    assert "nothing to read" in refusal(answer)
    assert await scene.board(session) == []


async def test_51_what_is_longer_than_a_message_is_split_at_words_and_never_lost(
    scene: Scene,
) -> None:
    await scene.announced()
    words = [f"wörd{number:04}" for number in range(1600)]
    asker, channel = scene.home.member, scene.home.channel
    for start in range(0, len(words), 400):
        await asker.slash(channel, "ask", text=f"{' '.join(words[start : start + 400])}?")
    agenda = await scene.home.organiser.slash(channel, "agenda")
    await agenda.until(lambda shown: words[-1] in shown.text)
    assert len(agenda.messages) > 1
    found = re.findall(r"wörd\d*", agenda.text)
    assert found == words
    for message in agenda.messages:
        assert units(message.content) <= CONTENT
        assert units(message.text) <= EMBED_TOTAL


# 64: an organiser's command

COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("session add", {"title": "Mine", "when": WHEN}),
    ("session add", {}),
    ("session edit", {"session": "relays", "place": "My place"}),
    ("session cancel", {"session": "relays"}),
    ("session announce", {"session": "relays"}),
]


@pytest.mark.parametrize(("command", "options"), COMMANDS)
async def test_64_a_member_is_refused_an_organisers_command_by_the_service(
    scene: Scene, command: str, options: dict[str, Any]
) -> None:
    before = await scene.announced()
    answer = await scene.home.member.slash(scene.home.channel, command, **options)
    assert "Only organisers" in refusal(answer)
    assert await scene.bot.sessions.all(scene.home.group, by=OPERATOR) == [before]


async def test_64_a_member_who_gets_at_an_organisers_button_is_refused_by_the_service(
    scene: Scene,
) -> None:
    home = scene.home
    session = await scene.announced()
    await home.member.slash(home.channel, "ask", text="Why?")
    shown = await home.organiser.slash(home.channel, "session cancel", session="relays")
    assert shown.message is not None
    hide = button(scene, home, "Hide", custom_id(Verb.HIDE, session.id, 1))
    for message, label in ((shown.message, shown.message.labels[0]), (hide, "Hide")):
        assert "Only organisers" in refusal(await home.member.click(message, label))
    (after,) = await scene.bot.sessions.all(home.group, by=OPERATOR)
    assert after.status is SessionStatus.ANNOUNCED
    assert await scene.board(session) == ["Why?"]


def button(scene: Scene, place: Place, label: str, id: str) -> Message:
    """A message of the bot's with one button, however it came to stand there."""
    world = scene.server.world
    message = Message(world.ids.next(), place.channel, world.bot, world.now(), content="x")
    pressed = {"type": 2, "style": 1, "label": label, "custom_id": id}
    message.components = [{"type": 1, "components": [pressed]}]
    return world.post(message)


# 65: a session of another group


@pytest.mark.parametrize(
    "command", ["questions", "session show", "agenda", "rsvp", "summary", "session cancel"]
)
async def test_65_a_session_of_another_group_is_unknown_to_a_command(
    scene: Scene, command: str
) -> None:
    await scene.announced("Berliner Relays", at=scene.away)
    home = scene.home
    answer = await home.organiser.slash(home.channel, command, session="berliner-relays")
    assert "Berliner" not in refusal(answer)
    offered = await home.organiser.autocomplete(home.channel, command, "session", "ber")
    assert offered == []


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        (Verb.RSVP, ("yes",)),
        (Verb.SUMMARY, ("plain",)),
        (Verb.ASK, ()),
        (Verb.VOTE, (1, 0)),
        (Verb.BOARD, (0,)),
        (Verb.HIDE, (1,)),
        (Verb.MODERATE, (1,)),
    ],
)
async def test_65_a_session_of_another_group_is_unknown_to_a_button(
    scene: Scene, verb: Verb, arguments: tuple[object, ...]
) -> None:
    foreign: Session = await scene.announced("Berliner Relays", at=scene.away)
    asked = await scene.away.member.slash(scene.away.channel, "ask", text="Warum?")
    assert "number **1**" in asked.text
    message = button(scene, scene.home, "x", custom_id(verb, foreign.id, *arguments))
    answer = await scene.home.organiser.click(message, "x")
    said = refusal(answer)
    assert "Berliner" not in said
    assert "Warum" not in said
    (question,) = await scene.bot.questions.board(foreign)
    assert question.votes == 0
    counts = await scene.bot.attendance.counts(foreign.id)
    assert (counts.yes, counts.maybe, counts.no) == (0, 0, 0)


# 66: a time that isn't one


@pytest.mark.parametrize(
    ("when", "zone", "told"),
    [
        pytest.param("2036-03-09 02:30", "", "doesn't exist", id="a DST gap"),
        pytest.param("2036-11-02 01:30", "", "twice", id="an ambiguous hour"),
        pytest.param(WHEN, "Atlantis/Capital", "time zone", id="an unknown zone"),
        pytest.param("2020-12-02 19:00", "", "has passed", id="a time in the past"),
    ],
)
async def test_66_a_time_that_can_not_be_is_asked_back(
    scene: Scene, when: str, zone: str, told: str
) -> None:
    options = {"title": "Relays", "when": when} | ({"timezone": zone} if zone else {})
    home = scene.home
    answer = await home.organiser.slash(home.channel, "session add", **options)
    assert told in refusal(answer)
    assert await scene.bot.sessions.all(home.group, by=OPERATOR) == []
