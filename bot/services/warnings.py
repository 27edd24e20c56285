"""Warnings: telling a group's organisers what doesn't work, on Discord, where they are.

A warning is a post like any other, queued in the transaction of what it tells. How it looks is the
network's own. One that can't be posted is logged, and warns of nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.errors import DeliveryError
from bot.domain.model import Delivery, Network, Post, PostKind
from bot.domain.ports import Rows

logger = logging.getLogger(__name__)

_OF_USE_FOR = timedelta(days=7)
_NAMES = {
    PostKind.ANNOUNCEMENT: "announcement",
    PostKind.CALENDAR: "calendar entry",
    PostKind.REMINDER: "reminder",
    PostKind.NOTICE: "notice",
    PostKind.UPDATE: "update of the announcement",
    PostKind.SUMMARY: "summary",
    PostKind.ARTICLE: "page",
}
_ANNOUNCED = (PostKind.ANNOUNCEMENT, PostKind.CALENDAR)
_OF_SUMMARIES = (PostKind.SUMMARY, PostKind.ARTICLE)
_KEPT_CURRENT = (PostKind.CALENDAR, PostKind.UPDATE, PostKind.ARTICLE)


async def warn(
    rows: Rows, group_id: int, key: str, text: str, at: datetime, *, about: str = ""
) -> None:
    """Tell the organisers once for ever per ``key``, in each Discord channel of the group.

    Not in ``about``, the address of the destination that is at fault. Where no channel is left, who
    set a guild up is told in person; where there is no guild, the log.
    """
    addresses = await _addresses(rows, group_id, about)
    if not addresses:
        logger.warning("nobody can be told on Discord: %s", text)
        return
    payload = json.dumps({"text": text}, ensure_ascii=False)
    first, *others = (
        Post(
            key=f"warning:{key}" if number == 0 else f"warning:{key}:{address}",
            group_id=group_id,
            network=Network.DISCORD,
            destination=address,
            kind=PostKind.WARNING,
            payload=payload,
            expires_at=at + _OF_USE_FOR,
        )
        for number, address in enumerate(addresses)
    )
    if await rows.outbox.add([first], at):
        await rows.outbox.add(others, at)


async def tell_paused(rows: Rows, delivery: Delivery, reason: str, at: datetime) -> None:
    """That nothing more is posted to where this delivery went."""
    post = delivery.post
    mend = (
        "Give the bot what it lacks there, or choose another channel with `/setup`; "
        "then announce the session again."
        if post.network is Network.DISCORD
        else "Mend that and start the bot again."
    )
    text = f"Nothing more is posted {_where(post)}: {_sentence(reason)} {mend}"
    key = f"paused:{post.key}:{delivery.epoch}"
    await warn(rows, post.group_id, key, text, at, about=post.destination)


async def tell_ended(rows: Rows, delivery: Delivery, error: DeliveryError, at: datetime) -> None:
    """That a session's post failed for good, or may have arrived."""
    post = delivery.post
    if post.kind not in _NAMES or post.session_id is None:
        return
    session = await rows.sessions.by_id(post.session_id)
    title = session.title if session is not None else "a session"
    what = f"The {_NAMES[post.kind]} of “{title}”"
    mend = (
        "announce the session again"
        if post.kind in _ANNOUNCED
        else "post its summaries again"
        if post.kind in _OF_SUMMARIES
        else "tell members yourself if they must know"
    )
    if error.unknown:
        text = (
            f"{what} may have arrived {_where(post)} or not, so it is not sent again: "
            f"{_sentence(error.reason)} Look there, and if it is missing, {mend}."
        )
    else:
        text = (
            f"{what} can't be posted {_where(post)}: {_sentence(error.reason)} "
            f"Mend that, and {mend}."
        )
    await warn(rows, post.group_id, _key(delivery, error), text, at)


async def _addresses(rows: Rows, group_id: int, about: str) -> Sequence[str]:
    channels = [
        place.address
        for place in await rows.groups.destinations(group_id)
        if place.network is Network.DISCORD and place.paused_at is None and place.address != about
    ]
    if channels:
        return channels
    guilds = await rows.groups.guilds(group_id)
    return list(dict.fromkeys(f"@{guild.set_up_by}" for guild in guilds if guild.set_up_by))


def _key(delivery: Delivery, error: DeliveryError) -> str:
    """What is kept current fails again at each change for the same reason, and is told once."""
    post = delivery.post
    if post.kind in _KEPT_CURRENT and not error.unknown:
        reason = hashlib.sha256(error.reason.encode()).hexdigest()[:16]
        return f"failed:{post.kind}:{post.network}:{post.destination}:{reason}"
    return f"failed:{post.key}:{delivery.epoch}"


def _where(post: Post) -> str:
    if post.network is Network.DISCORD:
        return f"in the Discord channel <#{post.destination.rpartition('/')[2]}>"
    return f"on {post.network.capitalize()}"


def _sentence(reason: str) -> str:
    return reason if reason.endswith((".", "!", "?")) else f"{reason}."
