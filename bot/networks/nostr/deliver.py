"""Posts out: the exact event of an outbox row, dated and signed once, and its sending.

An event's id is fixed before the first send, so that sending again is harmless. Which posts there
are, when they are due and what follows a failure is the outbox's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.domain.errors import DeliveryError
from bot.domain.model import Delivery, Network, Post, PostKind, Prepared, Thread
from bot.domain.ports import Now
from bot.domain.posts import ArticlePost, SessionPost, SummaryPost
from bot.networks.nostr import longform, render
from bot.networks.nostr.events import MAX_BYTES, Event, InvalidEventError, parse_json, sign
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.profile import SelfPost
from bot.networks.nostr.render import Draft, Identity

Publish = Callable[[Event], Awaitable[object]]
"""Sends one event to our relays; raises DeliveryError unless at least one took it."""

_REPLACEABLE = (PostKind.CALENDAR, PostKind.ARTICLE, PostKind.PROFILE, PostKind.RELAY_LIST)


class NostrCourier:
    """The outbox's way onto Nostr. A post's wire is the JSON of its signed event."""

    def __init__(self, signer: Signer, identity: Identity, publish: Publish, now: Now) -> None:
        self._signer = signer
        self._identity = identity
        self._publish = publish
        self._now = now

    @property
    def network(self) -> Network:
        return Network.NOSTR

    def prepare(self, post: Post, thread: Thread) -> Prepared:
        """Sign the post. Raises DeliveryError for one that no relay could take."""
        created_at = int(self._now().timestamp())
        root, previous = _event(thread.announcement), _event(thread.previous)
        if post.kind in _REPLACEABLE and previous is not None:
            # NIP-01: the newest replaces the others; of two in one second the lowest id stays.
            created_at = max(created_at, previous.created_at + 1)
        draft = self._draft(post, root, previous, has_article=thread.has_article)
        try:
            event = sign(self._signer, draft.kind, draft.content, draft.tags, created_at)
        except InvalidEventError as error:
            raise DeliveryError(str(error), permanent=True) from error
        wire = event.to_json()
        if len(wire) > MAX_BYTES:
            raise DeliveryError(
                f"the event has {len(wire)} bytes, and relays take {MAX_BYTES}; "
                "shorten the session's topic, tags or readings",
                permanent=True,
            )
        return Prepared(wire, event.id)

    async def send(self, delivery: Delivery) -> str:
        """Publish the stored event; returns its id."""
        event = _event(delivery.post.wire)
        if event is None:
            raise DeliveryError("there is no event to send", permanent=True)
        await self._publish(event)
        return event.id

    def _draft(
        self, post: Post, root: Event | None, previous: Event | None, *, has_article: bool
    ) -> Draft:
        us, now = self._identity, self._now()
        match post.kind:
            case PostKind.ANNOUNCEMENT:
                return render.announcement(SessionPost.from_json(post.payload).card, us)
            case PostKind.CALENDAR:
                return render.calendar_entry(SessionPost.from_json(post.payload).card, us)
            case PostKind.REMINDER:
                body = SessionPost.from_json(post.payload)
                return render.reminder(body, us, now, root, has_article=has_article)
            case PostKind.NOTICE:
                body = SessionPost.from_json(post.payload)
                return render.notice(body, us, root, has_article=has_article)
            case PostKind.SUMMARY:
                return render.summary(SummaryPost.from_json(post.payload), us, root)
            case PostKind.ARTICLE:
                page = ArticlePost.from_json(post.payload)
                return longform.article(page, us, now, previous)
            case PostKind.PROFILE | PostKind.RELAY_LIST:
                return SelfPost.from_json(post.payload).draft(post.kind)
        raise DeliveryError(f"a {post.kind} comes with its bytes, or not at all", permanent=True)


def _event(wire: bytes | None) -> Event | None:
    """One of our own events, from the data file."""
    if wire is None:
        return None
    try:
        return parse_json(wire)
    except InvalidEventError as error:
        raise DeliveryError(f"the stored event can't be read: {error}", permanent=True) from error
