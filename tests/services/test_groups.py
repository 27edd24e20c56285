"""Guilds that are set up: whose group they have, where it posts, and what a change brings along."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import (
    InvalidSessionError,
    NotPermittedError,
    NotSetUpError,
    UnknownSessionError,
    UserError,
)
from bot.domain.model import (
    OPERATOR,
    Destination,
    Group,
    Network,
    PostKind,
    ReminderState,
    Session,
)
from bot.domain.ports import Rows, Topic
from bot.services.groups import Groups, GroupSetup, SetUp
from bot.services.places import OTHER_CHANNEL
from bot.services.reminders import Reminders
from bot.services.sessions import SessionChanges, SessionPlan, Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.services.conftest import CHANNEL, GUILD, MANAGER, ROLE, discord
from tests.services.test_sessions import kinds, pending, queued

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SETUP = GroupSetup("Berlin Reading Group", "Europe/Berlin", "4000", ROLE)
ELSEWHERE = discord(guild="3000", manages_guild=True)
PLAN = SessionPlan("Llama", "2026-12-10 19:00")


async def destinations(store: SqliteStore, group: Group) -> dict[str, str]:
    """The Discord channels, and why they are paused."""
    async with store.read() as view:
        return {
            place.address: place.paused_reason
            for place in await view.groups.destinations(group.id)
            if place.network is Network.DISCORD
        }


async def test_the_first_guild_takes_the_configured_group(
    groups: Groups, guild: SetUp, group: Group, store: SqliteStore, now: FakeNow
) -> None:
    assert guild.created
    assert guild.group == group  # which is called like that already
    assert (guild.guild.set_up_by, guild.guild.set_up_at) == ("9", now())
    assert (guild.guild.channel, guild.guild.organiser_role) == (CHANNEL, ROLE)
    assert await groups.settings(GUILD) == (group, guild.guild)
    assert await destinations(store, group) == {"1000/2000": ""}
    async with store.read() as view:
        assert await view.groups.set_up_at(group.id) == now()


async def test_every_other_guild_has_a_group_of_its_own(
    groups: Groups, guild: SetUp, sessions: Sessions, store: SqliteStore
) -> None:
    other = await groups.set_up("3000", SETUP, by=ELSEWHERE)
    assert other.group.id != guild.group.id
    assert (other.group.slug, other.group.timezone) == ("berlin-reading-group", "Europe/Berlin")
    assert other.group.reminders == guild.group.reminders
    assert await destinations(store, other.group) == {"3000/4000": ""}
    third = await groups.set_up("5000", SETUP, by=replace(ELSEWHERE, guild="5000"))
    assert third.group.slug == "berlin-reading-group-2"
    await sessions.add(guild.group, PLAN, by=OPERATOR)
    for seen_by in (other.group, third.group):
        assert await sessions.all(seen_by, by=OPERATOR) == []
        with pytest.raises(UnknownSessionError):
            await sessions.find(seen_by, "llama", members_only=False)


async def test_the_configured_group_waits_for_the_guild_that_the_configuration_names(
    store: SqliteStore, now: FakeNow, group: Group
) -> None:
    groups = Groups(store, now, group, home_guild=GUILD)
    other = await groups.set_up("3000", SETUP, by=ELSEWHERE)
    assert other.group.id != group.id
    setup = GroupSetup("New name", "UTC", CHANNEL, reminders=(HOUR, DAY, HOUR))
    home = await groups.set_up(GUILD, setup, by=MANAGER)
    assert home.group == Group(group.id, "atl", "New name", "UTC", (DAY, HOUR))


async def test_the_configured_group_is_there_for_the_first_guild_alone(
    groups: Groups, group: Group
) -> None:
    assert await groups.configured_for(GUILD) == group
    await groups.set_up(GUILD, SETUP, by=MANAGER)
    assert await groups.configured_for("3000") is None


async def test_the_configured_group_is_there_for_the_named_guild_alone(
    store: SqliteStore, now: FakeNow, group: Group
) -> None:
    groups = Groups(store, now, group, home_guild=GUILD)
    assert await groups.configured_for("3000") is None
    assert await groups.configured_for(GUILD) == group


async def test_who_may_not_manage_the_server_sets_nothing_up(
    groups: Groups, guild: SetUp, store: SqliteStore
) -> None:
    for by in (
        discord(manages_events=True, roles=(ROLE,)),
        discord(guild="3000", manages_guild=True),
        replace(MANAGER, author=replace(MANAGER.author, network=Network.NOSTR)),
    ):
        with pytest.raises(NotPermittedError, match="Manage Server"):
            await groups.set_up(GUILD, SETUP, by=by)
    assert (await groups.settings(GUILD))[1] == guild.guild
    assert not (await groups.set_up(GUILD, SETUP, by=OPERATOR)).created


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"name": " \u200b"}, UserError),
        ({"timezone": "Mars/Base"}, InvalidSessionError),
        ({"timezone": ""}, InvalidSessionError),
        ({"channel": ""}, UserError),
        ({"organiser_role": "3000"}, UserError),  # @everyone
        ({"reminders": (timedelta(0),)}, UserError),
        ({"reminders": (timedelta(days=366),)}, UserError),
        ({"reminders": tuple(n * HOUR for n in range(1, 12))}, UserError),
    ],
)
async def test_an_impossible_set_up_changes_nothing(
    groups: Groups, group: Group, wrong: dict[str, object], error: type[UserError]
) -> None:
    setup = replace(SETUP, **wrong)  # type: ignore[arg-type]  # one of several types
    with pytest.raises(error, match=r"\.$"):
        await groups.set_up("3000", setup, by=ELSEWHERE)
    with pytest.raises(NotSetUpError):
        await groups.settings("3000")


async def test_another_channel_takes_the_posts_and_the_old_one_can_be_chosen_again(
    groups: Groups, guild: SetUp, sessions: Sessions, store: SqliteStore
) -> None:
    group = guild.group
    setup = GroupSetup(group.name, group.timezone, "2001", ROLE)
    again = await groups.set_up(GUILD, setup, by=MANAGER)
    assert not again.created
    assert await destinations(store, group) == {"1000/2000": OTHER_CHANNEL, "1000/2001": ""}
    session = await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, session.slug, by=OPERATOR)
    assert {post.destination for post in await queued(store, Network.DISCORD)} == {"1000/2001"}
    await groups.set_up(GUILD, replace(setup, channel="2000"), by=MANAGER)
    assert await destinations(store, group) == {"1000/2000": "", "1000/2001": OTHER_CHANNEL}


async def test_a_channel_that_was_left_gets_no_reminders(
    groups: Groups, announced: Session, store: SqliteStore, now: FakeNow
) -> None:
    await groups.set_up(GUILD, GroupSetup("Atlanta", "UTC", "2001"), by=MANAGER)
    now.at = announced.starts_at - HOUR
    await Reminders(store, now).fire_due()
    reminders = [
        post for post in await queued(store, Network.DISCORD) if post.kind is PostKind.REMINDER
    ]
    assert [post.destination for post in reminders] == ["1000/2001"]


async def test_announcing_again_reaches_a_channel_that_was_chosen_later(
    groups: Groups,
    group: Group,
    destination: Destination,
    sessions: Sessions,
    store: SqliteStore,
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    assert (await sessions.announce(group, "llama", by=OPERATOR)).posts == 2
    await groups.set_up(GUILD, replace(SETUP, channel=CHANNEL), by=MANAGER)
    assert (await sessions.announce(group, "llama", by=OPERATOR)).posts == 2
    assert (await sessions.announce(group, "llama", by=OPERATOR)).posts == 0
    assert len(await queued(store)) == 2
    posts = await queued(store, Network.DISCORD)
    assert kinds(posts) == [PostKind.ANNOUNCEMENT, PostKind.CALENDAR]


async def test_on_discord_a_change_brings_the_announcement_up_to_date(
    guild: SetUp, sessions: Sessions, store: SqliteStore
) -> None:
    session = await sessions.add(guild.group, PLAN, by=OPERATOR)
    await sessions.announce(guild.group, "llama", by=OPERATOR)
    await sessions.edit(guild.group, "llama", SessionChanges(topic="New"), by=OPERATOR)
    posts = await queued(store, Network.DISCORD)
    assert kinds(posts) == [PostKind.ANNOUNCEMENT, PostKind.CALENDAR, PostKind.UPDATE]
    assert posts[-1].key == f"update:{session.id}:r2:discord:1000/2000"
    await sessions.cancel(guild.group, "llama", by=OPERATOR)
    posts = await queued(store, Network.DISCORD)
    assert [(post.kind, post.key.partition(":r")[2][:1]) for post in posts[1:]] == [
        (PostKind.CALENDAR, "3"),
        (PostKind.UPDATE, "3"),
        (PostKind.NOTICE, "3"),
    ]


@pytest.fixture
async def announced(guild: SetUp, sessions: Sessions) -> Session:
    await sessions.add(guild.group, PLAN, by=OPERATOR)
    return (await sessions.announce(guild.group, "llama", by=OPERATOR)).session


async def offsets_set_to(groups: Groups, *reminders: timedelta) -> None:
    setup = GroupSetup("Atlanta", "UTC", CHANNEL, ROLE, reminders)
    await groups.set_up(GUILD, setup, by=MANAGER)


async def test_other_reminder_offsets_plan_anew_what_is_ahead(
    groups: Groups, announced: Session, store: SqliteStore
) -> None:
    await offsets_set_to(groups, 2 * DAY, HOUR)
    assert await pending(store, announced) == [2 * DAY, HOUR]
    await offsets_set_to(groups, DAY, HOUR)  # one of them had been dropped before
    assert await pending(store, announced) == [DAY, HOUR]
    await offsets_set_to(groups)
    assert await pending(store, announced) == []
    async with store.read() as view:
        rows = await view.reminders.of_session(announced.id)
    assert len(rows) == 4


async def test_no_other_offsets_leave_every_plan_alone(
    groups: Groups, guild: SetUp, announced: Session, store: SqliteStore
) -> None:
    await groups.set_up(GUILD, GroupSetup("Atlanta", "UTC", CHANNEL), by=MANAGER)
    assert await pending(store, announced) == [7 * DAY, DAY, HOUR]


async def test_a_reminder_that_is_due_or_was_sent_is_not_planned_anew(
    groups: Groups, announced: Session, store: SqliteStore, now: FakeNow
) -> None:
    now.at = announced.starts_at - DAY + HOUR  # two are due and not fired yet
    async with store.transaction() as tx:
        first = (await tx.reminders.of_session(announced.id))[0]
        await tx.reminders.settle([first.id], ReminderState.SENT, now())
    await offsets_set_to(groups, 7 * DAY, 2 * DAY, 2 * HOUR)
    async with store.read() as view:
        rows = await view.reminders.of_session(announced.id)
    assert [(row.offset, row.state) for row in rows] == [
        (7 * DAY, ReminderState.SENT),
        (DAY, ReminderState.PENDING),
        (2 * HOUR, ReminderState.PENDING),
        (HOUR, ReminderState.SKIPPED),
    ]


async def test_offsets_are_planned_anew_for_many_sessions(
    groups: Groups, guild: SetUp, sessions: Sessions, store: SqliteStore
) -> None:
    many = []
    for day in range(60):
        when = f"{2027 + day // 28}-02-{day % 28 + 1:02} 19:00"
        await sessions.add(guild.group, replace(PLAN, title=f"S{day}", when=when), by=OPERATOR)
        many.append((await sessions.announce(guild.group, f"s{day}", by=OPERATOR)).session)
    await offsets_set_to(groups, 3 * HOUR)
    for session in many:
        assert await pending(store, session) == [3 * HOUR]


class Counting:
    """A store that counts how often it is read; ``gate`` is awaited before a read ends."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.reads = 0
        self.gate: Awaitable[object] | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Rows]:
        self.reads += 1
        async with self._store.read() as view:
            yield view
        if self.gate is not None:
            await self.gate

    def transaction(self) -> AbstractAsyncContextManager[Rows]:
        return self._store.transaction()

    def on_commit(self, topic: Topic, callback: Callable[[], None]) -> None:
        self._store.on_commit(topic, callback)

    def version(self) -> object:
        return self._store.version()


