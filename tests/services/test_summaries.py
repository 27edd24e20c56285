"""Summaries: stored ones at once, missing ones made once however many ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.errors import SummaryError, UnknownSummaryError
from bot.domain.model import OPERATOR, Audience, Group, Network, Reading, Session
from bot.services.sessions import SessionPlan, Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteRows, SqliteStore
from tests.fakes import FakeNow, FakeSummariser
from tests.waiting import until

READING = Reading("The paper", "https://example.com/paper", "It says much about llamas.")


class Counting(SqliteStore):
    reads = 0

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SqliteRows]:
        self.reads += 1
        async with super().read() as view:
            yield view


@pytest.fixture
def summariser() -> FakeSummariser:
    return FakeSummariser()


@pytest.fixture
def summaries(store: SqliteStore, summariser: FakeSummariser, now: FakeNow) -> Summaries:
    return Summaries(store, summariser, now)


@pytest.fixture
async def session(sessions: Sessions, group: Group) -> Session:
    link = Reading("A link", "https://example.com/link")
    plan = SessionPlan("Llama", "2026-12-10 19:00", readings=(link, READING))
    return await sessions.add(group, plan, by=OPERATOR)


async def test_a_missing_summary_is_made_once_and_kept(
    summaries: Summaries, summariser: FakeSummariser, session: Session
) -> None:
    plain = await summaries.get(session, Audience.PLAIN)
    techie = await summaries.get(session, Audience.TECHIE)
    assert (plain.draft.audience, techie.draft.audience) == (Audience.PLAIN, Audience.TECHIE)
    assert [reading.title for reading in summariser.readings] == ["The paper"]
    assert await summaries.get(session, Audience.PLAIN) == plain
    assert await summaries.current(session) == {Audience.PLAIN: plain, Audience.TECHIE: techie}


async def test_a_stored_one_is_found_with_its_session_in_one_read(
    tmp_path: Path, summariser: FakeSummariser, now: FakeNow
) -> None:
    async with Counting.open(tmp_path / "counted.db", now) as store:
        async with store.transaction() as tx:
            group = await tx.groups.ensure(Group(0, "atlanta", "Atlanta", "UTC", ()))
            await tx.groups.ensure_destination(group.id, Network.NOSTR, "aa" * 32)
        plan = SessionPlan("Llama", "2026-12-10 19:00", readings=(READING,))
        await Sessions(store, now).add(group, plan, by=OPERATOR)
        await Sessions(store, now).announce(group, "llama", by=OPERATOR)
        asked = Summaries(store, summariser, now)
        made = await asked.make(group, "llama", by=OPERATOR, plain=True)
        for name in ("", "next", "llama"):
            async with store.transaction() as tx:  # as every reply commits: nothing is remembered
                await tx.cursors.move({"ws://127.0.0.1": name}, now())
            store.reads = 0
            session = await asked.session(group, name)
            assert await asked.get(session, Audience.PLAIN) == made[Audience.PLAIN]
            assert await asked.get(session, Audience.TECHIE) == made[Audience.TECHIE]
            assert store.reads == 1


async def test_however_many_ask_at_once_it_is_made_once(
    summaries: Summaries, summariser: FakeSummariser, session: Session
) -> None:
    summariser.gate = asyncio.Event()
    asking = [
        asyncio.create_task(summaries.get(session, audience))
        for audience in [Audience.PLAIN, Audience.TECHIE] * 10
    ]
    await until(lambda: summariser.readings)
    summariser.gate.set()
    found = await asyncio.gather(*asking)
    assert len(summariser.readings) == 1
    assert len({summary.id for summary in found}) == 2


async def test_who_asks_first_may_leave_without_spoiling_it(
    summaries: Summaries, summariser: FakeSummariser, session: Session
) -> None:
    summariser.gate = asyncio.Event()
    first = asyncio.create_task(summaries.get(session, Audience.PLAIN))
    await until(lambda: summariser.readings)
    second = asyncio.create_task(summaries.get(session, Audience.PLAIN))
    first.cancel()
    summariser.gate.set()
    assert (await second).version == 1
    assert len(summariser.readings) == 2


async def test_the_text_is_found_even_for_a_listed_session(
    summaries: Summaries, sessions: Sessions, group: Group, session: Session
) -> None:
    listed = (await sessions.all(group, by=OPERATOR))[0]
    assert (await summaries.get(listed, Audience.PLAIN)).version == 1


async def test_making_gives_new_versions_and_keeps_one_current(
    summaries: Summaries, group: Group, session: Session
) -> None:
    await summaries.make(group, session.slug, by=OPERATOR)
    made = await summaries.make(group, session.slug, by=OPERATOR)
    assert {summary.version for summary in made.values()} == {2}
    assert await summaries.current(session) == made


async def test_an_imported_summary_isnt_replaced_by_one_that_is_made(
    summaries: Summaries, session: Session, store: SqliteStore, now: FakeNow
) -> None:
    made = (await FakeSummariser().summarise(READING))[Audience.TECHIE]
    imported = replace(made, body="By hand", origin="imported")
    async with store.transaction() as tx:
        stored = await tx.summaries.add(session.id, imported, now())
    await summaries.get(session, Audience.PLAIN)
    assert (await summaries.get(session, Audience.TECHIE)) == stored


@pytest.mark.parametrize(
    ("readings", "says"),
    [
        ((), "no reading"),
        ((Reading("A link", "https://example.com/link"),), "only a link. https://example.com/link"),
    ],
)
async def test_without_a_text_the_person_hears_what_there_is(
    summaries: Summaries,
    sessions: Sessions,
    group: Group,
    readings: tuple[Reading, ...],
    says: str,
) -> None:
    bare = await sessions.add(
        group, SessionPlan("Bare", "2026-12-11 19:00", readings=readings), by=OPERATOR
    )
    made = summaries.make(group, bare.slug, by=OPERATOR)
    for call in (summaries.get(bare, Audience.PLAIN), made):
        with pytest.raises(UnknownSummaryError) as caught:
            await call
        assert says in str(caught.value)


@pytest.mark.parametrize(("permanent", "says"), [(True, "can't be made from"), (False, "again")])
async def test_a_failure_is_a_sentence_for_members_and_a_reason_for_the_organiser(
    summaries: Summaries,
    summariser: FakeSummariser,
    group: Group,
    session: Session,
    permanent: bool,
    says: str,
) -> None:
    summariser.error = SummaryError("too short", permanent=permanent)
    with pytest.raises(UnknownSummaryError, match=says):
        await summaries.get(session, Audience.PLAIN)
    with pytest.raises(SummaryError, match="too short"):
        await summaries.make(group, session.slug, by=OPERATOR)


async def test_a_summariser_of_one_audience_says_so(
    store: SqliteStore, session: Session, now: FakeNow
) -> None:
    summaries = Summaries(store, FakeSummariser((Audience.TECHIE,)), now)
    with pytest.raises(UnknownSummaryError, match="no plain summary"):
        await summaries.get(session, Audience.PLAIN)
