"""Interest in a scheduled event is heard from the gateway, also of people whom nobody cached."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import StorageError
from bot.domain.model import Author, Group, Guild, Network, Post, PostKind, RsvpAnswer, Rsvps
from bot.domain.model import Session as Meeting
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.context import Services
from bot.networks.discord.events import Interest
from bot.networks.discord.local import Actor, LocalDiscord
from bot.networks.discord.local import Guild as LocalGuild
from bot.networks.discord.local.model import Event
from bot.networks.discord.rest import Rest
from bot.services.attendance import Attendance
from bot.storage.store import SqliteStore
from tests.adapters.discord_bot import connected
from tests.adapters.discord_posting import a_session
from tests.discord_openapi import checked_discord
from tests.fakes import FakeNow
from tests.waiting import until


@dataclass
class Heard:
    """A connected bot, a session announced in a guild, and its scheduled event there."""

    server: LocalDiscord
    guild: LocalGuild
    store: SqliteStore
    bot: ReadalongBot
    interest: Interest
    session: Meeting
    event: Event
    ada: Actor
    touched: list[int]

    @property
    def bot_id(self) -> int:
        return self.server.world.bot.id

    async def counts(self) -> Rsvps:
        async with self.store.read() as view:
            return await view.sessions.rsvps(self.session.id)

    async def becomes(self, counts: Rsvps) -> None:
        async def is_so() -> bool:
            return await self.counts() == counts

        await until(is_so)

    async def are_taken(self) -> None:
        """All that was heard is dealt with: a later one of Ada's is."""
        self.ada.interested(self.event)
        await self.becomes(Rsvps(maybe=1))


async def _event_of(store: SqliteStore, guild: LocalGuild, group: Group) -> Meeting:
    """The session, its calendar row sent as the guild's one event."""
    now = FakeNow()
    (event,) = guild.events.values()
    async with store.transaction() as tx:
        await tx.groups.set_guild(Guild(str(guild.id), group.id, "5", "6", now()))
        session = await tx.sessions.add(a_session(group, now() + timedelta(days=1)), now())
        post = Post(
            "calendar:1", group.id, Network.DISCORD, f"{guild.id}/5", PostKind.CALENDAR, "{}",
            session_id=session.id,
        )  # fmt: skip
        await tx.outbox.add([post], now())
        claimed = await tx.outbox.claim(Network.DISCORD, now(), now() + timedelta(minutes=1), 1)
        await tx.outbox.mark_sent([(claimed[0], str(event.id))], now())
    return session


def an_event(server: LocalDiscord, guild: LocalGuild) -> Event:
    world = server.world
    starts_at = world.now() + timedelta(days=1)
    event = Event(world.ids.next(), guild, world.bot.id, "LLM moats", starts_at, 3)
    guild.events[event.id] = event
    return event


@pytest.fixture
async def heard(tmp_path: Path) -> AsyncIterator[Heard]:
    now = FakeNow()
    async with (
        checked_discord(now=now) as server,
        SqliteStore.open(tmp_path / "readalong.db", now) as store,
    ):
        guild = server.guild("Atlanta")
        event = an_event(server, guild)
        touched: list[int] = []
        made: list[Interest] = []

        def prepare(bot: ReadalongBot) -> None:
            us = str(server.world.bot.id)
            rest = Rest(bot.http)
            made.append(Interest(bot.services, touched.append, lambda: us, rest))
            made[0].listen(bot)

        async with connected(server, store, prepare) as bot:
            async with store.read() as view:
                (group,) = await view.groups.all()
            session = await _event_of(store, guild, group)
            task = asyncio.create_task(made[0].run())
            ada = server.join(guild, "Ada")
            yield Heard(server, guild, store, bot, made[0], session, event, ada, touched)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_who_is_interested_may_come(heard: Heard) -> None:
    assert heard.bot.get_user(heard.ada.id) is None, "cached: this test would show nothing"
    heard.ada.interested(heard.event)
    await heard.becomes(Rsvps(maybe=1))
    await until(lambda: heard.touched == [heard.session.id])
    heard.ada.no_longer_interested(heard.event)
    await heard.becomes(Rsvps())


