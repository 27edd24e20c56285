"""Who the bot is on Nostr: its profile (kind 0) and relay list (kind 10002), posted when changed.

They go through the outbox like any other post. What stands in them is the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256

from bot.domain.model import Network, Post, PostKind
from bot.domain.ports import Now, Rows, Store
from bot.networks.nostr import render
from bot.networks.nostr.events import Event, InvalidEventError, parse_json
from bot.networks.nostr.render import Draft


@dataclass(frozen=True, slots=True)
class SelfPost:
    """The payload of both posts; the relay list uses ``relays``, the profile everything else."""

    name: str = ""
    about: str = ""
    picture: str = ""
    relays: tuple[str, ...] = ()

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, payload: str) -> SelfPost:
        data = json.loads(payload)
        return cls(**{**data, "relays": tuple(data["relays"])})

    def draft(self, kind: PostKind) -> Draft:
        if kind is PostKind.RELAY_LIST:
            return render.relay_list(self.relays)
        return render.profile(self.name, self.about, self.picture)


class Introductions:
    """Queues what the network must know of us, and nothing when it knows it already."""

    def __init__(self, store: Store, now: Now, group_id: int, pubkey: str) -> None:
        self._store = store
        self._now = now
        self._group_id = group_id
        self._pubkey = pubkey

    async def queue(self, name: str, about: str, relays: Sequence[str], picture: str = "") -> int:
        """Queue the profile and the relay list where they changed; returns how many."""
        async with self._store.transaction() as tx:
            posts = [
                await self._post(tx, PostKind.PROFILE, SelfPost(name, about, picture)),
                await self._post(tx, PostKind.RELAY_LIST, SelfPost(relays=tuple(relays))),
            ]
            return await tx.outbox.add([post for post in posts if post is not None], self._now())

    async def _post(self, rows: Rows, kind: PostKind, body: SelfPost) -> Post | None:
        """The key names the change, from what was to what is, so that a change back counts too."""
        draft, payload = body.draft(kind), body.to_json()
        bare = self._row(kind, payload, "")
        previous = _event((await rows.outbox.thread_of(bare)).previous)
        if previous is not None and (previous.content, previous.tags) == (
            draft.content,
            draft.tags,
        ):
            return None
        digest = sha256(payload.encode()).hexdigest()[:16]
        after = previous.id[:16] if previous is not None else "first"
        return self._row(kind, payload, f"{kind}:{Network.NOSTR}:{self._pubkey}:{digest}:{after}")

    def _row(self, kind: PostKind, payload: str, key: str) -> Post:
        return Post(
            key=key,
            group_id=self._group_id,
            network=Network.NOSTR,
            destination=self._pubkey,
            kind=kind,
            payload=payload,
        )


def _event(wire: bytes | None) -> Event | None:
    try:
        return None if wire is None else parse_json(wire)
    except InvalidEventError:
        return None
