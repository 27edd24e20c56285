"""What the tests with real processes share."""

from __future__ import annotations

import pytest

from tests.e2e.processes import Bot


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Bot:
    """A bot that never ran, and no session yet. To be copied."""
    return Bot.made(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module")
def planned(fresh: Bot, tmp_path_factory: pytest.TempPathFactory) -> Bot:
    """The same, with one session whose announcement waits to be sent. To be copied."""
    bot = fresh.copied(tmp_path_factory.mktemp("planned"), ["ws://127.0.0.1:9"])
    title = ("--title", "Relays", "--tag", "nostr")
    bot.command("session", "add", *title, "--at", "2036-12-02 19:00", "--announce")
    return bot
