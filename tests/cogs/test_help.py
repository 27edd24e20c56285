"""`/help`: what members can do, what organisers can do."""

from __future__ import annotations

import discord
import pytest

from tests.cogs.world import World, said

ORGANISERS_ONLY = ("session add", "session announce", "/setup", "session import")
EVERYBODYS = ("next", "summary", "ask", "questions", "agenda", "rsvp", "forget-me")


@pytest.mark.parametrize("restarted", [False, True])
async def test_members_are_told_what_they_can_do(world: World, restarted: bool) -> None:
    if restarted:
        await world.restart()
    answer = await world.member.slash(world.channel, "help")
    assert answer.ephemeral
    told = said(answer)
    assert all(f"</{name}:" in told for name in EVERYBODYS)
    assert not any(name in told for name in ORGANISERS_ONLY)


async def test_organisers_are_told_what_they_can_do_besides(world: World) -> None:
    told = said(await world.organiser.slash(world.channel, "help"))
    assert all(name in told for name in (*EVERYBODYS, *ORGANISERS_ONLY))


async def test_every_command_it_names_exists(world: World) -> None:
    told = said(await world.organiser.slash(world.channel, "help"))
    known = {command.name: command.id for command in await world.bot.tree.fetch_commands()}
    for name in EVERYBODYS:
        assert f"</{name}:{known[name]}>" in told
    assert f"</session add:{known['session']}>" in told


async def test_without_the_ids_the_commands_are_plain_words(world: World) -> None:
    world.env.inject_error("GET", "/applications/*/commands", status=403)
    assert "`/next`" in said(await world.member.slash(world.channel, "help"))
    assert "</next:" in said(await world.member.slash(world.channel, "help"))


async def test_on_a_server_that_is_not_set_up_a_manager_sees_how(world: World) -> None:
    guild = world.env.create_guild("Fresh")
    channel = guild.create_text_channel("general")
    guest = guild.add_member(world.env.create_user("guest"))
    boss = guild.add_member(
        world.env.create_user("boss"),
        roles=[guild.create_role("Boss", permissions=_manage_guild())],
    )
    assert "Say `/setup`" in said(await boss.slash(channel, "help"))
    told = said(await guest.slash(channel, "help"))
    assert "none yet" in told
    assert "/setup" not in told


def _manage_guild() -> discord.Permissions:
    return discord.Permissions(manage_guild=True)
