"""`/setup`: who may, what it stores, what it says, and what it asks back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import discord
import pytest
from simcord import GuildHandle, MemberActor

from bot.domain.model import Group
from bot.services.groups import Groups
from tests.cogs.world import World, said


@pytest.fixture
def fresh(world: World) -> GuildHandle:
    """A guild that nobody has set up yet."""
    guild = world.env.create_guild("Oslo & Friends")
    guild.create_text_channel("general")
    return guild


@pytest.fixture
def boss(world: World, fresh: GuildHandle) -> MemberActor:
    managers = fresh.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    return fresh.add_member(world.env.create_user("boss"), roles=[managers])


async def configure(world: World, fresh: GuildHandle, *, chosen: bool = True) -> Group:
    """Let the configuration give the new guild a group, its name and zone chosen or not."""
    circle = Group(0, "circle", "Oslo Book Circle", "Europe/Oslo", (timedelta(days=2),))
    async with world.store.transaction() as tx:
        circle = await tx.groups.ensure(circle)
    home = circle if chosen else replace(circle, name="", timezone="")
    groups = Groups(world.store, world.now, home, str(fresh.id))
    world.bot.services = replace(world.services, groups=groups)
    return circle


async def test_a_manager_sets_a_new_server_up_in_one_command(
    world: World, fresh: GuildHandle, boss: MemberActor
) -> None:
    channel = fresh.create_text_channel("readings")
    role = fresh.create_role("Hosts")
    answer = await boss.slash(
        fresh.channels["general"],
        "setup",
        name="Oslo Readers",
        timezone="Europe/Oslo",
        channel=channel,
        organiser_role=role,
        reminders="7d, 1h",
    )
    assert answer.ephemeral
    for part in (
        "Oslo Readers",
        "Europe/Oslo",
        channel.mention,
        role.mention,
        "7d, 1h",
        "/session",
    ):
        assert part in said(answer)
    group, guild = await world.services.groups.settings(str(fresh.id))
    assert (group.name, group.timezone) == ("Oslo Readers", "Europe/Oslo")
    assert group.reminders == (timedelta(days=7), timedelta(hours=1))
    assert (guild.channel, guild.organiser_role) == (str(channel.id), str(role.id))
    assert guild.set_up_by == str(boss.id)


async def test_only_the_time_zone_must_be_said(
    world: World, fresh: GuildHandle, boss: MemberActor
) -> None:
    general = fresh.channels["general"]
    answer = await boss.slash(general, "setup", timezone="Europe/Oslo")
    assert "Oslo & Friends" in said(answer)
    group, guild = await world.services.groups.settings(str(fresh.id))
    assert (group.name, guild.channel) == ("Oslo & Friends", str(general.id))


async def test_from_a_voice_channel_a_new_server_is_asked_where_to_announce(
    world: World, fresh: GuildHandle, boss: MemberActor
) -> None:
    lounge = fresh.create_voice_channel("lounge")
    answer = await boss.slash(lounge, "setup", timezone="Europe/Oslo")
    assert "say where" in said(answer)


async def test_without_a_time_zone_a_new_server_is_asked_for_it(
    world: World, fresh: GuildHandle, boss: MemberActor
) -> None:
    answer = await boss.slash(fresh.channels["general"], "setup")
    assert answer.ephemeral
    assert "timezone" in said(answer)


async def test_where_the_configured_group_belongs_nothing_is_asked_that_is_configured(
    world: World, fresh: GuildHandle, boss: MemberActor
) -> None:
    circle = await configure(world, fresh)
    general = fresh.channels["general"]
    answer = await boss.slash(general, "setup")
    for part in ("the group is set up", "Oslo Book Circle", "Europe/Oslo", general.mention, "2d"):
        assert part in said(answer)
    group, guild = await world.services.groups.settings(str(fresh.id))
    assert group == circle
    assert guild.channel == str(general.id)


async def test_what_is_said_comes_before_what_is_configured(
    world: World, fresh: GuildHandle, boss: MemberActor
) -> None:
    circle = await configure(world, fresh)
    await boss.slash(fresh.channels["general"], "setup", name="Bergen", timezone="Europe/Paris")
    group, _ = await world.services.groups.settings(str(fresh.id))
    assert group == replace(circle, name="Bergen", timezone="Europe/Paris")


async def test_what_nobody_chose_in_the_configuration_is_the_servers_name_and_asked(
    world: World, fresh: GuildHandle, boss: MemberActor
) -> None:
    circle = await configure(world, fresh, chosen=False)
    assert "timezone" in said(await boss.slash(fresh.channels["general"], "setup"))
    await boss.slash(fresh.channels["general"], "setup", timezone="Europe/Rome")
    group, _ = await world.services.groups.settings(str(fresh.id))
    assert group == replace(circle, name="Oslo & Friends", timezone="Europe/Rome")


async def test_without_options_it_shows_how_things_stand(world: World) -> None:
    before = await world.services.groups.settings(str(world.guild.id))
    answer = await world.manager.slash(world.channel, "setup")
    assert answer.ephemeral
    for part in ("Atlanta Reading Group", "America/New_York", world.channel.mention, "1d, 1h"):
        assert part in said(answer)
    assert await world.services.groups.settings(str(world.guild.id)) == before


async def test_what_is_not_said_stays_as_it_was(world: World) -> None:
    await world.manager.slash(world.channel, "setup", name="Another name")
    group, guild = await world.services.groups.settings(str(world.guild.id))
    assert group.name == "Another name"
    assert group.timezone == "America/New_York"
    assert group.reminders == (timedelta(days=1), timedelta(hours=1))
    assert guild.organiser_role == str(world.home.role.id)
    assert guild.channel == str(world.channel.id)


async def test_the_organiser_role_and_the_reminders_can_be_taken_back(world: World) -> None:
    answer = await world.manager.slash(world.channel, "setup", without_role=True, reminders="none")
    assert world.home.role.mention not in said(answer)
    group, guild = await world.services.groups.settings(str(world.guild.id))
    assert (guild.organiser_role, group.reminders) == ("", ())


async def test_a_role_and_no_role_at_once_are_asked_back(world: World) -> None:
    answer = await world.manager.slash(
        world.channel, "setup", without_role=True, organiser_role=world.home.role
    )
    assert "not both" in said(answer)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"timezone": "Mars/Olympus"}, "no time zone “Mars/Olympus”"),
        ({"reminders": "soon"}, "“soon” is not a length of time"),
        ({"reminders": "400d"}, "365d"),
        ({"name": "\u200b\u200b"}, "name"),
    ],
)
async def test_what_can_not_be_understood_is_asked_back(
    world: World, options: dict[str, str], sentence: str
) -> None:
    before = await world.services.groups.settings(str(world.guild.id))
    answer = await world.manager.slash(world.channel, "setup", **options)
    assert answer.ephemeral
    assert sentence in said(answer)
    assert await world.services.groups.settings(str(world.guild.id)) == before


async def test_a_member_who_sees_the_command_is_refused_by_the_service(world: World) -> None:
    command = next(c for c in await world.bot.tree.fetch_commands() if c.name == "setup")
    world.guild.set_command_permissions(command, {world.member: True})
    before = await world.services.groups.settings(str(world.guild.id))
    answer = await world.member.slash(world.channel, "setup", name="Mine now")
    assert answer.ephemeral
    assert "Manage Server" in said(answer)
    assert await world.services.groups.settings(str(world.guild.id)) == before


async def test_members_do_not_even_see_the_command(world: World) -> None:
    assert "setup" not in world.member.available_commands(world.channel)
    assert "setup" in world.manager.available_commands(world.channel)


async def test_what_the_bot_may_not_do_in_the_channel_is_said_with_what_it_prevents(
    world: World,
) -> None:
    me = world.guild.me
    assert me is not None
    muted = world.guild.create_text_channel(
        "muted", overwrites={me: discord.PermissionOverwrite(send_messages=False)}
    )
    answer = await world.manager.slash(world.channel, "setup", channel=muted)
    assert "Send Messages" in said(answer)
    assert "can't post announcements" in said(answer)
    _, guild = await world.services.groups.settings(str(world.guild.id))
    assert guild.channel == str(muted.id)


async def test_nothing_is_said_of_permissions_where_none_is_lacking(world: World) -> None:
    assert "⚠️" not in said(await world.manager.slash(world.channel, "setup"))


async def test_a_channel_that_is_gone_is_said_to_be(world: World) -> None:
    other = world.guild.create_text_channel("other")
    world.env.backend.delete_channel(world.channel.id)
    answer = await world.manager.slash(other, "setup")
    assert "can't see" in said(answer)


async def test_it_works_the_same_after_a_restart(world: World) -> None:
    await world.restart()
    answer = await world.manager.slash(world.channel, "setup", name="After all")
    assert "After all" in said(answer)


async def test_time_zones_are_offered_by_their_place(world: World) -> None:
    for typed, first in [
        ("new y", "America/New_York"),
        ("europe/ber", "Europe/Berlin"),
        ("", "America/New_York"),
    ]:
        choices = await world.manager.autocomplete(world.channel, "setup", "timezone", typed)
        assert choices[0]["value"] == first
        assert len(choices) <= 25
    assert not await world.manager.autocomplete(world.channel, "setup", "timezone", "zzz")