async def test_a_word_counts_for_more_than_interest(heard: Heard) -> None:
    person = Author(Network.DISCORD, str(heard.ada.id), "Ada")
    async with heard.store.transaction() as tx:
        await tx.sessions.set_rsvp(heard.session, person, RsvpAnswer.YES, FakeNow()())
    heard.ada.interested(heard.event)
    heard.server.join(heard.guild, "Ben").interested(heard.event)
    await heard.becomes(Rsvps(yes=1, maybe=1))
    await until(lambda: heard.touched == [heard.session.id])


async def test_other_events_and_ourselves_count_for_nothing(heard: Heard) -> None:
    heard.ada.interested(an_event(heard.server, heard.guild))
    heard.server.world.interest(heard.event, heard.server.world.bot, interested=True)
    await heard.are_taken()
    await until(lambda: heard.touched == [heard.session.id])


async def test_an_event_told_of_another_groups_guild_counts_for_nothing(heard: Heard) -> None:
    """Fault 65: an event's id names no session of another group."""
    boston = heard.server.guild("Boston")
    told = {
        "guild_scheduled_event_id": str(heard.event.id),
        "user_id": str(heard.ada.id),
        "guild_id": str(boston.id),
    }
    heard.server.world.emit("GUILD_SCHEDULED_EVENT_USER_ADD", told, boston)
    heard.server.join(heard.guild, "Ben").interested(heard.event)
    await heard.becomes(Rsvps(maybe=1))


async def test_what_nobody_told_is_asked_for(heard: Heard) -> None:
    crowd = [heard.server.join(heard.guild, f"P{number}") for number in range(120)]
    said = Author(Network.DISCORD, str(crowd[0].id), "P0")
    async with heard.store.transaction() as tx:
        await tx.sessions.set_rsvp(heard.session, said, RsvpAnswer.NO, FakeNow()())
    heard.ada.interested(heard.event)
    await heard.becomes(Rsvps(maybe=1, no=1))
    del heard.event.interested[heard.ada.id]
    heard.event.interested |= dict.fromkeys([*(each.id for each in crowd), heard.bot_id])
    for _ in range(2):
        heard.interest.ask_for_all()
    await heard.becomes(Rsvps(maybe=119, no=1))
    await until(lambda: heard.touched == [heard.session.id] * 2)
    heard.event.interested.clear()
    heard.interest.ask_for_all()
    await heard.becomes(Rsvps(no=1))


async def test_where_nobody_can_be_asked_nothing_is_taken_back(
    heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    heard.ada.interested(heard.event)
    await heard.becomes(Rsvps(maybe=1))
    del heard.guild.events[heard.event.id]
    with caplog.at_level(logging.INFO):
        heard.interest.ask_for_all()
        await until(lambda: "who is interested" in caplog.text)
    assert await heard.counts() == Rsvps(maybe=1)


@pytest.mark.parametrize("error", [StorageError("the disk is full"), ZeroDivisionError()])
async def test_what_fails_ends_nothing(
    heard: Heard, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Attendance):
        failed = False

        async def interest(
            self, group: Group, session_id: int, person: Author, *, interested: bool
        ) -> bool:
            if not self.failed:
                self.failed = True
                raise error
            return await super().interest(group, session_id, person, interested=interested)

    failing = Failing(heard.store, FakeNow())
    object.__setattr__(heard.bot.services, "attendance", failing)  # frozen
    heard.server.join(heard.guild, "Ben").interested(heard.event)
    await until(lambda: "not counted" in caplog.text)
    await heard.are_taken()


async def test_a_flood_is_bounded(heard: Heard, caplog: pytest.LogCaptureFixture) -> None:
    services: Services = heard.bot.services
    rest = Rest(heard.bot.http)
    small = Interest(services, heard.touched.append, lambda: "", rest, waiting=1)
    small.listen(heard.bot)
    with caplog.at_level(logging.WARNING):
        heard.ada.interested(heard.event)
        heard.ada.no_longer_interested(heard.event)
        await until(lambda: "too much at once" in caplog.text)
