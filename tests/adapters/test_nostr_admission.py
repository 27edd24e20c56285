"""What gets past the guard, and what doesn't."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import orjson
import pytest

from bot.domain.model import Limits
from bot.networks.nostr.acquaintances import Acquaintances
from bot.networks.nostr.admission import MAX_EVENT_BYTES, Admission
from bot.networks.nostr.bounded import Buckets, Newest
from bot.networks.nostr.events import REACTION, Event, sign
from bot.networks.nostr.lanes import Lane, Mention
from tests.adapters.nostr_bot import ANN, BEN, BOT, RELAY, mention, person, raw
from tests.fakes import FakeNow
from tests.waiting import until


class People:
    """A store that knows some, and relays that have some profiles."""

    def __init__(self) -> None:
        self.known: set[str] = {ANN.public_key}
        self.profiles: list[Event] = []
        self.fail = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.met: list[Sequence[str]] = []
        self.read: list[Sequence[str]] = []

    async def meet(self, pubkeys: Sequence[str]) -> set[str]:
        self.met.append(pubkeys)
        if self.fail:
            raise OSError("no store")
        return self.known & set(pubkeys)

    async def profiles_of(self, pubkeys: Sequence[str]) -> list[Event]:
        self.read.append(pubkeys)
        if self.fail:
            raise OSError("no relay")
        await self.answers.wait()
        return [event for event in self.profiles if event.pubkey in pubkeys]


class Guard:
    """An admission with its people, and short ways to use it."""

    def __init__(self, limits: Limits, room: int) -> None:
        self.now = FakeNow()
        self.people = People()
        acquaintances = Acquaintances(self.people.meet, self.people.profiles_of, [BEN.public_key])
        self.admission = Admission(BOT.public_key, acquaintances, limits, self.now, room=room)

    def receive(self, event: Event, relay: str = RELAY) -> Mention | None:
        return self.admission.receive(raw(event), len(event.to_json()), relay)

    def count(self, reason: str) -> int:
        return self.admission.stats().get(reason, 0)

    async def admitted(self, count: int) -> list[str]:
        await until(lambda: self.count("admitted") >= count)
        return [mention.event.content for mention in await self.admission.take()]


@asynccontextmanager
async def guarded(limits: Limits | None = None, room: int = 2000) -> AsyncIterator[Guard]:
    guard = Guard(limits or Limits(), room)
    task = asyncio.create_task(guard.admission.run())
    yield guard
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def guard() -> AsyncIterator[Guard]:
    async with guarded() as built:
        yield built


def _with(event: Event, **changes: object) -> Event:
    return replace(event, **changes)  # type: ignore[arg-type]


SHAPES: list[object] = [
    [],
    None,
    {},
    "text",
    {"kind": 1},
    {"kind": True},
    {"kind": 1, "tags": [["p"]]},
    {"kind": 1, "tags": "x"},
    {"kind": []},
]


@pytest.mark.parametrize("shape", SHAPES, ids=repr)
def test_what_is_no_event_is_dropped_and_counted(shape: object) -> None:
    guard = Guard(Limits(), 10)
    assert guard.admission.receive(shape, 10, RELAY) is None
    assert guard.count("malformed") + guard.count("kind") == 1


def test_json_of_great_depth_is_dropped() -> None:
    guard = Guard(Limits(), 10)
    deep: list[object] = []
    for _ in range(5000):
        deep = [deep]
    guard.admission.receive({"kind": 1, "tags": deep}, 10_000, RELAY)
    assert guard.count("malformed") == 1


ID = "ab" * 32
Case = Callable[[FakeNow], Event]
REFUSED: list[tuple[str, Case]] = [
    ("kind", lambda now: mention(ANN, "x", now, kind=4)),
    ("own", lambda now: mention(BOT, "x", now)),
    ("not for us", lambda now: sign(BEN, 1, "x", [("p", "0" * 64)], int(now().timestamp()))),
    ("not for us", lambda now: sign(BEN, 1, "x", [("p",)], int(now().timestamp()))),
    ("about nothing", lambda now: mention(BEN, "+", now, kind=REACTION)),
    ("about nothing", lambda now: mention(BEN, "+", now, ("e", "x"), ("e",), kind=REACTION)),
    ("not for us", lambda now: sign(BEN, REACTION, "+", [("e", ID)], int(now().timestamp()))),
    ("own", lambda now: mention(BOT, "+", now, ("e", ID), kind=REACTION)),
    ("too old", lambda now: mention(BEN, "+", now, ("e", ID), kind=REACTION, ahead=-31 * 86_400)),
    (
        "signature",
        lambda now: _with(mention(BEN, "+", now, ("e", ID), kind=REACTION), content="-"),
    ),
    (
        "too many people",
        lambda now: mention(BEN, "x", now, *[("p", f"{n:064}") for n in range(10)]),
    ),
    ("from the future", lambda now: mention(BEN, "x", now, ahead=900)),
    ("too old", lambda now: mention(BEN, "x", now, ahead=-365 * 86_400)),
    ("signature", lambda now: _with(mention(BEN, "x", now), sig="0" * 128)),
    ("signature", lambda now: _with(mention(BEN, "x", now), content="another")),
    ("signature", lambda now: _with(mention(BEN, "x", now), id="0" * 64)),
    ("signature", lambda now: _with(mention(BEN, "x", now), pubkey=person(9).public_key)),
]


@pytest.mark.parametrize(("reason", "case"), REFUSED)
async def test_what_is_not_for_us_is_dropped_and_counted(
    guard: Guard, reason: str, case: Case
) -> None:
    assert guard.receive(case(guard.now)) is None
    await until(lambda: guard.count(reason) == 1)
    assert guard.count("admitted") == 0


def test_a_frame_of_many_megabytes_is_dropped_unread() -> None:
    guard = Guard(Limits(), 10)
    event = mention(BEN, "x", guard.now)
    guard.admission.receive(raw(event), MAX_EVENT_BYTES + 1, RELAY)
    assert guard.count("too big") == 1


async def test_a_clock_some_minutes_ahead_is_no_offence(guard: Guard) -> None:
    guard.receive(mention(BEN, "early", guard.now, ahead=500))
    assert await guard.admitted(1) == ["early"]


async def test_an_event_from_many_relays_comes_in_once_and_knows_them_all(guard: Guard) -> None:
    event = mention(BEN, "x", guard.now)
    for relay in ("ws://a.test", "ws://b.test", "ws://a.test"):
        assert guard.receive(event, relay) is None
    (taken,) = await guard.admission.take()
    assert taken.relays == ["ws://a.test", "ws://b.test"]
    guard.admission.done(taken)
    again = guard.receive(event, "ws://c.test")
    assert again is not None
    assert again.relays == ["ws://c.test"]
    assert guard.count("admitted") == 1
    assert guard.count("duplicate") == 3


async def test_two_copies_from_somebody_not_met_yet_come_in_once(guard: Guard) -> None:
    event = mention(ANN, "x", guard.now)
    guard.receive(event, "ws://a.test")
    guard.receive(event, "ws://b.test")
    assert await guard.admitted(1) == ["x"]
    assert guard.count("duplicate") == 1


async def test_a_forged_copy_that_comes_first_does_not_block_the_true_one(guard: Guard) -> None:
    event = mention(BEN, "true", guard.now)
    guard.receive(_with(event, content="forged"))
    guard.receive(event)
    assert await guard.admitted(1) == ["true"]
    assert guard.count("signature") == 1


async def test_a_forged_copy_of_a_handled_event_can_not_move_the_cursor(guard: Guard) -> None:
    event = mention(BEN, "x", guard.now)
    guard.receive(event)
    (taken,) = await guard.admission.take()
    guard.admission.done(taken)
    copy = guard.receive(_with(event, created_at=event.created_at + 500), "ws://evil.test")
    assert copy is not None
    assert copy.event.created_at == event.created_at


async def test_forgeries_use_up_nobodys_limit() -> None:
    async with guarded(Limits(mentions_per_minute=2)) as guard:
        for number in range(20):
            guard.receive(_with(mention(BEN, "x", guard.now), content=str(number)))
        guard.receive(mention(BEN, "mine", guard.now))
        assert await guard.admitted(1) == ["mine"]


async def test_one_author_is_limited_and_gets_in_again_later() -> None:
    async with guarded(Limits(mentions_per_minute=3)) as guard:
        for number in range(10):
            guard.receive(mention(BEN, str(number), guard.now))
        assert await guard.admitted(3) == ["0", "1", "2"]
        assert guard.count("author's limit") == 7
        guard.now.advance(timedelta(seconds=20))
        guard.receive(mention(BEN, "later", guard.now))
        assert await guard.admitted(4) == ["later"]


async def test_a_flood_from_many_keys_leaves_members_their_way_in() -> None:
    async with guarded(Limits(strangers_per_minute=5)) as guard:
        for number in range(100, 160):
            guard.receive(mention(person(number), str(number), guard.now))
        guard.receive(mention(ANN, "known", guard.now))
        guard.receive(mention(BEN, "organiser", guard.now))
        await until(lambda: guard.count("strangers' limit") == 55)
        taken = await guard.admitted(7)
        assert set(taken[:2]) == {"known", "organiser"}
        assert len(taken) == 7


async def test_strangers_lane_drops_the_newest_when_it_is_full() -> None:
    async with guarded(room=3) as guard:
        for number in range(100, 103):
            guard.receive(mention(person(number), str(number), guard.now))
        await until(lambda: guard.count("admitted") == 3)
        for number in range(103, 110):
            guard.receive(mention(person(number), str(number), guard.now))
        await until(lambda: guard.count("no room") == 7)
        guard.receive(mention(BEN, "member", guard.now))
        assert await guard.admitted(4) == ["member", "100", "101", "102"]


async def test_strangers_whose_profiles_are_slow_to_come_wait_in_bounds() -> None:
    async with guarded(Limits(strangers_per_minute=1000), room=10) as guard:
        guard.people.answers.clear()
        for batch in range(1, 8):
            for number in range(batch * 100, batch * 100 + 10):
                guard.receive(mention(person(number), str(number), guard.now))
            await until(partial(_has_met, guard.people, batch * 10))
        await until(lambda: guard.count("no room") >= 10)


def _has_met(people: People, count: int) -> bool:
    return sum(map(len, people.met)) >= count


async def test_refusals_are_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with guarded(Limits(mentions_per_minute=1)) as guard:
        for number in range(50):
            guard.receive(mention(BEN, str(number), guard.now))
        assert caplog.text.count("events refused so far") == 1
        guard.now.advance(timedelta(seconds=61))
        guard.receive(mention(BOT, "own", guard.now))
        assert "author's limit 49, own 1" in caplog.text


def profile(number: int, content: object, at: int = 1) -> Event:
    return sign(person(number), 0, orjson.dumps(content).decode(), [], at)


async def test_a_bot_gets_no_answer_from_a_bot(guard: Guard) -> None:
    guard.people.profiles = [
        profile(100, {"bot": True}),
        profile(101, {"bot": False}, 1),
        profile(101, {"bot": True}, 2),
        profile(102, {"bot": True}, 1),
        profile(102, {"bot": False}, 2),
        profile(103, {"bot": "yes"}),
        profile(104, [True]),
        sign(person(105), 0, "{no json", [], 1),
        sign(person(106), 0, '{"bot":true}' + " " * 70_000, [], 1),
    ]
    for number in range(100, 108):
        guard.receive(mention(person(number), str(number), guard.now))
    taken = await guard.admitted(6)
    assert taken == ["102", "103", "104", "105", "106", "107"]
    assert guard.count("bot") == 2
    assert len(guard.people.read) == 1
    guard.receive(mention(person(100), "again", guard.now))
    assert guard.count("bot") == 3


async def test_a_profile_that_does_not_come_in_time_keeps_nobody_out(guard: Guard) -> None:
    guard.people.answers.clear()
    guard.receive(mention(person(100), "x", guard.now))
    assert await guard.admitted(1) == ["x"]


async def test_a_member_who_turns_out_a_bot_is_refused_from_then_on(guard: Guard) -> None:
    guard.people.known.add(person(100).public_key)
    guard.people.profiles = [profile(100, {"bot": True})]
    guard.receive(mention(person(100), "first", guard.now))
    assert await guard.admitted(1) == ["first"]
    await until(lambda: guard.people.read)
    guard.receive(mention(person(100), "second", guard.now))
    assert guard.count("bot") == 1


async def test_a_profile_is_looked_up_again_after_a_while(guard: Guard) -> None:
    guard.receive(mention(person(100), "first", guard.now))
    assert await guard.admitted(1) == ["first"]
    guard.receive(mention(person(100), "second", guard.now))
    assert await guard.admitted(2) == ["second"]
    assert len(guard.people.read) == 1
    guard.now.advance(timedelta(hours=2))
    guard.people.profiles = [profile(100, {"bot": True})]
    guard.receive(mention(person(100), "third", guard.now))
    await until(lambda: guard.count("bot") == 1)


async def test_people_come_in_as_strangers_while_nobody_can_be_looked_up(guard: Guard) -> None:
    guard.people.fail = True
    guard.receive(mention(ANN, "x", guard.now))
    assert await guard.admitted(1) == ["x"]


async def test_a_burst_of_strangers_is_looked_up_in_few_requests(guard: Guard) -> None:
    for number in range(100, 200):
        guard.receive(mention(person(number), str(number), guard.now))
    await guard.admitted(100)
    assert max(map(len, guard.people.read)) <= 50
    assert len(guard.people.read) <= 4


def test_a_lane_is_bounded_in_bytes() -> None:
    lane = Lane(10)
    event = mention(ANN, "x", FakeNow())
    lane.put(Mention(event, 8 * 1024 * 1024 - 10))
    assert not lane.has_room_for(11)
    assert lane.has_room_for(10)
    lane.take(1)
    assert lane.has_room_for(11)


def test_the_newest_entries_are_kept() -> None:
    kept: Newest[int, str] = Newest(2)
    for number in (1, 2):
        kept.put(number, "x")
    kept.get(1)
    kept.put(3, "x")
    assert [number in kept for number in (1, 2, 3)] == [True, False, True]
    assert len(kept) == 2


def test_a_bucket_refills_evenly_and_survives_a_clock_set_back() -> None:
    buckets: Buckets[str] = Buckets(2, 10)
    for _ in range(2):
        buckets.take("a", 100.0)
    assert not buckets.has_token("a", 100.0)
    assert not buckets.has_token("a", 50.0)
    assert buckets.has_token("a", 130.0)
    assert buckets.has_token("b", 100.0)


async def test_more_is_asked_for_only_when_half_of_a_lane_is_free() -> None:
    async with guarded(room=10) as guard:
        for number in range(8):
            guard.receive(mention(BEN, str(number), guard.now))
        waiting = asyncio.create_task(guard.admission.wait_room())
        await asyncio.sleep(0)
        assert not waiting.done()
        await guard.admission.take(4)
        await waiting


async def test_what_waits_to_be_met_holds_the_cursor() -> None:
    guard = Guard(Limits(), 10)  # nobody is looked up while it doesn't run
    event = mention(ANN, "x", guard.now)
    guard.receive(event)
    assert guard.admission.oldest_under_way(RELAY) == event.created_at
    assert guard.admission.oldest_under_way("ws://other.test") is None


async def test_likes_have_limits_of_their_own_and_keep_nobody_from_asking() -> None:
    async with guarded(Limits(mentions_per_minute=2, strangers_per_minute=3)) as guard:
        for number in range(10):
            guard.receive(mention(BEN, f"{number}", guard.now, ("e", ID), kind=REACTION))
        assert len(await guard.admitted(6)) == 6, "three times as many as mentions"
        assert guard.count("author's limit") == 4
        guard.receive(mention(BEN, "ask why?", guard.now))
        assert await guard.admitted(7) == ["ask why?"]
        for number in range(100, 105):
            guard.receive(mention(person(number), "+", guard.now, ("e", ID), kind=REACTION))
        assert len(await guard.admitted(10)) == 3
        assert guard.count("strangers' limit") == 2
        guard.receive(mention(person(110), "ask how?", guard.now))
        assert await guard.admitted(11) == ["ask how?"]


async def test_a_stranger_who_says_to_be_a_bot_does_not_vote(guard: Guard) -> None:
    profile = sign(person(50), 0, '{"bot": true}', (), int(guard.now().timestamp()))
    guard.people.profiles.append(profile)
    guard.receive(mention(person(50), "+", guard.now, ("e", ID), kind=REACTION))
    await until(lambda: guard.count("bot") == 1)
    assert guard.count("admitted") == 0
