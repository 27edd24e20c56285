"""How the demo looks: two columns or one, folded, inert, and Discord's messages in words."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.demo.conversation import Side, Turn
from bot.demo.live import Live
from bot.demo.picture import draw
from bot.demo.seen import Reader, buttons, filled, relative, without_emoji
from bot.domain.model import Network
from bot.instance import DataFolder
from bot.networks.discord.local import LocalDiscord, Message, Modal
from bot.networks.discord.local.model import Json
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.member import joined
from tests.e2e.talk import talk
from tests.waiting import until

ADA, BOT = Signer(bytes([1] * 32)), Signer(bytes([2] * 32))


def turn(
    does: str,
    body: str = "",
    *,
    network: Network = Network.NOSTR,
    fold: int | None = None,
    foot: tuple[str, ...] = (),
    at: float = 0.0,
) -> Turn:
    return Turn(Side.BOT, "Bot", does, network, "note 1234", "5 ms", "", body, foot, fold, at=at)


# Two columns


def test_two_networks_stand_side_by_side_each_in_its_column() -> None:
    conversation, out = talk(100)
    conversation.section(1, "It begins", "In time.")
    conversation.beside(
        [turn("says a", "on the left " * 9), turn("says b")],
        [turn("says c", "on the right", network=Network.DISCORD)],
    )
    conversation.both("one thing")
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 100
    assert lines[2] == "  In time."
    assert lines[3].split("│")[0].strip() == "NOSTR"
    assert [line[50] for line in lines[3:-2]] == ["│"] * len(lines[3:-2])
    assert lines[5].split("│")[0].endswith(" note 1234 · 5 ms ")
    assert lines[5].split("│")[1].startswith(" Bot says c ")
    assert "on the right" in lines[6].split("│")[1]
    assert "═ both networks: one thing ═" in lines[-1]


def test_a_head_that_does_not_fit_says_where_on_a_line_of_its_own() -> None:
    conversation, out = talk(100)
    conversation.beside([turn("says something that takes a lot of the room")])
    lines = [line.split("│")[0].rstrip() for line in out.getvalue().splitlines()]
    assert lines[1:] == [
        "  Bot says something that takes a lot of the room",
        " " * 33 + "note 1234 · 5 ms",
    ]


@pytest.mark.parametrize("width", [99, 80, 40])
def test_a_narrow_terminal_has_one_column_in_time_order_with_the_networks_named(width: int) -> None:
    conversation, out = talk(width)
    conversation.section(1, "It begins")
    conversation.beside(
        [turn("says a", "words " * 30, at=1.0), turn("says c", at=3.0)],
        [turn("says b", network=Network.DISCORD, at=2.0)],
    )
    conversation.both("one thing")
    conversation.board(("#", "question"), [("1", "Why? " * 30)])
    text = out.getvalue()
    assert max(map(len, text.splitlines())) <= width
    assert text.index("says a") < text.index("says b") < text.index("says c")
    assert text.count("Nostr note 1234 · 5 ms") == 2
    assert text.count("Discord note 1234 · 5 ms") == 1
    assert "NOSTR" not in text


def test_what_stands_under_a_folded_text_is_shown() -> None:
    conversation, out = talk(100)
    folded = turn("says", "one\ntwo\nthree\nfour", fold=1, foot=("by Noor", "[Going]"))
    conversation.beside((), [folded])
    lines = [line.split("│")[1].strip() for line in out.getvalue().splitlines()]
    assert lines[2:] == ["one", "… 3 more lines", "by Noor", "[Going]"]


def test_an_answer_stands_close_under_what_it_answers() -> None:
    conversation, out = talk(100)
    asked, answered = turn("asks", "Why?"), replace(turn("answers"), answers=True)
    conversation.beside([asked, answered])
    lines = [line.split("│")[0].split() for line in out.getvalue().splitlines()]
    assert [line[:2] for line in lines] == [[], ["Bot", "asks"], ["Why?"], ["Bot", "answers"]]


def test_a_picture_folds_more() -> None:
    conversation, out = talk(100, brief=True)
    conversation.beside(
        [turn("says", "a\nb\nc\nd\ne", fold=4), turn("says", "a\nb\nc\nd\n", fold=1)]
    )
    assert "… 2 more lines" in out.getvalue()
    assert "… 4 more lines" in out.getvalue()


# Turns


@pytest.mark.parametrize("width", [100, 80, 40])
def test_long_texts_wrap_by_words_and_points_hang(width: int) -> None:
    conversation, out = talk(width)
    point = "1. A head: " + "some words that go on and on " * 6
    conversation.turn(turn("says", f"The lead.\n\n{point}\n• {point}"))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(line.strip(" │") for line in lines).split()).count("on and on") == 12
    assert lines[4].startswith("  │ 1. A head: some words")
    assert re.match(r"  │    \w", lines[5]), "set in under its number"


def test_a_folded_text_says_how_much_is_left_out() -> None:
    conversation, out = talk(80)
    conversation.turn(turn("says", "one\n\ntwo\nthree\nfour", fold=2))
    assert out.getvalue().splitlines()[2:] == ["  │ one", "  │ … 3 more lines"]


def test_what_strangers_wrote_reaches_no_terminal_but_as_text() -> None:
    conversation, out = talk(100)
    conversation.call(BOT.npub, "Riverside Readers")
    text = f"nostr:{BOT.npub} \x1b[31mred\x07 nostr:{ADA.npub} \u202eevil [bold]x[/bold]"
    conversation.turn(turn("speaks", text))
    shown_text = out.getvalue()
    assert "@Riverside Readers [31mred nostr:npub1" in shown_text
    assert ADA.npub not in shown_text
    assert "[bold]x[/bold]" in shown_text
    assert not re.search("[\x07\x1b\u202e]", shown_text)


def test_a_failed_step_is_said_in_words() -> None:
    conversation, out = talk(80)
    conversation.checked(["it began"], ("it went on", "it didn't"))
    assert "✓ ok   it began" in out.getvalue()
    assert "✗ FAILED  it went on: it didn't" in out.getvalue()


def test_a_picture_keeps_what_is_set_in_and_loads_nothing(tmp_path: Path) -> None:
    conversation, _ = talk(100)
    conversation.turn(turn("says", "1. A head: " + "words " * 40))
    draw(conversation.console, tmp_path / "new" / "demo.svg")
    svg = (tmp_path / "new" / "demo.svg").read_text(encoding="utf-8")
    assert ">readalong&#160;demo<" in svg
    assert not re.search(r">&#160;", svg), "no text begins with a blank"
    assert not re.search(r"@font-face|url\(\"?http|href", svg)


# Discord's messages, as they are read


NOON = datetime(2026, 12, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
async def server() -> LocalDiscord:
    return LocalDiscord()


def read(server: LocalDiscord, embed: Json, content: str = "") -> tuple[str, str, tuple[str, ...]]:
    guild = server.guild()
    reader = Reader(guild, ZoneInfo("America/New_York"), lambda: NOON)
    at, channel = server.world.now(), guild.channel("general")
    message = Message(1, channel, server.world.bot, at, content=content, embeds=[embed])
    seen = reader.sees(message)
    return seen.title, seen.body, seen.foot


async def test_a_message_is_read_as_its_reader_sees_it(server: LocalDiscord) -> None:
    at = int((NOON + timedelta(seconds=30)).timestamp())
    embed = {
        "title": "**Why** \\*this\\*",
        "description": f"🗓️ <t:{at}:F> (<t:{at}:R>)\n"
        "📖 [The Case](http://example.org/x) (example.org)",
        "fields": [{"name": "Who is coming", "value": "Going 1"}],
        "footer": {"text": "Riverside Readers · ref 3f9a61c0de"},
    }
    title, body, foot = read(server, embed, "_hello_")
    assert title == "Why *this*"
    assert body == (
        "hello\n\nWhen: Wed 2 Dec 2026, 07:00 EST (in 30 seconds)\n"
        "Reading: The Case (example.org)\n\nWho is coming: Going 1"
    )
    assert foot == ("Riverside Readers",)


async def test_mentions_are_read_by_name(server: LocalDiscord) -> None:
    guild = server.guild()
    role, ada = server.role(guild, "organisers"), server.join(guild, "Ada")
    reader = Reader(guild, UTC, lambda: NOON)
    channel = guild.channel("general")
    assert reader.text(f"<#{channel.id}> <@&{role.id}> <@{ada.id}> <#7>") == (
        "#general @organisers @Ada #unknown"
    )


async def test_buttons_are_read_in_words_and_of_many_the_first(server: LocalDiscord) -> None:
    def message(*labels: str) -> Message:
        row = [{"type": 2, "label": each, "emoji": {"name": "👍"}} for each in labels]
        channel = server.guild().channel("general")
        components: list[Json] = [{"type": 1, "components": row}]
        return Message(1, channel, server.world.bot, NOON, components=components)

    assert buttons(message("1", "2")) == "[▲ 1] [▲ 2]"
    assert buttons(message(*"123456789")).endswith("[▲ 6] and 3 more")


def test_a_form_is_read_field_by_field() -> None:
    fields = [
        {"type": 4, "label": "Question"},
        {"type": 3, "label": "Session", "options": [{"label": "Relays", "default": True}]},
        {"type": 23, "label": "Anonymously"},
        {"type": 23, "label": "Loudly"},
    ]
    body = {"components": [{"type": 1, "components": fields}]}
    written = filled(Modal("Ask", "x", body), {"Question": "Why?", "Anonymously": True})
    assert written == "Question: Why?\nSession: Relays\n[x] Anonymously\n[ ] Loudly"


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(seconds=1), "in 1 second"),
        (timedelta(minutes=-5), "5 minutes ago"),
        (timedelta(hours=25), "in 1 day"),
        (timedelta(0), "0 seconds ago"),
    ],
)
def test_times_are_read_from_now(ahead: timedelta, said: str) -> None:
    assert relative(ahead) == said


def test_emoji_become_words_or_nothing() -> None:
    assert without_emoji("📍 Here ⚠️ now 👍 2 ▶️ Next") == "Where: Here now ▲ 2 Next"


# What others say


async def test_names_that_the_demo_goes_by_are_nobody_elses(tmp_path: Path) -> None:
    conversation, out = talk(100)
    eve, mallory = Signer(bytes([5] * 32)), Signer(bytes([6] * 32))
    async with LocalRelay() as relay, joined(ADA, relay.url) as window:
        await window.follow("all", {})
        live = Live(window, BOT.public_key, DataFolder(tmp_path), conversation)
        showing = asyncio.create_task(live.show())
        for signer, profile in ((eve, '{"name": "Eve"}'), (mallory, '{"name": "Ada"}')):
            async with joined(signer, relay.url) as stranger:
                await stranger.publish(0, profile)
                await stranger.note("hello")
        async with joined(BOT, relay.url) as bot:
            await bot.note("unasked")
        await until(lambda: "unasked" in out.getvalue())
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    assert "Eve speaks" in out.getvalue()
    assert f"{mallory.npub[:12]}… speaks" in out.getvalue()
    assert "The bot says" in out.getvalue()
