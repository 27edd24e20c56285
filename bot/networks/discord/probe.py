"""Whether Discord can be reached with a token, and who the bot is there, asked without connecting.

Nothing is changed on Discord by it: no command is registered, no gateway session begins.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import discord

from bot.networks.discord.connection import application_id, refusal_of, trouble

PATIENCE = 10.0
"""Seconds that Discord has to answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """``refusal`` is why Discord will never take the bot, and the mend; ``detail`` why it doesn't
    answer just now. Without both it is reachable. Ids are 0 where they aren't known."""

    application_id: int = 0
    user_id: int = 0
    name: str = ""
    servers: int = 0
    detail: str = ""
    refusal: str = ""

    @property
    def ok(self) -> bool:
        return not self.detail and not self.refusal


async def probe(token: str, patience: float = PATIENCE) -> Report:
    """Log in over REST and out again."""
    known = application_id(token) or 0
    client = discord.Client(intents=discord.Intents(guilds=True))
    try:
        async with asyncio.timeout(patience), client:
            await client.login(token)
            user, application = client.user, await client.application_info()
            return Report(
                application_id=application.id,
                user_id=user.id if user else 0,
                name=str(user or ""),
                servers=application.approximate_guild_count,
            )
    except TimeoutError:
        return Report(known, detail=f"no answer within {patience:.0f} s")
    except Exception as error:  # whatever it is, it is what the operator asked about
        refusal = refusal_of(error)
        if refusal is not None:
            return Report(known, refusal=refusal)
        return Report(known, detail=trouble(error) or str(error))
