"""Files that are given with a command, as Discord hands them out; what they say isn't looked at."""

from __future__ import annotations

import asyncio

import aiohttp
import discord

from bot.domain.errors import UserError
from bot.networks.discord.text import one_line


async def downloaded(file: discord.Attachment, patience: float) -> bytes:
    """The file's bytes, had within ``patience`` seconds. Raises UserError."""
    try:
        async with asyncio.timeout(patience):
            return await file.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:  # one is TimeoutError
        raise UserError(
            f"Discord doesn't give out {one_line(file.filename)} just now; attach it once more."
        ) from error
