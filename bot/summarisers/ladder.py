"""One model at one server: a request is asked in the strictest form that the server can do, tried
again where that may help, and never beyond the budget.

A schema first, then any JSON, then plain text; what works is remembered for as long as the process
lives. Whatever comes back is held to the same form. It knows the openai library, which is imported
at first use and in a thread, since that takes a second; it knows nothing of summaries.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Any, cast

from bot.domain.ports import Backoff
from bot.summarisers import answers, faults
from bot.summarisers.answers import Form
from bot.summarisers.budget import Budget, Hold, ModelSettings

if TYPE_CHECKING:
    import openai
    from openai import AsyncOpenAI
    from openai._response import AsyncAPIResponse
    from openai.types.chat import ChatCompletionMessageParam

logger = logging.getLogger(__name__)

OPENAI = "https://api.openai.com/v1"
_NO_KEY = "none"  # local servers want none, and the library wants one
KEY_NEEDED = (
    "OpenAI's models take a key, and there is none: set OPENAI_API_KEY in the environment, or"
    " base_url to a server of your own."
)
_MOST_WAIT = 60.0  # seconds that a server may ask us to wait
_MOST_BYTES = 4 * 1024 * 1024  # of one answer
_CONNECT = 15.0  # seconds

Message = Mapping[str, str]
"""``{"role": ..., "content": ...}``"""


class Rung(IntEnum):
    """How strictly an answer's form is asked for."""

    SCHEMA = 0
    JSON = 1
    TEXT = 2


def backoff(attempt: int) -> timedelta:
    """1, 2, 4 ... seconds, with jitter."""
    return timedelta(seconds=2.0 ** (attempt - 1) * random.uniform(0.75, 1.25))  # noqa: S311 (no secret)


