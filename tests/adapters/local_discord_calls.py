"""Calls of the local Discord's API: the code of a refusal, and calls without discord.py."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import discord
import pytest

from bot.networks.discord.local import LocalDiscord


async def refusal(call: object, kind: type[discord.HTTPException] = discord.HTTPException) -> int:
    """The code with which this call is refused."""
    assert asyncio.iscoroutine(call)
    with pytest.raises(kind) as raised:
        await call
    return raised.value.code


async def asked(server: LocalDiscord, method: str, path: str, body: object) -> dict[str, Any]:
    headers = {"Authorization": f"Bot {server.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, server.api_url + path, json=body) as answer,
    ):
        said: dict[str, Any] = await answer.json()
        return said
