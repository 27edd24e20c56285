"""Sessions: planned, announced, changed, called off and found, on a real data file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import (
    InvalidSessionError,
    NoUpcomingSessionError,
    UnknownSessionError,
)
from bot.domain.model import (
    OPERATOR,
    Audience,
    Destination,
    Group,
    Network,
    Post,
    PostKind,
    Reading,
    ReminderState,
    Session,
    SessionStatus,
)
from bot.domain.posts import Change, SessionPost
from bot.services.sessions import SessionChanges, SessionPlan, Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow

HOUR = timedelta(hours=1)
PLAN = SessionPlan(
    title="Llama, the open one",
    when="2026-12-10 19:00",
    place="Central Library",
    tags=("#AI", "llm", "ai"),
    readings=(Reading("The paper", "https://example.com/llama", "Some text."),),
)


async def queued(store: SqliteStore, network: Network = Network.NOSTR) -> list[Post]:
    """Everything that was ever queued and isn't claimed, taken for an hour of its own."""
    async with store.transaction() as tx:
        far = datetime(2030, 1, 1, tzinfo=UTC)
        deliveries = await tx.outbox.claim(network, far, far + HOUR, 1000)
        await tx.outbox.release(network, deliveries)
    return [delivery.post for delivery in deliveries]


def kinds(posts: list[Post]) -> list[PostKind]:
    return [post.kind for post in posts]


async def pending(store: SqliteStore, session: Session) -> list[timedelta]:
    async with store.read() as view:
        rows = await view.reminders.of_session(session.id)
    return [row.offset for row in rows if row.state is ReminderState.PENDING]


