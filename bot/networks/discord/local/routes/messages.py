"""Messages in channels: sent, read, edited, deleted, with the permissions that each needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from bot.networks.discord.local.api import Api, Call, Reply, Routes
from bot.networks.discord.local.composing import composed, revise
from bot.networks.discord.local.errors import Problem, invalid, refused
from bot.networks.discord.local.model import THREADS, Channel, Json, Message, User
from bot.networks.discord.local.payloads import message as payload
from bot.networks.discord.local.permissions import Permission

NONCE_LASTS = timedelta(minutes=2)
"""How long ``enforce_nonce`` is remembered: "the past few minutes", taken at its least."""


def _send(api: Api, call: Call) -> Reply:
    channel, body = api.channel(call), call.fields
    _may_send(api, channel, body, files=bool(call.uploads))
    nonce = body.get("nonce")
    known = api.nonces.get((channel.id, str(nonce)))
    if body.get("enforce_nonce") and known and api.world.now() - known[1] < NONCE_LASTS:
        return _said(api, known[0])
    message = composed(api, channel, body, call.uploads)
    message.nonce = nonce
    if reference := body.get("message_reference"):
        message.kind, message.reference = 19, _referred(channel, reference)
    if nonce is not None:
        api.nonces[channel.id, str(nonce)] = (message, api.world.now())
    api.world.post(message)
    return _said(api, message)


def _may_send(api: Api, channel: Channel, body: Json, *, files: bool) -> None:
    visible(api, channel)
    if channel.recipient is not None:
        _may_write_to(api, channel.recipient)
    in_thread = channel.kind in THREADS
    needed = Permission.SEND_MESSAGES_IN_THREADS if in_thread else Permission.SEND_MESSAGES
    if body.get("embeds"):
        needed |= Permission.EMBED_LINKS
    if files:
        needed |= Permission.ATTACH_FILES
    if body.get("message_reference"):
        needed |= Permission.READ_MESSAGE_HISTORY
    if not api.world.bot_may(channel, needed):
        raise refused(50013)
    if channel.thread is not None and channel.thread.locked:
        raise refused(50083)


def _may_write_to(api: Api, user: User) -> None:
    if not user.open_to_messages:
        raise refused(50007)
    if not any(user.id in guild.members for guild in api.world.guilds.values()):
        raise refused(50278)


def visible(api: Api, channel: Channel) -> None:
    """50001 where the bot doesn't see the channel."""
    if not api.world.bot_may(channel, Permission.VIEW_CHANNEL):
        raise refused(50001)


def _referred(channel: Channel, reference: Json) -> Json:
    number = int(reference.get("message_id") or 0)
    if number not in channel.messages and reference.get("fail_if_not_exists", True):
        said = "Unknown message"
        raise invalid([Problem("message_reference", "REPLIES_UNKNOWN_MESSAGE", said)])
    return {"type": 0, "message_id": str(number), "channel_id": str(channel.id)}


def _history(api: Api, call: Call) -> Reply:
    """Newest first, 50 unless told.

    Without the permission to read the history: nothing, as Discord.
    """
    channel = api.channel(call)
    visible(api, channel)
    if not api.world.bot_may(channel, Permission.READ_MESSAGE_HISTORY):
        return []
    limit = int(call.query.get("limit", 50))
    if not 1 <= limit <= 100:
        raise invalid([Problem("limit", "NUMBER_TYPE_MAX", "int value should be 1 to 100.")])
    return [_read(api, each) for each in _around(channel, call, limit)]


def _around(channel: Channel, call: Call, limit: int) -> Iterable[Message]:
    newest = sorted(channel.messages.values(), key=lambda each: each.id, reverse=True)
    if "before" in call.query:
        newest = [each for each in newest if each.id < int(call.query["before"])]
    elif "after" in call.query:
        newest = [each for each in newest if each.id > int(call.query["after"])]
        return newest[-limit:]
    elif "around" in call.query:
        middle = int(call.query["around"])
        later = [each for each in newest if each.id >= middle]
        earlier = [each for each in newest if each.id < middle]
        half = limit // 2
        return [*later[-(limit - half) :], *earlier[:half]]
    return newest[:limit]


def _one(api: Api, call: Call) -> Reply:
    message = api.message(call)
    visible(api, message.channel)
    if not api.world.bot_may(message.channel, Permission.READ_MESSAGE_HISTORY):
        raise refused(50013)
    return _read(api, message)


def _edit(api: Api, call: Call) -> Reply:
    message = api.message(call)
    visible(api, message.channel)
    if message.author is not api.world.bot:
        raise refused(50005)
    if call.fields.get("embeds") and not api.world.bot_may(message.channel, Permission.EMBED_LINKS):
        raise refused(50013)
    revise(api, message, call.fields, call.uploads)
    api.world.edited(message, api.world.now())
    return _said(api, message)


def _delete(api: Api, call: Call) -> Reply:
    message = api.message(call)
    visible(api, message.channel)
    own = message.author is api.world.bot
    if not own and not api.world.bot_may(message.channel, Permission.MANAGE_MESSAGES):
        raise refused(50013)
    api.world.delete(message)
    return None


def _typing(api: Api, call: Call) -> Reply:
    visible(api, api.channel(call))
    return None


def _said(api: Api, message: Message) -> Json:
    return payload(message, api.world.bot.id)


def _read(api: Api, message: Message) -> Json:
    """As it stands in the history: the nonce is told to who sends, and afterwards to nobody."""
    said = _said(api, message)
    said.pop("nonce", None)
    return said


_ALL = "/channels/{channel_id}/messages"
_ONE = "/channels/{channel_id}/messages/{message_id}"

ROUTES: Routes = {
    ("GET", _ALL): _history,
    ("POST", _ALL): _send,
    ("GET", _ONE): _one,
    ("PATCH", _ONE): _edit,
    ("DELETE", _ONE): _delete,
    ("POST", "/channels/{channel_id}/typing"): _typing,
}
