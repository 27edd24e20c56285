"""The Discord courier obeys the contract of all couriers, over real HTTP to a local Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.model import Post, PostKind
from bot.networks.discord.deliver import DiscordCourier
from tests.adapters.discord_posting import Posting, posting
from tests.contracts.courier import CourierContract


class TestDiscordCourier(CourierContract):
    @pytest.fixture
    async def discord(self, tmp_path: Path) -> AsyncIterator[Posting]:
        async with posting(tmp_path) as self.here:
            yield self.here

    @pytest.fixture
    def courier(self, discord: Posting) -> DiscordCourier:
        return discord.courier

    @pytest.fixture
    def post(self, discord: Posting) -> Post:
        return discord.post(PostKind.ANNOUNCEMENT)

    async def messages(self, post: Post) -> int:
        return len(self.here.channel.history)

    async def refuse(self) -> None:
        self.here.server.faults.next("POST", "/channels/*/messages", code=50013)
