"""A stranger's link is fetched without harm: bounded in time, in bytes as sent and as unpacked, and
only from the public internet.

It hands over bytes and says what they are; it reads no text out of them, and it keeps nothing. The
network's libraries are loaded at the first fetch.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import ReadingError
from bot.readings.guard import Allow, Guard, is_public
from bot.readings.inflate import inflate
from bot.readings.sniff import sniff

if TYPE_CHECKING:
    from yarl import URL

    from bot.readings.transport import Lookup

logger = logging.getLogger(__name__)

MAX_BYTES = 20 * 1024 * 1024
TIMEOUT = 30.0  # seconds, redirects and all


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was found at a link.

    ``url`` is where it was found in the end. ``media_type`` is one of text/html, application/pdf,
    text/markdown and text/plain, by the body's own bytes; ``charset`` is Python's name of the
    text's encoding, "" for a PDF. Single bytes may be wrong in it.
    """

    url: str
    body: bytes
    media_type: str
    charset: str


class Fetcher:
    """Fetches links that anybody may have given. Has no state: one serves any number at once.

    ``allow`` says which addresses may be connected to, ``ports`` which ports, and ``lookup`` finds
    a name's addresses (by default as the system does); ``timeout`` is in seconds for the whole,
    ``max_bytes`` holds for the body as sent and again as unpacked.
    """

    def __init__(
        self,
        *,
        allow: Allow = is_public,
        ports: Collection[int] = (80, 443),
        timeout: float = TIMEOUT,
        max_bytes: int = MAX_BYTES,
        lookup: Lookup | None = None,
    ) -> None:
        self._guard = Guard(allow, ports)
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._lookup = lookup

    async def fetch(self, url: str) -> Fetched:
        """What stands at ``url``, http or https. Raises ReadingError with what to do instead."""
        host = "a link"  # its host is all of it that is logged: the rest may hold a secret
        try:
            checked = self._guard.checked(url)
            host = checked.raw_host or ""
            async with asyncio.timeout(self._timeout):
                fetched = await self._fetched(checked)
        except TimeoutError:
            logger.info("Nothing was read from %s: it took over %g s", host, self._timeout)
            raise self._too_slow(host) from None
        except ReadingError as error:
            logger.info("Nothing was read from %s: %s", host, error.reason)
            raise
        logger.info("Read %d bytes of %s from %s", len(fetched.body), fetched.media_type, host)
        return fetched

    async def _fetched(self, url: URL) -> Fetched:
        from bot.readings import transport  # aiohttp with it

        lookup = self._lookup or transport.look_up
        answer = await transport.get(url, self._guard, lookup, self._max_bytes)
        # In a thread: both go over megabytes, and the event loop serves others meanwhile.
        body = await asyncio.to_thread(inflate, answer.body, answer.coding, self._max_bytes)
        if body is None:
            raise transport.too_large(self._max_bytes)
        found = await asyncio.to_thread(sniff, body, answer.content_type, answer.url.path)
        return Fetched(str(answer.url), body, *found)

    def _too_slow(self, host: str) -> ReadingError:
        return ReadingError(
            f"“{host}” didn't send that page within {self._timeout:g} seconds; try again later,"
            " or download it and give the file instead.",
            permanent=False,
        )
