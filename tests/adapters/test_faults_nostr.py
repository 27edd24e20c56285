"""What is thrown at the bot on Nostr, by the numbers of the list of faults, from a relay's frame to
what stands in the data file and what is answered."""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from pynostr.filters import Filters

from bot.config import load
from bot.domain.errors import ConfigError
from bot.domain.model import Limits, Network, Session
from bot.networks.nostr.answers import HELP
from bot.networks.nostr.events import MAX_BYTES, PROFILE, Event, sign
from bot.networks.nostr.feed import Subscription
from bot.networks.nostr.keys import InvalidKeyError, Signer, public_key_from_text
from bot.networks.nostr.pool import Pool
from bot.networks.nostr.relay import Timing
from tests.adapters.misbehaving_relay import ScriptedRelay
from tests.adapters.nostr_bot import ANN, BEN, BOT, Bot, bot_in, mention, person, raw
from tests.waiting import until

OTHER_BOT = person(77)
LIMITS = Limits(mentions_per_minute=10_000, strangers_per_minute=10_000, questions_per_person=500)
QUICK = Timing(backoff=lambda attempt: timedelta(milliseconds=10))


@dataclass
class Scene:
    """A bot at work on its data file, and the relays that it listens to."""

    bot: Bot
    relays: tuple[ScriptedRelay, ...]
    session: Session

    async def send(self, event: Event) -> None:
        for relay in self.relays:
            await relay.say("EVENT", "mentions", raw(event))

    async def send_text(self, frame: str) -> None:
        await self.relays[0].peers[0].send_str(frame)

    async def ask(self, signer: Signer, text: str, *, ahead: int = 0) -> Event:
        """Send a mention; its one reply."""
        event = mention(signer, text, self.bot.now, ahead=ahead)
        await self.send(event)
        await until(lambda: self.bot.relay.replies_to(event))
        (reply,) = self.bot.relay.replies_to(event)
        return reply

    async def board(self) -> list[str]:
        return [question.text for question in await self.bot.questions.board(self.session)]

    def refused(self, reason: str) -> int:
        return self.bot.mentions.stats().get(reason, 0)


@asynccontextmanager
async def working(bot: Bot) -> AsyncIterator[Bot]:
    tasks = [asyncio.create_task(bot.mentions.run()), asyncio.create_task(bot.outbox.run())]
    try:
        yield bot
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await bot.outbox.stop(timedelta(seconds=1))


@asynccontextmanager
async def staged(folder: Path, limits: Limits = LIMITS, relays: int = 1) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(bot_in(folder, limits))
        session = await bot.announce()
        await stack.enter_async_context(working(bot))
        servers = [await stack.enter_async_context(ScriptedRelay()) for _ in range(relays)]
        wanted = Subscription(
            "mentions", [Filters(kinds=[1, 1111])], seen_until=bot.mentions.seen_until
        )
        pool = Pool(
            [server.url for server in servers],
            BOT,
            bot.now,
            subscriptions=[wanted],
            receive=bot.mentions.receive,
            timing=QUICK,
        )
        await stack.enter_async_context(pool)
        await until(lambda: all(status.caught_up for status in pool.status()))
        yield Scene(bot, tuple(servers), session)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with staged(tmp_path) as built:
        yield built


# 43-54: what people write

