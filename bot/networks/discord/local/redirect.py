"""Pointing discord.py at a local server, and away from Discord.

Both seams (``Route.BASE`` and ``DEFAULT_GATEWAY``) are unsupported by discord.py: nothing of the
bot itself may use this, only what runs it for a demo, a test or a benchmark.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.networks.discord.local.server import LocalDiscord

BASE = "/api/v10"
"""Where the REST API is on the server."""
GATEWAY = "/gateway"
"""Where its gateway is."""


@contextmanager
def pointed_at(server: LocalDiscord | str) -> Iterator[None]:
    """While inside, discord.py in this process talks to ``server`` (or the one at this ``url``)."""
    import yarl
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    url = server if isinstance(server, str) else server.url
    before = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = url + BASE
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url.replace("http", "ws", 1) + GATEWAY)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = before
