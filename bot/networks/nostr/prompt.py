"""Acknowledging what a relay sends at once, so that its next frame isn't held back for 40 ms.

A relay that leaves Nagle's algorithm on sends a second small frame only when the first one is
acknowledged, and the kernel delays that by 40 ms where we have nothing to say: the `OK` for a reply
would hold up the next mention. Linux forgets the setting, so it is set after each frame (0.5 us).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

QUICK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""The socket option; None on systems without it, where nothing is done."""


class Socket(Protocol):
    """What an aiohttp websocket tells of its connection."""

    def get_extra_info(self, name: str, default: Any = None) -> Any: ...


def acknowledging(websocket: Socket) -> Callable[[], None]:
    """What to call after each frame received."""
    tcp = websocket.get_extra_info("socket")
    option = QUICK
    if tcp is None or option is None:
        return lambda: None

    def acknowledge() -> None:
        with suppress(OSError):  # it is closed by now
            tcp.setsockopt(socket.IPPROTO_TCP, option, 1)

    return acknowledge
