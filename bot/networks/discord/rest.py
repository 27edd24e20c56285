"""The calls to Discord's REST API that posting needs, and what its refusals mean for a post.

A thin layer over discord.py's HTTP client, which waits for rate limits and tries server errors
again by itself. Whatever goes wrong comes out as a ``Refusal``. When something is called, and what
is done about a refusal, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import aiohttp
import discord
from discord.http import HTTPClient, MultipartParameters, Route

from bot.domain.errors import DeliveryError
from bot.networks.discord.limits import EVENT_USERS_PAGE, HISTORY_PAGE
from bot.networks.discord.render.message import Payload

UNKNOWN_CHANNEL, UNKNOWN_GUILD, UNKNOWN_MESSAGE, UNKNOWN_EVENT = 10003, 10004, 10008, 10070
TOO_MANY_EVENTS = 30038
NO_ACCESS, NOT_THEIR_AUTHOR, CLOSED_TO_MESSAGES, NO_PERMISSION = 50001, 50005, 50007, 50013
THREAD_EXISTS = 160004

_WEEK: Final = 10080  # minutes after which an idle thread is archived
_SENTENCES = {
    UNKNOWN_CHANNEL: "that channel doesn't exist any more",
    UNKNOWN_GUILD: "I am not on that server any more",
    NO_ACCESS: "my role can't see that channel: it lacks View Channel",
    NO_PERMISSION: "my role lacks Send Messages or Embed Links there",
    CLOSED_TO_MESSAGES: "that person takes no messages from me",
    TOO_MANY_EVENTS: "the server has 100 scheduled events already",
}


class Refusal(DeliveryError):
    """Discord didn't do it. ``code`` is its JSON error code (0: none), ``status`` HTTP's (0: no
    answer).

    A destination is paused where it, and not this post, is at fault: 403 and 404.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: int = 0,
        status: int = 0,
        permanent: bool = False,
        retry_after: timedelta | None = None,
    ) -> None:
        pause = permanent and status in (403, 404)
        super().__init__(reason, permanent=permanent, retry_after=retry_after, pause=pause)
        self.code = code
        self.status = status


@dataclass(frozen=True, slots=True)
class Found:
    """A message in a channel's history. ``marks`` are its embeds' footers."""

    id: str
    author: str
    by_bot: bool
    marks: tuple[str, ...]


class Rest:
    """Snowflakes are decimal text on our side."""

    def __init__(self, http: HTTPClient) -> None:
        self._http = http

    async def send(self, channel: str, payload: Payload) -> str:
        """Returns the message's id. With ``enforce_nonce`` it may be one that was sent before."""
        params = MultipartParameters(payload=payload, multipart=None, files=None)
        message: Any = await self._answer(self._http.send_message(int(channel), params=params))
        return str(message["id"])

    async def edit(self, channel: str, message: str, payload: Payload) -> None:
        params = MultipartParameters(payload=payload, multipart=None, files=None)
        await self._answer(self._http.edit_message(int(channel), int(message), params=params))

    async def history(self, channel: str, before: str = "") -> Sequence[Found]:
        """Up to 100 messages, newest first. Without the permission to read it, there are none."""
        at = int(before) if before else None
        page: Any = await self._answer(self._http.logs_from(int(channel), HISTORY_PAGE, before=at))
        return [_found(message) for message in page]

    async def channel(self, channel: str) -> Payload:
        found: Any = await self._answer(self._http.get_channel(int(channel)))
        return dict(found)

    async def direct_channel(self, user: str) -> str:
        """The channel of direct messages with a person."""
        channel: Any = await self._answer(self._http.start_private_message(int(user)))
        return str(channel["id"])

    async def start_thread(self, channel: str, message: str, name: str) -> None:
        await self._answer(
            self._http.start_thread_with_message(
                int(channel), int(message), name=name, auto_archive_duration=_WEEK
            )
        )

    async def events(self, guild: str) -> Sequence[Payload]:
        found: Any = await self._answer(
            self._http.get_scheduled_events(int(guild), with_user_count=False)
        )
        return [dict(event) for event in found]

    async def interested(self, guild: str, event: str) -> set[str]:
        """Who is interested in a scheduled event: users' ids."""
        found: set[str] = set()
        after: int | None = None
        while True:
            page: Any = await self._answer(
                self._http.get_scheduled_event_users(
                    int(guild), int(event), limit=EVENT_USERS_PAGE, with_member=False, after=after
                )
            )
            ids = [int(each["user"]["id"]) for each in page]
            found.update(str(each) for each in ids)
            if len(ids) < EVENT_USERS_PAGE:
                return found
            after = max(ids)

    async def create_event(self, guild: str, payload: Payload) -> str:
        route = Route("POST", "/guilds/{guild_id}/scheduled-events", guild_id=int(guild))
        made: Any = await self._answer(self._http.request(route, json=payload))
        return str(made["id"])

    async def edit_event(self, guild: str, event: str, payload: Payload) -> None:
        route = Route(
            "PATCH",
            "/guilds/{guild_id}/scheduled-events/{event_id}",
            guild_id=int(guild),
            event_id=int(event),
        )
        await self._answer(self._http.request(route, json=payload))

    async def _answer(self, call: Awaitable[object]) -> object:
        try:
            if self._http.token is None:
                _unused(call)
                raise Refusal("not logged in to Discord yet")
            return await call
        except discord.RateLimited as error:
            wait = timedelta(seconds=error.retry_after)
            raise Refusal("too many requests", status=429, retry_after=wait) from error
        except discord.HTTPException as error:
            raise _refusal(error) from error
        except (aiohttp.ClientError, OSError) as error:
            what = str(error) or type(error).__name__
            raise Refusal(f"Discord can't be reached: {what}") from error
        except RuntimeError as error:
            if "closed" not in str(error):
                raise
            raise Refusal("the connection to Discord was closed") from error


def _refusal(error: discord.HTTPException) -> Refusal:
    said = _SENTENCES.get(error.code, error.text or f"HTTP {error.status}")
    if error.status == 429:
        return Refusal("too many requests", status=429, retry_after=_retry_after(error))
    if error.status >= 500 or error.status == 401:
        return Refusal(f"Discord answered {error.status}", code=error.code, status=error.status)
    return Refusal(said, code=error.code, status=error.status, permanent=True)


def _retry_after(error: discord.HTTPException) -> timedelta | None:
    """Of an answer that isn't Discord's own JSON, but that of what stands before it."""
    value = error.response.headers.get("Retry-After", "")
    return timedelta(seconds=float(value)) if value.replace(".", "", 1).isdigit() else None


def _found(message: Any) -> Found:
    author = message.get("author", {})
    footers = (embed.get("footer", {}).get("text", "") for embed in message.get("embeds", ()))
    return Found(
        str(message["id"]), str(author.get("id", "")), bool(author.get("bot")), tuple(footers)
    )


def _unused(call: Awaitable[object]) -> None:
    """Never awaited, and not complained about."""
    close = getattr(call, "close", None)
    if close is not None:
        close()
