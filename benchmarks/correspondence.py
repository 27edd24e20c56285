"""Members on Nostr in the benchmark, who write to the bot over one connection and wait for what it
answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import orjson

from benchmarks.peers import Member
from bot.networks.nostr.prompt import acknowledging

_WITHIN = 30.0  # seconds for one reply


class Correspondence:
    """``bot`` is its public key. Frames are acknowledged at once: what is measured is the bot."""

    def __init__(
        self, link: aiohttp.ClientWebSocketResponse, bot: str, acknowledge: Callable[[], None]
    ) -> None:
        self._link = link
        self._bot = bot
        self._acknowledge = acknowledge
        self._asked = 0
        self._waiting: dict[str, asyncio.Future[tuple[float, str]]] = {}

    async def ask(self, member: Member, text: str) -> tuple[float, str]:
        """Seconds until the reply came, and what it says."""
        self._asked += 1  # the same words twice in a second would be the same event
        event = member.event(text, [["p", self._bot], ["client", f"bench {self._asked}"]])
        reply = asyncio.get_running_loop().create_future()
        self._waiting[str(event["id"])] = reply
        started = time.perf_counter()
        await self._link.send_str(orjson.dumps(["EVENT", event]).decode())
        async with asyncio.timeout(_WITHIN):
            came, said = await reply
        return came - started, said

    async def listen(self) -> None:
        async for message in self._link:
            came = time.perf_counter()
            self._acknowledge()
            frame = orjson.loads(message.data)
            if frame[0] != "EVENT":
                continue
            for tag in frame[2]["tags"]:
                reply = self._waiting.pop(tag[1], None) if tag[0] == "e" else None
                if reply is not None and not reply.done():
                    reply.set_result((came, frame[2]["content"]))


@asynccontextmanager
async def correspondence(relay: str, bot: str) -> AsyncIterator[Correspondence]:
    async with aiohttp.ClientSession() as http, http.ws_connect(relay) as link:
        wanted = {"authors": [bot], "kinds": [1]}
        await link.send_str(orjson.dumps(["REQ", "replies", wanted]).decode())
        them = Correspondence(link, bot, acknowledging(link))
        listening = asyncio.create_task(them.listen())
        try:
            yield them
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
