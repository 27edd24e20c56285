"""Session pages into the data file: once, whole, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import InvalidPageError, InvalidSessionError, NotPermittedError
from bot.domain.model import (
    OPERATOR,
    Audience,
    Author,
    Caller,
    Destination,
    Document,
    Finding,
    Group,
    Network,
    Point,
    Reading,
    SessionPage,
    SessionStatus,
    SummaryDraft,
)
from bot.readings.page import parse_page, summary_parts, write_page
from bot.services.sessions import SessionChanges, SessionPlan, Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore
from tests.fakes import FakeModel, FakeNow, FakeSummariser


def draft(audience: Audience, body: str, prompt: str = "Sum it up.") -> SummaryDraft:
    return SummaryDraft(
        audience=audience,
        body=body,
        lead=body,
        points=(Point("One", body),),
        origin="imported",
        asked_by="Ann",
        prompt=prompt,
        answered_by="a model",
    )


MEMBER = Caller(Author(Network.NOSTR, "ab" * 32))
PAGE = SessionPage(
    title="Leaked memo",
    date="2023-07-05",
    time="18:30",
    topic="We read [a memo](https://example.com/memo).",
    tags=("ai", "llm"),
    readings=(Reading("a memo", "https://example.com/memo"),),
    summaries=(draft(Audience.TECHIE, "Long."), draft(Audience.PLAIN, "Short.")),
    questions=("Who leaked it?", "Does it matter?"),
    notes=("Mended 3 characters.",),
)


async def test_a_page_becomes_a_session_of_the_archive(sessions: Sessions, group: Group) -> None:
    imported = await sessions.import_page(group, PAGE, by=OPERATOR)
    assert (imported.created, imported.changed) == (True, True)
    assert imported.notes == PAGE.notes
    view = await sessions.show(group, "leaked-memo", by=MEMBER)
    assert view.session.starts_at == datetime(2023, 7, 5, 22, 30, tzinfo=UTC)
    assert view.session.status is SessionStatus.PLANNED
    assert view.summaries[Audience.PLAIN].draft == PAGE.summaries[1]
    assert [(q.number, q.text, q.author, q.network) for q in view.questions] == [
        (1, "Who leaked it?", None, Network.LOCAL),
        (2, "Does it matter?", None, Network.LOCAL),
    ]


async def test_the_same_page_twice_changes_nothing(sessions: Sessions, group: Group) -> None:
    await sessions.import_page(group, PAGE, by=OPERATOR)
    before = await sessions.show(group, "leaked-memo", by=OPERATOR)
    again = await sessions.import_page(group, PAGE, by=OPERATOR)
    assert (again.created, again.changed) == (False, False)
    assert again.session == before.session
    assert await sessions.show(group, "leaked-memo", by=OPERATOR) == before
    assert len(await sessions.all(group, by=OPERATOR)) == 1


async def test_a_changed_page_updates_and_keeps_what_it_doesnt_say(
    sessions: Sessions, group: Group
) -> None:
    await sessions.import_page(group, replace(PAGE, place="Library"), by=OPERATOR)
    changed = replace(
        PAGE,
        topic="Another topic",
        summaries=(draft(Audience.TECHIE, "Longer."), PAGE.summaries[1]),
        questions=("Does it matter?", "What now?"),
    )
    imported = await sessions.import_page(group, changed, by=OPERATOR)
    assert (imported.created, imported.changed) == (False, True)
    view = await sessions.show(group, "leaked-memo", by=OPERATOR)
    assert (view.session.topic, view.session.place) == ("Another topic", "Library")
    assert view.summaries[Audience.TECHIE].version == 2
    assert view.summaries[Audience.PLAIN].version == 1
    assert [q.text for q in view.questions] == ["Who leaked it?", "Does it matter?", "What now?"]


async def test_a_new_prompt_alone_is_a_new_version(sessions: Sessions, group: Group) -> None:
    await sessions.import_page(group, PAGE, by=OPERATOR)
    asked_otherwise = replace(PAGE, summaries=(draft(Audience.TECHIE, "Long.", "In French."),))
    assert (await sessions.import_page(group, asked_otherwise, by=OPERATOR)).changed
    view = await sessions.show(group, "leaked-memo", by=OPERATOR)
    assert view.summaries[Audience.TECHIE].draft.prompt == "In French."


async def test_an_announced_session_rises_in_revision_only_when_it_changes(
    sessions: Sessions, group: Group, destination: Destination
) -> None:
    ahead = replace(PAGE, date="2026-12-20")
    await sessions.import_page(group, ahead, by=OPERATOR)
    await sessions.announce(group, "leaked-memo", by=OPERATOR)
    assert not (await sessions.import_page(group, ahead, by=OPERATOR)).changed
    imported = await sessions.import_page(group, replace(ahead, time="19:30"), by=OPERATOR)
    assert (imported.session.revision, imported.session.status) == (2, SessionStatus.ANNOUNCED)


async def test_the_argument_wins_over_the_page(sessions: Sessions, group: Group) -> None:
    imported = await sessions.import_page(
        group,
        replace(PAGE, date="9999-99-99", time="", timezone="Mars/Base"),
        at="2023-07-06 10:00",
        timezone="Europe/Berlin",
        by=OPERATOR,
    )
    assert imported.session.starts_at == datetime(2023, 7, 6, 8, 0, tzinfo=UTC)
    assert imported.session.timezone == "Europe/Berlin"


async def test_an_assumed_hour_is_said_and_gives_way_to_a_known_one(
    sessions: Sessions, group: Group
) -> None:
    page = replace(PAGE, time="")
    imported = await sessions.import_page(group, page, at="2023-07-05", by=OPERATOR)
    assert imported.session.local_time == "2023-07-05 19:00"
    assert "“at” (2023-07-05 HH:MM)" in imported.notes[-1]
    await sessions.edit(group, "leaked-memo", SessionChanges(when="2023-07-05 20:00"), by=OPERATOR)
    again = await sessions.import_page(group, page, by=OPERATOR)
    assert (again.changed, again.session.local_time) == (False, "2023-07-05 20:00")
    assert (
        await sessions.import_page(group, PAGE, by=OPERATOR)
    ).session.local_time == "2023-07-05 18:30"


@pytest.mark.parametrize(
    "wrong",
    [
        {"date": ""},
        {"date": "9999-99-99"},
        {"time": "7pm"},
        {"timezone": "Mars/Base"},
        {"title": "\u200b"},
    ],
)
async def test_a_page_without_a_time_or_title_stores_nothing(
    sessions: Sessions, group: Group, wrong: dict[str, str]
) -> None:
    page = replace(PAGE, **wrong)  # type: ignore[arg-type]  # all of them are text
    with pytest.raises(InvalidPageError):
        await sessions.import_page(group, page, by=OPERATOR)
    assert await sessions.all(group, by=OPERATOR) == []


async def test_a_wrong_time_as_an_argument_is_asked_back(sessions: Sessions, group: Group) -> None:
    with pytest.raises(InvalidSessionError, match="twice"):
        await sessions.import_page(group, PAGE, at="2023-11-05 01:30", by=OPERATOR)


async def test_the_same_title_on_another_day_is_another_session(
    sessions: Sessions, group: Group
) -> None:
    await sessions.import_page(group, PAGE, by=OPERATOR)
    second = replace(PAGE, date="2023-08-02")
    assert (await sessions.import_page(group, second, by=OPERATOR)).session.slug == "leaked-memo-2"
    assert not (await sessions.import_page(group, second, by=OPERATOR)).changed
    by_slug = replace(second, slug="leaked-memo-2")
    assert not (await sessions.import_page(group, by_slug, by=OPERATOR)).changed


async def test_a_page_called_next_is_imported_once_under_a_name_of_its_own(
    sessions: Sessions, group: Group
) -> None:
    page = replace(PAGE, title="Next", slug="")
    assert (await sessions.import_page(group, page, by=OPERATOR)).session.slug == "next-2"
    assert not (await sessions.import_page(group, page, by=OPERATOR)).changed


async def test_questions_on_the_board_arent_taken_again_from_an_exported_page(
    sessions: Sessions, group: Group
) -> None:
    await sessions.import_page(group, replace(PAGE, slug="memo"), by=OPERATOR)
    exported = replace(PAGE, slug="memo", title="Leaked memo", questions=("Does it matter?",))
    assert not (await sessions.import_page(group, exported, by=OPERATOR)).changed


async def test_a_page_of_a_session_alone_is_enough(sessions: Sessions, group: Group) -> None:
    bare = SessionPage(title="Bare", date="2023-07-05")
    imported = await sessions.import_page(group, bare, by=OPERATOR)
    assert imported.created
    assert not (await sessions.import_page(group, bare, by=OPERATOR)).changed


async def test_a_question_that_is_no_text_is_noted(sessions: Sessions, group: Group) -> None:
    page = replace(PAGE, questions=("\u200b", "x" * 5000, "Fine?"))
    imported = await sessions.import_page(group, page, by=OPERATOR)
    assert len(imported.notes) == 3
    assert [q.text for q in (await sessions.show(group, "leaked-memo", by=OPERATOR)).questions] == [
        "Fine?"
    ]


async def test_a_reading_keeps_the_text_that_is_stored_with_it(
    sessions: Sessions, group: Group
) -> None:
    await sessions.import_page(group, PAGE, by=OPERATOR)
    whole = Reading("a memo", "https://example.com/memo", "All of its text.")
    await sessions.edit(group, "leaked-memo", SessionChanges(readings=(whole,)), by=OPERATOR)
    more = replace(PAGE, readings=(*PAGE.readings, Reading("more", "https://example.com/more")))
    imported = await sessions.import_page(group, more, by=OPERATOR)
    assert [reading.text for reading in imported.session.readings] == ["All of its text.", ""]
    bare = await sessions.import_page(group, replace(PAGE, readings=()), by=OPERATOR)
    assert not bare.changed


async def test_a_cancelled_session_is_left_alone(sessions: Sessions, group: Group) -> None:
    await sessions.import_page(group, PAGE, by=OPERATOR)
    await sessions.cancel(group, "leaked-memo", by=OPERATOR)
    imported = await sessions.import_page(group, replace(PAGE, topic="New"), by=OPERATOR)
    assert not imported.changed
    assert "cancelled" in imported.notes[-1]


async def test_a_page_says_how_long_the_session_lasts_or_leaves_it(
    sessions: Sessions, group: Group
) -> None:
    usual = (await sessions.import_page(group, PAGE, by=OPERATOR)).session
    assert usual.duration == timedelta(hours=2)
    longer = replace(PAGE, duration=timedelta(hours=3))
    assert (await sessions.import_page(group, longer, by=OPERATOR)).session.duration == timedelta(
        hours=3
    )
    again = await sessions.import_page(group, PAGE, by=OPERATOR)
    assert (again.changed, again.session.duration) == (False, timedelta(hours=3))


def gates(drafts: Mapping[Audience, SummaryDraft], text: str) -> Sequence[Finding]:
    """A number that isn't in the reading, no quote, and five more things in the plain one."""
    number = "" if "42" in text else "There is no “42”."
    found = [Finding("number", Audience.TECHIE, number)] if number else []
    found += [Finding("quote", each, "Nothing is quoted.", 1) for each in drafts]
    return [*found, *(Finding("jargon", Audience.PLAIN, f"Word {n}.") for n in range(1, 6))]


