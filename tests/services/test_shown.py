"""Which version of a summary a button shows: its post's own, and to members no faulty draft."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from bot.domain.errors import UnknownSessionError, UnknownSummaryError, UserError
from bot.domain.model import (
    OPERATOR,
    Audience,
    Destination,
    Document,
    Finding,
    Group,
    Reading,
    Session,
)
from bot.services.sessions import SessionPlan, Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore
from tests.fakes import FakeModel, FakeNow, FakeSource, FakeSummariser
from tests.services.conftest import MEMBER
from tests.waiting import until

PLAIN = Audience.PLAIN
PAPER = Reading("The paper", text="It says much about llamas.")
SEVERE = Finding("number", PLAIN, "There is no “42”.", 1)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(Document("They spit.", url="https://arxiv.org/pdf/2301.12345v2"))


@pytest.fixture
def summaries(store: SqliteStore, now: FakeNow, model: FakeModel, source: FakeSource) -> Summaries:
    return Summaries(store, model, now, plain=FakeSummariser(), read=source)


@pytest.fixture
async def session(sessions: Sessions, destination: Destination, group: Group) -> Session:
    plan = SessionPlan("Llamas", "2026-12-09 19:00", readings=(PAPER,))
    added = await sessions.add(group, plan, by=OPERATOR)
    return (await sessions.announce(group, added.slug, by=OPERATOR)).session


async def test_a_post_shows_its_own_version_for_ever(
    summaries: Summaries, group: Group, session: Session
) -> None:
    await summaries.make(group, session.slug, by=OPERATOR)
    await summaries.approve(group, session.slug, by=OPERATOR)
    await summaries.make(group, session.slug, by=OPERATOR)
    await summaries.approve(group, session.slug, by=OPERATOR)
    found, first = await summaries.version(group, session.id, PLAIN, 1, by=MEMBER)
    assert found.id == session.id
    assert (first.version, first.draft.audience) == (1, PLAIN)


async def test_a_draft_is_the_organisers_and_members_get_what_is_approved(
    summaries: Summaries, group: Group, session: Session
) -> None:
    await summaries.make(group, session.slug, by=OPERATOR)
    await summaries.approve(group, session.slug, by=OPERATOR)
    await summaries.make(group, session.slug, by=OPERATOR)
    _, seen = await summaries.version(group, session.id, PLAIN, 2, by=OPERATOR)
    assert seen.version == 2
    _, seen = await summaries.version(group, session.id, PLAIN, 2, by=MEMBER)
    assert seen.version == 1


async def test_where_nothing_is_approved_a_draft_without_faults_is_seen(
    summaries: Summaries, group: Group, session: Session, model: FakeModel
) -> None:
    with pytest.raises(UnknownSummaryError):
        await summaries.version(group, session.id, PLAIN, 1, by=MEMBER)
    await summaries.make(group, session.slug, by=OPERATOR)
    _, seen = await summaries.version(group, session.id, PLAIN, 1, by=MEMBER)
    assert seen.version == 1
    model.findings = (SEVERE,)
    await summaries.make(group, session.slug, by=OPERATOR)
    with pytest.raises(UnknownSummaryError, match="to see yet"):
        await summaries.version(group, session.id, PLAIN, 2, by=MEMBER)


async def test_another_groups_session_has_none(
    summaries: Summaries, store: SqliteStore, group: Group, session: Session
) -> None:
    async with store.transaction() as tx:
        other = await tx.groups.ensure(replace(group, id=0, slug="other"))
    await summaries.make(group, session.slug, by=OPERATOR)
    for by in (OPERATOR, MEMBER):
        with pytest.raises(UnknownSessionError):
            await summaries.version(other, session.id, PLAIN, 1, by=by)


async def test_nobody_claims_a_session_whose_summaries_are_being_made(
    summaries: Summaries, group: Group, session: Session, model: FakeModel
) -> None:
    model.gate = asyncio.Event()
    making = asyncio.create_task(summaries.make(group, session.slug, by=OPERATOR))
    await until(lambda: model.readings)
    with pytest.raises(UserError, match="being made just now"), summaries.claimed(session):
        pass
    model.gate.set()
    await making
    with summaries.claimed(session):
        pass


async def test_of_two_who_press_at_once_one_has_them_made(
    summaries: Summaries, session: Session
) -> None:
    with (
        summaries.claimed(session),
        pytest.raises(UserError, match="being made just now"),
        summaries.claimed(session),
    ):
        pass
    with summaries.claimed(replace(session, id=session.id + 1)), summaries.claimed(session):
        pass


async def test_a_link_is_read_and_kept_as_it_was_given(
    summaries: Summaries, source: FakeSource
) -> None:
    read = await summaries.read("https://arxiv.org/abs/2301.12345")
    assert read.url == "https://arxiv.org/abs/2301.12345"
    assert source.asked == [Reading("", "https://arxiv.org/abs/2301.12345")]
    assert (await summaries.read("2301.12345")).url == "https://arxiv.org/pdf/2301.12345v2"


async def test_without_anything_that_reads_links_they_are_refused(
    store: SqliteStore, now: FakeNow
) -> None:
    with pytest.raises(UserError, match="as a file"):
        await Summaries(store, FakeSummariser(), now).read("https://read.test")
