"""Threads: made from a message or by themselves, joined, left, closed."""

from __future__ import annotations

from bot.networks.discord.limits import THREAD_NAME
from bot.networks.discord.local import payloads
from bot.networks.discord.local.api import Api, Call, Reply, Routes
from bot.networks.discord.local.errors import Problem, invalid, refused
from bot.networks.discord.local.limits import length
from bot.networks.discord.local.model import Channel, ChannelKind, Json
from bot.networks.discord.local.permissions import Permission
from bot.networks.discord.local.routes.messages import visible

_ARCHIVE_MINUTES = (60, 1440, 4320, 10080)


def _from_message(api: Api, call: Call) -> Reply:
    message = api.message(call)
    channel = message.channel
    _may_make(api, channel, call.fields)
    if message.id in api.world.channels:
        raise refused(160004)
    return _made(api, channel, call.fields, message.id)


def _by_itself(api: Api, call: Call) -> Reply:
    channel = api.channel(call)
    _may_make(api, channel, call.fields)
    return _made(api, channel, call.fields, 0)


def _may_make(api: Api, channel: Channel, body: Json) -> None:
    visible(api, channel)
    if channel.kind is not ChannelKind.TEXT:
        raise refused(50024)
    if not api.world.bot_may(channel, Permission.CREATE_PUBLIC_THREADS):
        raise refused(50013)
    _check(body)


def _check(body: Json, least: int = 1) -> None:
    problems = list(length("name", body.get("name"), THREAD_NAME, least))
    minutes = body.get("auto_archive_duration")
    if minutes is not None and minutes not in _ARCHIVE_MINUTES:
        said = f"Value must be one of {_ARCHIVE_MINUTES}."
        problems.append(Problem("auto_archive_duration", "BASE_TYPE_CHOICES", said))
    if problems:
        raise invalid(problems)


def _made(api: Api, channel: Channel, body: Json, thread_id: int) -> Json:
    thread = api.world.add_thread(channel, body["name"], api.world.bot.id, thread_id)
    if thread.thread is not None:
        thread.thread.auto_archive_minutes = (
            body.get("auto_archive_duration") or _ARCHIVE_MINUTES[2]
        )
    return payloads.thread(thread)


def _channel(api: Api, call: Call) -> Reply:
    channel = api.channel(call)
    visible(api, channel)
    return payloads.channel(channel)


def _edit(api: Api, call: Call) -> Reply:
    """Of threads only: name, archived, locked."""
    channel, body = api.channel(call), call.fields
    visible(api, channel)
    state = channel.thread
    if state is None:
        raise refused(50013)
    own = state.owner_id == api.world.bot.id and "locked" not in body
    if not own and not api.world.bot_may(channel, Permission.MANAGE_THREADS):
        raise refused(50013)
    _check(body, least=0)
    channel.name = body.get("name", channel.name)
    state.archived = body.get("archived", state.archived)
    state.locked = body.get("locked", state.locked)
    api.world.emit("THREAD_UPDATE", payloads.thread(channel), channel.guild)
    return payloads.thread(channel)


def _delete(api: Api, call: Call) -> Reply:
    channel = api.channel(call)
    visible(api, channel)
    thread = channel.thread is not None
    needed = Permission.MANAGE_THREADS if thread else Permission.MANAGE_CHANNELS
    if not api.world.bot_may(channel, needed):
        raise refused(50013)
    said = payloads.channel(channel)
    api.world.remove_channel(channel)
    return said


def _join(api: Api, call: Call) -> Reply:
    thread = api.channel(call)
    visible(api, thread)
    if thread.thread is None:
        raise refused(50024)
    thread.thread.members.setdefault(api.world.bot.id, api.world.now())
    return None


def _leave(api: Api, call: Call) -> Reply:
    thread = api.channel(call)
    if thread.thread is None:
        raise refused(50024)
    thread.thread.members.pop(api.world.bot.id, None)
    return None


def _active(api: Api, call: Call) -> Reply:
    bot_id = api.world.bot.id
    threads = [
        each
        for each in api.guild(call).threads.values()
        if each.thread is not None
        and not each.thread.archived
        and api.world.bot_may(each, Permission.VIEW_CHANNEL)
    ]
    members = [
        payloads.thread_member(each, bot_id, each.thread.members[bot_id])
        for each in threads
        if each.thread is not None and bot_id in each.thread.members
    ]
    return {"threads": [payloads.thread(each) for each in threads], "members": members}


ROUTES: Routes = {
    ("POST", "/channels/{channel_id}/messages/{message_id}/threads"): _from_message,
    ("POST", "/channels/{channel_id}/threads"): _by_itself,
    ("GET", "/channels/{channel_id}"): _channel,
    ("PATCH", "/channels/{channel_id}"): _edit,
    ("DELETE", "/channels/{channel_id}"): _delete,
    ("PUT", "/channels/{channel_id}/thread-members/@me"): _join,
    ("DELETE", "/channels/{channel_id}/thread-members/@me"): _leave,
    ("GET", "/guilds/{guild_id}/threads/active"): _active,
}