async def test_the_gates_report_on_a_pages_summaries_and_stop_nothing(
    store: SqliteStore, group: Group, now: FakeNow
) -> None:
    sessions = Sessions(store, now, gates)
    imported = await sessions.import_page(group, PAGE, by=OPERATOR)
    assert imported.notes == (
        *PAGE.notes,
        "Word 1.",
        "Word 2.",
        "Word 3.",
        "The checks found 2 more in the plain summary, which are kept with it.",
    )
    view = await sessions.show(group, "leaked-memo", by=OPERATOR)
    techie, plain = (view.summaries[each].draft for each in Audience)
    assert techie.findings == (), "without the reading nothing is missed in it"
    assert [each.text for each in plain.findings] == [f"Word {n}." for n in range(1, 6)]
    again = await sessions.import_page(group, PAGE, by=OPERATOR)
    assert (again.changed, again.notes) == (False, PAGE.notes)


async def test_a_page_is_checked_against_the_reading_that_is_stored(
    store: SqliteStore, group: Group, now: FakeNow
) -> None:
    sessions = Sessions(store, now, gates)
    page = replace(PAGE, summaries=())
    await sessions.import_page(group, page, by=OPERATOR)
    summaries = Summaries(store, FakeSummariser(), now)
    for text, note in (("Nothing.", ("There is no “42”.",)), ("It is 42.", ())):
        document = Document(text, url="https://example.com/memo")
        await summaries.make(group, "leaked-memo", by=OPERATOR, document=document)
        techie = draft(Audience.TECHIE, f"Beside “{text}”")
        imported = await sessions.import_page(
            group, replace(PAGE, summaries=(techie,)), by=OPERATOR
        )
        assert imported.notes == (*PAGE.notes, *note)


