"""Which commands Discord was told of, so that they are registered only when they changed.

A registration delays the start, and Discord limits how many there may be in a day: the hash of what
was last registered is kept in the data file, for each application.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any

import discord
from discord import app_commands

from bot.domain.ports import Store

logger = logging.getLogger(__name__)

CURRENT, CHANGED, NEVER = "current", "changed", "never registered"


def setting(application_id: int) -> str:
    """The name under which the hash of that application's commands is kept."""
    return f"discord:commands:{application_id}"


def digest(tree: app_commands.CommandTree[Any]) -> str:
    """What tells one set of commands from another: SHA-256 over their payload, keys sorted."""
    # The library's own payload of a sync; there is no public way to it.
    payload = [command.to_dict(tree) for command in tree._get_all_commands(guild=None)]
    payload.sort(key=lambda command: (command["type"], command["name"]))
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()


class Registration:
    """The commands of one client, as Discord has them."""

    def __init__(self, tree: app_commands.CommandTree[Any], store: Store) -> None:
        self._tree = tree
        self._store = store

    async def state(self, application_id: int) -> str:
        """How what was last registered is to what we have."""
        async with self._store.read() as view:
            known = await view.settings.get(setting(application_id))
        if known is None:
            return NEVER
        return CURRENT if known == digest(self._tree) else CHANGED

    async def bring_up_to_date(self, application_id: int) -> bool:
        """Register the commands if they changed; returns whether that was done.

        What Discord refuses is logged, and the commands before stay. Raises discord.py's errors
        where Discord can't be reached: nothing is known then, and trying again helps.
        """
        if await self.state(application_id) == CURRENT:
            return False
        try:
            registered = await self._tree.sync()
        except discord.DiscordServerError:
            raise
        except (discord.HTTPException, discord.RateLimited, app_commands.AppCommandError) as error:
            logger.error("Discord refused our commands; those before stay: %s", error)
            return False
        async with self._store.transaction() as tx:
            await tx.settings.put(setting(application_id), digest(self._tree))
        logger.info("%d commands registered with Discord", len(registered))
        return True