async def test_a_guilds_group_is_kept_in_memory_until_groups_change(
    store: SqliteStore, now: FakeNow, group: Group
) -> None:
    counting = Counting(store)
    groups = Groups(counting, now, group)
    with pytest.raises(NotSetUpError, match="/setup"):
        await groups.of_guild(GUILD)
    await groups.set_up(GUILD, GroupSetup("Old", "UTC", CHANNEL), by=MANAGER)
    counting.reads = 0
    assert [(await groups.of_guild(GUILD)).name for _ in range(3)] == ["Old"] * 3
    assert counting.reads == 1
    await groups.set_up(GUILD, GroupSetup("New", "UTC", CHANNEL), by=MANAGER)
    assert (await groups.of_guild(GUILD)).name == "New"


async def test_what_was_read_before_a_change_isnt_remembered_after_it(
    store: SqliteStore, now: FakeNow, group: Group
) -> None:
    counting = Counting(store)
    groups = Groups(counting, now, group)
    await groups.set_up(GUILD, GroupSetup("Old", "UTC", CHANNEL), by=MANAGER)
    counting.gate = groups.set_up(GUILD, GroupSetup("New", "UTC", CHANNEL), by=MANAGER)
    assert (await groups.of_guild(GUILD)).name == "Old"  # as it was when it was asked for
    counting.gate = None
    assert (await groups.of_guild(GUILD)).name == "New"
