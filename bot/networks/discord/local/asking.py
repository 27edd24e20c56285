"""The event by which the bot is told that somebody used a command, a button or a form."""

from __future__ import annotations

from bot.networks.discord.local import payloads, permissions
from bot.networks.discord.local.files import Files
from bot.networks.discord.local.interactions import COMPONENT, Interaction, Interactions
from bot.networks.discord.local.limits import FILE_BYTES
from bot.networks.discord.local.model import Channel, Command, Json, Member, Message, User
from bot.networks.discord.local.options import Resolved
from bot.networks.discord.local.world import World


class Asking:
    """Begins interactions of one person and tells the bot of them."""

    def __init__(self, world: World, interactions: Interactions, files: Files, user: User) -> None:
        self._world = world
        self._interactions = interactions
        self._files = files
        self._user = user

    def resolved(self, channel: Channel) -> Resolved:
        return Resolved(self._world, self._files, channel)

    def command(self, kind: int, channel: Channel, command: Command, data: Json) -> Interaction:
        """``data``: options and what they name, or a menu's target."""
        interaction = self._interactions.begin(kind, self._user, channel)
        interaction.command_kind = command.kind
        named = {"id": str(command.id), "name": command.name, "type": command.kind}
        if command.guild_id is not None:
            named["guild_id"] = str(command.guild_id)
        self._tell(interaction, {**named, **data})
        return interaction

    def component(self, message: Message, data: Json) -> Interaction:
        interaction = self._interactions.begin(COMPONENT, self._user, message.channel)
        interaction.source = interaction.shown.source = message
        self._tell(interaction, data)
        return interaction

    def form(self, kind: int, channel: Channel, source: Message | None, data: Json) -> Interaction:
        interaction = self._interactions.begin(kind, self._user, channel)
        interaction.source = interaction.shown.source = source
        self._tell(interaction, data)
        return interaction

    def _tell(self, interaction: Interaction, data: Json) -> None:
        world, channel = self._world, interaction.channel
        guild = channel.guild
        said: Json = {
            "id": str(interaction.id),
            "application_id": str(world.bot.id),
            "type": interaction.kind,
            "data": data,
            "token": interaction.token,
            "version": 1,
            "locale": "en-US",
            "channel_id": str(channel.id),
            "channel": self._channel(channel),
            "app_permissions": str(permissions.in_channel(channel, world.bot.id)),
            "entitlements": [],
            "attachment_size_limit": FILE_BYTES,
        }
        if guild is None:
            said |= {
                "user": payloads.user(self._user),
                "context": 1,
                "authorizing_integration_owners": {"0": "0"},
            }
        else:
            said |= {
                "member": member_in(channel, guild.members[self._user.id]),
                "guild_id": str(guild.id),
                "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
                "guild_locale": "en-US",
                "context": 0,
                "authorizing_integration_owners": {"0": str(guild.id)},
            }
        if interaction.source is not None:
            said["message"] = payloads.message(interaction.source, world.bot.id)
        world.emit("INTERACTION_CREATE", said, guild)

    def _channel(self, channel: Channel) -> Json:
        held = permissions.in_channel(channel, self._user.id)
        return {**payloads.channel(channel), "permissions": str(held)}


def member_in(channel: Channel, member: Member) -> Json:
    """A member with what they may do in this channel."""
    held = permissions.in_channel(channel, member.id)
    return {**payloads.member(member), "permissions": str(held)}