async def test_a_planned_session_is_kept_as_it_was_said(
    sessions: Sessions, group: Group, store: SqliteStore
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    assert session.slug == "llama-the-open-one"
    assert session.starts_at == datetime(2026, 12, 11, 0, 0, tzinfo=UTC)
    assert (session.local_time, session.timezone) == ("2026-12-10 19:00", "America/New_York")
    assert session.tags == ("ai", "llm")
    assert session.status is SessionStatus.PLANNED
    assert await sessions.find(group, session.slug, members_only=False) == session
    assert await queued(store) == []


async def test_two_sessions_of_one_title_have_two_slugs(sessions: Sessions, group: Group) -> None:
    slugs = [(await sessions.add(group, PLAN, by=OPERATOR)).slug for _ in range(3)]
    assert slugs == ["llama-the-open-one", "llama-the-open-one-2", "llama-the-open-one-3"]


@pytest.mark.parametrize("word", ["Next", "last!"])
async def test_no_slug_is_a_word_that_means_another_session(
    sessions: Sessions, group: Group, word: str
) -> None:
    named = replace(PLAN, title=word)
    slugs = [(await sessions.add(group, named, by=OPERATOR)).slug for _ in range(2)]
    name = word.strip("!").casefold()
    assert slugs == [f"{name}-2", f"{name}-3"]
    found = [await sessions.find(group, slug, members_only=False) for slug in slugs]
    assert [session.slug for session in found] == slugs


@pytest.mark.parametrize(
    "wrong",
    [
        {"when": "2026-11-30 19:00"},
        {"when": "2027-03-14 02:30"},
        {"timezone": "Mars/Base"},
        {"title": " \u200b"},
        {"title": "x" * 201},
        {"duration": timedelta(0)},
        {"duration": timedelta(days=2)},
    ],
)
async def test_an_impossible_session_is_refused_and_not_stored(
    sessions: Sessions, group: Group, wrong: dict[str, str]
) -> None:
    with pytest.raises(InvalidSessionError):
        await sessions.add(group, replace(PLAN, **wrong), by=OPERATOR)  # type: ignore[arg-type]  # one of several types
    assert await sessions.all(group, by=OPERATOR) == []


async def test_announcing_tells_every_destination_and_plans_reminders(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore
) -> None:
    async with store.transaction() as tx:
        await tx.groups.ensure_destination(group.id, Network.NOSTR, "bb" * 32)
    session = await sessions.add(group, PLAN, by=OPERATOR)
    announced = await sessions.announce(group, session.slug, by=OPERATOR)
    assert announced.posts == 4
    assert announced.session.status is SessionStatus.ANNOUNCED
    posts = await queued(store)
    assert kinds(posts) == [PostKind.ANNOUNCEMENT, PostKind.CALENDAR] * 2
    assert {post.destination for post in posts} == {"aa" * 32, "bb" * 32}
    assert SessionPost.from_json(posts[0].payload).card.title == PLAN.title
    assert await pending(store, session) == [timedelta(days=7), timedelta(days=1), HOUR]
    assert await sessions.next(group) == announced.session


async def test_second_announce_posts_nothing(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    first = await sessions.announce(group, "llama", by=OPERATOR)
    second = await sessions.announce(group, "llama", by=OPERATOR)
    assert second == replace(first, posts=0)
    assert len(await queued(store)) == 2


async def test_announcing_without_a_destination_changes_nothing(
    sessions: Sessions, group: Group
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    with pytest.raises(InvalidSessionError, match="enable a network"):
        await sessions.announce(group, session.slug, by=OPERATOR)
    assert await sessions.find(group, session.slug, members_only=False) == session


async def test_a_session_that_began_or_is_off_cant_be_announced(
    sessions: Sessions, group: Group, destination: Destination, now: FakeNow
) -> None:
    off = await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.cancel(group, off.slug, by=OPERATOR)
    with pytest.raises(InvalidSessionError, match="cancelled"):
        await sessions.announce(group, off.slug, by=OPERATOR)
    begun = await sessions.add(group, PLAN, by=OPERATOR)
    now.advance(timedelta(days=30))
    with pytest.raises(InvalidSessionError, match="began"):
        await sessions.announce(group, begun.slug, by=OPERATOR)


async def test_only_reminders_still_ahead_are_planned(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore
) -> None:
    session = await sessions.add(group, replace(PLAN, when="2026-12-02 06:00"), by=OPERATOR)
    await sessions.announce(group, session.slug, by=OPERATOR)
    assert await pending(store, session) == [HOUR]


async def test_moving_an_announced_session_tells_members_and_plans_anew(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, session.slug, by=OPERATOR)
    changes = SessionChanges(when="2026-12-11 19:00")
    moved = await sessions.edit(group, session.slug, changes, by=OPERATOR)
    assert moved.revision == 2
    assert await sessions.find(group, session.slug) == moved
    calendar, notice = (await queued(store))[1:]
    assert (calendar.kind, notice.kind) == (PostKind.CALENDAR, PostKind.NOTICE)
    told = SessionPost.from_json(notice.payload)
    assert (told.change, told.was) == (Change.MOVED, session.starts_at)
    assert told.card.starts_at == session.starts_at + timedelta(days=1)
    async with store.read() as view:
        rows = await view.reminders.of_session(session.id)
    assert {(row.revision, row.state) for row in rows} == {
        (1, ReminderState.SKIPPED),
        (2, ReminderState.PENDING),
    }


async def test_the_same_edit_twice_is_one(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, "llama", by=OPERATOR)
    changes = SessionChanges(
        title="Llama II",
        place="Room 2",
        topic="*Open* weights",
        tags=("ai",),
        readings=(Reading("Another", "https://example.com/2"),),
        duration=HOUR,
        timezone="Europe/Berlin",
    )
    first = await sessions.edit(group, "llama", changes, by=OPERATOR)
    before = await queued(store)
    second = await sessions.edit(group, "llama", changes, by=OPERATOR)
    assert (second.revision, second.title) == (2, "Llama II")
    assert second.starts_at == first.starts_at == datetime(2026, 12, 10, 18, 0, tzinfo=UTC)
    assert await queued(store) == before


async def test_a_new_title_is_told_and_a_new_topic_only_updates_the_calendar(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, "llama", by=OPERATOR)
    await sessions.edit(group, "llama", SessionChanges(topic="New"), by=OPERATOR)
    assert kinds(await queued(store))[1:] == [PostKind.CALENDAR]
    await sessions.edit(group, "llama", SessionChanges(title="Alpaca"), by=OPERATOR)
    notice = (await queued(store))[-1]
    told = SessionPost.from_json(notice.payload)
    assert (told.change, told.changed) == (Change.CHANGED, ("title",))


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        (SessionChanges(place="Room 2"), ("place",)),
        (
            SessionChanges(place="Room 2", readings=(Reading("Another"),), tags=("ai",)),
            ("place", "readings"),
        ),
        (SessionChanges(title="Alpaca", topic="New", duration=HOUR), ("title", "topic", "length")),
        (SessionChanges(when="2026-12-11 19:00", place="Room 2"), ("place",)),
        (SessionChanges(when="2026-12-11 19:00"), ()),
    ],
)
async def test_a_notice_says_what_is_otherwise_now(
    sessions: Sessions,
    group: Group,
    destination: Destination,
    store: SqliteStore,
    changes: SessionChanges,
    changed: tuple[str, ...],
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, "llama", by=OPERATOR)
    await sessions.edit(group, "llama", changes, by=OPERATOR)
    notice = (await queued(store))[-1]
    assert notice.kind is PostKind.NOTICE
    assert SessionPost.from_json(notice.payload).changed == changed


async def test_a_notice_that_was_stored_before_it_said_what_changed_can_be_read(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, "llama", by=OPERATOR)
    await sessions.edit(group, "llama", SessionChanges(title="Alpaca"), by=OPERATOR)
    payload = json.loads((await queued(store))[-1].payload)
    assert payload.pop("changed") == ["title"]
    old = SessionPost.from_json(json.dumps(payload))
    assert (old.card.title, old.changed) == ("Alpaca", ())


async def test_editing_a_planned_session_tells_nobody(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.edit(group, "llama", SessionChanges(when="2026-12-12 18:00"), by=OPERATOR)
    assert await queued(store) == []
    async with store.read() as view:
        assert await view.reminders.next_due_at() is None


async def test_a_session_cant_be_moved_into_the_past_or_out_of_a_cancellation(
    sessions: Sessions, group: Group
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    with pytest.raises(InvalidSessionError, match="has passed"):
        await sessions.edit(group, "llama", SessionChanges(when="2026-11-01 19:00"), by=OPERATOR)
    await sessions.cancel(group, session.slug, by=OPERATOR)
    with pytest.raises(InvalidSessionError, match="was cancelled"):
        await sessions.edit(group, session.slug, SessionChanges(title="Again"), by=OPERATOR)


async def test_cancelling_tells_members_once_and_ends_reminders(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore, now: FakeNow
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, "llama", by=OPERATOR)
    cancelled = await sessions.cancel(group, "llama", by=OPERATOR)
    assert (cancelled.status, cancelled.cancelled_at) == (SessionStatus.CANCELLED, now())
    assert await sessions.cancel(group, session.slug, by=OPERATOR) == cancelled
    calendar, notice = (await queued(store))[1:]
    assert SessionPost.from_json(calendar.payload).card.cancelled
    assert SessionPost.from_json(notice.payload).change is Change.CANCELLED
    assert await pending(store, session) == []
    with pytest.raises(NoUpcomingSessionError):
        await sessions.next(group)


async def test_a_cancelled_session_is_gone_for_members(
    sessions: Sessions, group: Group, destination: Destination, now: FakeNow
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, "llama", by=OPERATOR)
    await sessions.cancel(group, "llama", by=OPERATOR)
    now.advance(timedelta(days=30))
    with pytest.raises(UnknownSessionError):
        await sessions.find(group, "llama")
    assert await sessions.listing(group) == []


async def test_many_short_sessions_of_one_day_dont_hide_the_next_one(
    sessions: Sessions, group: Group, destination: Destination, now: FakeNow
) -> None:
    for hour in (8, 9, 10, 11, 12, 20):
        plan = replace(PLAN, title=f"S{hour}", when=f"2026-12-10 {hour:02}:00", duration=HOUR)
        added = await sessions.add(group, plan, by=OPERATOR)
        await sessions.announce(group, added.slug, by=OPERATOR)
    now.at = datetime(2026, 12, 10, 18, 30, tzinfo=UTC)
    assert (await sessions.next(group)).title == "S20"


async def test_cancelling_a_session_that_is_over_sends_no_notice(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore, now: FakeNow
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, "llama", by=OPERATOR)
    now.advance(timedelta(days=60))
    await sessions.cancel(group, "llama", by=OPERATOR)
    assert kinds(await queued(store))[1:] == [PostKind.CALENDAR]


async def test_members_see_what_is_announced_and_the_archive(
    sessions: Sessions, group: Group, destination: Destination, now: FakeNow
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    with pytest.raises(UnknownSessionError):
        await sessions.find(group, "llama")
    now.advance(timedelta(days=30))
    assert (await sessions.find(group, "llama")).title == PLAN.title
    assert (await sessions.find(group)).title == PLAN.title
    assert [session.title for session in await sessions.listing(group)] == [PLAN.title]


async def test_a_session_is_found_however_it_is_called(
    sessions: Sessions, group: Group, destination: Destination, now: FakeNow
) -> None:
    llama = await sessions.add(group, PLAN, by=OPERATOR)
    other = await sessions.add(
        group, replace(PLAN, title="Llama? 日本語 too", when="2026-12-20 19:00"), by=OPERATOR
    )
    for session in (llama, other):
        await sessions.announce(group, session.slug, by=OPERATOR)
    for name in (
        "",
        "next",
        " Next ",
        "llama-the-open-one",
        "llama-the",
        "OPEN llama",
        "“open one”",
    ):
        assert (await sessions.find(group, name)).id == llama.id, name
    assert (await sessions.find(group, "日本語")).id == other.id
    now.advance(timedelta(days=15))
    assert (await sessions.find(group, "last")).id == llama.id
    assert (await sessions.find(group, "")).id == other.id
    with pytest.raises(UnknownSessionError) as caught:
        await sessions.find(group, "llama")
    assert "Several sessions may be meant by “llama”. Try one of: " in str(caught.value)
    assert set(caught.value.known) == {llama.slug, other.slug}
    with pytest.raises(UnknownSessionError) as caught:
        await sessions.find(group, "nothing of the sort\u202e" + "x" * 500)
    assert set(caught.value.known) == {llama.slug, other.slug}
    assert len(str(caught.value)) < 300


async def test_a_session_under_way_is_still_the_next_one(
    sessions: Sessions, group: Group, destination: Destination, now: FakeNow
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, session.slug, by=OPERATOR)
    now.at = session.starts_at + HOUR
    assert (await sessions.next(group)).id == session.id
    with pytest.raises(UnknownSessionError):
        await sessions.find(group, "last")
    now.advance(HOUR)
    with pytest.raises(NoUpcomingSessionError):
        await sessions.next(group)
    assert (await sessions.find(group, "last")).id == session.id


async def test_the_organiser_finds_a_plan_as_the_next_one(sessions: Sessions, group: Group) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    assert await sessions.find(group, "next", members_only=False) == session
    with pytest.raises(UnknownSessionError):
        await sessions.find(group, "next")


async def test_a_session_of_another_group_is_unknown(
    sessions: Sessions, group: Group, store: SqliteStore
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    async with store.transaction() as tx:
        other = await tx.groups.ensure(replace(group, slug="bos", name="Boston"))
    with pytest.raises(UnknownSessionError):
        await sessions.find(other, "llama-the-open-one", members_only=False)


async def test_the_listing_has_a_few_ahead_and_a_few_past(
    sessions: Sessions, group: Group, destination: Destination, now: FakeNow
) -> None:
    for day in range(2, 14):
        session = await sessions.add(
            group, replace(PLAN, title=f"S{day}", when=f"2026-12-{day:02} 06:00"), by=OPERATOR
        )
        await sessions.announce(group, session.slug, by=OPERATOR)
    now.at = datetime(2026, 12, 7, 11, 30, tzinfo=UTC)  # while S7 goes on
    titles = [session.title for session in await sessions.listing(group)]
    assert titles == ["S7", "S8", "S9", "S10", "S11", "S6", "S5", "S4"]
    everything = await sessions.all(group, by=OPERATOR, limit=2, offset=1)
    assert [session.title for session in everything] == ["S12", "S11"]


async def test_all_of_a_session_is_shown(sessions: Sessions, group: Group) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    view = await sessions.show(group, session.slug, by=OPERATOR)
    assert view.session == session
    assert (view.summaries, view.questions, view.rsvps.yes) == ({}, (), 0)
    assert Audience.PLAIN not in view.summaries


async def test_a_post_is_known_by_its_networks_id(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore, now: FakeNow
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    await sessions.announce(group, session.slug, by=OPERATOR)
    async with store.transaction() as tx:
        claimed = await tx.outbox.claim(Network.NOSTR, now(), now() + HOUR, 1)
        await tx.outbox.mark_sent([(claimed[0], "event-1")], now())
    assert await sessions.of_posts(Network.NOSTR, ["event-1", "event-2"]) == {"event-1": session.id}
