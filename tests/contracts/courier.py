"""What every courier must do, whatever its network: its tests subclass ``CourierContract``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import DeliveryError
from bot.domain.model import Delivery, Post, Thread
from bot.domain.ports import Courier


class CourierContract(ABC):
    """Subclass it with a courier over a network that can be looked at."""

    @pytest.fixture
    @abstractmethod
    def courier(self) -> Courier: ...

    @pytest.fixture
    @abstractmethod
    def post(self) -> Post:
        """A post that the network takes."""

    @abstractmethod
    async def messages(self, post: Post) -> int:
        """How many messages stand at the post's destination."""

    @abstractmethod
    async def refuse(self) -> None:
        """Make the network refuse the next send, for good."""

    def prepared(self, courier: Courier, post: Post) -> Delivery:
        prepared = courier.prepare(post, Thread())
        return Delivery(
            id=1,
            epoch=1,
            attempts=1,
            post=replace(post, wire=prepared.wire, remote_id=prepared.remote_id),
            lease_until=datetime.now(UTC) + timedelta(minutes=1),
        )

    def test_it_works_for_the_network_of_its_posts(self, courier: Courier, post: Post) -> None:
        assert courier.network is post.network

    def test_the_bytes_are_there_before_anything_is_sent(
        self, courier: Courier, post: Post
    ) -> None:
        assert courier.prepare(post, Thread()).wire

    async def test_a_post_arrives_under_the_id_it_was_given(
        self, courier: Courier, post: Post
    ) -> None:
        delivery = self.prepared(courier, post)
        remote_id = await courier.send(delivery)
        assert remote_id
        assert remote_id == (delivery.post.remote_id or remote_id)
        assert await self.messages(post) == 1

    async def test_the_same_bytes_twice_are_one_message(self, courier: Courier, post: Post) -> None:
        delivery = self.prepared(courier, post)
        first = await courier.send(delivery)
        assert await courier.send(replace(delivery, epoch=2, attempts=2)) == first
        assert await self.messages(post) == 1

    async def test_a_refusal_for_good_says_so(self, courier: Courier, post: Post) -> None:
        await self.refuse()
        with pytest.raises(DeliveryError) as caught:
            await courier.send(self.prepared(courier, post))
        assert caught.value.permanent
        assert caught.value.reason
