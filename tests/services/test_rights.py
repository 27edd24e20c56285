"""Who may plan and change sessions: refused by the service, whatever a button shows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bot.domain.errors import NotPermittedError, UnknownSessionError
from bot.domain.model import OPERATOR, Author, Caller, Group, Network, SessionPage
from bot.services.groups import Groups, GroupSetup, SetUp
from bot.services.sessions import (
    SessionCancel,
    SessionChanges,
    SessionEdit,
    SessionPlan,
    Sessions,
)
from bot.storage.store import SqliteStore
from tests.services.conftest import GUILD, MEMBER, ORGANISER, ROLE, discord

PLAN = SessionPlan("Llama", "2026-12-10 19:00")
NOSTR_MEMBER = Caller(Author(Network.NOSTR, "ab" * 32), GUILD, frozenset({ROLE}), True, True)
STRANGERS = {
    "a member": MEMBER,
    "who manages the server only": discord(manages_guild=True),
    "an organiser of another guild": discord(guild="3000", roles=(ROLE,), manages_events=True),
    "an organiser of no guild": discord(guild="", roles=(ROLE,), manages_events=True),
    "somebody on Nostr": NOSTR_MEMBER,
}
ORGANISERS = {
    "the operator": OPERATOR,
    "who has the role": ORGANISER,
    "who may manage events": discord(manages_events=True),
}


@pytest.mark.parametrize("who", ORGANISERS)
async def test_an_organiser_may_plan(
    sessions: Sessions, group: Group, guild: SetUp, who: str
) -> None:
    assert await sessions.is_organiser(group, ORGANISERS[who])
    await sessions.add(group, PLAN, by=ORGANISERS[who])


Call = Callable[[Sessions, Group, Caller], Awaitable[object]]
CALLS: dict[str, Call] = {
    "add": lambda s, g, by: s.add(g, PLAN, by=by),
    "edit": lambda s, g, by: s.edit(g, "llama", SessionChanges(place="Here"), by=by),
    "cancel": lambda s, g, by: s.cancel(g, "llama", by=by),
    "announce": lambda s, g, by: s.announce(g, "llama", by=by),
    "all": lambda s, g, by: s.all(g, by=by),
    "import_page": lambda s, g, by: s.import_page(g, SessionPage("P", "2026-12-10"), by=by),
    "propose a session": lambda s, g, by: s.propose(g, PLAN, by=by),
    "propose an edit": lambda s, g, by: s.propose(
        g, SessionEdit("llama", SessionChanges(place="Here")), by=by
    ),
    "propose to cancel": lambda s, g, by: s.propose(g, SessionCancel("llama"), by=by),
    "accept": lambda s, g, by: s.accept(g, "x", by=by),
    "discard": lambda s, g, by: s.discard(g, "x", by=by),
}


@pytest.mark.parametrize("who", STRANGERS)
async def test_nobody_else_may_do_anything_of_an_organisers(
    sessions: Sessions, group: Group, guild: SetUp, who: str
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    assert not await sessions.is_organiser(group, STRANGERS[who])
    for call in CALLS.values():
        with pytest.raises(NotPermittedError, match=r"^Only organisers .*\.$"):
            await call(sessions, group, STRANGERS[who])
    assert await sessions.all(group, by=OPERATOR) == [session]


async def test_a_refusal_says_what_it_takes(
    sessions: Sessions, group: Group, groups: Groups, guild: SetUp
) -> None:
    with pytest.raises(NotPermittedError, match="organiser role or the permission Manage Events"):
        await sessions.add(group, PLAN, by=MEMBER)
    setup = GroupSetup("A", "UTC", "2000")
    await groups.set_up(GUILD, setup, by=discord(manages_guild=True))
    with pytest.raises(NotPermittedError, match="it takes the permission Manage Events"):
        await sessions.add(group, PLAN, by=ORGANISER)  # the group has no such role any more
    with pytest.raises(NotPermittedError, match="on its own server"):
        await sessions.add(group, PLAN, by=NOSTR_MEMBER_ELSEWHERE)


NOSTR_MEMBER_ELSEWHERE = replace(NOSTR_MEMBER, guild="")


async def test_a_guild_without_a_role_takes_nobodys_role_for_it(
    sessions: Sessions, group: Group, groups: Groups
) -> None:
    await groups.set_up(GUILD, GroupSetup("A", "UTC", "2000"), by=discord(manages_guild=True))
    assert not await sessions.is_organiser(group, discord(roles=("",)))


async def test_an_organiser_of_one_guild_is_nobody_in_anothers_group(
    sessions: Sessions, groups: Groups, guild: SetUp
) -> None:
    elsewhere = discord(guild="3000", roles=(ROLE,), manages_guild=True)
    other = await groups.set_up("3000", GroupSetup("B", "UTC", "4000", ROLE), by=elsewhere)
    assert await sessions.is_organiser(other.group, elsewhere)
    assert not await sessions.is_organiser(guild.group, elsewhere)
    assert not await sessions.is_organiser(other.group, ORGANISER)


async def test_only_organisers_are_shown_a_plan(
    sessions: Sessions, group: Group, guild: SetUp
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    assert (await sessions.show(group, "llama", by=ORGANISER)).session == session
    with pytest.raises(UnknownSessionError):
        await sessions.show(group, "llama", by=MEMBER)
    await sessions.announce(group, "llama", by=ORGANISER)
    assert (await sessions.show(group, "llama", by=MEMBER)).session.slug == session.slug


async def test_a_button_finds_what_members_see_or_were_told_of(
    sessions: Sessions, group: Group, guild: SetUp, store: SqliteStore
) -> None:
    session = await sessions.add(group, PLAN, by=OPERATOR)
    with pytest.raises(UnknownSessionError):
        await sessions.by_id(group, session.id)
    await sessions.announce(group, "llama", by=OPERATOR)
    assert (await sessions.by_id(group, session.id)).slug == session.slug
    off = await sessions.cancel(group, "llama", by=OPERATOR)
    assert await sessions.by_id(group, session.id) == off
    async with store.transaction() as tx:
        other = await tx.groups.ensure(replace(group, slug="bos"))
    with pytest.raises(UnknownSessionError):
        await sessions.by_id(other, session.id)
    with pytest.raises(UnknownSessionError):
        await sessions.by_id(group, 999)
