"""Warnings: organisers hear on Discord what can't be posted, once, wherever something works."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.errors import DeliveryError
from bot.domain.model import (
    OPERATOR,
    Delivery,
    Destination,
    Group,
    Network,
    OutboxState,
    Post,
    PostKind,
    Session,
)
from bot.services.groups import Groups, GroupSetup, SetUp
from bot.services.outbox import Outbox
from bot.services.sessions import SessionChanges, SessionPlan, Sessions
from bot.services.warnings import warn
from bot.storage.store import SqliteStore
from tests.fakes import FakeCourier, FakeNow
from tests.services.conftest import CHANNEL, GUILD, MANAGER
from tests.services.test_sessions import queued
from tests.waiting import until

CHANNEL_ADDRESS = f"{GUILD}/{CHANNEL}"
LOST = DeliveryError("no permission", permanent=True, pause=True)
REFUSED = DeliveryError("the message is too long.", permanent=True)
UNKNOWN = DeliveryError("its history can't be read", unknown=True)


class DiscordFake(FakeCourier):
    network = Network.DISCORD


def _at_once(attempt: int) -> timedelta:
    return timedelta(0)


@asynccontextmanager
async def posting(store: SqliteStore, courier: FakeCourier, now: FakeNow) -> AsyncIterator[None]:
    outbox = Outbox(store, courier, now, _at_once)
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        await outbox.stop(timedelta(seconds=1))
        await task


async def told(store: SqliteStore) -> list[tuple[str, str]]:
    """(where, what) of every warning that waits."""
    posts = await queued(store, Network.DISCORD)
    return [
        (post.destination, json.loads(post.payload)["text"])
        for post in posts
        if post.kind is PostKind.WARNING
    ]


async def ended(store: SqliteStore, network: Network = Network.DISCORD) -> dict[OutboxState, int]:
    async with store.read() as view:
        counted = await view.outbox.count(network)
    final = (OutboxState.FAILED, OutboxState.UNKNOWN)
    return {state: counted[state] for state in final if state in counted}


@pytest.fixture
async def session(sessions: Sessions, guild: SetUp) -> Session:
    await sessions.add(guild.group, SessionPlan("Llama", "2026-12-10 19:00"), by=OPERATOR)
    return (await sessions.announce(guild.group, "llama", by=OPERATOR)).session


async def has_ended(store: SqliteStore, rows: int, network: Network = Network.DISCORD) -> bool:
    return sum((await ended(store, network)).values()) == rows


async def test_a_warning_goes_once_to_every_channel_that_works(
    store: SqliteStore, now: FakeNow, guild: SetUp
) -> None:
    group = guild.group
    async with store.transaction() as tx:
        for channel in ("2001", "2002", "2003"):
            await tx.groups.ensure_destination(group.id, Network.DISCORD, f"{GUILD}/{channel}")
        await tx.groups.pause_destination(group.id, Network.DISCORD, "1000/2002", "gone", now())
        for _ in range(2):
            await warn(tx, group.id, "k", "Threads can't be made.", now(), about="1000/2003")
    assert await told(store) == [
        (CHANNEL_ADDRESS, "Threads can't be made."),
        ("1000/2001", "Threads can't be made."),
    ]
    first = (await queued(store, Network.DISCORD))[0]
    assert (first.key, first.expires_at) == ("warning:k", now() + timedelta(days=7))


async def test_what_was_told_isnt_told_again_where_something_works_again(
    store: SqliteStore, now: FakeNow, guild: SetUp
) -> None:
    async with store.transaction() as tx:
        await warn(tx, guild.group.id, "k", "Told.", now(), about=CHANNEL_ADDRESS)
        await warn(tx, guild.group.id, "k", "Told.", now())
    assert await told(store) == [("@9", "Told.")]


async def test_where_no_channel_works_each_who_set_a_guild_up_is_told_in_person(
    store: SqliteStore, now: FakeNow, group: Group, groups: Groups, guild: SetUp
) -> None:
    for address, user in (("3000", "9"), ("5000", "10"), ("6000", "")):
        async with store.transaction() as tx:
            await tx.groups.set_guild(replace(guild.guild, address=address, set_up_by=user))
            await warn(tx, group.id, address, "Told.", now(), about=CHANNEL_ADDRESS)
    assert await told(store) == [("@9", "Told."), *[("@9", "Told."), ("@10", "Told.")] * 2]


async def test_where_there_is_no_guild_the_log_is_told(
    store: SqliteStore, now: FakeNow, group: Group, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with store.transaction() as tx:
        await warn(tx, group.id, "k", "Nothing works.", now())
    assert await told(store) == []
    assert "Nothing works." in caplog.text


async def test_a_post_that_is_refused_for_good_is_told_in_the_channel(
    store: SqliteStore, now: FakeNow, session: Session
) -> None:
    courier = DiscordFake()
    courier.plans.append(REFUSED)
    async with posting(store, courier, now):
        await until(lambda: has_ended(store, 1))
        await until(lambda: len(courier.arrived) == 2)
    warned = courier.messages[CHANNEL_ADDRESS][-1].decode()
    assert "The announcement of “Llama” can't be posted in the Discord channel <#2000>" in warned
    assert "too long. Mend that, and announce the session again." in warned
    assert await ended(store) == {OutboxState.FAILED: 1}


async def test_a_post_that_may_have_arrived_is_unknown_and_told(
    store: SqliteStore, now: FakeNow, session: Session
) -> None:
    courier = DiscordFake()
    courier.plans.append(UNKNOWN)
    async with posting(store, courier, now):
        await until(lambda: has_ended(store, 1))
        await until(lambda: len(courier.arrived) == 2)
    assert "may have arrived" in courier.messages[CHANNEL_ADDRESS][-1].decode()
    assert await ended(store) == {OutboxState.UNKNOWN: 1}
    assert courier.tried.count(f"announcement:{session.id}:discord:{CHANNEL_ADDRESS}") == 1
    async with store.read() as view:
        assert [error for _, error in await view.outbox.failures()] == [UNKNOWN.reason]


async def test_a_channel_at_fault_is_told_of_elsewhere_once(
    store: SqliteStore, now: FakeNow, session: Session
) -> None:
    courier = DiscordFake()
    courier.plans.extend([LOST, LOST])  # two posts were on their way
    async with posting(store, courier, now):
        await until(lambda: has_ended(store, 2))
        await until(lambda: len(courier.arrived) == 1)
    (warned,) = courier.messages["@9"]
    assert b"Nothing more is posted in the Discord channel <#2000>: no permission." in warned
    async with store.read() as view:
        places = await view.groups.destinations(session.group_id)
    assert [place.paused_reason for place in places] == ["no permission"]


async def test_announcing_again_after_the_mend_posts_what_failed_as_it_is_now(
    store: SqliteStore, now: FakeNow, session: Session, sessions: Sessions, guild: SetUp
) -> None:
    courier = DiscordFake()
    courier.plans.extend([LOST, LOST])
    async with posting(store, courier, now):
        await until(lambda: has_ended(store, 2))
        await until(lambda: len(courier.arrived) == 1)
        await sessions.edit(guild.group, "llama", SessionChanges(topic="New"), by=OPERATOR)
        again = await sessions.announce(guild.group, "llama", by=OPERATOR)
        assert again.posts == 1  # the announcement; a newer calendar entry waits already
        await until(lambda: len(courier.arrived) == 4)
        assert (await sessions.announce(guild.group, "llama", by=OPERATOR)).posts == 0
    sent = b"\n".join(courier.messages[CHANNEL_ADDRESS])
    assert sent.count(b'"topic": "New"') == 3
    assert await ended(store) == {OutboxState.FAILED: 1}  # the calendar entry as it was


async def test_what_fails_again_after_it_was_announced_again_is_told_again(
    store: SqliteStore, now: FakeNow, session: Session, sessions: Sessions, guild: SetUp
) -> None:
    courier = DiscordFake()
    courier.plans.append(REFUSED)
    async with posting(store, courier, now):
        await until(lambda: has_ended(store, 1))
        await until(lambda: len(courier.arrived) == 2)
        courier.plans.append(REFUSED)
        await sessions.announce(guild.group, "llama", by=OPERATOR)
        await until(lambda: len(courier.arrived) == 3)
    assert sum(b"announce the session again" in each for each in _all(courier)) == 2


def _all(courier: FakeCourier) -> list[bytes]:
    return [wire for wires in courier.messages.values() for wire in wires]


async def test_announcing_what_is_over_posts_nothing(
    store: SqliteStore, now: FakeNow, session: Session, sessions: Sessions, guild: SetUp
) -> None:
    courier = DiscordFake()
    courier.plans.append(REFUSED)
    async with posting(store, courier, now):
        await until(lambda: has_ended(store, 1))
    now.at = session.starts_at + session.duration
    assert (await sessions.announce(guild.group, "llama", by=OPERATOR)).posts == 0


async def test_the_same_trouble_with_every_calendar_entry_is_told_once(
    store: SqliteStore, now: FakeNow, session: Session, sessions: Sessions, guild: SetUp
) -> None:
    courier = DiscordFake()
    async with posting(store, courier, now):
        await until(lambda: len(courier.arrived) == 2)
        for rows, topic in ((2, "A"), (4, "B")):
            courier.plans.extend([REFUSED, REFUSED])  # the calendar entry and the update
            await sessions.edit(guild.group, "llama", SessionChanges(topic=topic), by=OPERATOR)
            await until(partial(has_ended, store, rows))
            await until(lambda: len(courier.arrived) == 4)  # each of the first two was told
    warned = courier.messages[CHANNEL_ADDRESS][2:]
    assert sorted(b"The calendar entry of" in each for each in warned) == [False, True]


async def test_trouble_on_nostr_is_told_on_discord(
    store: SqliteStore, now: FakeNow, destination: Destination, session: Session
) -> None:
    courier = FakeCourier()
    courier.plans.append(LOST)
    async with posting(store, courier, now):
        await until(lambda: has_ended(store, 1, Network.NOSTR))
    ((where, text),) = await told(store)
    assert where == CHANNEL_ADDRESS
    assert text.startswith("Nothing more is posted on Nostr: no permission. Mend that")


async def test_a_warning_that_cant_be_posted_warns_of_nothing(
    store: SqliteStore, now: FakeNow, guild: SetUp
) -> None:
    courier = DiscordFake()
    courier.plans.extend([LOST, REFUSED])
    async with store.transaction() as tx:
        await warn(tx, guild.group.id, "k", "Told.", now(), about=CHANNEL_ADDRESS)
        await warn(tx, guild.group.id, "l", "Told.", now(), about=CHANNEL_ADDRESS)
    async with posting(store, courier, now):
        await until(lambda: has_ended(store, 2))
    assert await told(store) == []


async def test_an_answer_to_a_member_that_fails_is_not_the_organisers_trouble(
    store: SqliteStore, now: FakeNow, session: Session
) -> None:
    reply = Post(
        "reply:1", session.group_id, Network.DISCORD, CHANNEL_ADDRESS, PostKind.REPLY, "{}",
        session_id=session.id,
    )  # fmt: skip
    courier = DiscordFake()
    async with posting(store, courier, now):
        await until(lambda: len(courier.arrived) == 2)
        courier.plans.append(REFUSED)
        async with store.transaction() as tx:
            await tx.outbox.add([reply], now())
        await until(lambda: has_ended(store, 1))
    assert await told(store) == []


class Late(DiscordFake):
    """What goes to the guild's first channel is under way until ``gate``, and fails then."""

    def __init__(self, error: DeliveryError) -> None:
        super().__init__()
        self.error = error
        self.gate = asyncio.Event()

    async def send(self, delivery: Delivery) -> str:
        if delivery.post.destination == CHANNEL_ADDRESS:
            self.tried.append(delivery.post.key)
            await self.gate.wait()
            raise self.error
        return await super().send(delivery)


async def test_a_channel_that_was_left_stays_left_when_a_late_post_fails_there(
    store: SqliteStore, now: FakeNow, session: Session, groups: Groups
) -> None:
    courier = Late(LOST)
    async with posting(store, courier, now):
        await until(lambda: len(courier.tried) == 2)
        await groups.set_up(GUILD, GroupSetup("Atlanta", "UTC", "2001"), by=MANAGER)
        courier.gate.set()
        await until(lambda: has_ended(store, 2))
    async with store.read() as view:
        places = await view.groups.destinations(session.group_id)
    assert [place.paused_reason for place in places] == ["another channel was chosen", ""]
    assert await told(store) == []


async def test_a_row_that_somebody_else_took_over_is_not_told_of(
    store: SqliteStore, now: FakeNow, session: Session
) -> None:
    courier = Late(REFUSED)
    async with posting(store, courier, now):
        await until(lambda: len(courier.tried) == 2)
        async with store.transaction() as tx:
            await tx.outbox.release(Network.DISCORD)
            await tx.outbox.claim(Network.DISCORD, now(), now() + timedelta(hours=1), 10)
        courier.gate.set()
    assert await told(store) == []
    assert await ended(store) == {}
