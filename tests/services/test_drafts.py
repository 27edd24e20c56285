"""A model's drafts: made once, shown to members where nothing severe was found, and the text of the
reading had from its link first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from bot.domain.errors import (
    NotPermittedError,
    ReadingError,
    SummaryError,
    UnknownSummaryError,
    UserError,
)
from bot.domain.model import (
    OPERATOR,
    Audience,
    Document,
    Finding,
    Group,
    Reading,
    Session,
    SummaryStatus,
)
from bot.services.sessions import SessionChanges, SessionPlan, Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore
from tests.fakes import FakeModel, FakeNow, FakeSource, FakeSummariser
from tests.services.conftest import MEMBER, ORGANISER
from tests.waiting import until

TECHIE, PLAIN = Audience.TECHIE, Audience.PLAIN
LINK = Reading("example.com/paper", "https://example.com/paper")
PAPER = Reading("The paper", "https://example.com/paper", "It says much about llamas.")
DOCUMENT = Document(
    "# Llamas\n\nThey spit.", "On llamas", "Ann", "2023", pages=12, notes=("A note.",)
)
SEVERE = Finding("number", PLAIN, "There is no “42”.", 1)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def plain() -> FakeSummariser:
    return FakeSummariser()


@pytest.fixture
def source() -> FakeSource:
    return FakeSource(DOCUMENT)


@pytest.fixture
def summaries(
    store: SqliteStore, model: FakeModel, plain: FakeSummariser, source: FakeSource, now: FakeNow
) -> Summaries:
    return Summaries(store, model, now, plain=plain, read=source, language="de")


async def planned(sessions: Sessions, group: Group, *readings: Reading) -> Session:
    plan = SessionPlan("Llama", "2026-12-10 19:00", readings=readings)
    return await sessions.add(group, plan, by=OPERATOR)


@pytest.fixture
async def session(sessions: Sessions, group: Group) -> Session:
    return await planned(sessions, group, PAPER)


async def test_a_hundred_who_ask_at_once_make_one_conversation_and_all_are_answered(
    summaries: Summaries, model: FakeModel, session: Session
) -> None:
    model.gate = asyncio.Event()
    asking = [
        asyncio.create_task(summaries.get(session, audience)) for audience in [PLAIN, TECHIE] * 50
    ]
    await until(lambda: model.readings)
    model.gate.set()
    found = await asyncio.gather(*asking)
    assert len(model.readings) == 1
    assert [each.draft.audience for each in found] == [PLAIN, TECHIE] * 50
    assert {each.draft.status for each in found} == {SummaryStatus.DRAFT}
    assert (model.languages, model.spent) == (["de"], [None])


async def test_a_draft_without_severe_findings_is_shown_and_not_current(
    summaries: Summaries, model: FakeModel, session: Session
) -> None:
    model.findings = (replace(SEVERE, severe=False),)
    shown = await summaries.get(session, PLAIN)
    assert (shown.draft.status, shown.draft.findings) == (SummaryStatus.DRAFT, model.findings)
    assert await summaries.current(session) == {}
    assert await summaries.get(session, PLAIN) == shown
    assert len(model.readings) == 1


async def test_a_draft_with_a_severe_finding_waits_and_is_not_made_again(
    summaries: Summaries, model: FakeModel, group: Group, session: Session, now: FakeNow
) -> None:
    model.findings = (SEVERE,)
    for _ in range(2):
        with pytest.raises(UnknownSummaryError, match="The plain summary is a draft that waits"):
            await summaries.get(session, PLAIN)
        now.advance(timedelta(days=1))
    assert (await summaries.get(session, TECHIE)).draft.findings == ()
    assert len(model.readings) == 1
    latest = await summaries.latest(group, session.slug, by=OPERATOR)
    assert latest[PLAIN].draft.findings == (SEVERE,)


async def test_an_approved_one_is_shown_while_a_newer_draft_waits(
    summaries: Summaries, group: Group, session: Session
) -> None:
    await summaries.make(group, session.slug, by=OPERATOR)
    await summaries.approve(group, session.slug, by=OPERATOR)
    await summaries.make(group, session.slug, by=OPERATOR)
    assert (await summaries.get(session, PLAIN)).version == 1
    latest = await summaries.latest(group, session.slug, by=OPERATOR)
    assert [(each.version, each.current) for each in latest.values()] == [(2, False)] * 2


async def test_after_a_failure_members_dont_ask_the_model_again_for_ten_minutes(
    summaries: Summaries, model: FakeModel, session: Session, now: FakeNow
) -> None:
    model.error = SummaryError("The model's server is busy.", permanent=False)
    for _ in range(3):
        with pytest.raises(UnknownSummaryError, match="ask again in a while"):
            await summaries.get(session, PLAIN)
    assert len(model.readings) == 1
    now.advance(timedelta(minutes=10))
    model.error = None
    assert (await summaries.get(session, PLAIN)).version == 1


async def test_whoever_runs_the_bot_reads_the_cause_in_the_log(
    summaries: Summaries, model: FakeModel, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    model.error = SummaryError("The key was refused.", permanent=True)
    for _ in range(2):
        with pytest.raises(UnknownSummaryError) as told:
            await summaries.get(session, PLAIN)
        assert "key" not in str(told.value)
    assert caplog.messages == ["no summaries of “Llama”: The key was refused."], "once"


async def test_the_organiser_may_try_again_at_once_and_that_ends_the_quiet(
    summaries: Summaries, model: FakeModel, sessions: Sessions, group: Group, session: Session
) -> None:
    model.error = SummaryError("The model's server is busy.", permanent=False)
    for _ in range(2):
        with pytest.raises(SummaryError, match="busy"):
            await summaries.make(group, session.slug, by=OPERATOR)
    with pytest.raises(UnknownSummaryError):
        await summaries.get(session, PLAIN)
    assert len(model.readings) == 2, "the organiser's failure counts for members too"
    model.error = None
    await summaries.make(group, session.slug, by=OPERATOR)
    assert (await summaries.get(session, PLAIN)).version == 1


async def test_a_failure_of_the_model_leaves_the_choice_of_the_no_ai_ones(
    summaries: Summaries, model: FakeModel, plain: FakeSummariser, group: Group, session: Session
) -> None:
    model.error = SummaryError("The key was refused.", permanent=True)
    with pytest.raises(SummaryError, match="The key was refused"):
        await summaries.make(group, session.slug, by=OPERATOR)
    assert plain.readings == []
    made = await summaries.make(group, session.slug, by=OPERATOR, plain=True)
    assert {each.draft.origin for each in made.values()} == {"fake"}
    assert await summaries.get(session, PLAIN) == made[PLAIN]
    assert made[PLAIN].current


async def test_what_a_session_took_before_counts_against_its_limits(
    summaries: Summaries, model: FakeModel, group: Group, session: Session, now: FakeNow
) -> None:
    for _ in range(3):
        now.advance(timedelta(minutes=1))
        await summaries.make(group, session.slug, by=OPERATOR)
    first, second, third = model.spent
    assert first is None
    assert second is not None
    assert (second.calls, second.prompt_tokens, second.cost) == (2, 80, 0.5)
    assert third is not None
    assert (third.calls, third.completion_tokens, third.cost) == (4, 40, 1.0)


async def test_a_link_is_read_first_and_what_was_read_stays(
    summaries: Summaries,
    sessions: Sessions,
    model: FakeModel,
    source: FakeSource,
    group: Group,
) -> None:
    session = await planned(sessions, group, Reading("No link"), LINK)
    said: list[str] = []
    await summaries.make(group, session.slug, by=OPERATOR, progress=said.append)
    assert said == ["fetched", "12 pages", "techie", "plain", "checks"]
    assert [each.url for each in source.asked] == [LINK.url]
    stored = (await sessions.find(group, session.slug, members_only=False)).readings[1]
    assert (stored.title, stored.text, stored.author, stored.published, stored.notes) == (
        "On llamas",
        DOCUMENT.text,
        "Ann",
        "2023",
        ("A note.",),
    )
    assert stored.text_hash == sha256(DOCUMENT.text.encode()).hexdigest()
    assert model.readings == [stored]
    await summaries.make(group, session.slug, by=OPERATOR)
    assert len(source.asked) == 1


async def test_a_summary_says_what_of_the_reading_could_not_be_read(
    summaries: Summaries, sessions: Sessions, group: Group
) -> None:
    session = await planned(sessions, group, LINK)
    for plain in (False, True):
        made = await summaries.make(group, session.slug, by=OPERATOR, plain=plain)
        assert [each.draft.scope for each in made.values()] == ["A note.", "A note."]


async def test_read_again_it_keeps_the_title_that_it_was_given(
    summaries: Summaries,
    sessions: Sessions,
    model: FakeModel,
    source: FakeSource,
    group: Group,
    session: Session,
) -> None:
    source.document = replace(DOCUMENT, pages=1)
    said: list[str] = []
    await summaries.make(group, session.slug, by=OPERATOR, reread=True, progress=said.append)
    assert said[:2] == ["fetched", "1 page"]
    (stored,) = (await sessions.find(group, session.slug, members_only=False)).readings
    assert (stored.title, stored.text) == ("The paper", DOCUMENT.text)
    assert model.readings[0].text == DOCUMENT.text


async def test_a_text_without_a_link_cant_be_read_again(
    summaries: Summaries, sessions: Sessions, model: FakeModel, group: Group
) -> None:
    session = await planned(sessions, group, Reading("A file", text="Llamas."))
    with pytest.raises(UserError, match="no link to be read from again"):
        await summaries.make(group, session.slug, by=OPERATOR, reread=True)
    assert model.readings == []


async def test_a_link_that_cant_be_read_is_the_organisers_to_hear(
    summaries: Summaries, sessions: Sessions, model: FakeModel, source: FakeSource, group: Group
) -> None:
    session = await planned(sessions, group, LINK)
    source.error = ReadingError("The site says 404.", permanent=True)
    with pytest.raises(ReadingError, match="404"):
        await summaries.make(group, session.slug, by=OPERATOR)
    source.error = None
    source.document = Document(" \n")
    with pytest.raises(ReadingError, match="no text in it"):
        await summaries.make(group, session.slug, by=OPERATOR)
    with pytest.raises(UnknownSummaryError, match="only a link"):
        await summaries.get(session, PLAIN)
    assert len(source.asked) == 2, "no member makes the bot read a link"
    assert model.readings == []


async def test_without_a_reader_of_links_the_organiser_hears_what_there_is(
    store: SqliteStore, model: FakeModel, sessions: Sessions, group: Group, now: FakeNow
) -> None:
    session = await planned(sessions, group, LINK)
    with pytest.raises(UnknownSummaryError, match="only a link"):
        await Summaries(store, model, now).make(group, session.slug, by=OPERATOR)


@pytest.mark.parametrize(
    ("readings", "url", "place", "title"),
    [
        ((), "", 0, "On llamas"),
        ((PAPER, LINK), "", 1, "On llamas"),
        ((PAPER,), "", 0, "The paper"),
        ((replace(PAPER, url="https://example.com/2"), PAPER), PAPER.url, 1, "The paper"),
    ],
    ids=["a further reading", "the one without a text", "the only one", "the one of its link"],
)
async def test_a_document_that_is_handed_in_is_the_text_of_its_reading(
    summaries: Summaries,
    sessions: Sessions,
    model: FakeModel,
    source: FakeSource,
    group: Group,
    readings: tuple[Reading, ...],
    url: str,
    place: int,
    title: str,
) -> None:
    session = await planned(sessions, group, *readings)
    document = replace(DOCUMENT, url=url)
    await summaries.make(group, session.slug, by=OPERATOR, document=document)
    stored = (await sessions.find(group, session.slug, members_only=False)).readings
    assert len(stored) == max(1, len(readings))
    assert (stored[place].title, stored[place].text) == (title, DOCUMENT.text)
    assert model.readings[0].text == DOCUMENT.text
    assert source.asked == []


async def test_a_document_without_any_title_is_still_a_reading(
    summaries: Summaries, sessions: Sessions, group: Group
) -> None:
    session = await planned(sessions, group)
    await summaries.make(group, session.slug, by=OPERATOR, document=Document("Llamas."))
    (stored,) = (await sessions.find(group, session.slug, members_only=False)).readings
    assert stored.title == "Untitled"


async def test_a_reading_that_is_gone_meanwhile_takes_no_text(
    summaries: Summaries,
    sessions: Sessions,
    source: FakeSource,
    store: SqliteStore,
    now: FakeNow,
    model: FakeModel,
    group: Group,
) -> None:
    session = await planned(sessions, group, LINK)

    async def slow(reading: Reading) -> Document:
        changes = SessionChanges(readings=(Reading("Another", "https://example.com/other"),))
        await sessions.edit(group, session.slug, changes, by=OPERATOR)
        return DOCUMENT

    with pytest.raises(UserError, match="changed meanwhile"):
        await Summaries(store, model, now, read=slow).make(group, session.slug, by=OPERATOR)


async def test_a_read_text_outlives_a_page_and_a_proposal_that_name_only_the_link(
    summaries: Summaries, sessions: Sessions, group: Group
) -> None:
    session = await planned(sessions, group, LINK)
    await summaries.make(group, session.slug, by=OPERATOR)
    changes = SessionChanges(readings=(Reading(LINK.url, LINK.url),), place="Room 1")
    after = await sessions.edit(group, session.slug, changes, by=OPERATOR)
    assert (after.readings[0].title, after.readings[0].text) == ("On llamas", DOCUMENT.text)


async def test_the_gates_report_on_the_no_ai_summaries_too(
    store: SqliteStore, group: Group, session: Session, now: FakeNow
) -> None:
    asked: list[str] = []

    def gates(drafts: object, text: str) -> list[Finding]:
        asked.append(text)
        return [SEVERE, Finding("quote", TECHIE, "Nothing is quoted.", 1)]

    summaries = Summaries(store, FakeSummariser(), now, gates=gates)
    said: list[str] = []
    made = await summaries.make(group, session.slug, by=OPERATOR, progress=said.append)
    assert made[PLAIN].draft.findings == (SEVERE,)
    assert [each.gate for each in made[TECHIE].draft.findings] == ["quote"]
    assert made[PLAIN].current, "they only report there"
    assert asked == ["The paper\n\nIt says much about llamas."]
    assert said == ["techie", "plain", "checks"]


async def test_only_organisers_have_drafts_made_and_see_them(
    summaries: Summaries, model: FakeModel, group: Group, session: Session, guild: object
) -> None:
    for call in (
        summaries.make(group, session.slug, by=MEMBER),
        summaries.latest(group, session.slug, by=MEMBER),
        summaries.versions(group, session.slug, by=MEMBER),
        summaries.approve(group, session.slug, by=MEMBER),
        summaries.edit(group, session.slug, PLAIN, "Words.", by=MEMBER),
        summaries.post(group, session.slug, by=MEMBER),
        summaries.suggestions(group, session.slug, by=MEMBER),
        summaries.accept_suggestion(group, "id", 1, by=MEMBER),
    ):
        with pytest.raises(NotPermittedError):
            await call
    assert model.readings == []
    await summaries.make(group, session.slug, by=ORGANISER)
    assert len(await summaries.versions(group, session.slug, by=ORGANISER)) == 2
