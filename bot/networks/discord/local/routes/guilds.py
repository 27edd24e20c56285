"""Guilds as the bot may look them up: themselves, their channels, roles and members."""

from __future__ import annotations

from bot.networks.discord.local import payloads
from bot.networks.discord.local.api import Api, Call, Reply, Routes
from bot.networks.discord.local.errors import refused


def _guild(api: Api, call: Call) -> Reply:
    guild = api.guild(call)
    said = payloads.guild(guild)
    if call.query.get("with_counts") in ("1", "true"):
        count = len(guild.members)
        said |= {"approximate_member_count": count, "approximate_presence_count": count}
    return said


def _channels(api: Api, call: Call) -> Reply:
    return [payloads.channel(each) for each in api.guild(call).channels.values()]


def _roles(api: Api, call: Call) -> Reply:
    return [payloads.role(each) for each in api.guild(call).roles.values()]


def _member(api: Api, call: Call) -> Reply:
    member = api.guild(call).members.get(call.ids["user_id"])
    if member is None:
        raise refused(10007)
    return payloads.member(member)


ROUTES: Routes = {
    ("GET", "/guilds/{guild_id}"): _guild,
    ("GET", "/guilds/{guild_id}/channels"): _channels,
    ("GET", "/guilds/{guild_id}/roles"): _roles,
    ("GET", "/guilds/{guild_id}/members/{user_id}"): _member,
}
