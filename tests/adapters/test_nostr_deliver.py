"""From an outbox row to a signed event, and who we say we are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import DeliveryError
from bot.domain.model import Delivery, Destination, Network, Post, PostKind, Thread
from bot.domain.posts import SessionPost, session_post
from bot.networks.nostr.deliver import NostrCourier
from bot.networks.nostr.events import MAX_BYTES, Event, parse_json, verify
from bot.networks.nostr.profile import Introductions, SelfPost
from bot.networks.nostr.render import Identity
from tests.adapters.nostr_bot import BOT, RELAY, ListRelay, bot_in
from tests.adapters.test_nostr_render import CARD, SESSION
from tests.fakes import FakeNow
from tests.waiting import until

DESTINATION = Destination(1, 1, Network.NOSTR, BOT.public_key)


@pytest.fixture
def now() -> FakeNow:
    return FakeNow()


@pytest.fixture
def relay() -> ListRelay:
    return ListRelay()


@pytest.fixture
def courier(now: FakeNow, relay: ListRelay) -> NostrCourier:
    return NostrCourier(BOT, Identity(BOT.public_key, (RELAY,)), relay.publish, now)


def row(kind: PostKind, post: SessionPost | None = None) -> Post:
    return session_post(kind, SESSION, DESTINATION, post or SessionPost(CARD))


def self_row(kind: PostKind, body: SelfPost) -> Post:
    return Post("key", 1, Network.NOSTR, BOT.public_key, kind, body.to_json())


def delivery(post: Post, now: FakeNow) -> Delivery:
    return Delivery(1, 1, 0, post, now() + timedelta(minutes=1))


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (PostKind.ANNOUNCEMENT, 1),
        (PostKind.CALENDAR, 31923),
        (PostKind.REMINDER, 1),
        (PostKind.NOTICE, 1),
    ],
)
def test_each_post_becomes_a_signed_event(
    courier: NostrCourier, now: FakeNow, kind: PostKind, number: int
) -> None:
    prepared = courier.prepare(row(kind), Thread())
    event = parse_json(prepared.wire)
    assert (event.kind, event.id) == (number, prepared.remote_id)
    assert event.created_at == int(now().timestamp())
    assert verify(event)


def test_profile_and_relay_list_are_made_from_their_payload(courier: NostrCourier) -> None:
    made = courier.prepare(self_row(PostKind.PROFILE, SelfPost("Readalong", "Reads.")), Thread())
    assert parse_json(made.wire).kind == 0
    body = SelfPost(relays=(RELAY,))
    made = courier.prepare(self_row(PostKind.RELAY_LIST, body), Thread())
    assert parse_json(made.wire).tags == (("r", RELAY),)


def test_a_reminder_is_a_reply_to_its_announcement(courier: NostrCourier) -> None:
    announced = courier.prepare(row(PostKind.ANNOUNCEMENT), Thread())
    made = courier.prepare(row(PostKind.REMINDER), Thread(announcement=announced.wire))
    event = parse_json(made.wire)
    assert event.tags[0] == ("e", announced.remote_id, RELAY, "root", BOT.public_key)


def test_an_edit_in_the_same_second_is_dated_after_what_it_replaces(courier: NostrCourier) -> None:
    first = courier.prepare(row(PostKind.CALENDAR), Thread())
    second = courier.prepare(row(PostKind.CALENDAR), Thread(previous=first.wire))
    assert parse_json(second.wire).created_at == parse_json(first.wire).created_at + 1


def test_a_note_is_not_dated_after_an_earlier_one(courier: NostrCourier) -> None:
    first = courier.prepare(row(PostKind.REMINDER), Thread())
    second = courier.prepare(row(PostKind.REMINDER), Thread(previous=first.wire))
    assert second.wire == first.wire or parse_json(second.wire).created_at == (
        parse_json(first.wire).created_at
    )


def test_a_topic_of_any_length_fits_an_event(courier: NostrCourier) -> None:
    card = replace(CARD, topic='A "word" and\n' * 50_000)
    for kind in (PostKind.ANNOUNCEMENT, PostKind.CALENDAR):
        wire = courier.prepare(row(kind, SessionPost(card)), Thread()).wire
        assert len(wire) <= MAX_BYTES
        assert "Cut here" in parse_json(wire).content


@pytest.mark.parametrize(
    "post",
    [
        row(PostKind.REPLY),
        row(PostKind.ANNOUNCEMENT, SessionPost(replace(CARD, tags=("x" * 90_000,)))),
        row(PostKind.CALENDAR, SessionPost(replace(CARD, title="\udcff"))),
    ],
    ids=["a reply without bytes", "tags too long", "no text"],
)
def test_what_can_never_be_posted_fails_for_good(courier: NostrCourier, post: Post) -> None:
    with pytest.raises(DeliveryError) as failed:
        courier.prepare(post, Thread())
    assert failed.value.permanent


async def test_sending_publishes_the_stored_bytes(
    courier: NostrCourier, relay: ListRelay, now: FakeNow
) -> None:
    post = row(PostKind.ANNOUNCEMENT)
    prepared = courier.prepare(post, Thread())
    now.advance(timedelta(hours=1))
    sent = await courier.send(delivery(replace(post, wire=prepared.wire), now))
    assert sent == prepared.remote_id
    assert [event.to_json() for event in relay.events] == [prepared.wire]


async def test_what_no_relay_takes_is_an_error(
    courier: NostrCourier, relay: ListRelay, now: FakeNow
) -> None:
    post = row(PostKind.ANNOUNCEMENT)
    relay.down = True
    wire = courier.prepare(post, Thread()).wire
    with pytest.raises(DeliveryError) as failed:
        await courier.send(delivery(replace(post, wire=wire), now))
    assert not failed.value.permanent


@pytest.mark.parametrize("wire", [None, b"{}", b"no json"])
async def test_a_row_without_an_event_fails_for_good(
    courier: NostrCourier, now: FakeNow, wire: bytes | None
) -> None:
    with pytest.raises(DeliveryError) as failed:
        await courier.send(delivery(replace(row(PostKind.NOTICE), wire=wire), now))
    assert failed.value.permanent
    assert courier.network is Network.NOSTR


async def test_the_profile_is_posted_when_it_changed_also_when_it_changes_back(
    tmp_path: Path,
) -> None:
    async with bot_in(tmp_path) as bot:
        introductions = Introductions(bot.store, bot.now, bot.group.id, BOT.public_key)
        posted: list[Event] = bot.relay.events

        async def introduce(about: str) -> int:
            """Queue, and let the outbox send; how many were new."""
            count = len(posted)
            new = await introductions.queue("Readalong", about, [RELAY])
            await bot.outbox._turn_once()
            await until(lambda: len(posted) == count + new)
            return new

        assert await introduce("one") == 2
        assert {event.kind for event in posted} == {0, 10002}
        assert await introduce("one") == 0
        assert await introduce("two") == 1
        assert await introduce("one") == 1
        profiles = [event for event in posted if event.kind == 0]
        dates = [event.created_at for event in profiles]
        assert dates == sorted(set(dates))
        await bot.outbox.stop(timedelta(seconds=1))
