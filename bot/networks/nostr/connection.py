"""One open websocket to a relay: frames in and out, answers matched to what was asked, NIP-42.

Everything a relay says is data from a stranger: a frame that can't be understood is dropped and
counted, and never ends the connection. Nothing here outlives the socket; connecting again is the
relay's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Literal

import aiohttp
import orjson

from bot.domain.ports import Now
from bot.networks.nostr.events import AUTH, Event, sign
from bot.networks.nostr.feed import Stream
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.prompt import acknowledging
from bot.networks.nostr.verdicts import inert

logger = logging.getLogger(__name__)

Said = tuple[bool, str]
"""An OK: whether the event was taken, and the relay's words."""

_MAX_CHALLENGE = 1024


class LinkError(Exception):
    """The connection is gone; whoever was waiting on it may try again on the next one."""


class Connection:
    """``read`` runs for as long as the socket lives; the rest may be called meanwhile.

    ``address`` is the relay's, without credentials.
    """

    def __init__(
        self,
        address: str,
        socket: aiohttp.ClientWebSocketResponse[Literal[False]],
        signer: Signer,
        now: Now,
    ) -> None:
        self.dropped = 0
        self.gone = asyncio.Event()
        self._address = address
        self._socket = socket
        self._signer = signer
        self._now = now
        self._streams: dict[str, Stream] = {}
        self._said: dict[str, asyncio.Future[Said]] = {}
        self._challenge = ""
        self._challenged = asyncio.Event()
        self._answered = ""  # the challenge that the relay took our answer to
        self._authenticating = asyncio.Lock()

    @property
    def name(self) -> str:
        return self._address

    async def read(self) -> str:
        """Until the link breaks; returns why it did."""
        acknowledge = acknowledging(self._socket)
        try:
            async for message in self._socket:
                acknowledge()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    # Too long, not UTF-8, or binary, which NIP-01 doesn't know.
                    self.dropped += 1
                    return f"sent a frame that can't be read ({inert(str(message.data), 80)})"
                self._frame(message.data)
        finally:
            self.gone.set()
            self._fail_all()
        error = self._socket.exception()
        return inert(str(error)) if error else f"closed with code {self._socket.close_code}"

    # Subscriptions

    async def open(
        self, stream_id: str, stream: Stream, filters: Sequence[dict[str, object]]
    ) -> None:
        """Send a REQ; what comes under that id goes to the stream. Raises LinkError."""
        self._streams[stream_id] = stream
        await self._send(orjson.dumps(["REQ", stream_id, *filters]))

    async def close_stream(self, stream_id: str) -> None:
        if self._streams.pop(stream_id, None) is not None:
            await self._send(orjson.dumps(["CLOSE", stream_id]))

    # Events out

    async def submit(self, event: Event) -> Said:
        """Send an event and wait for its OK, however long. Raises LinkError.

        Asked twice for one event, it is sent twice, and both hear of the first answer.
        """
        waiting = self._said.get(event.id) or self._expect(event.id)
        try:
            await self._send(b'["EVENT",' + event.to_json() + b"]")
            return await asyncio.shield(waiting)
        finally:
            if self._said.get(event.id) is waiting:
                del self._said[event.id]

    async def authenticate(self) -> bool:
        """Answer the relay's challenge (NIP-42), once for all who ask; False when it refuses.

        Waits for a challenge that hasn't come yet: the caller sets the bound. Raises LinkError.
        """
        async with self._authenticating:
            await self._challenged.wait()
            challenge = self._challenge
            if self._answered == challenge:
                return True
            tags = [["relay", self._address], ["challenge", challenge]]
            event = sign(self._signer, AUTH, "", tags, int(self._now().timestamp()))
            taken, words = await self._submit_auth(event)
            if taken:
                self._answered = challenge
                logger.info("authenticated at %s", self._address)
            else:
                logger.warning("%s refuses our authentication: %s", self._address, words)
            return taken

    async def _submit_auth(self, event: Event) -> Said:
        waiting = self._expect(event.id)
        try:
            await self._send(b'["AUTH",' + event.to_json() + b"]")
            return await waiting
        finally:
            self._said.pop(event.id, None)

    def _expect(self, event_id: str) -> asyncio.Future[Said]:
        waiting: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
        self._said[event_id] = waiting
        return waiting

    async def _send(self, frame: bytes) -> None:
        try:
            await self._socket.send_frame(frame, aiohttp.WSMsgType.TEXT)
        except (aiohttp.ClientError, OSError) as error:
            raise LinkError("the connection broke") from error

    # Frames in

    def _frame(self, data: bytes) -> None:
        try:
            frame = orjson.loads(data)
        except orjson.JSONDecodeError:
            self.dropped += 1
            return
        match frame:
            case ["EVENT", str(stream_id), raw, *_] if stream_id in self._streams:
                self._streams[stream_id].event(raw, len(data))
            case ["OK", str(event_id), bool(taken), *rest]:
                self._ok(event_id, taken, inert(rest[0]) if rest else "")
            case ["EOSE", str(stream_id), *_] if stream_id in self._streams:
                self._streams[stream_id].end_of_stored()
            case ["CLOSED", str(stream_id), *rest] if stream_id in self._streams:
                self._streams.pop(stream_id).close(inert(rest[0]) if rest else "")
            case ["AUTH", str(challenge), *_] if len(challenge) <= _MAX_CHALLENGE:
                self._challenge = challenge
                self._challenged.set()
            case ["NOTICE", *rest]:
                logger.debug("%s says: %s", self._address, inert(rest[0]) if rest else "")
            case _:
                self.dropped += 1

    def _ok(self, event_id: str, taken: bool, words: str) -> None:
        if not event_id and len(self._said) == 1:
            # Some relays name no id in a refusal; with one event under way it is clear whose it is.
            event_id = next(iter(self._said))
        waiting = self._said.get(event_id)
        if waiting is None:
            self.dropped += 1
        elif not waiting.done():
            waiting.set_result((taken, words))

    def _fail_all(self) -> None:
        self._streams.clear()
        for waiting in self._said.values():
            if not waiting.done():
                waiting.set_exception(LinkError("the connection broke before an answer came"))
                waiting.exception()  # retrieved: nobody may be left to hear of it
