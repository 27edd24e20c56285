"""`/setup`: a guild's manager says what the group is called, whose clock it keeps, where it posts.

What isn't said at first is as the configuration has it, where the configured group belongs here.
Said again with some options, the others stay; without any, it shows how things stand. It also says
what the bot may not do in the channel, and what that prevents. Who may set up is the service's own
rule.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.domain.errors import NotSetUpError, UserError
from bot.domain.model import Group, Guild
from bot.domain.when import show_offset
from bot.networks.discord import limits
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import caller_of
from bot.networks.discord.permissions import PURPOSES
from bot.networks.discord.splitting import cut
from bot.networks.discord.text import one_line
from bot.services.groups import GroupSetup
from cogs.answers import say
from cogs.options import reminders_in, zones


class Setup(commands.Cog):
    def __init__(self, bot: ReadalongBot) -> None:
        self.bot = bot

    @app_commands.command(name="setup", description="Set this server's reading group up.")
    @app_commands.describe(
        name="What the group is called; at first as it is configured, or as this server is.",
        timezone="Whose clock the group keeps, such as America/New_York.",
        channel="Where sessions are announced; this channel, unless you choose another.",
        organiser_role="Who has it may plan sessions, as may whoever has Manage Events.",
        without_role="Take the organiser role back, so that only Manage Events counts.",
        reminders="How long before a session, such as “7d, 1d, 1h”; “none” for no reminders.",
    )
    @app_commands.autocomplete(timezone=zones)
    @app_commands.default_permissions(manage_guild=True)
    @app_commands.guild_only()
    async def setup(
        self,
        interaction: discord.Interaction,
        name: Range[str, 1, 80] | None = None,
        timezone: Range[str, 1, 60] | None = None,
        channel: discord.TextChannel | None = None,
        organiser_role: discord.Role | None = None,
        without_role: bool = False,
        reminders: Range[str, 1, 100] | None = None,
    ) -> None:
        if organiser_role and without_role:
            raise UserError("Choose a role or take it back, not both at once.")
        groups, guild = self.bot.services.groups, str(interaction.guild_id)
        try:
            before = await groups.settings(guild)
        except NotSetUpError:
            before = None
        given = (name, timezone, channel, organiser_role, reminders)
        if before and not without_role and all(value is None for value in given):
            await say(interaction, _shown(interaction, *before, heading="It is set up like this"))
            return
        if before:
            first = _stands(*before)
        else:
            first = _begun(interaction, await groups.configured_for(guild), timezone)
        wanted = GroupSetup(
            name=name or first.name,
            timezone=timezone or first.timezone,
            channel=str(channel.id) if channel else first.channel or _here(interaction),
            organiser_role=_role(organiser_role, first, without=without_role),
            reminders=None if reminders is None else reminders_in(reminders),
        )
        done = await groups.set_up(guild, wanted, by=caller_of(interaction))
        heading = (
            "Done, the group is set up" if done.created else "Done, it is set up like this now"
        )
        await say(interaction, _shown(interaction, done.group, done.guild, heading=heading))


def _stands(group: Group, guild: Guild) -> GroupSetup:
    """How the guild is set up, for what isn't said anew."""
    return GroupSetup(group.name, group.timezone, guild.channel, guild.organiser_role)


def _begun(
    interaction: discord.Interaction, home: Group | None, timezone: str | None
) -> GroupSetup:
    """What a guild begins with: what was chosen for ``home``, the configured group, where it takes
    that over. Whose clock it keeps can't be guessed: ``timezone`` is what was said now."""
    name, zone = (home.name, home.timezone) if home else ("", "")
    if not (timezone or zone):
        raise UserError(
            "Say at least whose clock the group keeps: `/setup timezone:`, "
            "such as America/New_York."
        )
    server = interaction.guild.name[:80] if interaction.guild else ""
    return GroupSetup(name or server, zone, "")


def _here(interaction: discord.Interaction) -> str:
    if not isinstance(interaction.channel, discord.TextChannel):
        raise UserError("Nothing can be announced in here; say where: `/setup channel:`.")
    return str(interaction.channel.id)


def _role(chosen: discord.Role | None, before: GroupSetup, *, without: bool) -> str:
    if chosen is not None:
        return str(chosen.id)
    return "" if without else before.organiser_role


def _shown(interaction: discord.Interaction, group: Group, guild: Guild, *, heading: str) -> str:
    """The settings, what the bot may not do, and what comes next. Mentions here notify nobody."""
    offsets = ", ".join(show_offset(offset) for offset in group.reminders) or "none"
    role = f"<@&{guild.organiser_role}> and " if guild.organiser_role else ""
    lines = [
        f"{heading}:",
        f"• group: **{one_line(group.name)}**",
        f"• time zone: {group.timezone}",
        f"• announcements in <#{guild.channel}>",
        f"• organisers: {role}whoever has Manage Events",
        f"• reminders before a session: {offsets}",
        *_lacking(interaction, guild),
        "Next: `/session add` plans a session, `/help` lists the rest.",
    ]
    return cut("\n".join(lines), limits.CONTENT)


def _lacking(interaction: discord.Interaction, guild: Guild) -> list[str]:
    """What the bot may not do in the channel, and what that prevents."""
    server = interaction.guild
    channel = server.get_channel(int(guild.channel)) if server else None
    if server is None or channel is None:
        return [f"⚠️ I can't see <#{guild.channel}>: nothing can be announced there."]
    allowed = channel.permissions_for(server.me)
    return [
        f"⚠️ I lack **{name.replace('_', ' ').title()}** there, so I can't {purpose}."
        for name, purpose in PURPOSES.items()
        if not getattr(allowed, name)
    ]


async def setup(bot: ReadalongBot) -> None:
    await bot.add_cog(Setup(bot))
