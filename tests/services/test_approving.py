"""Approving, changing and posting summaries: each once, at each destination, and only what was
approved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import InvalidSessionError, UnknownSummaryError, UserError
from bot.domain.model import (
    OPERATOR,
    Audience,
    Destination,
    Finding,
    Group,
    Network,
    OutboxState,
    Point,
    Post,
    PostKind,
    Reading,
    Session,
    SessionPage,
    SessionView,
    SummaryDraft,
    SummaryStatus,
)
from bot.domain.posts import ArticlePost, SummaryPost
from bot.services.editing import LONGEST
from bot.services.reminders import Reminders
from bot.services.sessions import SessionChanges, SessionEdit, SessionPlan, Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore
from tests.fakes import FakeModel, FakeNow, FakeSummariser
from tests.services.test_sessions import queued

TECHIE, PLAIN = Audience.TECHIE, Audience.PLAIN
PAPER = Reading("The paper", "https://example.com/paper", "It says much about llamas.")
PLAN = SessionPlan("Llama", "2026-12-10 19:00", readings=(PAPER,))
CHANNEL = "1000/2000"


def parse(body: str) -> tuple[str, tuple[Point, ...]]:
    """A lead, and a point a line: "head: text"."""
    lead, *lines = body.split("\n")
    return lead, tuple(Point(*line.split(": ", 1)) for line in lines)


def gates(drafts: Mapping[Audience, SummaryDraft], text: str) -> Sequence[Finding]:
    """Longer than three lines is too long; and a number has to stand in the reading."""
    found = []
    for audience, draft in drafts.items():
        if draft.body.count("\n") > 2:
            found.append(Finding("length", PLAIN, "Too long beside the other."))
        if "42" in draft.body and "42" not in text:
            found.append(Finding("number", audience, "There is no “42”."))
        found += [
            Finding("quote", audience, "Nothing is quoted.", number)
            for number, point in enumerate(draft.points, 1)
            if not point.quote
        ]
    return found


def page(view: SessionView) -> str:
    said = [f"{each.version} {each.draft.body}" for each in view.summaries.values()]
    return f"{view.session.title}: {', '.join(sorted(said))}"


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def summaries(store: SqliteStore, model: FakeModel, now: FakeNow) -> Summaries:
    plain = FakeSummariser()
    return Summaries(store, model, now, plain=plain, gates=gates, parse=parse, article=page)


@pytest.fixture
async def channel(store: SqliteStore, group: Group) -> Destination:
    async with store.transaction() as tx:
        return await tx.groups.ensure_destination(group.id, Network.DISCORD, CHANNEL)


@pytest.fixture
async def session(
    sessions: Sessions, group: Group, destination: Destination, channel: Destination
) -> Session:
    added = await sessions.add(group, PLAN, by=OPERATOR)
    return (await sessions.announce(group, added.slug, by=OPERATOR)).session


async def made(summaries: Summaries, group: Group, session: Session) -> None:
    await summaries.make(group, session.slug, by=OPERATOR)
    await summaries.approve(group, session.slug, by=OPERATOR)


async def of_kind(store: SqliteStore, *kinds: PostKind) -> list[Post]:
    posts = [*await queued(store), *await queued(store, Network.DISCORD)]
    return [post for post in posts if post.kind in kinds]


class TestApproving:
    async def test_members_see_what_was_approved_and_twice_is_once(
        self, summaries: Summaries, group: Group, session: Session
    ) -> None:
        await summaries.make(group, session.slug, by=OPERATOR)
        approved = await summaries.approve(group, session.slug, by=OPERATOR)
        assert {each.draft.status for each in approved.values()} == {SummaryStatus.APPROVED}
        assert await summaries.current(session) == approved
        assert await summaries.approve(group, session.slug, by=OPERATOR) == approved

    async def test_one_audience_can_be_approved_alone(
        self, summaries: Summaries, group: Group, session: Session
    ) -> None:
        await summaries.make(group, session.slug, by=OPERATOR)
        approved = await summaries.approve(
            group, session.slug, by=OPERATOR, audiences=[Audience.PLAIN]
        )
        assert list(approved) == [PLAIN]

    async def test_what_nobody_looked_at_isnt_approved(
        self, summaries: Summaries, group: Group, session: Session
    ) -> None:
        seen = await summaries.make(group, session.slug, by=OPERATOR)
        await summaries.edit(group, session.slug, PLAIN, "Other words.", by=OPERATOR)
        versions = {audience: each.version for audience, each in seen.items()}
        with pytest.raises(UserError, match="a newer plain summary"):
            await summaries.approve(group, session.slug, by=OPERATOR, versions=versions)
        assert await summaries.current(session) == {}
        await summaries.approve(group, session.slug, by=OPERATOR, versions={**versions, PLAIN: 2})
        assert len(await summaries.current(session)) == 2

    async def test_without_a_summary_there_is_nothing_to_approve_edit_or_post(
        self, summaries: Summaries, group: Group, session: Session
    ) -> None:
        with pytest.raises(UnknownSummaryError, match="to approve"):
            await summaries.approve(group, session.slug, by=OPERATOR)
        with pytest.raises(UnknownSummaryError, match="to edit"):
            await summaries.edit(group, session.slug, PLAIN, "Words.", by=OPERATOR)
        await summaries.make(group, session.slug, by=OPERATOR)
        with pytest.raises(UnknownSummaryError, match="is approved yet"):
            await summaries.post(group, session.slug, by=OPERATOR)

    async def test_an_approval_puts_the_page_on_nostr_alone(
        self, summaries: Summaries, store: SqliteStore, group: Group, session: Session
    ) -> None:
        await made(summaries, group, session)
        (post,) = await of_kind(store, PostKind.ARTICLE, PostKind.SUMMARY)
        assert (post.kind, post.network) == (PostKind.ARTICLE, Network.NOSTR)
        assert post.session_id == session.id
        body = ArticlePost.from_json(post.payload)
        assert body.page == "Llama: 1 plain The paper, 1 techie The paper"
        assert (body.card.slug, body.card.starts_at) == ("llama", session.starts_at)
        await summaries.approve(group, session.slug, by=OPERATOR)
        assert len(await of_kind(store, PostKind.ARTICLE)) == 1

    async def test_nothing_of_an_unannounced_session_is_published(
        self,
        summaries: Summaries,
        sessions: Sessions,
        store: SqliteStore,
        group: Group,
        destination: Destination,
    ) -> None:
        planned = await sessions.add(group, PLAN, by=OPERATOR)
        await made(summaries, group, planned)
        with pytest.raises(InvalidSessionError, match="announce it first"):
            await summaries.post(group, planned.slug, by=OPERATOR)
        assert await queued(store) == []
        await sessions.cancel(group, planned.slug, by=OPERATOR)
        with pytest.raises(InvalidSessionError, match="was cancelled"):
            await summaries.post(group, planned.slug, by=OPERATOR)

    async def test_without_somebody_who_writes_pages_there_is_none(
        self, store: SqliteStore, group: Group, session: Session, now: FakeNow
    ) -> None:
        summaries = Summaries(store, FakeModel(), now, plain=FakeSummariser())
        await made(summaries, group, session)
        await summaries.post(group, session.slug, by=OPERATOR)
        assert await of_kind(store, PostKind.ARTICLE) == []


class TestEditing:
    async def test_an_edited_draft_is_a_marked_draft_with_the_same_origin(
        self, summaries: Summaries, store: SqliteStore, group: Group, session: Session
    ) -> None:
        before = (await summaries.make(group, session.slug, by=OPERATOR))[PLAIN]
        after = await summaries.edit(
            group, session.slug, PLAIN, " Lead.\r\nFirst: Changed.\u202e ", by=OPERATOR
        )
        assert (after.version, after.current, after.draft.status) == (2, False, SummaryStatus.DRAFT)
        assert (after.draft.edited, after.draft.origin, after.draft.usage) == (True, "gpt-9", None)
        assert after.draft.prompt == before.draft.prompt
        assert (after.draft.body, after.draft.lead) == ("Lead.\nFirst: Changed.", "Lead.")
        assert after.draft.points == (Point("First", "Changed."),)
        assert await of_kind(store, PostKind.ARTICLE) == []
        approved = await summaries.approve(group, session.slug, by=OPERATOR)
        assert approved[PLAIN].id == after.id

    async def test_an_edited_approved_one_is_approved_and_updates_the_page(
        self, summaries: Summaries, store: SqliteStore, group: Group, session: Session
    ) -> None:
        await made(summaries, group, session)
        after = await summaries.edit(group, session.slug, TECHIE, "Mine.", by=OPERATOR)
        assert (await summaries.current(session))[TECHIE] == after
        # What waited with the words before isn't posted any more.
        (post,) = await of_kind(store, PostKind.ARTICLE)
        assert ArticlePost.from_json(post.payload).page == "Llama: 1 plain The paper, 2 Mine."
        back = await summaries.edit(group, session.slug, TECHIE, "techie The paper", by=OPERATOR)
        assert back.version == 3
        (again,) = await of_kind(store, PostKind.ARTICLE)
        assert again.key != post.key, "said again after something else, it is posted again"

    async def test_the_same_words_are_no_new_version(
        self, summaries: Summaries, group: Group, session: Session
    ) -> None:
        drafts = await summaries.make(group, session.slug, by=OPERATOR)
        body = drafts[PLAIN].draft.body
        assert await summaries.edit(group, session.slug, PLAIN, body, by=OPERATOR) == drafts[PLAIN]

    async def test_a_point_keeps_its_quote_while_it_is_called_the_same_or_says_the_same(
        self, summaries: Summaries, store: SqliteStore, group: Group, session: Session, now: FakeNow
    ) -> None:
        points = (Point("A", "one", "quote a", "Intro"), Point("B", "two", "quote b"))
        draft = SummaryDraft(PLAIN, "Lead\nA: one\nB: two", "Lead", points, "imported")
        async with store.transaction() as tx:
            await tx.summaries.add(session.id, draft, now())
        words = "Lead\na: other\nC: two\nD: three"
        after = await summaries.edit(group, session.slug, PLAIN, words, by=OPERATOR)
        assert [(each.quote, each.section) for each in after.draft.points] == [
            ("quote a", "Intro"),
            ("quote b", ""),
            ("", ""),
        ]
        assert [each.gate for each in after.draft.findings] == ["length"], "D needs no quote"

    async def test_what_a_bad_edit_lost_comes_back_with_the_words(
        self, summaries: Summaries, store: SqliteStore, group: Group, session: Session, now: FakeNow
    ) -> None:
        first = SummaryDraft(PLAIN, "1", "1", (Point("A", "one", "first"),), "imported")
        points = (Point("A", "one", "quote a", "Intro"), Point("B", "two", "quote b"))
        second = SummaryDraft(PLAIN, "Lead\nA: one\nB: two", "Lead", points, "imported")
        other = SummaryDraft(TECHIE, "1", "1", (Point("E", "five", "techie"),), "imported")
        async with store.transaction() as tx:
            for draft in (first, second, other):
                await tx.summaries.add(session.id, draft, now())
        for bad in ("All gone.", "Lead\nC: three"):
            lost = await summaries.edit(group, session.slug, PLAIN, bad, by=OPERATOR)
            assert not any(point.quote for point in lost.draft.points)
        words = "Lead\nA: one\nC: two\nE: five"
        after = await summaries.edit(group, session.slug, PLAIN, words, by=OPERATOR)
        assert [(each.quote, each.section) for each in after.draft.points] == [
            ("quote a", "Intro"),  # the newer one of the two that A had
            ("quote b", ""),  # said the same, though last it was called the same without a quote
            ("", ""),  # the other summary's
        ]

    async def test_an_edit_is_checked_against_the_reading_and_beside_the_other_one(
        self, summaries: Summaries, group: Group, session: Session
    ) -> None:
        await summaries.make(group, session.slug, by=OPERATOR)
        words = "42\nA: b\nC: d\nE: f"
        after = await summaries.edit(group, session.slug, TECHIE, words, by=OPERATOR)
        assert [each.gate for each in after.draft.findings] == ["number", "length"]

    async def test_without_the_readings_text_nothing_is_missed_in_it(
        self,
        summaries: Summaries,
        sessions: Sessions,
        store: SqliteStore,
        group: Group,
        now: FakeNow,
    ) -> None:
        linked = replace(PLAN, title="Linked", readings=(replace(PAPER, text=""),))
        session = await sessions.add(group, linked, by=OPERATOR)
        async with store.transaction() as tx:
            draft = SummaryDraft(PLAIN, "Lead", "Lead", (), "imported")
            await tx.summaries.add(session.id, draft, now())
        after = await summaries.edit(group, session.slug, PLAIN, "It is 42.", by=OPERATOR)
        assert after.draft.findings == ()

    @pytest.mark.parametrize("body", ["", " \n\u202e", "a" * (LONGEST + 1), "a" * 5 * LONGEST])
    async def test_words_that_cant_be_kept_are_refused(
        self, summaries: Summaries, group: Group, session: Session, body: str
    ) -> None:
        await summaries.make(group, session.slug, by=OPERATOR)
        with pytest.raises(UserError, match=r"nothing to read|at most"):
            await summaries.edit(group, session.slug, PLAIN, body, by=OPERATOR)


class TestPosting:
    async def test_both_are_posted_once_at_every_destination(
        self, summaries: Summaries, store: SqliteStore, group: Group, session: Session
    ) -> None:
        await made(summaries, group, session)
        posted = await summaries.post(group, session.slug, by=OPERATOR)
        assert (posted.session, posted.posts) == (session, 4)
        assert (await summaries.post(group, session.slug, by=OPERATOR)).posts == 0
        posts = await of_kind(store, PostKind.SUMMARY)
        nostr = "aa" * 32
        assert [post.key for post in posts] == [
            f"summary:{session.id}:techie:v1:nostr:{nostr}",
            f"summary:{session.id}:plain:v1:nostr:{nostr}",
            f"summary:{session.id}:techie:v1:discord:{CHANNEL}",
            f"summary:{session.id}:plain:v1:discord:{CHANNEL}",
        ]
        body = SummaryPost.from_json(posts[1].payload)
        assert body == SummaryPost(
            card=body.card,
            audience=PLAIN,
            title="The paper",
            version=1,
            lead="The paper",
            points=(Point("First", "It says much about llamas."),),
            body="plain The paper",
            origin="gpt-9",
            answered_by="gpt-9",
        )
        assert body.card.title == "Llama"

    async def test_a_new_version_is_posted_too_and_what_waited_of_the_old_one_isnt(
        self, summaries: Summaries, store: SqliteStore, group: Group, session: Session
    ) -> None:
        await made(summaries, group, session)
        await summaries.post(group, session.slug, by=OPERATOR)
        await summaries.edit(group, session.slug, TECHIE, "Mine.", by=OPERATOR)
        assert (await summaries.post(group, session.slug, by=OPERATOR)).posts == 2
        posts = await of_kind(store, PostKind.SUMMARY)
        versions = [(post.key.split(":")[2:4], post.network) for post in posts]
        assert sorted(versions) == [
            (["plain", "v1"], Network.DISCORD),
            (["plain", "v1"], Network.NOSTR),
            (["techie", "v2"], Network.DISCORD),
            (["techie", "v2"], Network.NOSTR),
        ]

    async def test_what_failed_for_good_is_posted_again(
        self,
        summaries: Summaries,
        store: SqliteStore,
        group: Group,
        session: Session,
        channel: Destination,
        now: FakeNow,
    ) -> None:
        await made(summaries, group, session)
        await summaries.post(group, session.slug, by=OPERATOR)
        async with store.transaction() as tx:
            claimed = await tx.outbox.claim(
                Network.DISCORD, now(), now() + timedelta(minutes=1), 100
            )
            for delivery in claimed:
                await tx.outbox.mark_ended(delivery, OutboxState.FAILED, "no", now())
            await tx.groups.pause_destination(group.id, Network.DISCORD, CHANNEL, "no", now())
        assert (await summaries.post(group, session.slug, by=OPERATOR)).posts == 2
        async with store.read() as view:
            (place,) = [
                each
                for each in await view.groups.destinations(group.id)
                if each.network is Network.DISCORD
            ]
        assert place.paused_at is None

    async def test_without_a_destination_the_organiser_hears_it(
        self,
        summaries: Summaries,
        sessions: Sessions,
        group: Group,
        now: FakeNow,
    ) -> None:
        session = await sessions.add(group, PLAN, by=OPERATOR)
        await made(summaries, group, session)
        now.advance(timedelta(days=30))  # it belongs to the archive, which members see
        with pytest.raises(InvalidSessionError, match="nowhere to post"):
            await summaries.post(group, session.slug, by=OPERATOR)

    async def test_a_session_without_a_titled_reading_is_called_by_its_own_title(
        self,
        summaries: Summaries,
        sessions: Sessions,
        store: SqliteStore,
        group: Group,
        session: Session,
    ) -> None:
        await made(summaries, group, session)
        changes = SessionChanges(readings=(Reading(""),))
        await sessions.edit(group, session.slug, changes, by=OPERATOR)
        await summaries.post(group, session.slug, by=OPERATOR)
        posts = await of_kind(store, PostKind.SUMMARY)
        assert {SummaryPost.from_json(post.payload).title for post in posts} == {"Llama"}


class TestThePublishedPage:
    """What is changed of a session is changed on its page, too, where it stands."""

    @pytest.fixture
    def sessions(self, store: SqliteStore, now: FakeNow) -> Sessions:
        return Sessions(store, now, article=page)

    async def test_it_is_brought_up_to_date_with_the_session(
        self,
        summaries: Summaries,
        sessions: Sessions,
        store: SqliteStore,
        group: Group,
        session: Session,
        now: FakeNow,
    ) -> None:
        await made(summaries, group, session)
        (first,) = await sent_pages(store, now)
        moved = SessionChanges(title="Alpaca", when="2026-12-11 20:00")
        for _ in range(2):  # the same edit twice is one
            await sessions.edit(group, session.slug, moved, by=OPERATOR)
        (second,) = await sent_pages(store, now)
        body = ArticlePost.from_json(second.payload)
        assert (body.card.title, body.card.local_time) == ("Alpaca", "2026-12-11 20:00")
        assert body.card.slug == ArticlePost.from_json(first.payload).card.slug, "one address"
        await sessions.cancel(group, session.slug, by=OPERATOR)
        (third,) = await sent_pages(store, now)
        assert ArticlePost.from_json(third.payload).card.cancelled

    async def test_what_waits_of_it_is_replaced(
        self,
        summaries: Summaries,
        sessions: Sessions,
        store: SqliteStore,
        group: Group,
        session: Session,
    ) -> None:
        await made(summaries, group, session)
        await sessions.edit(group, session.slug, SessionChanges(title="Alpaca"), by=OPERATOR)
        (waiting,) = await of_kind(store, PostKind.ARTICLE)
        assert ArticlePost.from_json(waiting.payload).card.title == "Alpaca"
        await sessions.cancel(group, session.slug, by=OPERATOR)
        assert await of_kind(store, PostKind.ARTICLE) == [], "nobody was shown it"

    async def test_a_change_alone_publishes_no_page(
        self,
        summaries: Summaries,
        sessions: Sessions,
        store: SqliteStore,
        group: Group,
        destination: Destination,
    ) -> None:
        planned = await sessions.add(group, PLAN, by=OPERATOR)
        await made(summaries, group, planned)
        await sessions.announce(group, planned.slug, by=OPERATOR)
        change = SessionEdit(planned.slug, SessionChanges(place="Library"))
        proposal = await sessions.propose(group, change, by=OPERATOR)
        assert (await sessions.accept(group, proposal.id, by=OPERATOR)).posts == 2
        assert await of_kind(store, PostKind.ARTICLE) == []

    async def test_an_accepted_change_counts_the_page_among_its_posts(
        self,
        summaries: Summaries,
        sessions: Sessions,
        store: SqliteStore,
        group: Group,
        session: Session,
        now: FakeNow,
    ) -> None:
        await made(summaries, group, session)
        await sent_pages(store, now)
        change = SessionEdit(session.slug, SessionChanges(topic="Wool"))
        proposal = await sessions.propose(group, change, by=OPERATOR)
        assert (await sessions.accept(group, proposal.id, by=OPERATOR)).posts == 4
        assert len(await sent_pages(store, now)) == 1

    async def test_an_imported_page_is_published_where_the_one_before_was(
        self,
        summaries: Summaries,
        sessions: Sessions,
        store: SqliteStore,
        group: Group,
        session: Session,
        now: FakeNow,
    ) -> None:
        await made(summaries, group, session)
        await sent_pages(store, now)
        draft = SummaryDraft(PLAIN, "Anew", "Anew", (), "imported")
        imported = SessionPage("Llama", "2026-12-10", time="19:00", summaries=(draft,))
        for _ in range(2):
            await sessions.import_page(group, imported, by=OPERATOR)
        (sent,) = await sent_pages(store, now)
        assert "2 Anew" in ArticlePost.from_json(sent.payload).page


async def sent_pages(store: SqliteStore, now: FakeNow) -> list[Post]:
    """Send everything that waits for Nostr; the pages among it."""
    async with store.transaction() as tx:
        until = now() + timedelta(minutes=1)
        sent = await tx.outbox.claim(Network.NOSTR, now(), until, 100)
        await tx.outbox.mark_sent([(each, f"id{each.id}") for each in sent], now())
    return [each.post for each in sent if each.post.kind is PostKind.ARTICLE]


class TestReminders:
    async def test_a_reminder_carries_what_is_approved_once(
        self,
        summaries: Summaries,
        store: SqliteStore,
        group: Group,
        session: Session,
        now: FakeNow,
    ) -> None:
        await made(summaries, group, session)
        reminders = Reminders(store, now, page)
        now.advance(timedelta(days=3))
        await reminders.fire_due()
        kinds = [PostKind.REMINDER, PostKind.SUMMARY, PostKind.ARTICLE]
        first = await of_kind(store, *kinds)
        assert sorted(post.kind for post in first) == sorted(
            [PostKind.REMINDER] * 2 + [PostKind.SUMMARY] * 4 + [PostKind.ARTICLE]
        )
        assert (await summaries.post(group, session.slug, by=OPERATOR)).posts == 0
        now.advance(timedelta(days=6))
        await reminders.fire_due()
        later = await of_kind(store, *kinds)
        assert len([post for post in later if post.kind is PostKind.SUMMARY]) == 4

    async def test_a_draft_stays_with_the_organiser_and_the_reminder_goes_out_alone(
        self,
        summaries: Summaries,
        store: SqliteStore,
        group: Group,
        session: Session,
        now: FakeNow,
    ) -> None:
        await summaries.make(group, session.slug, by=OPERATOR)
        now.advance(timedelta(days=3))
        await Reminders(store, now, page).fire_due()
        assert len(await of_kind(store, PostKind.REMINDER)) == 2
        assert await of_kind(store, PostKind.SUMMARY, PostKind.ARTICLE) == []