async def test_who_may_not_import_has_nothing_checked(
    store: SqliteStore, group: Group, now: FakeNow
) -> None:
    asked = []

    def counting(drafts: Mapping[Audience, SummaryDraft], text: str) -> Sequence[Finding]:
        asked.append(text)
        return ()

    with pytest.raises(NotPermittedError):
        await Sessions(store, now, counting).import_page(group, PAGE, by=MEMBER)
    assert asked == []


async def test_what_is_exported_imports_as_the_same_session(
    store: SqliteStore, group: Group, now: FakeNow
) -> None:
    sessions = Sessions(store, now)
    summaries = Summaries(store, FakeModel(), now, plain=FakeSummariser(), parse=summary_parts)
    reading = Reading("The paper", "https://example.com/paper", "It says much about llamas.")
    plan = SessionPlan("Llama", "2026-12-10 19:00", readings=(reading,))
    slug = (await sessions.add(group, plan, by=OPERATOR)).slug
    await summaries.make(group, slug, by=OPERATOR)
    await summaries.edit(group, slug, Audience.PLAIN, "Lead.\n\n1. **A:** b", by=OPERATOR)
    await summaries.approve(group, slug, by=OPERATOR)
    await summaries.make(group, slug, by=OPERATOR)  # drafts, which stay off the page
    before = await sessions.show(group, slug, by=OPERATOR)
    page = write_page(before)
    assert "*Made by gpt-9.*" in page
    assert "**Prompt:** Sum it up." in page
    assert "*Edited by the organiser.*" in page
    imported = await sessions.import_page(group, parse_page(page), by=OPERATOR)
    assert (imported.created, imported.changed) == (False, False)
    assert await sessions.show(group, slug, by=OPERATOR) == before
