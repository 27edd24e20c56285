"""The directory: names of sessions as somebody types, from memory, as they are committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.model import OPERATOR, Destination, Group
from bot.services.directory import Directory
from bot.services.sessions import SessionChanges, SessionPlan, Sessions
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow
from tests.rows import a_session
from tests.waiting import until

PLAN = SessionPlan("Llama, the open one", "2026-12-02 19:00")


@pytest.fixture
async def directory(store: SqliteStore, now: FakeNow) -> AsyncIterator[Directory]:
    directory = Directory(store, now)
    task = asyncio.create_task(directory.run())
    yield directory
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def planned(sessions: Sessions, group: Group, title: str, when: str) -> None:
    plan = replace(PLAN, title=title, when=when)
    await sessions.add(group, plan, by=OPERATOR)


def slugs(directory: Directory, group: Group, typed: str = "", **more: bool) -> list[str]:
    found = directory.matching(group.id, typed, members_only=more.get("members_only", False))
    return [slug for _, slug in found]


def labels(directory: Directory, group: Group) -> list[str]:
    return [label for label, _ in directory.matching(group.id, "", members_only=False)]


async def test_a_directory_that_isnt_loaded_has_nothing(
    store: SqliteStore, now: FakeNow, sessions: Sessions, group: Group
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    assert slugs(Directory(store, now), group) == []


async def test_what_is_committed_is_found_and_what_changes_is_seen(
    directory: Directory, sessions: Sessions, group: Group
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    await until(
        lambda: labels(directory, group) == ["Wed 2 Dec · Llama, the open one (not announced)"]
    )
    changes = SessionChanges(title="Alpaca", when="2026-12-03 19:00")
    await sessions.edit(group, "llama", changes, by=OPERATOR)
    await until(lambda: labels(directory, group) == ["Thu 3 Dec · Alpaca (not announced)"])
    assert slugs(directory, group, "alpaca") == ["llama-the-open-one"]


async def test_members_are_offered_only_what_they_see(
    directory: Directory, sessions: Sessions, group: Group, destination: Destination, now: FakeNow
) -> None:
    await planned(sessions, group, "Secret", "2026-12-03 19:00")
    await planned(sessions, group, "Told", "2026-12-04 19:00")
    await planned(sessions, group, "Off", "2026-12-05 19:00")
    for name in ("told", "off"):
        await sessions.announce(group, name, by=OPERATOR)
    await sessions.cancel(group, "off", by=OPERATOR)
    shown = ["Fri 4 Dec · Told", "Sat 5 Dec · Off (cancelled)"]
    await until(lambda: labels(directory, group)[1:] == shown)
    assert slugs(directory, group, members_only=True) == ["told"]
    now.advance(timedelta(days=3))  # the plan has begun and is of the archive, without a commit
    assert slugs(directory, group, members_only=True) == ["told", "secret"]


async def test_soonest_ahead_come_first_then_the_latest_past(
    directory: Directory, sessions: Sessions, group: Group, now: FakeNow
) -> None:
    for day in (9, 3, 5, 7):
        await planned(sessions, group, f"S{day}", f"2026-12-0{day} 19:00")
    now.at = datetime(2026, 12, 6, 1, 0, tzinfo=UTC)  # while S5 goes on
    await until(lambda: slugs(directory, group) == ["s5", "s7", "s9", "s3"])
    now.at = datetime(2027, 1, 6, tzinfo=UTC)
    assert labels(directory, group)[0] == "Wed 9 Dec 2026 · S9"


@pytest.mark.parametrize(
    "typed", ["llama", "OPEN l", " one ", "the-open", "wed", "2 dec", "dec llama", "2026"]
)
async def test_a_session_is_found_by_what_is_typed_of_it(
    directory: Directory, sessions: Sessions, group: Group, typed: str
) -> None:
    await sessions.add(group, PLAN, by=OPERATOR)
    await planned(sessions, group, "Something", "2027-01-21 19:00")
    await until(lambda: len(slugs(directory, group)) == 2)
    assert slugs(directory, group, typed) == ["llama-the-open-one"]
    assert slugs(directory, group, "nothing") == []


async def test_labels_and_lists_are_no_longer_than_discord_takes(
    directory: Directory, group: Group, store: SqliteStore
) -> None:
    async with store.transaction() as tx:
        for number in range(130):
            starts_at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(days=number)
            session = a_session(group.id, f"s{number}", starts_at)
            await tx.sessions.add(replace(session, title=f"{number} " + "x" * 190), starts_at)
    await until(lambda: slugs(directory, group, "129") == ["s129"])
    found = directory.matching(group.id, "", members_only=False)
    assert [slug for _, slug in found] == [f"s{number}" for number in range(25)]
    assert all(len(label) == 100 for label, _ in found)
    assert found[0][0].endswith("x… (not announced)")
    assert directory.matching(group.id, "x", members_only=False, limit=3) == found[:3]


async def test_a_group_never_sees_anothers_sessions(
    directory: Directory, sessions: Sessions, group: Group, store: SqliteStore
) -> None:
    async with store.transaction() as tx:
        other = await tx.groups.ensure(replace(group, slug="bos"))
    await sessions.add(group, PLAN, by=OPERATOR)
    await until(lambda: slugs(directory, group) == ["llama-the-open-one"])
    assert slugs(directory, other) == []
