"""The one error handler of the Discord side: commands, buttons, menus and forms all end here.

A person sees one ephemeral sentence, or nothing where Discord no longer takes an answer. The log
sees the rest, without what the person wrote.
"""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.domain.errors import (
    NoUpcomingSessionError,
    ReadingError,
    StorageError,
    SummaryError,
    UserError,
)

logger = logging.getLogger(__name__)

SORRY = "Something went wrong here; it is logged. Look whether it was done before you try again."
UNANSWERED = (
    "Discord didn't take my answer just now. What you asked for may be done: look before you try "
    "again."
)
BUSY = "That can't be stored just now; nothing was changed. Please try again in a minute."
OUTDATED = "That command has just changed; reload Discord (Ctrl+R) and try it again."
SERVERS_ONLY = "That works in a server only, not in a direct message."
NOTHING_AHEAD = (
    "No session is planned yet; it will be announced here. `/session list` shows earlier ones."
)

_OUTAGES = (
    aiohttp.ClientError,
    ConnectionError,
    TimeoutError,
    discord.DiscordServerError,
    discord.RateLimited,
)
_LONGEST = 2000  # characters of a message's content
_TOO_LATE = frozenset({10062, 40060, 50027})
"""Unknown interaction (its 3 s are over), one that was acknowledged before, and one whose token is
invalid (its 15 min are over):
https://discord.com/developers/docs/topics/opcodes-and-status-codes#json"""


def is_too_late(error: BaseException | None) -> bool:
    """Whether Discord no longer takes an answer to that interaction, or has one already."""
    if isinstance(error, discord.InteractionResponded):
        return True
    return isinstance(error, discord.HTTPException) and error.code in _TOO_LATE


async def explain(interaction: discord.Interaction, error: BaseException) -> None:
    """Tell the person what went wrong, in one sentence that only they see. Never raises."""
    cause = _unwrapped(error)
    where = _where(interaction)
    if is_too_late(cause):
        logger.info("%s came too late to be answered: %s", where, cause)
        return
    sentence = _sentence(cause)
    if sentence is None:
        logger.error("%s failed", where, exc_info=cause)
        sentence = SORRY
    elif sentence is UNANSWERED:
        logger.warning("%s could not be answered: %s", where, _short(cause))
    elif isinstance(cause, StorageError):
        logger.warning("%s could not be stored: %s", where, cause)
    else:
        logger.info("refused %s: %s", where, cause)
    await _tell(interaction, where, sentence)


def is_worth_logging(record: logging.LogRecord) -> bool:
    """A filter for discord.py's log of autocompletion, whose errors it handles by itself."""
    error = record.exc_info[1] if record.exc_info else None
    if not is_too_late(error):
        return True
    logger.info("an autocompletion came too late to be answered: %s", error)
    return False


def _unwrapped(error: BaseException) -> BaseException:
    """What really happened inside what discord.py makes of it."""
    while True:
        inner: BaseException | None = None
        if isinstance(error, app_commands.CommandInvokeError):
            inner = error.original
        elif isinstance(error, app_commands.TransformerError):
            inner = error.__cause__
        if inner is None:
            return error
        error = inner


def _sentence(error: BaseException) -> str | None:
    """What the person is told; None for what is a bug."""
    match error:
        case NoUpcomingSessionError():  # its own sentence names a command of other networks
            return NOTHING_AHEAD
        case UserError() | SummaryError() | ReadingError():
            return str(error)
        case StorageError():
            return BUSY
        case app_commands.NoPrivateMessage():
            return SERVERS_ONLY
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return OUTDATED
        case app_commands.TransformerError():
            return f"“{_cut(str(error.value), 100)}” can't be used there; choose another value."
        case _ if isinstance(error, _OUTAGES):
            return UNANSWERED
        case _:
            return None


async def _tell(interaction: discord.Interaction, where: str, sentence: str) -> None:
    content = _cut(sentence, _LONGEST)
    try:
        if interaction.response.is_done():
            await interaction.followup.send(content, ephemeral=True)
        else:
            await interaction.response.send_message(content, ephemeral=True)
    except Exception as error:  # the last handler: whatever fails here has nowhere else to go
        if is_too_late(error):
            logger.info("%s came too late to be answered: %s", where, error)
        else:
            logger.warning("%s could not be answered: %s", where, _short(error))


def _where(interaction: discord.Interaction) -> str:
    """Which interaction it was, without anything that a person typed."""
    command = interaction.command
    data: Any = interaction.data or {}
    name = f"/{command.qualified_name}" if command else str(data.get("custom_id", "a command"))
    return f"{name} ({interaction.id}, guild {interaction.guild_id})"


def _short(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
