"""Posting to Discord: the outbox's courier. Posted twice is posted once, or said to be unknown.

Within two minutes Discord itself drops a second message of the same nonce. Later the channel's
history is read for the mark in our footer, and where that can't tell, nothing is sent. How a post
looks is `render`'s.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import discord.utils
import orjson
from discord.http import HTTPClient

from bot.domain.errors import DeliveryError, ReadalongError
from bot.domain.model import Delivery, Network, Post, PostKind, Prepared, Rsvps, Thread
from bot.domain.ports import Now, Store
from bot.domain.posts import SessionPost, SummaryPost
from bot.networks.discord import limits, render
from bot.networks.discord.announcements import Announcements
from bot.networks.discord.calendar import Entry, GuildEvents, entry
from bot.networks.discord.marks import mark_of, nonce_of
from bot.networks.discord.render import Message
from bot.networks.discord.rest import (
    NO_ACCESS,
    NO_PERMISSION,
    THREAD_EXISTS,
    Found,
    Refusal,
    Rest,
)
from bot.networks.discord.splitting import cut
from bot.networks.discord.text import plain
from bot.services.warnings import warn

logger = logging.getLogger(__name__)

# Discord remembers a nonce for "a few minutes". We trust it for two, and what is sent again before
# this may arrive half a lease later.
_LATE = timedelta(seconds=85)
_SKEW = timedelta(minutes=5)  # our clock against Discord's
_PAGES = 20  # of 100 messages
_THREAD_TRIES = 5
_CANT_TELL = "it may have been posted before, and"
_UNREADABLE = f"{_CANT_TELL} I may not read that channel (my role needs Read Message History there)"


def _nobody() -> str:
    return ""


class DiscordCourier:
    """The outbox's way onto Discord. A message's wire is its JSON, nonce and mark included.

    ``us`` is our own user's snowflake, empty while it isn't known.
    """

    def __init__(
        self,
        http: HTTPClient,
        store: Store,
        now: Now,
        announcements: Announcements,
        us: Callable[[], str] = _nobody,
    ) -> None:
        self._rest = Rest(http)
        self._store = store
        self._now = now
        self._announcements = announcements
        self._us = us
        self._events = GuildEvents(self._rest, now)
        self._told: set[str] = set()

    @property
    def network(self) -> Network:
        return Network.DISCORD

    def prepare(self, post: Post, thread: Thread) -> Prepared:
        """Fix what is posted. Discord gives its ids itself, so there is none yet."""
        match post.kind:
            case PostKind.CALENDAR:
                card = SessionPost.from_json(post.payload).card
                return Prepared(entry(card, _session(post), _guild(post)).to_json(), "")
            case PostKind.UPDATE:
                return Prepared(orjson.dumps({"session": _session(post)}), "")
            case _:
                made = self._message(post).payload()
                made |= {"nonce": nonce_of(post.key), "enforce_nonce": True}
                return Prepared(orjson.dumps(made), "")

    async def send(self, delivery: Delivery) -> str:
        """Post it, or find it posted; returns Discord's id. Raises DeliveryError."""
        post = delivery.post
        match post.kind:
            case PostKind.CALENDAR:
                return await self._settle_event(post)
            case PostKind.UPDATE:
                await self._announcements.refresh(_session(post))
                return str(_session(post))
        channel = await self._channel(post)
        message = await self._post(delivery, channel)
        if post.kind is PostKind.ANNOUNCEMENT:
            await self._open_thread(delivery, channel, message)
            shown = {k: v for k, v in _loaded(post).items() if k not in ("nonce", "enforce_nonce")}
            self._announcements.posted(_session(post), message, shown)
        return message

    def _message(self, post: Post) -> Message:
        mark = mark_of(post.key)
        if post.kind is PostKind.WARNING:
            return render.warning(json.loads(post.payload)["text"], mark)
        session_id = _session(post)
        match post.kind:
            case PostKind.SUMMARY:
                return render.posted(SummaryPost.from_json(post.payload), session_id, mark)
            case PostKind.ANNOUNCEMENT:
                card = SessionPost.from_json(post.payload).card
                return render.announcement(card, session_id, Rsvps(), mark)
            case PostKind.REMINDER:
                body = SessionPost.from_json(post.payload)
                return render.reminder(body, session_id, self._now(), mark)
            case PostKind.NOTICE:
                return render.notice(SessionPost.from_json(post.payload), session_id, mark)
        raise DeliveryError(f"Discord has no post of the kind {post.kind}", permanent=True)

    async def _channel(self, post: Post) -> str:
        """A destination's channel; the direct messages of the person that a warning goes to."""
        if post.destination.startswith("@"):
            return await self._rest.direct_channel(post.destination[1:])
        return post.destination.rpartition("/")[2]

    # Messages

    async def _post(self, delivery: Delivery, channel: str) -> str:
        if self._may_stand_there(delivery):
            mark = mark_of(delivery.post.key)
            found = await self._look_up(channel, mark, delivery.first_tried_at)
            if found is not None:
                logger.info("%s was posted before, as %s", delivery.post.key, found)
                return found
        return await self._rest.send(channel, _loaded(delivery.post))

    def _may_stand_there(self, delivery: Delivery) -> bool:
        """Whether an attempt may have got through that Discord has forgotten the nonce of."""
        tried = delivery.first_tried_at
        return delivery.attempts > 1 and tried is not None and self._now() - tried >= _LATE

    async def _look_up(self, channel: str, mark: str, since: datetime | None) -> str | None:
        """The message with that mark, None when it isn't there; DeliveryError(unknown) when that
        can't be told."""
        before = ""
        for _ in range(_PAGES):
            page = await self._page(channel, before)
            # The whole page, whatever its times: our clock may be wrong by more than we allow for.
            for message in page:
                if self._is_ours(message) and any(text.endswith(mark) for text in message.marks):
                    return message.id
            if len(page) < limits.HISTORY_PAGE or _is_older(page[-1], since):
                return None
            before = page[-1].id
        raise DeliveryError(f"{_CANT_TELL} too much was written there since", unknown=True)

    async def _page(self, channel: str, before: str) -> list[Found]:
        try:
            page = await self._rest.history(channel, before)
            # Without the permission Discord answers with no messages, and not with an error.
            empty = not page and not before
            if empty and (await self._rest.channel(channel)).get("last_message_id"):
                raise DeliveryError(_UNREADABLE, unknown=True)
        except Refusal as error:
            if error.status != 403:
                raise
            raise DeliveryError(_UNREADABLE, unknown=True) from error
        return list(page)

    def _is_ours(self, message: Found) -> bool:
        us = self._us()
        return message.author == us if us else message.by_bot

    async def _open_thread(self, delivery: Delivery, channel: str, message: str) -> None:
        """For the session's talk. The announcement stands without it too."""
        title = SessionPost.from_json(delivery.post.payload).card.title
        name = cut(plain(title), limits.THREAD_NAME) or "Session"
        try:
            await self._rest.start_thread(channel, message, name)
        except Refusal as error:
            if error.code == THREAD_EXISTS:
                return
            if not error.permanent and delivery.attempts < _THREAD_TRIES:
                raise  # once more: the message itself is found again
            lacking = error.code in (NO_PERMISSION, NO_ACCESS)
            why = "my role lacks Create Public Threads" if lacking else error.reason
            logger.warning("%s has no thread: %s", delivery.post.key, why)
            if lacking:
                await self._tell(
                    delivery.post,
                    f"thread:{_guild(delivery.post)}",
                    f"I may not open threads in <#{channel}>, so sessions are announced without "
                    "one. If you want them, give my role Create Public Threads.",
                )

    # Scheduled events

    async def _settle_event(self, post: Post) -> str:
        """The session's event. That one can't be made is not the channel's fault: it isn't paused.

        The outbox tells the organisers, once for each reason.
        """
        if post.wire is None:
            raise DeliveryError("there is no event to make", permanent=True)
        try:
            return await self._events.settle(_guild(post), Entry.from_json(post.wire))
        except Refusal as error:
            if not error.permanent:
                raise
            lacking = error.code in (NO_PERMISSION, NO_ACCESS)
            why = (
                "my role lacks Create Events (for one in a voice channel also View Channel "
                "and Connect there)"
            )
            raise DeliveryError(why if lacking else error.reason, permanent=True) from error

    async def _tell(self, post: Post, key: str, text: str) -> None:
        if key in self._told:
            return
        try:
            async with self._store.transaction() as tx:
                await warn(tx, post.group_id, key, text, self._now())
        except ReadalongError as error:
            logger.warning("the organisers couldn't be told (%s): %s", error, text)
            return
        self._told.add(key)


def _session(post: Post) -> int:
    if post.session_id is None:
        raise DeliveryError(f"a {post.kind} is about a session", permanent=True)
    return post.session_id


def _guild(post: Post) -> str:
    return post.destination.partition("/")[0]


def _loaded(post: Post) -> dict[str, Any]:
    if post.wire is None:
        raise DeliveryError("there is no message to send", permanent=True)
    loaded: dict[str, Any] = orjson.loads(post.wire)
    return loaded


def _is_older(message: Found, since: datetime | None) -> bool:
    posted_at = discord.utils.snowflake_time(int(message.id))
    return since is not None and posted_at < since - _SKEW
