"""Queries over the outbox: queue, claim under a lease, and settle under the claim's epoch.

A row's ``next_attempt_at`` is when it can be claimed: NULL once it has ended, the end of the lease
while it is being sent. ``docs/decisions/002`` and ``003`` say why it works this way.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Row,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert

from bot.domain.model import (
    Delivery,
    Network,
    OutboxState,
    Post,
    PostKind,
    Prepared,
    Thread,
)
from bot.domain.ports import Now, Topic
from bot.storage.link import Link
from bot.storage.statements import Batch, is_short
from bot.storage.tables import NOT_SENT, Moment, destinations, listed, moment_text, outbox

_NAMES = (
    "key",
    "group_id",
    "network",
    "destination",
    "kind",
    "session_id",
    "payload",
    "wire",
    "state",
    "attempts",
    "epoch",
    "lease_until",
    "next_attempt_at",
    "expires_at",
    "created_at",
    "first_tried_at",
    "remote_id",
)
_QUEUE = insert(outbox).on_conflict_do_nothing(index_elements=["key"])
_ADD = Batch(_QUEUE, *_NAMES)
_LAST_ID = select(func.coalesce(func.max(outbox.c.id), literal_column("0")))
_NEWER = select(outbox.c.id, outbox.c.key).where(outbox.c.id > bindparam("last"))

_paused = exists().where(
    destinations.c.group_id == outbox.c.group_id,
    destinations.c.network == outbox.c.network,
    destinations.c.address == outbox.c.destination,
    destinations.c.paused_at.is_not(None),
)
_CLAIM = (
    update(outbox)
    .where(
        outbox.c.id.in_(
            select(outbox.c.id)
            .where(
                outbox.c.network == bindparam("of_network"),
                outbox.c.next_attempt_at <= bindparam("at", type_=Moment),
                ~_paused,
            )
            .order_by(outbox.c.next_attempt_at, outbox.c.id)
            .limit(bindparam("rows"))
        )
    )
    .values(
        state=OutboxState.SENDING.value,
        epoch=outbox.c.epoch + 1,
        attempts=outbox.c.attempts + 1,
        lease_until=bindparam("until", type_=Moment),
        next_attempt_at=bindparam("until", type_=Moment),
    )
    .returning(outbox)
)
_NEXT = (
    select(outbox.c.next_attempt_at)
    .where(
        outbox.c.network == bindparam("of_network"), outbox.c.next_attempt_at.is_not(None), ~_paused
    )
    .order_by(outbox.c.next_attempt_at)
    .limit(1)
)

_is_ours = (
    outbox.c.id == bindparam("delivery"),
    outbox.c.epoch == bindparam("delivery_epoch"),
    outbox.c.state == OutboxState.SENDING.value,
)
_SET_WIRE = (
    update(outbox)
    .where(*_is_ours)
    .values(
        wire=bindparam("bytes", type_=LargeBinary),
        remote_id=bindparam("known_as", type_=Text),
        first_tried_at=func.coalesce(outbox.c.first_tried_at, bindparam("at", type_=Moment)),
    )
)
_SENT = (
    update(outbox)
    .where(
        outbox.c.id == bindparam("delivery"),
        outbox.c.epoch == bindparam("delivery_epoch"),
        outbox.c.state == literal_column("'sending'"),
    )
    .values(
        state=literal_column("'sent'"),
        sent_at=bindparam("at"),
        lease_until=null(),
        next_attempt_at=null(),
        last_error=literal_column("''"),
    )
)
_MARK_SENT = Batch(_SENT, "delivery", "delivery_epoch", "at")
# Apart, because naming an indexed column costs a write to its index even where nothing changes.
_MARK_SENT_AS = Batch(
    _SENT.values(remote_id=bindparam("known_as")), "delivery", "delivery_epoch", "at", "known_as"
)
_RETRY = (
    update(outbox)
    .where(*_is_ours)
    .values(
        state=OutboxState.PENDING.value,
        lease_until=None,
        next_attempt_at=bindparam("at", type_=Moment),
        last_error=bindparam("error", type_=Text),
    )
)
_END = (
    update(outbox)
    .where(*_is_ours)
    .values(
        state=bindparam("end", type_=Text),
        lease_until=None,
        next_attempt_at=None,
        last_error=bindparam("error", type_=Text),
    )
)
_SUPERSEDE = (
    update(outbox)
    .where(
        outbox.c.session_id == bindparam("of_session"),
        outbox.c.kind.in_(listed("kinds")),
        outbox.c.next_attempt_at.is_not(None),
        outbox.c.key.not_in(listed("kept")),
    )
    .values(
        state=OutboxState.SKIPPED.value,
        lease_until=None,
        next_attempt_at=None,
        last_error=bindparam("error", type_=Text),
    )
)
_REVIVE = (
    update(outbox)
    .where(
        outbox.c.key == bindparam("known_key"),
        or_(
            outbox.c.state == OutboxState.FAILED.value,
            outbox.c.state == OutboxState.UNKNOWN.value,
        ),
    )
    .values(
        state=OutboxState.PENDING.value,
        payload=bindparam("body", type_=Text),
        expires_at=bindparam("until", type_=Moment),
        wire=None,  # what was refused would be again
        remote_id=None,
        next_attempt_at=bindparam("at", type_=Moment),
        last_error="",
    )
)
_RELEASED = {
    "state": OutboxState.PENDING.value,
    "lease_until": None,
    "next_attempt_at": bindparam("at", type_=Moment),
}
_RELEASE = update(outbox).where(*_is_ours).values(_RELEASED)
_RELEASE_ALL = (
    update(outbox)
    .where(
        NOT_SENT,
        outbox.c.network == bindparam("of_network"),
        outbox.c.state == OutboxState.SENDING.value,
    )
    .values(_RELEASED)
)
_SENT_OF = (
    select(outbox.c.destination, outbox.c.remote_id)
    .where(
        outbox.c.session_id == bindparam("of_session"),
        outbox.c.kind == bindparam("of_kind"),
        outbox.c.network == bindparam("of_network"),
        outbox.c.state == OutboxState.SENT.value,
        outbox.c.remote_id.is_not(None),
    )
    .order_by(outbox.c.id)
)
_BY_REMOTE = select(outbox).where(
    outbox.c.network == bindparam("of_network"), outbox.c.remote_id.in_(listed("remote_ids"))
)
_COUNT = (
    select(outbox.c.state, func.count().label("rows"))
    .where(NOT_SENT, outbox.c.network == bindparam("of_network"))
    .group_by(outbox.c.state)
)
_FAILURES = (
    select(outbox)
    .where(NOT_SENT, outbox.c.state.in_([OutboxState.FAILED.value, OutboxState.UNKNOWN.value]))
    .order_by(outbox.c.id.desc())
    .limit(bindparam("rows"))
)


class OutboxTable:
    """``OutboxRows`` over one link."""

    def __init__(self, link: Link, now: Now) -> None:
        self._link = link
        self._now = now

    async def add(self, posts: Sequence[Post], at: datetime) -> int:
        if not posts:
            return 0
        due = moment_text(at)
        waiting = [_values(post, due, OutboxState.PENDING, due) for post in posts]
        new = await self._link.batch((_ADD, waiting))
        if new:
            self._link.touched.add(Topic.OUTBOX)
        return new

    async def add_claimed(
        self, posts: Sequence[Post], at: datetime, lease_until: datetime
    ) -> Sequence[Delivery]:
        tried, until = moment_text(at), moment_text(lease_until)
        claimed = [_values(post, tried, OutboxState.SENDING, until) for post in posts]
        by_key = {post.key: post for post in posts}
        new = await self._link.batch_new(_ADD, claimed, _LAST_ID, _NEWER)
        return [
            Delivery(
                id=row_id,
                epoch=1,
                attempts=1,
                post=by_key[key],
                lease_until=lease_until,
                first_tried_at=None if by_key[key].wire is None else at,
            )
            for row_id, key in new
        ]

    async def claim(
        self, network: Network, at: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Delivery]:
        values = {"of_network": network.value, "at": at, "until": lease_until, "rows": limit}
        rows = await self._link.rows(_CLAIM, values)
        return [_delivery(row) for row in sorted(rows, key=lambda row: int(row.id))]

    async def set_wire(self, prepared: Sequence[tuple[Delivery, Prepared]], at: datetime) -> int:
        return await self._link.run(
            _SET_WIRE,
            [
                {
                    **_fence(delivery),
                    "bytes": ready.wire,
                    "known_as": ready.remote_id or None,
                    "at": at,
                }
                for delivery, ready in prepared
            ],
        )

    async def thread_of(self, post: Post) -> Thread:
        announcement, has_article = None, False
        if post.session_id is not None:
            announcement = await self._newest_wire(_like(post, PostKind.ANNOUNCEMENT))
            has_article = await self._was_sent(_like(post, PostKind.ARTICLE))
        own_id = await self._link.scalar(select(outbox.c.id).where(outbox.c.key == post.key))
        same = _like(post, post.kind)
        earlier = same if own_id is None else [*same, outbox.c.id < own_id]
        return Thread(announcement, await self._newest_wire(earlier), has_article)

    async def mark_sent(self, sent: Sequence[tuple[Delivery, str]], at: datetime) -> int:
        moment = moment_text(at)
        marked = 0
        for batch, as_known in ((_MARK_SENT, True), (_MARK_SENT_AS, False)):
            rows = [
                {**_fence(delivery), "known_as": remote_id, "at": moment}
                for delivery, remote_id in sent
                if (remote_id in ("", delivery.post.remote_id)) is as_known
            ]
            marked += await self._link.batch((batch, rows)) if rows else 0
        return marked

    async def mark_retry(self, delivery: Delivery, error: str, next_attempt_at: datetime) -> bool:
        values = {**_fence(delivery), "error": error, "at": next_attempt_at}
        return bool(await self._link.run(_RETRY, values))

    async def mark_ended(
        self, delivery: Delivery, state: OutboxState, error: str, at: datetime
    ) -> bool:
        values = {**_fence(delivery), "end": state.value, "error": error}
        return bool(await self._link.run(_END, values))

    async def supersede(
        self,
        session_id: int,
        kinds: Sequence[PostKind],
        why: str,
        *,
        keep: Collection[str] = (),
    ) -> int:
        names, kept = json.dumps([kind.value for kind in kinds]), json.dumps(list(keep))
        values = {"of_session": session_id, "kinds": names, "kept": kept, "error": why}
        return await self._link.run(_SUPERSEDE, values)

    async def revive(self, posts: Sequence[Post], at: datetime) -> int:
        revived = await self._link.run(
            _REVIVE,
            [
                {"known_key": post.key, "body": post.payload, "until": post.expires_at, "at": at}
                for post in posts
            ],
        )
        if revived:
            self._link.touched.add(Topic.OUTBOX)
        return revived

    async def release(self, network: Network, deliveries: Sequence[Delivery] | None = None) -> int:
        at = self._now()
        if deliveries is None:
            values = {"of_network": network.value, "at": at}
            released = await self._link.run(_RELEASE_ALL, values)
        else:
            fences = [{**_fence(delivery), "at": at} for delivery in deliveries]
            released = await self._link.run(_RELEASE, fences)
        if released:
            self._link.touched.add(Topic.OUTBOX)
        return released

    async def next_due_at(self, network: Network) -> datetime | None:
        moment: datetime | None = await self._link.scalar(_NEXT, {"of_network": network.value})
        return moment

    async def by_remote(self, network: Network, remote_ids: Sequence[str]) -> Mapping[str, Post]:
        values = {"of_network": network.value, "remote_ids": json.dumps(list(remote_ids))}
        rows = await self._link.rows(_BY_REMOTE, values, short=is_short(remote_ids))
        return {row.remote_id: _post(row) for row in rows}

    async def sent(
        self, session_id: int, network: Network, kind: PostKind
    ) -> Sequence[tuple[str, str]]:
        values = {"of_session": session_id, "of_network": network.value, "of_kind": kind.value}
        rows = await self._link.rows(_SENT_OF, values, short=True)
        return [(row.destination, row.remote_id) for row in rows]

    async def count(self, network: Network) -> Mapping[OutboxState, int]:
        rows = await self._link.rows(_COUNT, {"of_network": network.value})
        return {OutboxState(row.state): int(row.rows) for row in rows}

    async def failures(self, limit: int = 10) -> Sequence[tuple[Post, str]]:
        rows = await self._link.rows(_FAILURES, {"rows": limit})
        return [(_post(row), row.last_error) for row in rows]

    async def _was_sent(self, conditions: Iterable[ColumnElement[bool]]) -> bool:
        is_sent = outbox.c.state == OutboxState.SENT.value
        statement = select(outbox.c.id).where(and_(*conditions), is_sent).limit(1)
        return await self._link.scalar(statement) is not None

    async def _newest_wire(self, conditions: Iterable[ColumnElement[bool]]) -> bytes | None:
        statement = select(outbox.c.wire).where(and_(*conditions), outbox.c.wire.is_not(None))
        wire: bytes | None = await self._link.scalar(
            statement.order_by(outbox.c.id.desc()).limit(1)
        )
        return wire


def _like(post: Post, kind: PostKind) -> list[ColumnElement[bool]]:
    return [
        outbox.c.session_id == post.session_id,  # IS NULL for a post of no session
        outbox.c.kind == kind.value,
        outbox.c.network == post.network.value,
        outbox.c.destination == post.destination,
    ]


def _fence(delivery: Delivery) -> dict[str, Any]:
    return {"delivery": delivery.id, "delivery_epoch": delivery.epoch}


def _values(post: Post, at: str, state: OutboxState, next_attempt_at: str) -> dict[str, Any]:
    """A new row; one that is queued as SENDING is claimed by whoever queues it."""
    claimed = state is OutboxState.SENDING
    return {
        "key": post.key,
        "group_id": post.group_id,
        "network": post.network.value,
        "destination": post.destination,
        "kind": post.kind.value,
        "session_id": post.session_id,
        "payload": post.payload,
        "wire": post.wire,
        "state": state.value,
        "attempts": int(claimed),
        "epoch": int(claimed),
        "lease_until": next_attempt_at if claimed else None,
        "next_attempt_at": next_attempt_at,
        "expires_at": None if post.expires_at is None else moment_text(post.expires_at),
        "created_at": at,
        "first_tried_at": at if claimed and post.wire is not None else None,
        "remote_id": post.remote_id,
    }


def _post(row: Row[Any]) -> Post:
    return Post(
        key=row.key,
        group_id=row.group_id,
        network=Network(row.network),
        destination=row.destination,
        kind=PostKind(row.kind),
        payload=row.payload,
        session_id=row.session_id,
        expires_at=row.expires_at,
        wire=row.wire,
        remote_id=row.remote_id,
    )


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        epoch=row.epoch,
        attempts=row.attempts,
        post=_post(row),
        lease_until=row.lease_until,
        first_tried_at=row.first_tried_at,
    )
