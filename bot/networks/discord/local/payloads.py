"""The world's things as Discord's JSON, with the fields that discord.py reads."""

from __future__ import annotations

from datetime import datetime

from bot.networks.discord.local.model import (
    THREADS,
    Attachment,
    Channel,
    ChannelKind,
    Command,
    Event,
    Guild,
    Json,
    Member,
    Message,
    Role,
    User,
)


def time(moment: datetime) -> str:
    return moment.isoformat()


def user(one: User) -> Json:
    return {
        "id": str(one.id),
        "username": one.name.lower().replace(" ", "_"),
        "global_name": None if one.bot else one.name,
        "discriminator": "0",
        "avatar": None,
        "bot": one.bot,
        "public_flags": 0,
    }


def member(one: Member) -> Json:
    return {
        "user": user(one.user),
        "nick": one.nick,
        "avatar": None,
        "roles": [str(role) for role in one.roles],
        "joined_at": time(one.joined_at),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
        "communication_disabled_until": None,
    }


def role(one: Role) -> Json:
    return {
        "id": str(one.id),
        "name": one.name,
        "permissions": str(one.permissions),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": one.managed,
        "mentionable": False,
        "flags": 0,
        "icon": None,
        "unicode_emoji": None,
    }


def channel(one: Channel) -> Json:
    if one.kind in THREADS:
        return thread(one)
    last = next(reversed(one.messages), None)
    said: Json = {
        "id": str(one.id),
        "type": int(one.kind),
        "last_message_id": None if last is None else str(last),
        "flags": 0,
    }
    if one.recipient is not None:
        return {**said, "recipients": [user(one.recipient)]}
    said |= {
        "name": one.name,
        "position": 0,
        "parent_id": None,
        "topic": None,
        "nsfw": False,
        "rate_limit_per_user": 0,
        "permission_overwrites": [
            {
                "id": str(target),
                "type": int(overwrite.of_member),
                "allow": str(overwrite.allow),
                "deny": str(overwrite.deny),
            }
            for target, overwrite in one.overwrites.items()
        ],
    }
    if one.guild is not None:
        said["guild_id"] = str(one.guild.id)
    if one.kind in (ChannelKind.VOICE, ChannelKind.STAGE):
        said |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    return said


def thread(one: Channel) -> Json:
    state, guild, parent = one.thread, one.guild, one.parent
    if state is None or guild is None or parent is None:
        raise TypeError(f"{one.name} is no thread")
    last = next(reversed(one.messages), None)
    return {
        "id": str(one.id),
        "type": int(one.kind),
        "guild_id": str(guild.id),
        "parent_id": str(parent.id),
        "owner_id": str(state.owner_id),
        "name": one.name,
        "last_message_id": None if last is None else str(last),
        "message_count": len(one.messages),
        "total_message_sent": len(one.messages),
        "member_count": len(state.members),
        "rate_limit_per_user": 0,
        "applied_tags": [],
        "flags": 0,
        "thread_metadata": {
            "archived": state.archived,
            "auto_archive_duration": state.auto_archive_minutes,
            "archive_timestamp": time(state.created_at),
            "locked": state.locked,
            "create_timestamp": time(state.created_at),
        },
    }


def thread_member(one: Channel, user_id: int, joined_at: datetime) -> Json:
    return {
        "id": str(one.id),
        "user_id": str(user_id),
        "join_timestamp": time(joined_at),
        "flags": 0,
    }


def attachment(one: Attachment) -> Json:
    return {
        "id": str(one.id),
        "filename": one.filename,
        "size": len(one.content),
        "url": one.url,
        "proxy_url": one.url,
        "content_type": one.content_type,
        "ephemeral": one.ephemeral,
    }


def message(one: Message, application_id: int) -> Json:
    said: Json = {
        "id": str(one.id),
        "channel_id": str(one.channel.id),
        "type": one.kind,
        "author": user(one.author),
        "content": one.content,
        "embeds": one.embeds,
        "components": one.components,
        "attachments": [attachment(each) for each in one.attachments],
        "mentions": [],
        "mention_roles": [str(each) for each in one.mention_roles],
        "mention_everyone": one.mention_everyone,
        "timestamp": time(one.created_at),
        "edited_timestamp": time(one.edited[-1]) if one.edited else None,
        "tts": False,
        "pinned": False,
        "flags": int(one.flags),
    }
    if one.nonce is not None:
        said["nonce"] = one.nonce
    if one.reference is not None:
        said["message_reference"] = one.reference
    if one.interaction is not None:
        said["interaction_metadata"] = one.interaction
        said["application_id"] = said["webhook_id"] = str(application_id)
    elif one.author.bot:
        said["application_id"] = str(application_id)
    guild = one.channel.guild
    if guild is not None and one.id in guild.threads:
        said["thread"] = thread(guild.threads[one.id])
    return said


def event(one: Event, *, with_user_count: bool = False) -> Json:
    said: Json = {
        "id": str(one.id),
        "guild_id": str(one.guild.id),
        "channel_id": None if one.channel_id is None else str(one.channel_id),
        "creator_id": str(one.creator_id),
        "name": one.name,
        "description": one.description,
        "scheduled_start_time": time(one.start),
        "scheduled_end_time": None if one.end is None else time(one.end),
        "privacy_level": 2,
        "status": one.status,
        "entity_type": one.kind,
        "entity_id": None,
        "entity_metadata": None if one.location is None else {"location": one.location},
        "image": None,
    }
    if creator := one.guild.members.get(one.creator_id):
        said["creator"] = user(creator.user)
    if with_user_count:
        said["user_count"] = len(one.interested)
    return said


def command(one: Command, application_id: int) -> Json:
    said: Json = {
        "type": 1,
        "description": "",
        "default_member_permissions": None,
        "nsfw": False,
        "options": [],
        **one.body,
        "id": str(one.id),
        "version": str(one.version),
        "application_id": str(application_id),
    }
    if one.guild_id is not None:
        said["guild_id"] = str(one.guild_id)
    return said


def guild(one: Guild) -> Json:
    """Its description, as REST gives it."""
    return {
        "id": str(one.id),
        "name": one.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "owner_id": str(one.owner_id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "roles": [role(each) for each in one.roles.values()],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "public_updates_channel_id": None,
        "vanity_url_code": None,
        "description": None,
        "banner": None,
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "premium_progress_bar_enabled": False,
    }


def guild_create(one: Guild, bot_id: int) -> Json:
    """All of it, as the gateway gives it: without the members intent the bot alone is in
    ``members``.
    """
    return {
        **guild(one),
        "joined_at": time(one.joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(one.members),
        "members": [member(one.members[bot_id])],
        "channels": [channel(each) for each in one.channels.values()],
        "threads": [thread(each) for each in one.threads.values()],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [event(each) for each in one.events.values()],
        "soundboard_sounds": [],
    }
