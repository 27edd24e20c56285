"""What every store must do with summaries in versions, and with what was read of a reading."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from bot.domain.model import (
    Audience,
    Document,
    Finding,
    Network,
    PostKind,
    Reading,
    Session,
    SummaryDraft,
    SummaryStatus,
    Usage,
)
from bot.domain.ports import Store
from tests.rows import NOON, a_draft, a_group, a_post, a_session

MINUTE = timedelta(minutes=1)
TECHIE, PLAIN = Audience.TECHIE, Audience.PLAIN


def waiting(body: str = "A draft.", audience: Audience = TECHIE) -> SummaryDraft:
    """A model's draft, with all that one carries."""
    return replace(
        a_draft(audience, body),
        origin="gpt-9",
        status=SummaryStatus.DRAFT,
        findings=(
            Finding("number", audience, "There is no “42”.", 1),
            Finding("length", PLAIN, "Too long.", severe=False),
        ),
        usage=Usage("gpt-9", 3, 1000, 800, 300, 0.0125),
        scope="the first 3 of 9 parts",
        edited=True,
    )


@pytest.fixture
async def session(store: Store) -> Session:
    async with store.transaction() as tx:
        group = await a_group(tx)
        link = Reading("A link", "https://example.com/a")
        return await tx.sessions.add(
            replace(a_session(group.id), readings=(link, Reading("B", text="Of B."))), NOON
        )


async def test_a_draft_is_stored_whole_and_not_current(store: Store, session: Session) -> None:
    async with store.transaction() as tx:
        stored = await tx.summaries.add(session.id, waiting(), NOON)
    assert (stored.current, stored.approved_at, stored.draft) == (False, None, waiting())
    async with store.read() as view:
        assert await view.summaries.latest(session.id) == {TECHIE: stored}
        assert await view.summaries.current(session.id) == {}
        assert await view.summaries.current_of(session.id, TECHIE) is None


async def test_a_draft_leaves_the_approved_one_current(store: Store, session: Session) -> None:
    async with store.transaction() as tx:
        approved = await tx.summaries.add(session.id, a_draft(), NOON)
        draft = await tx.summaries.add(session.id, waiting(), NOON + MINUTE)
    assert (approved.approved_at, draft.version) == (NOON, 2)
    async with store.read() as view:
        assert await view.summaries.current(session.id) == {TECHIE: approved}
        assert await view.summaries.latest(session.id) == {TECHIE: draft}
        assert await view.summaries.versions(session.id) == [approved, draft]


async def test_an_approved_draft_takes_the_place_of_the_one_before(
    store: Store, session: Session
) -> None:
    async with store.transaction() as tx:
        await tx.summaries.add(session.id, a_draft(), NOON)
        plain = await tx.summaries.add(session.id, a_draft(PLAIN), NOON)
        draft = await tx.summaries.add(session.id, waiting(), NOON)
        await tx.summaries.approve([draft.id], NOON + MINUTE)
    async with store.read() as view:
        current = await view.summaries.current(session.id)
        versions = await view.summaries.versions(session.id)
    assert current[TECHIE].id == draft.id
    assert current[TECHIE].draft == replace(waiting(), status=SummaryStatus.APPROVED)
    assert current[TECHIE].approved_at == NOON + MINUTE
    assert current[PLAIN] == plain
    assert [each.current for each in versions] == [False, True, True]


async def test_approving_again_changes_nothing(store: Store, session: Session) -> None:
    async with store.transaction() as tx:
        draft = await tx.summaries.add(session.id, waiting(), NOON)
        await tx.summaries.approve([draft.id], NOON)
        await tx.summaries.approve([draft.id], NOON + MINUTE)
        await tx.summaries.approve([], NOON + MINUTE)
        current = await tx.summaries.current(session.id)
    assert current[TECHIE].approved_at == NOON


async def test_an_older_draft_that_is_approved_late_isnt_current(
    store: Store, session: Session
) -> None:
    async with store.transaction() as tx:
        draft = await tx.summaries.add(session.id, waiting(), NOON)
        newer = await tx.summaries.add(session.id, a_draft(), NOON)
        await tx.summaries.approve([draft.id], NOON)
        assert await tx.summaries.current(session.id) == {TECHIE: newer}


async def test_what_was_read_stays_with_its_reading(store: Store, session: Session) -> None:
    link, text = session.readings
    assert (link.text_hash, text.text_hash) == ("", sha256(b"Of B.").hexdigest())
    document = Document(
        "# A\n\nLlamas.", "Ignored", "Ann", "2023-05", notes=("“Some” pages.", "[]"), pages=3
    )
    async with store.transaction() as tx:
        await tx.sessions.set_text(link.id, "On llamas", document, NOON + MINUTE)
    async with store.read() as view:
        stored = await view.sessions.by_id(session.id)
        (listed,) = await view.sessions.all(session.group_id, 1)
    assert stored is not None
    read = Reading("On llamas", link.url, document.text, link.id, "Ann", "2023-05", document.notes)
    assert stored.readings == (read, text)
    assert stored.readings[0].text_hash == sha256(document.text.encode()).hexdigest()
    assert listed.readings[0] == replace(read, text="")
    async with store.transaction() as tx:
        await tx.sessions.update(replace(stored, place="Room 1"), NOON + MINUTE)
        again = await tx.sessions.by_id(session.id)
    assert again is not None
    assert again.readings == stored.readings


async def test_what_is_kept_isnt_superseded(store: Store, session: Session) -> None:
    posts = [a_post(session, key, PostKind.SUMMARY) for key in ("a", "b")]
    async with store.transaction() as tx:
        await tx.outbox.add(posts, NOON)
        kinds = [PostKind.SUMMARY]
        assert await tx.outbox.supersede(session.id, kinds, "newer", keep=["b", "c"]) == 1
        claimed = await tx.outbox.claim(Network.NOSTR, NOON + MINUTE, NOON + 2 * MINUTE, 9)
    assert [delivery.post.key for delivery in claimed] == ["b"]


async def test_a_proposal_can_be_looked_at_and_stays(store: Store, session: Session) -> None:
    async with store.transaction() as tx:
        await tx.proposals.add("id", session.group_id, "{}", NOON)
    async with store.read() as view:
        assert await view.proposals.get("id", session.group_id) == "{}"
        assert await view.proposals.get("id", session.group_id + 1) is None
    async with store.transaction() as tx:
        assert await tx.proposals.take("id", session.group_id) == "{}"
        assert await tx.proposals.get("id", session.group_id) is None
