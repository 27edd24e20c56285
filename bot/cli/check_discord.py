"""What `readalong check` says of Discord: the token, who the bot is, its commands, its servers.

Nothing of discord.py is imported where there is no token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from bot.cli.show import one_line, say
from bot.domain.model import Destination, Guild, Network

if TYPE_CHECKING:
    from bot.app import Desk
    from bot.config import Config


@dataclass(frozen=True, slots=True)
class Server:
    """A guild that is set up, by its snowflake; ``paused`` is why nothing goes to its channel."""

    guild: str
    group: str
    channel: str
    organiser_role: str
    paused: str = ""


@dataclass(slots=True)
class DiscordReport:
    """``refusal``: Discord will never take the bot so; ``detail``: it can't be reached just now.

    ``commands``: "current", "changed" or "never registered"; "" where that isn't known.
    """

    enabled: bool = False
    token: bool = False
    application_id: str = ""
    user: str = ""
    user_id: str = ""
    detail: str = ""
    refusal: str = ""
    invite: str = ""
    commands: str = ""
    servers: list[Server] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(self.user) and not self.refusal


async def look_at_data_file(report: DiscordReport, desk: Desk) -> None:
    """The servers that are set up, and whether the commands were registered as they are now.

    For the latter ``look_at_discord`` comes first: it says which application it is.
    """
    async with desk.store.read() as view:
        for group in await view.groups.all():
            places = await view.groups.destinations(group.id)
            report.servers += [
                _server(group.slug, guild, places) for guild in await view.groups.guilds(group.id)
            ]
    if report.application_id:
        report.commands = await _commands(desk, int(report.application_id))


async def look_at_discord(report: DiscordReport, config: Config) -> None:
    """Ask Discord who the bot is, where there is a token to ask with."""
    report.enabled = config.discord.enabled
    report.token = config.discord_token is not None
    if config.token is None:
        return
    from bot.networks.discord.permissions import invite_url
    from bot.networks.discord.probe import probe

    found = await probe(config.token)
    report.detail, report.refusal, report.user = found.detail, found.refusal, found.name
    report.user_id = str(found.user_id or "")
    if found.application_id:
        report.application_id = str(found.application_id)
        report.invite = invite_url(found.application_id)


async def _commands(desk: Desk, application_id: int) -> str:
    """Whether what was last registered is what `readalong run` would register."""
    from bot.app import utc_now
    from bot.app.discord import discord_bot

    async with discord_bot(desk, utc_now) as bot:
        await bot.load_commands()
        return await bot.registration.state(application_id)


def _server(group: str, guild: Guild, places: Sequence[Destination]) -> Server:
    address = f"{guild.address}/{guild.channel}"
    paused = [
        place.paused_reason
        for place in places
        if place.network is Network.DISCORD and place.address == address and place.paused_at
    ]
    return Server(guild.address, group, guild.channel, guild.organiser_role, "".join(paused))


def as_json(report: DiscordReport) -> dict[str, Any]:
    """Keys are only ever added."""
    said = asdict(report)
    said["servers"] = [asdict(server) for server in report.servers]
    return {"ok": report.ok, **said}


def tell_of(report: DiscordReport) -> None:
    """In words."""
    if not report.enabled:
        say("discord   off: [discord] enabled is false")
    elif not report.token:
        say("discord   off: DISCORD_TOKEN isn't set in the environment")
    else:
        say(f"discord   {one_line(report.user) or 'nobody'}, application {report.application_id}")
    if report.invite:
        say(f"  invite  {report.invite}")
    if report.commands:
        say(f"  commands {report.commands}" + _WHEN.get(report.commands, ""))
    for server in report.servers:
        state = f"paused: {one_line(server.paused)}" if server.paused else "ok"
        say(f"  server  {server.guild} ({server.group}), channel {server.channel}  {state}")


_WHEN = {
    "changed": "; `readalong run` registers them",
    "never registered": "; `readalong run` does it",
}
