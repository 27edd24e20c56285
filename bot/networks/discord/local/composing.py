"""A message out of what the bot sent: limits, files, and who is really pinged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from bot.networks.discord.local.api import Api, Upload
from bot.networks.discord.local.errors import invalid, refused
from bot.networks.discord.local.limits import FILE_BYTES, check_message
from bot.networks.discord.local.model import Attachment, Channel, Json, Message, MessageFlag

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")

_SETTABLE = (
    MessageFlag.SUPPRESS_EMBEDS
    | MessageFlag.EPHEMERAL
    | MessageFlag.SUPPRESS_NOTIFICATIONS
    | MessageFlag.COMPONENTS_V2
)


def composed(api: Api, channel: Channel, body: Json, uploads: Mapping[str, Upload]) -> Message:
    """A new message of the bot's, in no channel yet; 50035 or 50006 when it can't be one."""
    check(body)
    attachments = _attached(api, uploads)
    content = (body.get("content") or "").strip()
    if not (content or body.get("embeds") or body.get("components") or attachments):
        raise refused(50006)
    message = Message(api.world.ids.next(), channel, api.world.bot, api.world.now())
    message.content = content
    message.embeds = list(body.get("embeds") or [])
    message.components = list(body.get("components") or [])
    message.attachments = attachments
    message.flags = int(body.get("flags") or 0) & _SETTABLE
    _ping(api, message, body.get("allowed_mentions"))
    return message


def revise(api: Api, message: Message, body: Json, uploads: Mapping[str, Upload]) -> None:
    """Change a message as an edit says: what isn't named stays."""
    check(body)
    content = (body["content"] or "").strip() if "content" in body else message.content
    embeds = list(body["embeds"] or []) if "embeds" in body else message.embeds
    components = list(body["components"] or []) if "components" in body else message.components
    attachments = message.attachments
    if "attachments" in body:
        kept = {str(each["id"]) for each in body["attachments"] or []}
        attachments = [each for each in attachments if str(each.id) in kept]
    attachments = attachments + _attached(api, uploads)
    if not (content or embeds or components or attachments):
        raise refused(50006)
    message.content, message.embeds, message.components = content, embeds, components
    message.attachments = attachments
    message.flags &= ~MessageFlag.LOADING
    _ping(api, message, body.get("allowed_mentions"))


def check(body: Json) -> None:
    if problems := list(check_message(body)):
        raise invalid(problems)


def _attached(api: Api, uploads: Mapping[str, Upload]) -> list[Attachment]:
    if any(len(each.content) > FILE_BYTES for each in uploads.values()):
        raise refused(40005)
    return [
        api.files.keep(each.filename, each.content, each.content_type) for each in uploads.values()
    ]


def _ping(api: Api, message: Message, allowed: Json | None) -> None:
    """Without ``allowed_mentions`` all that is written pings; with it only what it lets."""
    users = [int(each) for each in _USER.findall(message.content)]
    roles = [int(each) for each in _ROLE.findall(message.content)]
    everyone = bool(_EVERYONE.search(message.content))
    if allowed is not None:
        parsed = allowed.get("parse") or []
        everyone = everyone and "everyone" in parsed
        users = _let(users, "users" in parsed, allowed.get("users"))
        roles = _let(roles, "roles" in parsed, allowed.get("roles"))
    message.mentions = [each for each in dict.fromkeys(users) if each in api.world.users]
    message.mention_roles = list(dict.fromkeys(roles))
    message.mention_everyone = everyone


def _let(written: Iterable[int], parsed: bool, named: list[str | int] | None) -> list[int]:
    if parsed:
        return list(written)
    let = {int(each) for each in named or []}
    return [each for each in written if each in let]
