"""What every store must do for groups that are set up on a network, and for who waits for that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from bot.domain.errors import StorageError
from bot.domain.model import Author, Group, Guild, Network, PostKind, RsvpAnswer, Session
from bot.domain.ports import Rows, Store, Topic
from tests.rows import BOT, DAY, NOON, a_group, a_post, a_session

MINUTE = timedelta(minutes=1)
NOSTR, DISCORD = Network.NOSTR, Network.DISCORD


def a_guild(group: Group, address: str = "100") -> Guild:
    return Guild(address, group.id, "200", "300", NOON, organiser_role="400")


class TestGuilds:
    async def test_setting_up_makes_a_group_or_changes_it(self, store: Store) -> None:
        async with store.transaction() as tx:
            made = await tx.groups.set_up(Group(0, "atl", "A", "UTC", (DAY,)), NOON)
            changed = await tx.groups.set_up(Group(0, "atl", "B", "Asia/Tokyo", ()), NOON + MINUTE)
        async with store.read() as view:
            assert await view.groups.by_id(made.id) == changed
            assert await view.groups.set_up_at(made.id) == NOON + MINUTE
        assert changed == Group(made.id, "atl", "B", "Asia/Tokyo", ())

    async def test_a_configured_group_is_not_set_up_and_ensuring_forgets_nothing(
        self, store: Store, group: Group
    ) -> None:
        async with store.transaction() as tx:
            assert await tx.groups.set_up_at(group.id) is None
            assert await tx.groups.set_up_at(77) is None
            assert await tx.groups.set_up(group, NOON) == group
            await tx.groups.ensure(group)
            assert await tx.groups.set_up_at(group.id) == NOON

    async def test_a_guild_is_kept_once_with_every_field(self, store: Store, group: Group) -> None:
        guild = a_guild(group)
        async with store.transaction() as tx:
            assert await tx.groups.guild("100") is None
            await tx.groups.set_guild(guild)
            assert await tx.groups.guild("100") == guild
            other = await a_group(tx, "other")
            changed = Guild("100", other.id, "201", "301", NOON + DAY)
            await tx.groups.set_guild(changed)
        async with store.read() as view:
            assert await view.groups.guild("100") == changed
            assert await view.groups.guilds(group.id) == []
            assert await view.groups.guilds(other.id) == [changed]

    async def test_a_group_has_guilds_in_the_order_they_were_set_up(
        self, store: Store, group: Group
    ) -> None:
        first = a_guild(group, "9")
        second = replace(a_guild(group, "10"), set_up_at=NOON + MINUTE)
        async with store.transaction() as tx:
            await tx.groups.set_guild(second)
            await tx.groups.set_guild(first)
        async with store.read() as view:
            assert await view.groups.guilds(group.id) == [first, second]

    async def test_a_guild_without_a_group_is_refused(self, store: Store, group: Group) -> None:
        with pytest.raises(StorageError) as refused:
            async with store.transaction() as tx:
                await tx.groups.set_guild(replace(a_guild(group), group_id=77))
        assert refused.value.permanent


class TestProposals:
    async def test_a_proposal_is_taken_once_and_by_its_own_group(
        self, store: Store, group: Group
    ) -> None:
        async with store.transaction() as tx:
            await tx.proposals.add("p1", group.id, '{"title": "“A”"}', NOON)
            await tx.proposals.add("p2", group.id, "{}", NOON)
        async with store.transaction() as tx:
            assert await tx.proposals.take("p1", group.id + 1) is None
            assert await tx.proposals.take("p1", group.id) == '{"title": "“A”"}'
            assert await tx.proposals.take("p1", group.id) is None
            assert await tx.proposals.take("p2", group.id) == "{}"

    async def test_those_older_than_a_day_are_dropped(self, store: Store, group: Group) -> None:
        async with store.transaction() as tx:
            await tx.proposals.add("old", group.id, "{}", NOON)
            await tx.proposals.add("yesterday", group.id, "{}", NOON + MINUTE)
            await tx.proposals.add("new", group.id, "{}", NOON + DAY + MINUTE)
            assert await tx.proposals.take("old", group.id) is None
            assert await tx.proposals.take("yesterday", group.id) == "{}"
            assert await tx.proposals.take("new", group.id) == "{}"


class TestSettings:
    async def test_a_setting_is_kept_and_replaced(self, store: Store) -> None:
        async with store.transaction() as tx:
            assert await tx.settings.get("hash") is None
            await tx.settings.put("hash", "a")
            await tx.settings.put("hash", "b")
            await tx.settings.put("other", "c")
        async with store.read() as view:
            assert await view.settings.get("hash") == "b"


class TestSent:
    async def test_where_the_posts_of_a_session_stand(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            other = await tx.sessions.add(a_session(session.group_id, "other"), NOON)
            announced = [
                replace(
                    a_post(session, key, PostKind.ANNOUNCEMENT), network=DISCORD, destination=where
                )
                for key, where in (("a", "1/2"), ("b", "3/4"), ("waits", "5/6"), ("nameless", "7"))
            ]
            calendar = replace(announced[0], key="calendar", kind=PostKind.CALENDAR)
            of_other = replace(announced[0], key="other", session_id=other.id)
            nostr = a_post(session, "nostr", PostKind.ANNOUNCEMENT)
            posts = [*announced, calendar, of_other, nostr]
            sent = await tx.outbox.add_claimed(posts, NOON, NOON + MINUTE)
            ids = {delivery.post.key: delivery for delivery in sent if delivery.post.key != "waits"}
            await tx.outbox.mark_sent(
                [(ids[key], "" if key == "nameless" else f"id of {key}") for key in reversed(ids)],
                NOON,
            )
        kind = PostKind.ANNOUNCEMENT
        async with store.read() as view:
            assert await view.outbox.sent(session.id, DISCORD, kind) == [
                ("1/2", "id of a"),
                ("3/4", "id of b"),
            ]
            assert await view.outbox.sent(session.id, NOSTR, kind) == [(BOT, "id of nostr")]
            assert await view.outbox.sent(session.id, DISCORD, PostKind.UPDATE) == []


Write = Callable[[Rows, Session], Awaitable[object]]
DAN = Author(DISCORD, "1234", "Dan")
GUILD = Guild("100", 1, "200", "300", NOON)

TOUCHED: dict[str, tuple[set[Topic], Write]] = {
    "group": ({Topic.GROUPS}, lambda tx, s: a_group(tx)),
    "setup": ({Topic.GROUPS}, lambda tx, s: tx.groups.set_up(Group(0, "b", "B", "UTC", ()), NOON)),
    "guild": ({Topic.GROUPS}, lambda tx, s: tx.groups.set_guild(GUILD)),
    "destination": (
        {Topic.GROUPS},
        lambda tx, s: tx.groups.ensure_destination(s.group_id, DISCORD, "100/200"),
    ),
    "known destination": (
        set(),
        lambda tx, s: tx.groups.ensure_destination(s.group_id, NOSTR, BOT),
    ),
    "pause": (
        {Topic.GROUPS},
        lambda tx, s: tx.groups.pause_destination(s.group_id, NOSTR, BOT, "gone", NOON),
    ),
    "resume": (
        {Topic.GROUPS, Topic.OUTBOX},
        lambda tx, s: tx.groups.resume_destination(s.group_id, NOSTR, BOT),
    ),
    "new session": (
        {Topic.SESSIONS},
        lambda tx, s: tx.sessions.add(a_session(s.group_id, "other"), NOON),
    ),
    "session": ({Topic.SESSIONS}, lambda tx, s: tx.sessions.update(s, NOON)),
    "rsvp": (set(), lambda tx, s: tx.sessions.set_rsvp(s, DAN, RsvpAnswer.YES, NOON)),
    "setting": (set(), lambda tx, s: tx.settings.put("a", "b")),
    "proposal": (set(), lambda tx, s: tx.proposals.add("p", s.group_id, "{}", NOON)),
}


@pytest.mark.parametrize("name", TOUCHED)
async def test_a_commit_wakes_those_whom_it_concerns(
    store: Store, session: Session, name: str
) -> None:
    expected, write = TOUCHED[name]
    woken: list[Topic] = []
    for topic in Topic:
        store.on_commit(topic, partial(woken.append, topic))
    async with store.transaction() as tx:
        await write(tx, session)
        assert woken == []
    assert sorted(woken) == sorted(expected)
