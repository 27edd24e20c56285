"""RSVPs: the last word counts, interest counts as maybe, and there is nothing to come to once it is
over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import UnknownSessionError, UserError
from bot.domain.model import (
    OPERATOR,
    Author,
    Destination,
    Group,
    Network,
    RsvpAnswer,
    Rsvps,
    Session,
)
from bot.services.attendance import Attendance
from bot.services.people import People
from bot.services.sessions import SessionPlan, Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow

ANN = Author(Network.NOSTR, "aa" * 32)
BEN = Author(Network.DISCORD, "22", "Ben")


@pytest.fixture
def attendance(store: SqliteStore, now: FakeNow) -> Attendance:
    return Attendance(store, now)


@pytest.fixture
async def session(sessions: Sessions, group: Group, destination: Destination) -> Session:
    added = await sessions.add(group, SessionPlan("Llama", "2026-12-10 19:00"), by=OPERATOR)
    return (await sessions.announce(group, added.slug, by=OPERATOR)).session


async def test_the_last_word_counts(attendance: Attendance, group: Group, session: Session) -> None:
    await attendance.answer(group, session.id, ANN, RsvpAnswer.YES)
    answered = await attendance.answer(group, session.id, BEN, RsvpAnswer.YES)
    assert (answered.session.id, answered.answer) == (session.id, RsvpAnswer.YES)
    assert answered.counts == Rsvps(yes=2)
    answered = await attendance.answer(group, session.id, BEN, RsvpAnswer.NO)
    assert answered.counts == Rsvps(yes=1, no=1)
    assert await attendance.counts(session.id) == Rsvps(yes=1, no=1)


async def test_interest_is_a_maybe_of_whoever_said_nothing(
    attendance: Attendance, group: Group, session: Session
) -> None:
    assert await attendance.interest(group, session.id, ANN, interested=True)
    assert not await attendance.interest(group, session.id, ANN, interested=True)
    assert await attendance.counts(session.id) == Rsvps(maybe=1)
    assert await attendance.interest(group, session.id, ANN, interested=False)
    assert await attendance.counts(session.id) == Rsvps()


async def test_interest_never_outweighs_what_was_said(
    attendance: Attendance, group: Group, session: Session
) -> None:
    await attendance.interest(group, session.id, BEN, interested=True)
    await attendance.answer(group, session.id, BEN, RsvpAnswer.YES)
    assert not await attendance.interest(group, session.id, BEN, interested=False)
    assert not await attendance.interest(group, session.id, BEN, interested=True)
    assert await attendance.counts(session.id) == Rsvps(yes=1)


async def test_nobody_comes_to_another_groups_session(
    attendance: Attendance, store: SqliteStore, group: Group, session: Session
) -> None:
    async with store.transaction() as tx:
        elsewhere = await tx.groups.ensure(replace(group, slug="other"))
    with pytest.raises(UnknownSessionError):
        await attendance.answer(elsewhere, session.id, ANN, RsvpAnswer.YES)
    assert not await attendance.interest(elsewhere, session.id, ANN, interested=True)
    assert await attendance.counts(session.id) == Rsvps()


async def test_nobody_comes_to_a_session_that_members_dont_see(
    attendance: Attendance, sessions: Sessions, group: Group
) -> None:
    planned = await sessions.add(group, SessionPlan("Secret", "2026-12-20 19:00"), by=OPERATOR)
    with pytest.raises(UnknownSessionError):
        await attendance.answer(group, planned.id, ANN, RsvpAnswer.YES)
    await sessions.cancel(group, planned.slug, by=OPERATOR)
    with pytest.raises(UnknownSessionError):
        await attendance.answer(group, planned.id, ANN, RsvpAnswer.YES)


async def test_what_is_cancelled_says_so(
    attendance: Attendance, sessions: Sessions, group: Group, session: Session
) -> None:
    await sessions.cancel(group, session.slug, by=OPERATOR)
    with pytest.raises(UserError, match="“Llama” is cancelled; `next` says"):
        await attendance.answer(group, session.id, ANN, RsvpAnswer.YES)
    assert not await attendance.interest(group, session.id, ANN, interested=True)


async def test_what_is_over_says_so_and_what_is_on_doesnt(
    attendance: Attendance, group: Group, session: Session, now: FakeNow
) -> None:
    now.at = session.starts_at + timedelta(minutes=30)
    await attendance.answer(group, session.id, ANN, RsvpAnswer.YES)
    now.at = session.starts_at + session.duration
    with pytest.raises(UserError, match="“Llama” is over; `next` says"):
        await attendance.answer(group, session.id, ANN, RsvpAnswer.NO)
    assert not await attendance.interest(group, session.id, BEN, interested=True)
    assert await attendance.counts(session.id) == Rsvps(yes=1)


async def test_a_name_is_kept_on_one_line_without_marks_that_reorder(
    attendance: Attendance, store: SqliteStore, group: Group, session: Session
) -> None:
    hostile = replace(BEN, name="Ben\u202e\nnimda")
    await attendance.answer(group, session.id, hostile, RsvpAnswer.YES)
    await attendance.interest(group, session.id, replace(ANN, name="\u202eA"), interested=True)
    people = People(store, b"s")
    assert (await people.holdings(BEN)).names == ("Ben nimda",)
    assert (await people.holdings(ANN)).names == ("A",)
