"""Suggested questions: kept for a day, and on the board only where an organiser takes them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import SummaryError, UserError
from bot.domain.model import OPERATOR, Group, Limits, Network, Reading, Session, Suggestion
from bot.services.questions import Questions
from bot.services.sessions import SessionPlan, Sessions
from bot.services.summaries import Suggestions, Summaries
from bot.storage.store import SqliteStore
from tests.fakes import FakeModel, FakeNow, FakeSummariser

PAPER = Reading("The paper", "https://example.com/paper", "It says much about llamas.")


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def summaries(store: SqliteStore, model: FakeModel, now: FakeNow) -> Summaries:
    suggest = model.suggest_questions
    return Summaries(store, model, now, plain=FakeSummariser(), suggest=suggest)


@pytest.fixture
def questions(store: SqliteStore, now: FakeNow) -> Questions:
    return Questions(store, now, Limits(), b"secret")


@pytest.fixture
async def session(sessions: Sessions, group: Group, summaries: Summaries) -> Session:
    plan = SessionPlan("Llama", "2026-12-10 19:00", readings=(PAPER,))
    added = await sessions.add(group, plan, by=OPERATOR)
    await summaries.make(group, added.slug, by=OPERATOR)
    return added


async def suggested(summaries: Summaries, group: Group, session: Session) -> Suggestions:
    await summaries.approve(group, session.slug, by=OPERATOR)
    found = await summaries.suggestions(group, session.slug, by=OPERATOR)
    assert found is not None
    return found


async def test_they_are_made_once_after_approval(
    summaries: Summaries, model: FakeModel, group: Group, session: Session
) -> None:
    assert await summaries.suggestions(group, session.slug, by=OPERATOR) is None
    made = await suggested(summaries, group, session)
    assert re.fullmatch(r"[\w-]{20}", made.id)
    assert made.questions == (
        Suggestion("Why llamas?", "It says m", "Intro"),
        Suggestion("Why not?", "It says m", "Intro"),
    )
    assert made.accepted == frozenset()
    calls = [summaries.suggestions(group, session.slug, by=OPERATOR) for _ in range(3)]
    assert await asyncio.gather(*calls) == [made] * 3
    assert len(model.readings) == 2, "one for the drafts, one for these"


async def test_what_is_accepted_is_the_groups_own_question_once(
    summaries: Summaries, questions: Questions, group: Group, session: Session
) -> None:
    made = await suggested(summaries, group, session)
    assert await questions.board(session) == []
    first = await summaries.accept_suggestion(group, made.id, 2, by=OPERATOR)
    assert await summaries.accept_suggestion(group, made.id, 2, by=OPERATOR) == first
    await summaries.accept_suggestion(group, made.id, 1, by=OPERATOR)
    board = await questions.board(session)
    assert [(each.number, each.text, each.network, each.author) for each in board] == [
        (1, "Why not?", Network.LOCAL, None),
        (2, "Why llamas?", Network.LOCAL, None),
    ]
    again = await summaries.suggestions(group, session.slug, by=OPERATOR)
    assert again is not None
    assert again.accepted == {1, 2}


async def test_only_what_was_suggested_can_be_accepted(
    summaries: Summaries, sessions: Sessions, store: SqliteStore, group: Group, session: Session
) -> None:
    made = await suggested(summaries, group, session)
    for number in (0, 3):
        with pytest.raises(UserError, match="1 to 2"):
            await summaries.accept_suggestion(group, made.id, number, by=OPERATOR)
    async with store.transaction() as tx:
        other = await tx.groups.ensure(replace(group, slug="other"))
    plan = SessionPlan("Other", "2026-12-11 19:00")
    proposal = await sessions.propose(group, plan, by=OPERATOR)
    for of_group, id in ((group, "unknown"), (other, made.id), (group, proposal.id)):
        with pytest.raises(UserError, match="more than a day ago"):
            await summaries.accept_suggestion(of_group, id, 1, by=OPERATOR)
    with pytest.raises(UserError, match="more than a day ago"):
        await sessions.accept(group, made.id, by=OPERATOR)
    assert await summaries.suggestions(group, session.slug, by=OPERATOR) == made


async def test_new_summaries_get_new_suggestions_and_a_question_stays_once(
    summaries: Summaries, model: FakeModel, group: Group, session: Session, now: FakeNow
) -> None:
    made = await suggested(summaries, group, session)
    taken = await summaries.accept_suggestion(group, made.id, 1, by=OPERATOR)
    now.advance(timedelta(days=2))
    model.suggested = ["Who pays?", "Why llamas?"]
    await summaries.make(group, session.slug, by=OPERATOR)
    newer = await suggested(summaries, group, session)
    assert newer.id != made.id
    assert newer.accepted == {2}
    assert await summaries.accept_suggestion(group, newer.id, 2, by=OPERATOR) == taken
    with pytest.raises(UserError, match="more than a day ago"):
        await summaries.accept_suggestion(group, made.id, 1, by=OPERATOR)


async def test_without_a_model_a_text_or_an_idea_there_are_none(
    summaries: Summaries,
    sessions: Sessions,
    model: FakeModel,
    store: SqliteStore,
    group: Group,
    session: Session,
    now: FakeNow,
) -> None:
    await summaries.approve(group, session.slug, by=OPERATOR)
    model.suggested = []
    assert await summaries.suggestions(group, session.slug, by=OPERATOR) is None
    without = Summaries(store, FakeSummariser(), now)
    assert await without.suggestions(group, session.slug, by=OPERATOR) is None
    linked = SessionPlan("Linked", "2026-12-11 19:00", readings=(replace(PAPER, text=""),))
    bare = await sessions.add(group, linked, by=OPERATOR)
    async with store.transaction() as tx:
        current = await tx.summaries.current(session.id)
        for each in current.values():
            await tx.summaries.add(bare.id, each.draft, now())
    assert await summaries.suggestions(group, bare.slug, by=OPERATOR) is None


async def test_a_failure_is_told_and_can_be_tried_again(
    summaries: Summaries, model: FakeModel, group: Group, session: Session
) -> None:
    await summaries.approve(group, session.slug, by=OPERATOR)
    model.error = SummaryError("The server is busy.", permanent=False)
    with pytest.raises(SummaryError, match="busy"):
        await summaries.suggestions(group, session.slug, by=OPERATOR)
    model.error = None
    assert await summaries.suggestions(group, session.slug, by=OPERATOR) is not None


async def test_what_cant_be_a_question_is_left_out(
    summaries: Summaries, model: FakeModel, group: Group, session: Session
) -> None:
    model.suggested = ["a" * 2000, " \u202e ", "Why?\u202e"]
    made = await suggested(summaries, group, session)
    assert [each.text for each in made.questions] == ["Why?"]
    model.suggested = ["\u202e"]
    await summaries.make(group, session.slug, by=OPERATOR)
    await summaries.approve(group, session.slug, by=OPERATOR)
    assert await summaries.suggestions(group, session.slug, by=OPERATOR) is None