class Model:
    """Asks the model that the settings name. ``key`` goes to the server and nowhere else."""

    def __init__(self, settings: ModelSettings, key: str, backoff: Backoff = backoff) -> None:
        self.settings = settings
        self._key = key
        self._backoff = backoff
        self._rung = Rung.SCHEMA
        # OpenAI's newer models take only the one name, others may know only the other.
        self._limit = "max_tokens" if settings.base_url else "max_completion_tokens"
        self._making = asyncio.Lock()
        self._client: AsyncOpenAI | None = None

    async def ask(
        self, messages: Sequence[Message], form: type[Form], budget: Budget
    ) -> tuple[Form, str]:
        """The answer in its form, and the words that it was given in.

        Raises ModelError when there is none after all that may be tried.
        """
        rung, limit = self._rung, self._limit
        allowed, failed = self.settings.answer, 0
        while True:
            try:
                content = await self._once(messages, form, budget, (rung, limit, allowed))
                answer = answers.read(content, form, self._key)
            except faults.ModelError as error:
                if other := self._other_limit(limit, error):
                    limit = other
                    continue
                if error.simpler and rung is not Rung.TEXT:
                    rung = Rung(rung + 1)
                    logger.info("The model's server gets a simpler request: %s", rung.name)
                    continue
                failed += 1
                await self._wait(error, failed, budget)
                if isinstance(error, faults.TruncatedError):
                    allowed = min(2 * allowed, self.settings.context_tokens // 4)
            else:
                self._rung, self._limit = rung, limit
                return answer, content

    async def aclose(self) -> None:
        """Closes the connections; the next request opens new ones."""
        async with self._making:
            client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _other_limit(self, limit: str, error: faults.ModelError) -> str | None:
        """How else the answer's length may be limited, where the server objects to how it was."""
        if not error.simpler or limit != self._limit or "max_" not in error.said:
            return None
        other = "max_tokens" if limit == "max_completion_tokens" else "max_completion_tokens"
        return other if "max_tokens" in error.said or other in error.said else None

    async def _wait(self, error: faults.ModelError, failed: int, budget: Budget) -> None:
        """Waits until the request may be tried again; raises the error when it may not be."""
        seconds = max(self._backoff(failed).total_seconds(), error.wait or 0.0)
        longest = min(_MOST_WAIT, budget.seconds_left())
        if not error.again or failed > self.settings.retries or seconds > longest:
            raise error
        logger.info("Asking the model again in %.1f s: %s", seconds, error.reason)
        await asyncio.sleep(seconds)

    async def _once(
        self,
        messages: Sequence[Message],
        form: type[Form],
        budget: Budget,
        how: tuple[Rung, str, int],
    ) -> str:
        """One request, paid for: what the model said. Raises ModelError."""
        rung, limit, allowed = how
        client = await self._made()
        with budget.hold([message["content"] for message in messages], allowed) as hold:
            request = self._request(client, messages, form, rung, {limit: hold.answer})
            body = await self._body(request, hold)
            reply = answers.reply_of(
                body, model=self.settings.model, address=self._address, key=self._key
            )
            hold.settle(reply.reported, reply.content)
        return answers.content_of(reply, self._key)

    def _request(
        self,
        client: AsyncOpenAI,
        messages: Sequence[Message],
        form: type[Form],
        rung: Rung,
        limit: dict[str, int],
    ) -> AbstractAsyncContextManager[AsyncAPIResponse[Any]]:
        """The body is read by ourselves on every rung: what an answer took is known even where it
        doesn't fit its form."""
        chat = client.chat.completions.with_streaming_response
        said = cast("Iterable[ChatCompletionMessageParam]", messages)
        model, extra = self.settings.model, cast("Any", limit)
        if rung is Rung.SCHEMA:
            return chat.parse(model=model, messages=said, response_format=form, **extra)
        if rung is Rung.JSON:
            json_object = {"type": "json_object"}
            return chat.create(
                model=model, messages=said, response_format=cast("Any", json_object), **extra
            )
        return chat.create(model=model, messages=said, **extra)

    async def _body(
        self, request: AbstractAsyncContextManager[AsyncAPIResponse[Any]], hold: Hold
    ) -> object:
        """The body of the response, as JSON. Raises ModelError for all that can go wrong."""
        import httpx2
        import openai

        seconds = self.settings.request_timeout
        try:
            async with asyncio.timeout(seconds), request as response:
                return _decoded(await _bounded(response), self._address)
        except openai.APIStatusError as error:
            hold.free()
            raise self._of_status(error) from error
        except openai.APIConnectionError as error:
            if isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout):
                hold.free()
                raise faults.unreachable(self._address) from error
            if isinstance(error, openai.APITimeoutError):
                raise faults.too_slow(seconds) from error
            raise faults.broken_off() from error
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise faults.too_slow(seconds) from error
        except (httpx2.HTTPError, httpx2.StreamError) as error:
            raise faults.broken_off() from error

    def _of_status(self, error: openai.APIStatusError) -> faults.ModelError:
        return faults.of_status(
            error.status_code,
            error.body,
            {name.casefold(): value for name, value in error.response.headers.items()},
            model=self.settings.model,
            key=self._key,
        )

    @property
    def _address(self) -> str:
        """As it is shown: without a user's name and password."""
        return re.sub(r"(?<=//)[^/@]*@", "", self.settings.base_url) or OPENAI

    async def _made(self) -> AsyncOpenAI:
        if not self._key and not self.settings.base_url:
            raise faults.ModelError(KEY_NEEDED, permanent=True)
        async with self._making:
            if self._client is None:
                self._client = await asyncio.to_thread(_client, self.settings, self._key)
            return self._client


def _client(settings: ModelSettings, key: str) -> AsyncOpenAI:
    """A client that neither tries again by itself nor takes its address from the environment."""
    import httpx2
    import openai

    client = openai.AsyncOpenAI(
        api_key=key or _NO_KEY,
        base_url=settings.base_url or OPENAI,
        max_retries=0,
        timeout=httpx2.Timeout(settings.request_timeout, connect=_CONNECT),
    )
    _ = client.chat.completions  # imports the rest of the library, here and not on the loop's time
    return client


async def _bounded(response: AsyncAPIResponse[Any]) -> bytes:
    found = bytearray()
    async for chunk in response.iter_bytes():
        found += chunk
        if len(found) > _MOST_BYTES:
            raise faults.malformed()
    return bytes(found)


def _decoded(body: bytes, address: str) -> object:
    """A page of HTML is another server's; JSON that isn't whole is the right one's fault."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        begun = body.lstrip().startswith(b"{")
        raise (faults.malformed() if begun else faults.no_model_server(address)) from None
