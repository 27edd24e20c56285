"""The fake courier obeys the contract that the real ones obey."""

from __future__ import annotations

import pytest

from bot.domain.errors import DeliveryError
from bot.domain.model import Network, Post, PostKind
from tests.contracts.courier import CourierContract
from tests.fakes import FakeCourier


class TestFakeCourier(CourierContract):
    @pytest.fixture
    def courier(self) -> FakeCourier:
        self.network = FakeCourier()
        return self.network

    @pytest.fixture
    def post(self) -> Post:
        return Post(
            key="notice:1",
            group_id=1,
            network=Network.NOSTR,
            destination="aa" * 32,
            kind=PostKind.NOTICE,
            payload="{}",
        )

    async def messages(self, post: Post) -> int:
        return len(self.network.messages.get(post.destination, []))

    async def refuse(self) -> None:
        self.network.plans.append(DeliveryError("blocked: not here", permanent=True))
