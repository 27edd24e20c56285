"""What the tests with real processes share."""

from __future__ import annotations

import pytest

from tests.e2e.processes import Bot


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    """A bot that never ran, with one session whose announcement waits to be sent. To be copied."""
    bot = Bot.made(tmp_path_factory.mktemp("planned"))
    title = ("--title", "Relays", "--tag", "nostr")
    bot.command("session", "add", *title, "--at", "2036-12-02 19:00", "--announce")
    return bot