REFUSED_TEXTS = [
    pytest.param("x" * 100_000, "1000 characters at most", id="43"),
    pytest.param("\u200b\u200d\u2060", "nothing to read", id="49"),
    pytest.param("why \x00 not?", "not text", id="52"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED_TEXTS)
async def test_what_is_no_question_is_refused_with_its_reason(
    scene: Scene, text: str, told: str
) -> None:
    reply = await scene.ask(ANN, f"ask {text}")
    assert told in reply.content
    assert await scene.board() == []


ZALGO = "why" + "\u0300\u0316" * 50
TAKEN_TEXTS = [
    pytest.param("hey @everyone and @here, why?", "@\u200beveryone and @\u200bhere", id="44"),
    pytest.param(f"<@&42> nostr:{BEN.npub} why?", f"<@&42> {BEN.npub[:9]}…", id="45"),
    pytest.param("[free](https://evil.test/x)?", "free (https://evil.test/x)?", id="46"),
    pytest.param("is \u202ethis\u202c so?", "is this so?", id="47"),
    pytest.param(ZALGO, "why" + "\u0300\u0316" * 2, id="48"),
    pytest.param("```\n@everyone why?", "```\n@\u200beveryone why?", id="50"),
    pytest.param("<script>alert(1)</script>?", "<script>alert(1)</script>?", id="53"),
    pytest.param("'; DROP TABLE questions; --?", "'; DROP TABLE questions; --?", id="54"),
]


@pytest.mark.parametrize(("text", "shown"), TAKEN_TEXTS)
async def test_hostile_text_is_kept_as_text_and_shown_inertly(
    scene: Scene, text: str, shown: str
) -> None:
    await scene.ask(ANN, f"ask {text}")
    assert len(await scene.board()) == 1
    board = await scene.ask(BEN, "questions")
    assert unicode_nfd(shown) in unicode_nfd(board.content)
    assert "\u0300\u0316" * 3 not in unicode_nfd(board.content)
    assert board.values("p") == [BEN.public_key]
    assert "nostr:" not in board.content


def unicode_nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


async def test_51_long_answers_fit_into_an_event_and_end_at_a_whole_question(scene: Scene) -> None:
    words = 'warum \\" 𝔴𝔥𝔶 ' * 60
    for number in range(100):
        scene.bot.receive(mention(ANN, f"ask {number} {words}?", scene.bot.now))
    await until(lambda: scene.bot.mentions.stats()["handled"] == 100)
    reply = await scene.ask(BEN, "questions")
    assert len(reply.to_json()) <= MAX_BYTES
    shown = reply.content.split("\n\n")[1:]
    assert shown[-1] == f"… and {100 - len(shown[:-1])} more."
    assert all("𝔴𝔥𝔶 ?" in question for question in shown[:-1])


# 52-60, 63b: frames

BROKEN_EVENTS = [
    pytest.param({"sig": "0" * 128}, "signature", id="55"),
    pytest.param({"id": "0" * 64}, "signature", id="56"),
    pytest.param({"tags": [["p"]]}, "not for us", id="57-empty-tag"),
    pytest.param({"tags": "p"}, "malformed", id="57-tags"),
    pytest.param({"created_at": "now"}, "malformed", id="57-time"),
    pytest.param({"kind": 1.0}, "malformed", id="57-kind"),
    pytest.param({"content": None}, "malformed", id="57-content"),
]


@pytest.mark.parametrize(("changes", "reason"), BROKEN_EVENTS)
async def test_a_broken_event_is_dropped_and_counted_and_the_next_one_is_answered(
    scene: Scene, changes: dict[str, object], reason: str
) -> None:
    event = mention(ANN, "ask what is broken?", scene.bot.now)
    await scene.relays[0].say("EVENT", "mentions", {**raw(event), **changes})
    await until(lambda: scene.refused(reason) == 1)
    await scene.ask(ANN, "ask what is whole?")
    assert await scene.board() == ["what is whole?"]


BROKEN_FRAMES = [
    pytest.param("[]", id="57-empty"),
    pytest.param('["EVENT","mentions",null]', id="57-null"),
    pytest.param('["EVENT","mentions",[]]', id="57-list"),
    pytest.param('["EVENT","mentions",' + "[" * 5000 + "]" * 5000 + "]", id="58"),
    pytest.param('["EVENT","mentions",{"kind":1,"content":"\\ud800"}]', id="52-surrogate"),
]


@pytest.mark.parametrize("frame", BROKEN_FRAMES)
async def test_a_broken_frame_costs_neither_the_link_nor_the_next_question(
    scene: Scene, frame: str
) -> None:
    await scene.send_text(frame)
    await scene.ask(ANN, "ask what is whole?")
    assert await scene.board() == ["what is whole?"]
    assert scene.relays[0].connects == 1


@pytest.mark.parametrize(
    ("ahead", "reason"),
    [
        pytest.param(15 * 60, "from the future", id="59"),
        pytest.param(-366 * 86_400, "too old", id="60"),
    ],
)
async def test_an_event_of_another_time_is_dropped_and_counted(
    scene: Scene, ahead: int, reason: str
) -> None:
    await scene.send(mention(ANN, "ask when is this?", scene.bot.now, ahead=ahead))
    await until(lambda: scene.refused(reason) == 1)
    await scene.ask(ANN, "ask when is now?")
    assert await scene.board() == ["when is now?"]


async def test_61_the_same_event_from_three_relays_is_one_row_and_one_reply(tmp_path: Path) -> None:
    async with staged(tmp_path, relays=3) as scene:
        await scene.ask(ANN, "ask how often?")
        await until(lambda: scene.refused("duplicate") == 2)
        await scene.ask(BEN, "ask and after that?")
        assert await scene.board() == ["how often?", "and after that?"]
        assert len([each for each in scene.bot.relay.events if "Question 1" in each.content]) == 1


async def test_63b_a_frame_of_eleven_mebibytes_costs_one_link_and_no_question(scene: Scene) -> None:
    relay = scene.relays[0]

    def subscribed() -> int:
        return sum(frame[1] == "mentions" for frame in relay.sent("REQ"))

    await until(subscribed)
    before = subscribed()
    with contextlib.suppress(ConnectionError):  # hung up on before it was through
        await scene.send_text('["EVENT","mentions",{"content":"' + "x" * (11 << 20) + '"}]')
    await until(lambda: subscribed() > before and len(relay.peers) == 1)
    await scene.ask(ANN, "ask is anybody there?")
    assert await scene.board() == ["is anybody there?"]


# 62: floods


async def test_62_one_author_who_floods_is_limited_and_told_once(tmp_path: Path) -> None:
    async with staged(tmp_path, Limits(mentions_per_minute=10, questions_per_person=5)) as scene:
        for number in range(100):
            await scene.send(mention(ANN, f"ask number {number}?", scene.bot.now))
        await until(lambda: scene.refused("author's limit") == 90)
        await scene.ask(BEN, "ask do I get in?")
        assert len(await scene.board()) == 6
        told = [
            each for each in scene.bot.relay.events if "the most that one person" in each.content
        ]
        assert len(told) == 1


async def test_62_a_flood_from_many_keys_meets_the_limits_and_members_get_in(
    tmp_path: Path,
) -> None:
    limits = Limits(strangers_per_minute=40, questions_per_session=20)
    async with staged(tmp_path, limits) as scene:
        await scene.ask(ANN, "ask was I here before?")
        scene.bot.now.advance(timedelta(hours=2))
        for number in range(1000, 1300):
            await scene.send(mention(person(number), f"ask {number}?", scene.bot.now))
        await until(lambda: scene.refused("strangers' limit") == 260)
        await until(lambda: scene.bot.mentions.stats()["handled"] == 41)
        reply = await scene.ask(ANN, "ask do I still get in?")
        assert reply.content.startswith("Question ")
        board = await scene.board()
        assert "do I still get in?" in board
        assert len(board) == 16  # three quarters of the board are for anybody, the rest for members


# 63: bots


async def test_63_our_own_event_is_not_answered(scene: Scene) -> None:
    await scene.send(mention(BOT, "ask do I talk to myself?", scene.bot.now))
    await until(lambda: scene.refused("own") == 1)
    assert await scene.board() == []


async def test_63_who_says_to_be_a_bot_is_not_answered(scene: Scene) -> None:
    profile = orjson.dumps({"name": "b", "bot": True}).decode()
    scene.bot.profiles[OTHER_BOT.public_key] = sign(OTHER_BOT, PROFILE, profile, (), 1)
    await scene.send(mention(OTHER_BOT, "ask does a bot answer me?", scene.bot.now))
    await until(lambda: scene.refused("bot") == 1)
    assert await scene.board() == []


SAID_TO_BOTH = [
    "ask what is a moat?",
    "help",
    "next",
    "sessions",
    "questions",
    "summary",
    "summary of nothing that we read",
    "frobnicate",
    "",
]


async def test_63_two_of_our_bots_without_a_profile_do_not_talk_to_each_other(
    tmp_path: Path,
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with (
        bot_in(tmp_path / "one", LIMITS) as one,
        bot_in(tmp_path / "two", LIMITS, OTHER_BOT) as two,
    ):
        sessions = [await one.announce(), await two.announce()]
        async with working(one), working(two):
            for text in SAID_TO_BOTH:
                said = mention(ANN, text, one.now, ("p", OTHER_BOT.public_key))
                one.receive(said)
                two.receive(said)
                await _have_finished(one, two)
            questions = [
                await bot.questions.board(s) for bot, s in zip((one, two), sessions, strict=True)
            ]
    assert [[question.text for question in board] for board in questions] == [
        ["what is a moat?"],
        ["what is a moat?"],
    ]
    for bot, me in ((one, BOT), (two, OTHER_BOT)):
        between = [each for each in bot.relay.events if _answers_a_bot(each, me)]
        assert [each.content for each in between] in ([], [HELP])  # unasked help, once a day


def _answers_a_bot(event: Event, me: Signer) -> bool:
    other = OTHER_BOT if me is BOT else BOT
    return event.kind == 1 and event.values("p")[:1] == [other.public_key]


async def _have_finished(one: Bot, two: Bot) -> None:
    """Each hears all that the other says, until nobody says anything more."""
    heard: set[tuple[int, str]] = set()

    async def is_quiet() -> bool:
        news = False
        for speaker, listener in ((one, two), (two, one)):
            for event in list(speaker.relay.events):
                if (id(listener), event.id) not in heard:
                    heard.add((id(listener), event.id))
                    listener.receive(event)
                    news = True
        return not news and await _is_idle(one) and await _is_idle(two)

    await until(is_quiet)


async def _is_idle(bot: Bot) -> bool:
    counts = bot.mentions.stats()
    came, done, _ = counts.pop("received"), counts.pop("handled"), counts.pop("replied")
    async with bot.store.read() as view:
        waiting = await view.outbox.count(Network.NOSTR)
    return came == sum(counts.values()) and done == counts.get("admitted", 0) and not waiting


# 63c: a secret where a name belongs


def test_63c_a_secret_key_is_no_name_for_anybody_and_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(InvalidKeyError, match="secret key") as refused:
        public_key_from_text(ANN.nsec)
    assert ANN.nsec[5:] not in str(refused.value)
    path = tmp_path / "config.toml"
    path.write_text(f'[nostr]\norganisers = ["{ANN.nsec}"]\n')
    with pytest.raises(ConfigError, match="secret key") as wrong:
        load(path, {})
    assert ANN.nsec[5:] not in str(wrong.value)
