"""The Nostr courier obeys the contract of all couriers, over real websockets to real relays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pynostr.filters import Filters

from bot.domain.model import Destination, Network, Post, PostKind
from bot.domain.posts import SessionPost, session_post
from bot.networks.nostr.deliver import NostrCourier
from bot.networks.nostr.events import Event
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.pool import Pool
from bot.networks.nostr.render import Identity
from tests.adapters.misbehaving_relay import ScriptedRelay, on
from tests.adapters.nostr_bot import BOT
from tests.adapters.test_nostr_render import CARD, SESSION
from tests.contracts.courier import CourierContract


def real_time() -> datetime:
    return datetime.now(UTC)


class TestNostrCourier(CourierContract):
    @pytest.fixture
    async def courier(self) -> AsyncIterator[NostrCourier]:
        refusal = on("EVENT", "OK", None, False, "blocked: not here")
        async with (
            LocalRelay() as relay,
            ScriptedRelay(refusal) as refusing,
            Pool([relay.url], BOT, real_time) as self.pool,
            Pool([refusing.url], BOT, real_time) as self.refusing,
        ):
            assert await self.pool.wait_connected(10)
            self.publishing = self.pool
            identity = Identity(BOT.public_key, (relay.url,))
            yield NostrCourier(BOT, identity, self._publish, real_time)

    async def _publish(self, event: Event) -> object:
        return await self.publishing.publish(event)

    async def refuse(self) -> None:
        self.publishing = self.refusing

    @pytest.fixture
    def post(self) -> Post:
        destination = Destination(1, 1, Network.NOSTR, BOT.public_key)
        return session_post(PostKind.ANNOUNCEMENT, SESSION, destination, SessionPost(CARD))

    async def messages(self, post: Post) -> int:
        return len(await self.pool.fetch([Filters(authors=[post.destination], kinds=[1])], 5))
