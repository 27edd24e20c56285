"""What every store must do, said through the ports alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from bot.domain.errors import StorageError
from bot.domain.model import (
    Audience,
    Author,
    Delivery,
    Group,
    Network,
    OutboxState,
    Post,
    PostKind,
    Prepared,
    Reading,
    ReminderState,
    Rsvps,
    Session,
    SessionStatus,
    Thread,
)
from bot.domain.ports import Store, Topic
from tests.fakes import FakeNow
from tests.rows import (
    BOT,
    DAY,
    NOON,
    a_draft,
    a_group,
    a_post,
    a_reminder,
    a_reply,
    a_session,
    asked,
)

MINUTE = timedelta(minutes=1)
NOSTR = Network.NOSTR


class TestGroups:
    async def test_ensuring_twice_updates_and_keeps_the_id(self, store: Store) -> None:
        async with store.transaction() as tx:
            first = await tx.groups.ensure(Group(0, "atl", "A", "UTC", (DAY,)))
            second = await tx.groups.ensure(Group(0, "atl", "B", "Asia/Tokyo", (2 * DAY, DAY)))
        async with store.read() as view:
            assert await view.groups.by_slug("atl") == second
            assert await view.groups.by_id(first.id) == second
        assert second == Group(first.id, "atl", "B", "Asia/Tokyo", (2 * DAY, DAY))

    async def test_an_unknown_group_is_none_by_slug_and_an_error_by_id(self, store: Store) -> None:
        async with store.read() as view:
            assert await view.groups.by_slug("nobody") is None
            with pytest.raises(StorageError):
                await view.groups.by_id(77)

    async def test_a_destination_is_kept_once_and_can_be_paused(
        self, store: Store, group: Group
    ) -> None:
        async with store.transaction() as tx:
            first = await tx.groups.ensure_destination(group.id, NOSTR, BOT)
            await tx.groups.pause_destination(group.id, NOSTR, BOT, "gone", NOON)
            paused = await tx.groups.ensure_destination(group.id, NOSTR, BOT)
        assert paused == replace(first, paused_at=NOON, paused_reason="gone")
        async with store.transaction() as tx:
            await tx.groups.resume_destination(group.id, NOSTR, BOT)
        async with store.read() as view:
            assert await view.groups.destinations(group.id) == [first]


class TestSessions:
    async def test_every_field_survives(self, store: Store, group: Group) -> None:
        tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
        given = replace(
            a_session(group.id),
            starts_at=tokyo,
            duration=timedelta(minutes=90),
            place="The Hall “B”",
            topic="'; DROP TABLE sessions; --",
            tags=("ai", "llm"),
            readings=(Reading("One", "https://one", "text\n" * 10), Reading("Two")),
            status=SessionStatus.ANNOUNCED,
            revision=3,
            announced_at=NOON,
            cancelled_at=NOON + MINUTE,
        )
        async with store.transaction() as tx:
            added = await tx.sessions.add(given, NOON)
        async with store.read() as view:
            assert await view.sessions.by_id(added.id) == added
            assert await view.sessions.by_slug(group.id, given.slug) == added
        ids = [reading.id for reading in added.readings]
        assert replace(added, id=0, readings=()) == replace(given, readings=())
        assert [replace(reading, id=0) for reading in added.readings] == list(given.readings)
        assert all(ids)
        assert len(set(ids)) == 2

    async def test_an_update_replaces_the_readings_and_keeps_their_ids(
        self, store: Store, group: Group
    ) -> None:
        given = replace(a_session(group.id), readings=(Reading("One"), Reading("Two")))
        async with store.transaction() as tx:
            added = await tx.sessions.add(given, NOON)
            changed = replace(
                added,
                title="Other",
                readings=(added.readings[1], Reading("Three"), added.readings[0]),
            )
            await tx.sessions.update(changed, NOON)
            found = await tx.sessions.by_id(added.id)
        assert found is not None
        assert found.title == "Other"
        assert [reading.title for reading in found.readings] == ["Two", "Three", "One"]
        assert found.readings[0].id == added.readings[1].id

    async def test_a_slug_is_taken_once_in_a_group(self, store: Store, session: Session) -> None:
        with pytest.raises(StorageError) as refused:
            async with store.transaction() as tx:
                await tx.sessions.add(a_session(session.group_id), NOON)
        assert refused.value.permanent
        async with store.transaction() as tx:
            other = await a_group(tx, "other")
            await tx.sessions.add(a_session(other.id), NOON)

    async def test_an_unknown_session_is_none(self, store: Store, group: Group) -> None:
        async with store.read() as view:
            assert await view.sessions.by_id(77) is None
            assert await view.sessions.by_slug(group.id, "nothing") is None

    async def test_slug_prefixes_find_the_soonest_first(self, store: Store, group: Group) -> None:
        async with store.transaction() as tx:
            for days, slug in ((3, "llm"), (1, "llm-2"), (2, "llm-agents"), (1, "lln"), (1, "ll")):
                await tx.sessions.add(a_session(group.id, slug, NOON + days * DAY), NOON)
        async with store.read() as view:
            found = await view.sessions.by_slug_prefix(group.id, "llm")
        assert [session.slug for session in found] == ["llm-2", "llm-agents", "llm"]

    async def test_what_starts_after_and_before(self, store: Store, group: Group) -> None:
        states = {
            "past": (-2, SessionStatus.PLANNED),
            "past-cancelled": (-1, SessionStatus.CANCELLED),
            "now": (0, SessionStatus.ANNOUNCED),
            "planned": (1, SessionStatus.PLANNED),
            "cancelled": (2, SessionStatus.CANCELLED),
            "announced": (3, SessionStatus.ANNOUNCED),
            "later": (4, SessionStatus.ANNOUNCED),
        }
        async with store.transaction() as tx:
            for slug, (days, status) in states.items():
                session = replace(a_session(group.id, slug, NOON + days * DAY), status=status)
                await tx.sessions.add(session, NOON)
        async with store.read() as view:
            after = await view.sessions.starting_after(group.id, NOON, 10)
            both = await view.sessions.starting_after(group.id, NOON, 2, announced_only=False)
            before = await view.sessions.starting_before(group.id, NOON, 10)
            one = await view.sessions.starting_before(group.id, NOON, 1)
        assert [session.slug for session in after] == ["announced", "later"]
        assert [session.slug for session in both] == ["planned", "announced"]
        assert [session.slug for session in before] == ["now", "past"]
        assert [session.slug for session in one] == ["now"]

    async def test_the_list_of_all_is_paged_and_leaves_the_texts_out(
        self, store: Store, group: Group
    ) -> None:
        async with store.transaction() as tx:
            for days in range(3):
                session = a_session(group.id, f"s{days}", NOON + days * DAY)
                session = replace(session, readings=(Reading("R", "u", "long"),))
                await tx.sessions.add(session, NOON)
        async with store.read() as view:
            first = await view.sessions.all(group.id, 2)
            rest = await view.sessions.all(group.id, 2, 2)
        assert [session.slug for session in [*first, *rest]] == ["s2", "s1", "s0"]
        assert replace(first[0].readings[0], id=0) == Reading("R", "u", "")

    async def test_nobody_answered_yet(self, store: Store, session: Session) -> None:
        async with store.read() as view:
            assert await view.sessions.rsvps(session.id) == Rsvps()

    async def test_our_posts_lead_to_their_session(self, store: Store, session: Session) -> None:
        profile = Post("profile", session.group_id, NOSTR, BOT, PostKind.PROFILE, "{}")
        async with store.transaction() as tx:
            claimed = await tx.outbox.add_claimed([a_reply(session, "a")], NOON, NOON + MINUTE)
            await tx.outbox.add([replace(profile, remote_id="id of profile")], NOON)
            await tx.outbox.mark_sent([(claimed[0], "id of a")], NOON)
        async with store.read() as view:
            asked_for = ["id of a", "id of profile", "id of b"]
            assert await view.sessions.of_remote(NOSTR, asked_for) == {"id of a": session.id}
            assert await view.sessions.of_remote(Network.DISCORD, asked_for) == {}


class TestSummaries:
    async def test_the_newest_version_is_the_current_one(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            first = await tx.summaries.add(session.id, a_draft(body="Old."), NOON)
            plain = await tx.summaries.add(session.id, a_draft(Audience.PLAIN), NOON)
            second = await tx.summaries.add(session.id, a_draft(body="New."), NOON + MINUTE)
        assert (first.version, second.version, plain.version) == (1, 2, 1)
        async with store.read() as view:
            current = await view.summaries.current(session.id)
            assert current == {Audience.TECHIE: second, Audience.PLAIN: plain}
            assert await view.summaries.current_of(session.id, Audience.TECHIE) == second

    async def test_without_a_summary_there_is_none(self, store: Store, session: Session) -> None:
        async with store.read() as view:
            assert await view.summaries.current_of(session.id, Audience.PLAIN) is None
            assert await view.summaries.current(session.id) == {}


class TestQuestions:
    async def test_a_batch_is_stored_with_its_people(self, store: Store, session: Session) -> None:
        batch = [
            asked(session, 1, "aa", name="Ann"),
            asked(session, 2, "bb", anonymous=True),
            asked(session, 3, "aa", name="Annie"),
            asked(session, 4, ""),
        ]
        async with store.transaction() as tx:
            await tx.questions.add(batch, NOON)
        async with store.read() as view:
            board = await view.questions.of_session(session.id)
            known = await view.people.known(NOSTR, ["aa", "bb", "cc"], NOON + MINUTE)
        ann = Author(NOSTR, "aa", "Annie")
        assert [question.author for question in board] == [ann, None, ann, None]
        assert [question.number for question in board] == [1, 2, 3, 4]
        assert board[0].text == "Why 1?"
        assert known == {"aa"}

    async def test_an_empty_batch_changes_nothing(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            await tx.questions.add([], NOON)
        async with store.read() as view:
            assert await view.questions.of_session(session.id) == []

    async def test_a_known_name_outlives_an_empty_one(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            await tx.questions.add([asked(session, 1, "aa", name="Ann")], NOON)
            await tx.questions.add([asked(session, 2, "aa")], NOON + DAY)
        async with store.read() as view:
            board = await view.questions.of_session(session.id)
            known = await view.people.known(NOSTR, ["aa"], NOON + MINUTE)
        assert [question.author for question in board] == [Author(NOSTR, "aa", "Ann")] * 2
        assert known == {"aa"}, "met at noon, not a day later"

    async def test_a_source_is_stored_once(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            await tx.questions.add([asked(session, 1)], NOON)
        with pytest.raises(StorageError) as refused:
            async with store.transaction() as tx:
                await tx.questions.add([asked(session, 2), asked(session, 1)], NOON)
        assert refused.value.permanent
        async with store.read() as view:
            assert await view.questions.counts([session.id]) == {session.id: 1}

    async def test_sources_are_found_among_many(self, store: Store, session: Session) -> None:
        batch = [asked(session, number) for number in range(1, 41)]
        async with store.transaction() as tx:
            await tx.questions.add(batch, NOON)
        sources = [new.submission.source_id for new in batch[5:35]]
        async with store.read() as view:
            found = await view.questions.by_source(NOSTR, [*sources, "nothing"])
            assert await view.questions.by_source(Network.DISCORD, sources) == []
        assert {question.source_id for question in found} == set(sources)

    async def test_the_board_is_paged(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            await tx.questions.add([asked(session, number) for number in range(1, 6)], NOON)
        async with store.read() as view:
            page = await view.questions.of_session(session.id, 2, 3)
        assert [question.number for question in page] == [4, 5]

    async def test_counting(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            other = await tx.sessions.add(a_session(session.group_id, "other"), NOON)
            batch = [asked(session, 1, "aa"), asked(session, 2, "bb"), asked(session, 7, "aa")]
            await tx.questions.add(batch, NOON)
            ids = [session.id, other.id]
            assert await tx.questions.counts(ids) == {session.id: 3}
            assert await tx.questions.last_numbers(ids) == {session.id: 7}
            pairs = [
                (session.id, "hash of aa"),
                (session.id, "hash of cc"),
                (other.id, "hash of aa"),
            ]
            assert await tx.questions.counts_by_author(pairs) == {(session.id, "hash of aa"): 2}

    async def test_the_same_words_of_the_same_person_are_found(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            await tx.questions.add([asked(session, 5, "aa"), asked(session, 6, "bb")], NOON)
        again = (session.id, "hash of aa", "Why 5?")
        others = [(session.id, "hash of bb", "Why 5?"), (session.id + 1, "hash of aa", "Why 5?")]
        async with store.read() as view:
            assert await view.questions.already_asked([again, *others]) == {again: 5}

    async def test_lists_longer_than_any_limit_on_bound_values(
        self, store: Store, session: Session
    ) -> None:
        many = [f"{number:064x}" for number in range(40_000)]
        pairs = [(session.id, name) for name in many]
        async with store.transaction() as tx:
            assert len(await tx.seen.add(NOSTR, many, NOON)) == 40_000
            assert await tx.questions.by_source(NOSTR, many) == []
            assert await tx.questions.counts_by_author(pairs) == {}
            assert await tx.people.known(NOSTR, many, NOON) == set()
            assert await tx.sessions.of_remote(NOSTR, many) == {}


class TestPeople:
    async def test_help_is_remembered_for_a_person(self, store: Store, group: Group) -> None:
        ann = Author(NOSTR, "aa", "Ann")
        async with store.transaction() as tx:
            assert await tx.people.helped_at(group.id, ann) is None
            await tx.people.set_helped(group.id, ann, NOON)
            await tx.people.set_helped(group.id, ann, NOON + DAY)
        async with store.read() as view:
            assert await view.people.helped_at(group.id, ann) == NOON + DAY
            assert await view.people.known(NOSTR, ["aa"], NOON) == set()


class TestReminders:
    async def test_a_plan_made_twice_is_one_plan(self, store: Store, session: Session) -> None:
        plan = [a_reminder(session, DAY / 2), a_reminder(session, DAY / 4)]
        async with store.transaction() as tx:
            await tx.reminders.plan(plan)
            await tx.reminders.plan([*plan, a_reminder(session, DAY / 2, revision=2)])
            found = await tx.reminders.of_session(session.id)
        assert [(reminder.offset, reminder.revision) for reminder in found] == [
            (DAY / 2, 1),
            (DAY / 2, 2),
            (DAY / 4, 1),
        ]

    async def test_what_is_due_comes_session_by_session(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            earlier = a_session(session.group_id, "earlier", NOON + DAY / 2)
            other = await tx.sessions.add(earlier, NOON)
            await tx.reminders.plan(
                [a_reminder(other, DAY), a_reminder(session, DAY), a_reminder(session, 2 * DAY)]
            )
            assert await tx.reminders.next_due_at() == NOON - DAY
            due = await tx.reminders.due(NOON, 10)
            assert await tx.reminders.due(NOON, 1) == due[:1]
            assert await tx.reminders.due(NOON - 2 * DAY, 10) == []
        assert [(reminder.session_id, reminder.offset) for reminder in due] == [
            (session.id, 2 * DAY),
            (session.id, DAY),
            (other.id, DAY),
        ]

    async def test_settled_and_skipped_ones_are_not_due(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            await tx.reminders.plan([a_reminder(session, DAY * days) for days in (1, 2, 3)])
            due = await tx.reminders.due(NOON, 10)
            await tx.reminders.settle([due[0].id], ReminderState.SENT, NOON)
            assert await tx.reminders.skip_pending(session.id, NOON) == 2
            assert await tx.reminders.due(NOON, 10) == []
            assert await tx.reminders.next_due_at() is None
            states = [reminder.state for reminder in await tx.reminders.of_session(session.id)]
        assert states == [ReminderState.SENT, ReminderState.SKIPPED, ReminderState.SKIPPED]

    async def test_an_offset_of_half_a_second_is_refused(
        self, store: Store, session: Session
    ) -> None:
        with pytest.raises(StorageError, match="whole number of seconds"):
            async with store.transaction() as tx:
                await tx.reminders.plan([a_reminder(session, timedelta(seconds=0.5))])


class TestOutbox:
    async def claim(
        self, store: Store, at: timedelta = timedelta(), limit: int = 10
    ) -> list[Delivery]:
        async with store.transaction() as tx:
            return list(await tx.outbox.claim(NOSTR, NOON + at, NOON + at + MINUTE, limit))

    async def test_a_key_is_queued_once(self, store: Store, session: Session) -> None:
        post = a_post(session, "a")
        async with store.transaction() as tx:
            assert await tx.outbox.add([], NOON) == 0
            assert await tx.outbox.add([post], NOON) == 1
            assert (
                await tx.outbox.add([replace(post, payload="2"), a_post(session, "b")], NOON) == 1
            )
        claimed = await self.claim(store)
        assert [delivery.post for delivery in claimed] == [post, a_post(session, "b")]

    async def test_every_field_of_a_post_survives(self, store: Store, session: Session) -> None:
        post = replace(a_reply(session, "a"), expires_at=NOON + DAY, payload='{"a": "“”"}')
        async with store.transaction() as tx:
            await tx.outbox.add([post], NOON)
        assert [delivery.post for delivery in await self.claim(store)] == [post]

    async def test_adding_claimed_returns_only_the_new_ones(
        self, store: Store, session: Session
    ) -> None:
        lease = NOON + MINUTE
        async with store.transaction() as tx:
            assert await tx.outbox.add_claimed([], NOON, lease) == []
            await tx.outbox.add_claimed([a_reply(session, "a")], NOON, lease)
            posts = [a_reply(session, key) for key in ("b", "a", "c")]
            claimed = await tx.outbox.add_claimed(posts, NOON, lease)
        assert [delivery.post for delivery in claimed] == [posts[0], posts[2]]
        assert {(delivery.epoch, delivery.attempts) for delivery in claimed} == {(1, 1)}
        assert {delivery.first_tried_at for delivery in claimed} == {NOON}
        assert await self.claim(store) == []
        later = await self.claim(store, MINUTE)
        assert [delivery.id for delivery in later][1:] == [delivery.id for delivery in claimed]

    async def test_a_claim_is_exclusive_until_its_lease_ends(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            await tx.outbox.add([a_post(session, "a"), a_post(session, "b")], NOON)
        first = await self.claim(store, limit=1)
        second = await self.claim(store)
        assert [delivery.post.key for delivery in [*first, *second]] == ["a", "b"]
        assert await self.claim(store, MINUTE - timedelta(microseconds=1)) == []
        again = await self.claim(store, MINUTE)
        assert [(delivery.epoch, delivery.attempts) for delivery in again] == [(2, 2), (2, 2)]

    async def test_a_claim_takes_only_its_network_and_what_is_due(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            await tx.outbox.add([replace(a_post(session, "d"), network=Network.DISCORD)], NOON)
            await tx.outbox.add([a_post(session, "later")], NOON + DAY)
            assert await tx.outbox.next_due_at(NOSTR) == NOON + DAY
            assert await tx.outbox.next_due_at(Network.DISCORD) == NOON
            assert await tx.outbox.next_due_at(Network.LOCAL) is None
        assert await self.claim(store) == []

    async def test_a_paused_destination_waits(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            await tx.outbox.add([a_post(session, "a")], NOON)
            await tx.groups.pause_destination(session.group_id, NOSTR, BOT, "gone", NOON)
            assert await tx.outbox.next_due_at(NOSTR) is None
        assert await self.claim(store) == []
        async with store.transaction() as tx:
            await tx.groups.resume_destination(session.group_id, NOSTR, BOT)
        assert len(await self.claim(store)) == 1

    async def test_the_bytes_are_kept_with_the_first_try(
        self, store: Store, session: Session
    ) -> None:
        async with store.transaction() as tx:
            await tx.outbox.add([a_post(session, "a")], NOON)
        (delivery,) = await self.claim(store)
        assert delivery.first_tried_at is None
        async with store.transaction() as tx:
            await tx.outbox.set_wire([(delivery, Prepared(b"\x00\xff", "id"))], NOON)
            await tx.outbox.set_wire([(delivery, Prepared(b"\x00\xff", "id"))], NOON + MINUTE)
        (again,) = await self.claim(store, MINUTE)
        assert (again.post.wire, again.post.remote_id) == (b"\x00\xff", "id")
        assert again.first_tried_at == NOON

    async def test_an_older_epoch_settles_nothing(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            await tx.outbox.add([a_post(session, "a")], NOON)
        (old,) = await self.claim(store)
        (new,) = await self.claim(store, MINUTE)
        async with store.transaction() as tx:
            assert await tx.outbox.mark_sent([(old, "x")], NOON) == 0
            assert not await tx.outbox.mark_retry(old, "no", NOON)
            assert not await tx.outbox.mark_ended(old, OutboxState.FAILED, "no", NOON)
            assert await tx.outbox.release(NOSTR, [old]) == 0
            await tx.outbox.set_wire([(old, Prepared(b"old", "old"))], NOON)
            assert await tx.outbox.mark_sent([(new, "x")], NOON) == 1
            assert await tx.outbox.mark_sent([(new, "x")], NOON) == 0
            assert await tx.outbox.mark_sent([], NOON) == 0

    async def test_a_retry_waits_for_its_time(self, store: Store, session: Session) -> None:
        async with store.transaction() as tx:
            await tx.outbox.add([a_post(session, "a")], NOON)
        (delivery,) = await self.claim(store)
        async with store.transaction() as tx:
            assert await tx.outbox.mark_retry(delivery, "slow down", NOON + DAY)
            assert await tx.outbox.next_due_at(NOSTR) == NOON + DAY
        assert await self.claim(store, MINUTE) == []
        assert [again.attempts for again in await self.claim(store, DAY)] == [2]

    async def test_what_ended_is_counted_and_listed(self, store: Store, session: Session) -> None:
        ends = [OutboxState.FAILED, OutboxState.SKIPPED, OutboxState.UNKNOWN]
        async with store.transaction() as tx:
            await tx.outbox.add([a_post(session, key) for key in "abcde"], NOON)
        deliveries = await self.claim(store, limit=4)
        async with store.transaction() as tx:
            for delivery, state in zip(deliveries, ends, strict=False):
                assert await tx.outbox.mark_ended(delivery, state, f"was {state}", NOON)
            await tx.outbox.mark_sent([(deliveries[3], "")], NOON)
        assert [delivery.post.key for delivery in await self.claim(store, DAY)] == ["e"]
        async with store.read() as view:
            assert await view.outbox.count(NOSTR) == {
                OutboxState.SENDING: 1,
                **dict.fromkeys(ends, 1),
            }
            failures = await view.outbox.failures()
            assert await view.outbox.failures(1) == failures[:1]
        assert [(post.key, error) for post, error in failures] == [
            ("c", "was unknown"),
            ("a", "was failed"),
        ]

    async def test_released_rows_are_due_at_once(
        self, store: Store, session: Session, now: FakeNow
    ) -> None:
        async with store.transaction() as tx:
            await tx.outbox.add([a_post(session, "a"), a_post(session, "b")], NOON)
        first, second = await self.claim(store)
        async with store.transaction() as tx:
            assert await tx.outbox.release(NOSTR, [first]) == 1
            assert await tx.outbox.release(Network.DISCORD) == 0
            assert await tx.outbox.next_due_at(NOSTR) == now()
            assert await tx.outbox.release(NOSTR) == 1
        again = await self.claim(store)
        assert [(delivery.id, delivery.epoch) for delivery in again] == [
            (first.id, 2),
            (second.id, 2),
        ]

    async def test_what_is_superseded_is_never_claimed_or_marked_again(
        self, store: Store, session: Session
    ) -> None:
        waiting, tried, notice, sent = (
            a_post(session, "waiting", PostKind.REMINDER),
            a_post(session, "tried", PostKind.CALENDAR),
            a_post(session, "notice", PostKind.NOTICE),
            a_post(session, "sent", PostKind.CALENDAR),
        )
        async with store.transaction() as tx:
            await tx.outbox.add([tried, sent], NOON)
        first, second = await self.claim(store)
        async with store.transaction() as tx:
            await tx.outbox.mark_sent([(second, "id")], NOON)
            await tx.outbox.add([waiting, notice], NOON)
            stale = [PostKind.CALENDAR, PostKind.REMINDER]
            assert await tx.outbox.supersede(session.id, stale, "the session changed") == 2
            assert await tx.outbox.supersede(session.id + 1, [PostKind.NOTICE], "not ours") == 0
            assert not await tx.outbox.mark_retry(first, "no relay", NOON)
            assert await tx.outbox.set_wire([(first, Prepared(b"x", "x"))], NOON) == 0
        assert [delivery.post.key for delivery in await self.claim(store)] == ["notice"]
        async with store.read() as view:
            assert (await view.outbox.count(NOSTR))[OutboxState.SKIPPED] == 2

    async def test_a_post_knows_what_it_stands_in(self, store: Store, session: Session) -> None:
        announcement = replace(
            a_post(session, "announcement", PostKind.ANNOUNCEMENT), wire=b"announcement"
        )
        calendars = [
            replace(a_post(session, f"c{n}", PostKind.CALENDAR), wire=b"%d" % n) for n in (1, 2, 3)
        ]
        elsewhere = replace(calendars[0], key="elsewhere", destination="other", wire=b"elsewhere")
        bare = a_post(session, "c4", PostKind.CALENDAR)
        async with store.transaction() as tx:
            await tx.outbox.add([announcement, calendars[0], elsewhere, *calendars[1:], bare], NOON)
        async with store.read() as view:
            assert await view.outbox.thread_of(calendars[1]) == Thread(b"announcement", b"1")
            assert await view.outbox.thread_of(calendars[0]) == Thread(b"announcement", None)
            assert await view.outbox.thread_of(bare) == Thread(b"announcement", b"3")
            queued_later = replace(bare, key="not there yet")
            assert await view.outbox.thread_of(queued_later) == Thread(b"announcement", b"3")

    async def test_a_post_knows_whether_its_sessions_page_was_posted(
        self, store: Store, session: Session
    ) -> None:
        page = replace(a_post(session, "page", PostKind.ARTICLE), wire=b"page")
        reminder = a_post(session, "reminder", PostKind.REMINDER)
        elsewhere = replace(reminder, key="elsewhere", destination="other")
        async with store.transaction() as tx:
            await tx.outbox.add([page], NOON)
            assert not (await tx.outbox.thread_of(reminder)).has_article
        (claimed,) = await self.claim(store)
        async with store.transaction() as tx:
            await tx.outbox.mark_sent([(claimed, "id")], NOON)
            assert (await tx.outbox.thread_of(reminder)).has_article
            assert not (await tx.outbox.thread_of(elsewhere)).has_article

    async def test_our_own_posts_are_found_by_what_their_network_calls_them(
        self, store: Store, session: Session
    ) -> None:
        posts = [
            replace(a_post(session, f"p{n}", PostKind.SUMMARY), wire=b"x", remote_id=f"id {n}")
            for n in (1, 2)
        ]
        async with store.transaction() as tx:
            await tx.outbox.add(posts, NOON)
            found = await tx.outbox.by_remote(NOSTR, ["id 2", "unknown"])
            assert found == {"id 2": posts[1]}
            assert await tx.outbox.by_remote(Network.DISCORD, ["id 2"]) == {}
            many = [f"unknown {n}" for n in range(2000)]
            assert await tx.outbox.by_remote(NOSTR, many) == {}

    async def test_a_post_of_no_session_follows_its_own_kind(
        self, store: Store, session: Session
    ) -> None:
        def profile(key: str) -> Post:
            wire = key.encode()
            return Post(key, session.group_id, NOSTR, BOT, PostKind.PROFILE, "{}", wire=wire)

        async with store.transaction() as tx:
            of_session = replace(a_post(session, "s", PostKind.PROFILE), wire=b"s")
            await tx.outbox.add([profile("p1"), of_session, profile("p2")], NOON)
            assert await tx.outbox.thread_of(profile("p2")) == Thread(None, b"p1")


class TestInbound:
    async def test_a_source_is_new_once(self, store: Store) -> None:
        async with store.transaction() as tx:
            assert await tx.seen.add(NOSTR, ["a", "b", "a"], NOON) == {"a", "b"}
            assert await tx.seen.add(NOSTR, ["b", "c"], NOON) == {"c"}
            assert await tx.seen.add(Network.DISCORD, ["a"], NOON) == {"a"}
            assert await tx.seen.add(NOSTR, [], NOON) == set()
        async with store.read() as view:
            assert await view.seen.which(NOSTR, ["a", "c", "d"]) == {"a", "c"}

    async def test_cursors_move(self, store: Store) -> None:
        async with store.transaction() as tx:
            await tx.cursors.move({"wss://a": "1", "wss://b": "2"}, NOON)
            await tx.cursors.move({"wss://b": "3"}, NOON)
            await tx.cursors.move({}, NOON)
        async with store.read() as view:
            assert await view.cursors.all() == {"wss://a": "1", "wss://b": "3"}


class TestTransactions:
    async def test_an_error_undoes_everything(self, store: Store, session: Session) -> None:
        async def interrupted() -> None:
            async with store.transaction() as tx:
                await tx.questions.add([asked(session, 1)], NOON)
                await tx.outbox.add([a_post(session, "a")], NOON)
                raise RuntimeError("stop")

        with pytest.raises(RuntimeError, match="stop"):
            await interrupted()
        async with store.read() as view:
            assert await view.questions.of_session(session.id) == []
            assert await view.outbox.count(NOSTR) == {}

    async def test_a_view_sees_one_moment(self, store: Store) -> None:
        async with store.read() as view:
            assert await view.cursors.all() == {}
            async with store.transaction() as tx:
                await tx.cursors.move({"a": "1"}, NOON)
                assert await tx.cursors.all() == {"a": "1"}
            assert await view.cursors.all() == {}
        async with store.read() as view:
            assert await view.cursors.all() == {"a": "1"}

    async def test_a_view_cannot_write(self, store: Store) -> None:
        with pytest.raises(StorageError, match="readonly"):
            async with store.read() as view:
                await view.cursors.move({"a": "1"}, NOON)

    async def test_after_a_failed_statement_nothing_more_is_stored(
        self, store: Store, session: Session
    ) -> None:
        async def heedless() -> None:
            async with store.transaction() as tx:
                await tx.cursors.move({"a": "1"}, NOON)
                with pytest.raises(StorageError):
                    await tx.sessions.add(a_session(session.group_id), NOON)
                with pytest.raises(StorageError):
                    await tx.cursors.move({"b": "1"}, NOON)

        with pytest.raises(StorageError, match="UNIQUE"):
            await heedless()
        async with store.read() as view:
            assert await view.cursors.all() == {}

    async def test_a_transaction_inside_a_transaction_is_refused(self, store: Store) -> None:
        with pytest.raises(RuntimeError, match="wait for itself"):
            async with store.transaction(), store.transaction():
                pass
        async with store.transaction() as tx:
            await tx.cursors.move({"a": "1"}, NOON)

    async def test_commits_wake_who_waits_for_them(
        self, store: Store, session: Session, now: FakeNow
    ) -> None:
        woken: list[Topic] = []
        for topic in Topic:
            store.on_commit(topic, lambda topic=topic: woken.append(topic))  # type: ignore[misc]
        async with store.transaction() as tx:
            await tx.cursors.move({"a": "1"}, NOON)
        assert woken == []
        async with store.transaction() as tx:
            await tx.outbox.add([a_post(session, "a")], NOON)
            assert woken == []
        assert woken.pop() is Topic.OUTBOX
        async with store.transaction() as tx:
            await tx.outbox.add([a_post(session, "a")], NOON)
        assert woken == [], "nothing new was queued"
        async with store.transaction() as tx:
            await tx.reminders.plan([a_reminder(session, DAY)])
        assert woken.pop() is Topic.REMINDERS
        nowhere = replace(session, id=77)
        with pytest.raises(StorageError):
            async with store.transaction() as tx:
                await tx.outbox.add([a_post(session, "b"), a_post(nowhere, "c")], NOON)
        assert woken == []
