"""A member with a client that isn't ours: nostr-sdk's `Client`, with her own key."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import nostr_sdk as sdk


@dataclass(frozen=True)
class Found:
    """An event as the client gives it, verified by the client."""

    id: str
    pubkey: str
    kind: int
    content: str
    tags: list[list[str]]

    def tagged(self, name: str) -> list[list[str]]:
        return [tag for tag in self.tags if tag[0] == name]

    def value(self, name: str) -> str:
        """The value of the only tag of that name."""
        ((_, value, *_),) = self.tagged(name)
        return value


class Member:
    def __init__(self, client: sdk.Client, keys: sdk.Keys) -> None:
        self._client = client
        self._keys = keys
        self.pubkey: str = keys.public_key().to_hex()

    async def mention(self, bot: str, text: str, tags: Sequence[Sequence[str]] = ()) -> str:
        """Say something to the bot; the event's id once a relay has taken it."""
        return await self.publish(self.sign(text, [*tags, ["p", bot]]))

    def sign(self, text: str, tags: Sequence[Sequence[str]], kind: int = 1) -> sdk.Event:
        builder = sdk.EventBuilder(sdk.Kind(kind), text)
        return builder.tags([sdk.Tag.parse(list(tag)) for tag in tags]).finalize(self._keys)

    async def publish(self, event: sdk.Event) -> str:
        sent = await self._client.send_event(event)
        assert sent.success, sent.failed
        return str(event.id().to_hex())

    async def fetch(self, **wanted: object) -> list[Found]:
        """What the relays hold now, oldest first. Tags are named like ``tag_e``."""
        names = {name: name.replace("tag_", "#") for name in wanted}
        asked = json.dumps({names[name]: value for name, value in wanted.items()})
        found = await self._client.fetch_events(
            sdk.ReqTarget.auto([sdk.Filter.from_json(asked)]), timedelta(seconds=5)
        )
        events = [json.loads(event.as_json()) for event in found if event.verify()]
        return [_found(data) for data in sorted(events, key=lambda data: data["created_at"])]

    async def one(self, seconds: float = 15, **wanted: object) -> Found:
        """The first that a relay holds, as soon as one does."""
        async with asyncio.timeout(seconds):
            while True:
                found = await self.fetch(**wanted)
                if found:
                    return found[0]
                await asyncio.sleep(0.02)

    async def reply_to(self, event_id: str, by: str, seconds: float = 15) -> Found:
        """The bot's reply to ``event_id``, as soon as a relay has it."""
        return await self.one(seconds, authors=[by], kinds=[1], tag_e=[event_id])


def _found(data: dict[str, Any]) -> Found:
    return Found(data["id"], data["pubkey"], data["kind"], data["content"], data["tags"])


@asynccontextmanager
async def member(*relays: str) -> AsyncIterator[Member]:
    """Connected to ``relays``; the client connects again by itself when one comes back."""
    client = sdk.ClientBuilder().build()
    for relay in relays:
        await client.add_relay(sdk.RelayUrl.parse(relay))
    await client.connect(timedelta(seconds=5))
    try:
        yield Member(client, sdk.Keys.generate())
    finally:
        await client.shutdown()
