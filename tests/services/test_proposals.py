"""Proposals: what was shown is what is stored, once, or it is refused."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import InvalidSessionError, UnknownSessionError, UserError
from bot.domain.model import (
    OPERATOR,
    Destination,
    Group,
    PostKind,
    Reading,
    Session,
    SessionStatus,
)
from bot.services.sessions import (
    Proposal,
    SessionCancel,
    SessionChanges,
    SessionEdit,
    SessionPlan,
    Sessions,
)
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.services.test_sessions import kinds, pending, queued

PLAN = SessionPlan(
    title="Llama “open”",
    when="next wednesday 7pm",
    place="c-base",
    topic="*Why*?",
    tags=("#AI",),
    readings=(Reading("The paper", "https://example.com", "Text."),),
    duration=timedelta(hours=3),
)


async def proposed(sessions: Sessions, group: Group, plan: SessionPlan = PLAN) -> Proposal:
    return await sessions.propose(group, plan, by=OPERATOR)


@pytest.fixture
async def session(sessions: Sessions, group: Group) -> Session:
    return await sessions.add(group, PLAN, by=OPERATOR)


async def test_a_proposed_session_is_shown_as_understood_and_not_stored(
    sessions: Sessions, group: Group
) -> None:
    proposal = await proposed(sessions, group)
    assert proposal.before is None
    assert proposal.after.local_time == "2026-12-09 19:00"
    assert proposal.after.starts_at == datetime(2026, 12, 10, 0, 0, tzinfo=UTC)
    assert proposal.after.slug == "llama-open"
    assert re.fullmatch(r"[\w-]{1,32}", proposal.id)
    assert await sessions.all(group, by=OPERATOR) == []


async def test_what_was_shown_is_stored_however_much_later(
    sessions: Sessions, group: Group, now: FakeNow
) -> None:
    proposal = await proposed(sessions, group)
    now.advance(timedelta(days=7))  # "next wednesday" is another one by now
    done = await sessions.accept(group, proposal.id, by=OPERATOR)
    assert done.posts == 0
    readings = tuple(replace(each, id=done.session.readings[0].id) for each in PLAN.readings)
    assert done.session == replace(proposal.after, id=done.session.id, readings=readings)
    assert await sessions.find(group, "llama", members_only=False) == done.session


async def test_a_slug_that_was_taken_meanwhile_is_numbered(
    sessions: Sessions, group: Group
) -> None:
    proposal = await proposed(sessions, group)
    await sessions.add(group, PLAN, by=OPERATOR)
    done = await sessions.accept(group, proposal.id, by=OPERATOR)
    assert done.session.slug == "llama-open-2"


async def test_a_second_press_does_nothing_and_says_so(sessions: Sessions, group: Group) -> None:
    proposal = await proposed(sessions, group)
    presses = [sessions.accept(group, proposal.id, by=OPERATOR) for _ in range(2)]
    done = await asyncio.gather(*presses, return_exceptions=True)
    assert [type(each) for each in done].count(UserError) == 1
    with pytest.raises(UserError, match="done already"):
        await sessions.accept(group, proposal.id, by=OPERATOR)
    assert len(await sessions.all(group, by=OPERATOR)) == 1


async def test_what_was_discarded_cant_be_accepted(sessions: Sessions, group: Group) -> None:
    proposal = await proposed(sessions, group)
    await sessions.discard(group, proposal.id, by=OPERATOR)
    await sessions.discard(group, proposal.id, by=OPERATOR)
    with pytest.raises(UserError, match="dropped"):
        await sessions.accept(group, proposal.id, by=OPERATOR)


async def test_a_proposal_of_another_group_is_gone_for_this_one(
    sessions: Sessions, group: Group, store: SqliteStore
) -> None:
    async with store.transaction() as tx:
        other = await tx.groups.ensure(replace(group, slug="bos"))
    proposal = await proposed(sessions, group)
    await sessions.discard(other, proposal.id, by=OPERATOR)
    with pytest.raises(UserError):
        await sessions.accept(other, proposal.id, by=OPERATOR)
    await sessions.accept(group, proposal.id, by=OPERATOR)


async def test_storing_and_announcing_is_one_thing(
    sessions: Sessions, group: Group, destination: Destination, store: SqliteStore
) -> None:
    proposal = await proposed(sessions, group)
    done = await sessions.accept(group, proposal.id, by=OPERATOR, announce=True)
    assert (done.posts, done.session.status) == (2, SessionStatus.ANNOUNCED)
    assert kinds(await queued(store)) == [PostKind.ANNOUNCEMENT, PostKind.CALENDAR]
    assert len(await pending(store, done.session)) == 3


async def test_where_nothing_can_be_announced_nothing_is_stored_and_the_proposal_stays(
    sessions: Sessions, group: Group, store: SqliteStore
) -> None:
    proposal = await proposed(sessions, group)
    with pytest.raises(InvalidSessionError, match="nowhere"):
        await sessions.accept(group, proposal.id, by=OPERATOR, announce=True)
    assert await sessions.all(group, by=OPERATOR) == []
    await sessions.accept(group, proposal.id, by=OPERATOR)


async def test_a_time_that_passed_since_it_was_shown_is_refused(
    sessions: Sessions, group: Group, now: FakeNow
) -> None:
    proposal = await proposed(sessions, group)
    now.advance(timedelta(days=9))
    with pytest.raises(InvalidSessionError, match=r"2026-12-09 19:00 .* has passed since"):
        await sessions.accept(group, proposal.id, by=OPERATOR)


@pytest.mark.parametrize("wrong", [{"when": "yesterday"}, {"title": ""}, {"when": "12/2 7pm"}])
async def test_an_impossible_session_is_not_proposed(
    sessions: Sessions, group: Group, wrong: dict[str, str]
) -> None:
    with pytest.raises(InvalidSessionError):
        await proposed(sessions, group, replace(PLAN, **wrong))  # type: ignore[arg-type]  # strings


async def test_an_edit_is_shown_beside_what_is_and_stored_when_accepted(
    sessions: Sessions,
    group: Group,
    destination: Destination,
    session: Session,
    store: SqliteStore,
) -> None:
    announced = (await sessions.announce(group, "llama", by=OPERATOR)).session
    edit = SessionEdit("llama", SessionChanges(when="thu 8pm", place="Library"))
    proposal = await sessions.propose(group, edit, by=OPERATOR)
    assert proposal.before == announced
    assert proposal.after.local_time == "2026-12-03 20:00"
    assert await sessions.find(group, "llama") == announced
    done = await sessions.accept(group, proposal.id, by=OPERATOR, announce=True)
    assert done.session == replace(proposal.after, revision=2)
    assert done.posts == 2  # the calendar entry and the notice, nothing for announcing again
    assert kinds(await queued(store))[1:] == [PostKind.CALENDAR, PostKind.NOTICE]
    assert await sessions.find(group, "llama") == done.session


async def test_an_edit_that_changes_nothing_is_said_to(
    sessions: Sessions, group: Group, session: Session
) -> None:
    edit = SessionEdit("llama", SessionChanges(place="c-base"))
    with pytest.raises(InvalidSessionError, match="stands like that already"):
        await sessions.propose(group, edit, by=OPERATOR)
    with pytest.raises(UnknownSessionError):
        await sessions.propose(group, replace(edit, name="other"), by=OPERATOR)


async def test_an_edit_of_a_session_that_was_changed_meanwhile_is_refused(
    sessions: Sessions, group: Group, session: Session
) -> None:
    edit = SessionEdit("llama", SessionChanges(place="Library"))
    proposal = await sessions.propose(group, edit, by=OPERATOR)
    await sessions.edit(group, "llama", SessionChanges(title="Alpaca"), by=OPERATOR)
    with pytest.raises(InvalidSessionError, match="was changed since"):
        await sessions.accept(group, proposal.id, by=OPERATOR)
    assert (await sessions.find(group, "alpaca", members_only=False)).place == "c-base"


async def test_a_move_that_passed_since_it_was_shown_is_refused(
    sessions: Sessions, group: Group, session: Session, now: FakeNow
) -> None:
    edit = SessionEdit("llama", SessionChanges(when="tomorrow 7pm"))
    proposal = await sessions.propose(group, edit, by=OPERATOR)
    now.advance(timedelta(days=2))
    with pytest.raises(InvalidSessionError, match="has passed since"):
        await sessions.accept(group, proposal.id, by=OPERATOR)


async def test_a_session_of_the_archive_can_be_put_right(
    sessions: Sessions, group: Group, session: Session, now: FakeNow
) -> None:
    now.advance(timedelta(days=30))
    edit = SessionEdit("llama", SessionChanges(when="2026-12-09 20:00"))
    proposal = await sessions.propose(group, edit, by=OPERATOR)
    done = await sessions.accept(group, proposal.id, by=OPERATOR)
    assert done.session.local_time == "2026-12-09 20:00"


async def test_a_cancellation_is_shown_first_and_done_once(
    sessions: Sessions, group: Group, destination: Destination, session: Session
) -> None:
    await sessions.announce(group, "llama", by=OPERATOR)
    both = [await sessions.propose(group, SessionCancel("llama"), by=OPERATOR) for _ in range(2)]
    assert both[0].after.status is SessionStatus.CANCELLED
    assert both[0].before is not None
    assert both[0].before.status is SessionStatus.ANNOUNCED
    done = await sessions.accept(group, both[0].id, by=OPERATOR)
    assert (done.session.status, done.posts) == (SessionStatus.CANCELLED, 2)
    with pytest.raises(InvalidSessionError, match="was changed since"):
        await sessions.accept(group, both[1].id, by=OPERATOR)
    with pytest.raises(InvalidSessionError, match="cancelled before"):
        await sessions.propose(group, SessionCancel("llama"), by=OPERATOR)
    edit = SessionEdit("llama", SessionChanges(title="Again"))
    with pytest.raises(InvalidSessionError, match="was cancelled"):
        await sessions.propose(group, edit, by=OPERATOR)
