"""Who may do what with sessions: the service refuses, whatever Discord shows (faults 64 and 65)."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.domain.model import OPERATOR, SessionStatus
from tests.cogs.world import WHEN, World, labels, said

PAGE = ("page.md", b"---\ndate: 2026-12-09\n---\n# Scaling laws\n\nAt length.\n")
ORGANISERS: list[tuple[str, dict[str, Any]]] = [
    ("session add", {"title": "Mine", "when": WHEN}),
    ("session add", {}),
    ("session edit", {"session": "scaling-laws", "place": "My place"}),
    ("session edit", {"session": "scaling-laws"}),
    ("session cancel", {"session": "scaling-laws"}),
    ("session announce", {"session": "scaling-laws"}),
    ("session import", {"page": PAGE}),
]


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize(("command", "options"), ORGANISERS)
async def test_a_member_is_refused_an_organisers_command(
    world: World, command: str, options: dict[str, Any], restarted: bool
) -> None:
    before = await world.planned()
    if restarted:
        await world.restart()
    answer = await world.member.slash(world.channel, command, **options)
    assert answer.ephemeral
    assert answer.modal is None
    assert "Only organisers" in said(answer)
    assert labels(answer.response) == []
    assert await world.services.sessions.all(world.group, by=OPERATOR) == [before]


@pytest.mark.parametrize(("command", "options"), ORGANISERS)
async def test_managing_the_server_does_not_make_an_organiser(
    world: World, command: str, options: dict[str, Any]
) -> None:
    answer = await world.manager.slash(world.channel, command, **options)
    assert "Only organisers" in said(answer)


async def test_manage_events_makes_an_organiser_without_the_role(world: World) -> None:
    hosts = world.guild.create_role("Hosts", permissions=discord.Permissions(manage_events=True))
    host = world.guild.add_member(world.env.create_user("host"), roles=[hosts])
    answer = await host.slash(world.channel, "session add", title="Mine", when=WHEN)
    assert "Store" in labels(answer.response)


async def test_another_servers_organiser_is_none_here(world: World) -> None:
    session = await world.planned(at=world.away)
    guest = world.guild.add_member(world.away.organiser.user)
    answer = await guest.slash(world.channel, "session announce", session=session.slug)
    assert "Only organisers" in said(answer)


@pytest.mark.parametrize("label", ["Store", "Store and announce", "Discard"])
async def test_somebody_who_is_no_organiser_any_more_can_not_press(
    world: World, label: str
) -> None:
    answer = await world.organiser.slash(world.channel, "session add", title="Mine", when=WHEN)
    assert answer.response is not None
    await world.manager.slash(world.channel, "setup", without_role=True)
    done = await world.organiser.click(answer.response, label=label)
    assert done.ephemeral
    assert "Only organisers" in said(done)
    assert await world.services.sessions.all(world.group, by=OPERATOR) == []


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("session edit", {"place": "Ours"}),
        ("session edit", {}),
        ("session cancel", {}),
        ("session announce", {}),
        ("session show", {}),
        ("session export", {}),
    ],
)
async def test_a_session_of_another_group_is_unknown(
    world: World, command: str, options: dict[str, str]
) -> None:
    theirs = await world.announced("Theirs alone", at=world.away)
    answer = await world.organiser.slash(world.channel, command, session=theirs.slug, **options)
    assert answer.ephemeral
    assert "no session called “theirs-alone”" in said(answer)
    assert await world.stored(theirs.slug, world.away) == theirs


async def test_a_proposal_of_another_group_can_not_be_pressed_from_here(world: World) -> None:
    theirs = await world.away.organiser.slash(
        world.away.channel, "session add", title="Theirs", when=WHEN
    )
    ours = await world.organiser.slash(world.channel, "session add", title="Ours", when=WHEN)
    assert theirs.response is not None
    assert ours.response is not None
    stored = world.env.backend.get_message(world.channel.id, ours.response.id)
    stored.components = theirs.response.components
    done = await world.organiser.click(ours.response, label="Store")
    assert "done already, or dropped" in said(done)
    assert await world.services.sessions.all(world.group, by=OPERATOR) == []
    assert await world.services.sessions.all(world.away.group, by=OPERATOR) == []


async def test_the_list_of_one_group_has_nothing_of_the_other(world: World) -> None:
    await world.announced("Theirs alone", at=world.away)
    for who in (world.organiser, world.member):
        assert "Theirs" not in said(await who.slash(world.channel, "session list"))


async def test_a_planned_session_is_the_organisers_own(world: World) -> None:
    await world.planned("Secret plans")
    for command in ("session show", "session export"):
        answer = await world.member.slash(world.channel, command, session="secret-plans")
        assert "no session called" in said(answer)
        assert "Secret plans" not in said(answer)
    assert "Secret plans" not in said(await world.member.slash(world.channel, "session list"))
    told = said(await world.organiser.slash(world.channel, "session list"))
    assert "Secret plans" in told
    assert "not announced" in told


@pytest.mark.parametrize("command", ["edit", "cancel", "announce", "show", "export"])
async def test_names_of_planned_sessions_are_offered_to_organisers_only(
    world: World, command: str
) -> None:
    await world.planned("Secret plans")
    public = await world.announced("Scaling laws", when="2026-12-08 19:00")
    await world.known(public)
    name = f"session {command}"
    organisers = await world.organiser.autocomplete(world.channel, name, "session", "")
    members = await world.member.autocomplete(world.channel, name, "session", "")
    assert [choice["value"] for choice in organisers] == ["scaling-laws", "secret-plans"]
    assert [choice["value"] for choice in members] == ["scaling-laws"]


async def test_a_server_that_is_not_set_up_is_told_so(world: World) -> None:
    guild = world.env.create_guild("Fresh")
    channel = guild.create_text_channel("general")
    who = guild.add_member(world.env.create_user("newcomer"))
    for command, options in [*ORGANISERS, ("session list", {}), ("session show", {})]:
        answer = await who.slash(channel, command, **options)
        assert answer.ephemeral
        assert "/setup" in said(answer)
    assert await who.autocomplete(channel, "session show", "session", "a") == []
    assert await who.autocomplete(channel, "session add", "when", WHEN) == []


async def test_a_member_role_of_the_same_name_makes_nobody_an_organiser(world: World) -> None:
    twin = world.guild.create_role("Organisers")
    pretender = world.guild.add_member(world.env.create_user("pretender"), roles=[twin])
    session = await world.planned()
    answer = await pretender.slash(world.channel, "session announce", session=session.slug)
    assert "Only organisers" in said(answer)
    stored = await world.stored(session.slug)
    assert stored is not None
    assert stored.status is SessionStatus.PLANNED
