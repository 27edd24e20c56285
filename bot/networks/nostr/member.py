"""A member of the group on Nostr, as simple as one can be: one relay, one connection, her own key.

`readalong say` and the demo speak to a running bot with it, from the outside. It doesn't reconnect
and keeps nothing; the bot's own connections are the pool's.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from bot.networks.nostr.events import (
    AUTH,
    NOTE,
    Event,
    InvalidEventError,
    Tag,
    parse,
    sign,
    verify,
)
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.nip19 import encode_npub
from bot.networks.nostr.prompt import acknowledging
from bot.networks.nostr.verdicts import inert

logger = logging.getLogger(__name__)

_FRAME_BYTES = 512 * 1024
_LINKS = frozenset({"e", "E"})


class MemberError(Exception):
    """The relay can't be reached, or refuses; the message is one sentence for the person."""


class Member:
    """Use ``joined``. ``events`` are all that came in, verified, in their order."""

    def __init__(self, signer: Signer, url: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.signer = signer
        self.url = url
        self.events: list[Event] = []
        self._socket = socket
        self._arrived = asyncio.Condition()
        self._answers: dict[str, asyncio.Future[tuple[bool, str]]] = {}
        self._challenge = ""
        self._known_by = ""  # the challenge that we answered
        self._challenged = asyncio.Event()
        self._authenticating = asyncio.Lock()
        self._filters: dict[str, dict[str, object]] = {}
        self._closed = ""

    async def follow(self, name: str, wanted: dict[str, object]) -> None:
        """Subscribe (NIP-01 REQ); what comes is put to ``events``."""
        self._filters[name] = wanted
        await self._send(["REQ", name, wanted])

    async def note(self, text: str, tags: Sequence[Tag] = ()) -> Event:
        """Publish a kind 1 note; returns it once the relay has taken it. Raises MemberError."""
        return await self.publish(NOTE, text, tags)

    async def publish(self, kind: int, text: str, tags: Sequence[Tag] = ()) -> Event:
        """Sign and publish; returns the event once the relay took it. Raises MemberError."""
        try:
            event = sign(self.signer, kind, text, tags, int(time.time()))
        except InvalidEventError as error:
            raise MemberError(f"That can't be sent: {error}.") from error
        taken, reason = await self._put("EVENT", event)
        if not taken and reason.startswith("auth-required:"):
            await self._authenticate()
            taken, reason = await self._put("EVENT", event)
        if not taken and not reason.startswith("duplicate:"):
            raise MemberError(f"{self.url} refused it: {reason or 'no reason given'}")
        return event

    async def mention(self, pubkey: str, text: str) -> Event:
        """A note that mentions ``pubkey`` (hex) the way clients do: NIP-27 in the text, a p tag."""
        return await self.note(f"nostr:{encode_npub(pubkey)} {text}", (("p", pubkey),))

    async def until(self, wanted: Callable[[Event], bool], seconds: float) -> Event | None:
        """The first event, come or still to come, that is ``wanted``; None after ``seconds``."""
        try:
            async with asyncio.timeout(seconds), self._arrived:
                while True:
                    for event in self.events:
                        if wanted(event):
                            return event
                    if self._closed:
                        raise MemberError(self._closed)
                    await self._arrived.wait()
        except TimeoutError:
            return None

    async def reply_to(self, event: Event, by: str, seconds: float) -> Event | None:
        """The answer of ``by`` (hex) to ``event``; None when there is none within ``seconds``."""
        return await self.until(
            lambda other: (
                other.pubkey == by
                and any(tag[0] in _LINKS and tag[1:2] == (event.id,) for tag in other.tags)
            ),
            seconds,
        )

    async def read(self) -> None:
        """Take what the relay sends until the connection ends."""
        acknowledge = acknowledging(self._socket)
        async for message in self._socket:
            acknowledge()
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._take(message.data)
        self._closed = f"{self.url} closed the connection."
        async with self._arrived:
            self._arrived.notify_all()

    async def _take(self, text: str) -> None:
        try:
            frame = orjson.loads(text)
        except orjson.JSONDecodeError:
            return
        match frame:
            case ["EVENT", str(), dict() as raw]:
                await self._keep(raw)
            case ["OK", str(event_id), bool(taken), str(reason)]:
                self._settle(event_id, taken, inert(reason))
            case ["AUTH", str(challenge)]:
                self._challenge = challenge
                self._challenged.set()
            case ["CLOSED", str(name), str(reason)] if reason.startswith("auth-required:"):
                task = asyncio.create_task(self._follow_again(name))
                task.add_done_callback(_log_failure)

    async def _keep(self, raw: dict[str, Any]) -> None:
        try:
            event = parse(raw)
        except InvalidEventError:
            return
        if verify(event) and all(event.id != known.id for known in self.events):
            async with self._arrived:
                self.events.append(event)
                self._arrived.notify_all()

    def _settle(self, event_id: str, taken: bool, reason: str) -> None:
        """An OK; some relays leave the id of an event that they refuse out."""
        waiting = self._answers.get(event_id)
        if waiting is None and not event_id and len(self._answers) == 1:
            waiting = next(iter(self._answers.values()))
        if waiting is not None and not waiting.done():
            waiting.set_result((taken, reason))

    async def _put(self, verb: str, event: Event, seconds: float = 10.0) -> tuple[bool, str]:
        waiting: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()
        self._answers[event.id] = waiting
        try:
            await self._send([verb, orjson.Fragment(event.to_json())])
            async with asyncio.timeout(seconds):
                return await waiting
        except TimeoutError:
            raise MemberError(f"{self.url} doesn't answer.") from None
        finally:
            del self._answers[event.id]

    async def _authenticate(self, seconds: float = 5.0) -> None:
        """NIP-42, once for each challenge; waits for one that hasn't come yet."""
        async with self._authenticating:
            try:
                async with asyncio.timeout(seconds):
                    await self._challenged.wait()
            except TimeoutError:
                raise MemberError(f"{self.url} wants AUTH and doesn't say how.") from None
            challenge = self._challenge
            if challenge == self._known_by:
                return
            tags = (("relay", self.url), ("challenge", challenge))
            event = sign(self.signer, AUTH, "", tags, int(time.time()))
            taken, reason = await self._put("AUTH", event)
            if not taken:
                raise MemberError(f"{self.url} wants a member it knows: {reason}")
            self._known_by = challenge

    async def _follow_again(self, name: str) -> None:
        await self._authenticate()
        await self._send(["REQ", name, self._filters[name]])

    async def _send(self, frame: list[object]) -> None:
        try:
            await self._socket.send_str(orjson.dumps(frame).decode())
        except (aiohttp.ClientError, ConnectionError) as error:
            raise MemberError(f"{self.url} closed the connection.") from error


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("can't subscribe: %s", error)


@asynccontextmanager
async def joined(signer: Signer, url: str, seconds: float = 5.0) -> AsyncIterator[Member]:
    """A member who is connected to ``url``. Raises MemberError when it can't be reached."""
    async with aiohttp.ClientSession() as http:
        try:
            async with asyncio.timeout(seconds):
                socket = await http.ws_connect(url, max_msg_size=_FRAME_BYTES, heartbeat=20)
        except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
            raise MemberError(f"{url} can't be reached; is the relay running?") from error
        member = Member(signer, url, socket)
        reading = asyncio.create_task(member.read(), name="member")
        try:
            yield member
        finally:
            await socket.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
