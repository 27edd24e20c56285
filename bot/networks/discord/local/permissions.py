"""Who may do what in a guild and in a channel of it, computed as Discord's documentation says.

Discord's developer documentation, "Permissions": everyone's role and the member's roles together,
then the channel's overwrites for everyone, for roles, for the member. It decides nothing else.
"""

from __future__ import annotations

from enum import IntFlag

from bot.networks.discord.local.model import Channel, Guild


class Permission(IntFlag):
    """Those that a bot like ours meets, under Discord's names."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    CONNECT = 1 << 20
    SPEAK = 1 << 21
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_EVENTS = 1 << 33
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    CREATE_EVENTS = 1 << 44


ALL = (1 << 53) - 1

MEMBER = (
    Permission.ADD_REACTIONS
    | Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.CONNECT
    | Permission.SPEAK
    | Permission.USE_APPLICATION_COMMANDS
    | Permission.SEND_MESSAGES_IN_THREADS
)
"""What everyone's role gives in a guild of ours. Creating threads and events is left to roles, as
many real servers have it, so that a bot that was invited without them finds out."""

BOT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.READ_MESSAGE_HISTORY
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.CREATE_EVENTS
)
"""What the bot's own role gives where a guild is made without saying."""


def in_guild(guild: Guild, user_id: int) -> int:
    """The member's permissions before any channel; 0 for who isn't there."""
    if user_id == guild.owner_id:
        return ALL
    member = guild.members.get(user_id)
    if member is None:
        return 0
    held = guild.roles[guild.id].permissions
    for role in member.roles:
        held |= guild.roles[role].permissions
    return ALL if held & Permission.ADMINISTRATOR else held


def in_channel(channel: Channel, user_id: int) -> int:
    """The member's permissions in a channel; a thread has those of the channel it is in.

    In a direct message both may do everything.
    """
    if channel.guild is None:
        return ALL
    held = in_guild(channel.guild, user_id)
    if held in (0, ALL):
        return held
    return _overwritten(channel.parent or channel, channel.guild, user_id, held)


def may(channel: Channel, user_id: int, needed: Permission) -> bool:
    return in_channel(channel, user_id) & needed == needed


def _overwritten(place: Channel, guild: Guild, user_id: int, held: int) -> int:
    allowed = denied = 0
    if everyone := place.overwrites.get(guild.id):
        held = held & ~everyone.deny | everyone.allow
    for role in guild.members[user_id].roles:
        if overwrite := place.overwrites.get(role):
            allowed |= overwrite.allow
            denied |= overwrite.deny
    held = held & ~denied | allowed
    if own := place.overwrites.get(user_id):
        held = held & ~own.deny | own.allow
    return held
