"""A real relay inside this process, for the demo and the tests: nostr-sdk's, in memory only.

It is for trying things out: nothing is kept when it stops, and it speaks no NIP-11. `run` never
needs it.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Protocol
from urllib.parse import urlsplit

_STOP_WITHIN = 5.0  # seconds


class _Running(Protocol):
    def shutdown(self) -> None: ...


class LocalRelay:
    """An async context; ``url`` is set inside it. Without a ``port`` a free one is taken.

    With ``auth`` it serves only those who authenticate (NIP-42).
    """

    def __init__(self, port: int | None = None, *, auth: bool = False) -> None:
        self.url = ""
        self._port = port
        self._auth = auth
        self._running: _Running | None = None

    async def __aenter__(self) -> LocalRelay:
        # Here, because only the demo and the tests have it, and `run` shall not pay for it.
        from nostr_sdk import (
            LocalRelayBuilder,
            LocalRelayBuilderNip42,
            LocalRelayBuilderNip42Mode,
            RateLimit,
        )

        # Its default limits refuse most of a burst.
        limits = RateLimit(max_reqs=500, notes_per_minute=1_000_000)
        builder = LocalRelayBuilder().addr("127.0.0.1").rate_limit(limits)
        if self._port is not None:
            builder = builder.port(self._port)
        if self._auth:
            mode = LocalRelayBuilderNip42Mode.BOTH
            builder = builder.nip42(LocalRelayBuilderNip42(mode=mode))
        relay = builder.build()
        await relay.run()
        self.url = str(await relay.url())
        self._running = relay
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._running is not None:
            relay, self._running = self._running, None
            await self._stop(relay)

    async def _stop(self, relay: _Running) -> None:
        """Until nobody listens any more.

        Its tasks miss a shutdown that is said while they are busy, so it is said again.
        """
        parts = urlsplit(self.url)
        with suppress(OSError):  # refused, which is what is waited for, or the time is over
            async with asyncio.timeout(_STOP_WITHIN):
                while True:
                    relay.shutdown()
                    await asyncio.sleep(0.005)
                    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
                    writer.close()
                    await asyncio.sleep(0.005)
        relay.shutdown()
