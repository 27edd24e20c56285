"""Keeps the client on Discord: tries again while Discord can't be reached, and ends where Discord
will never take the bot as it is set up, with the reason and the mend.

What happens within a connection (resumes, reconnects) is discord.py's.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging

import aiohttp
import discord

from bot.domain.errors import ConfigError
from bot.domain.ports import Backoff
from bot.networks.discord.client import ReadalongBot

logger = logging.getLogger(__name__)

PORTAL = "https://discord.com/developers/applications"
BAD_TOKEN = (
    f"DISCORD_TOKEN: Discord refuses it; at {PORTAL}, under Bot, reset the token, and set the new "
    "one in the environment."
)
_CLOSED_FOR_GOOD = {
    4004: BAD_TOKEN,
    4010: "[discord] shards: Discord refuses these ids (4010); set ids below shard_count.",
    4011: "[discord] shard_count: is too small for so many servers (4011); set it to 0.",
    4012: "This version of Readalong is too old for Discord's gateway (4012); update it.",
    4013: "Discord doesn't know the intents that this version asks for (4013); update it.",
    4014: (
        f"Discord refuses the bot's intents (4014); at {PORTAL}, under Bot, Privileged Gateway "
        "Intents, switch on what is needed, or update Readalong: this version needs none of them."
    ),
}
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes"""

_UNREACHABLE = (
    OSError,
    TimeoutError,
    aiohttp.ClientError,
    discord.HTTPException,
    discord.GatewayNotFound,
    discord.RateLimited,
)


async def stay_connected(bot: ReadalongBot, token: str, backoff: Backoff) -> None:
    """Until the client is closed. Raises ConfigError where trying again is of no use.

    ``bot`` was entered (``async with``) before.
    """
    failures = 0
    while True:
        try:
            await bot.reopen()
            if not bot.logged_in.is_set():
                await bot.login(token)
            return await bot.connect()
        except Exception as error:  # the supervising loop of the connection
            refusal = refusal_of(error)
            if refusal is not None:
                raise ConfigError(refusal) from error
            failures = 1 if bot.connected.is_set() else failures + 1
            wait = backoff(failures).total_seconds()
            _log(error, wait)
            await asyncio.sleep(wait)


def refusal_of(error: BaseException) -> str | None:
    """Why Discord will never take us as we are, and the mend; None where it may yet."""
    match error:
        case discord.LoginFailure() | discord.HTTPException(status=401):
            return BAD_TOKEN
        case discord.PrivilegedIntentsRequired():
            return _CLOSED_FOR_GOOD[4014]
        case discord.ConnectionClosed():
            return _CLOSED_FOR_GOOD.get(error.code)
        case _:
            return None


def trouble(error: BaseException) -> str | None:
    """Why Discord can't be reached, in a few words; None for what is a bug of ours."""
    if isinstance(error, discord.HTTPException) and error.status < 500 and error.status != 429:
        return None
    if not isinstance(error, _UNREACHABLE):
        return None
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.strerror or str(error)
    return str(error) or type(error).__name__


def application_id(token: str) -> int | None:
    """The application's id, which is the token's first part in base64; None where it isn't."""
    first = token.partition(".")[0]
    try:
        text = base64.b64decode(first + "=" * (-len(first) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return None
    return int(text) if text.isdecimal() else None


def _log(error: Exception, wait: float) -> None:
    why = trouble(error)
    if why is None:
        logger.error("Discord failed; it is tried again in %.0f s", wait, exc_info=error)
    else:
        logger.warning("Discord can't be reached (%s); it is tried again in %.0f s", why, wait)
