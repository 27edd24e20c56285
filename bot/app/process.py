"""The bot at work: both networks side by side, the clock, and how it starts and stops."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app.desk import Desk, nsec_of, open_desk, utc_now
from bot.app.first_used import write_article
from bot.app.homes import Homes
from bot.app.nostr import nostr_side
from bot.app.side import DRAIN, Side, at_work, supervised
from bot.clock import Clock
from bot.config import Config
from bot.domain.errors import ConfigError
from bot.domain.ports import Now
from bot.instance import DataFolder
from bot.services.reminders import Reminders
from bot.supervision import Heartbeat, collect_seldom

if TYPE_CHECKING:
    from bot.networks.discord.client import ReadalongBot

logger = logging.getLogger(__name__)

_GREETING = 10.0
"""Seconds that Discord has to greet us, before we say that we are ready without it."""


@dataclass(frozen=True, slots=True)
class Running(Desk):
    """The desk of a bot at work. ``discord`` is None while Discord is off."""

    discord: ReadalongBot | None = None


async def run(config: Config, now: Now = utc_now) -> None:
    """The bot, until SIGTERM or SIGINT; a second signal ends the process at once.

    Raises what ``running`` raises.
    """
    stop = _stop_on_signals()
    heartbeat = Heartbeat()
    async with running(config, now) as bot, supervised({"heartbeat": heartbeat.run}):
        collect_seldom()
        await _greeted(bot, stop)
        logger.info("ready %s, %.2f s after the start", _where(bot), _seconds_since_exec())
        await stop.wait()
        logger.info("stopping: what is being sent is finished, %s s at most", DRAIN.seconds)
    logger.info("stopped; the longest stall of the event loop was %.0f ms", heartbeat.worst * 1000)


@asynccontextmanager
async def running(config: Config, now: Now = utc_now) -> AsyncIterator[Running]:
    """The bot at work beside the block; at its end it finishes what it is sending, and stops.

    Raises ConfigError or AlreadyRunningError, and then nothing was sent. A ConfigError may end the
    block later too: where Discord says that it will never take the bot as it is set up.
    """
    _require_network(config)
    folder = DataFolder(config.data_dir)
    folder.create()
    async with AsyncExitStack() as stack:
        stack.enter_context(folder.lock())
        signer = folder.required_signer(nsec_of(config)) if config.nostr.enabled else None
        desk = await stack.enter_async_context(open_desk(config, now))
        async with desk.store.transaction() as tx:
            await Homes.of(config, signer).settle(tx, desk.group.id, now())
        sides = [nostr_side(desk, signer, now)] if signer else []
        bot = _with_discord(desk, sides, now)
        await stack.enter_async_context(at_work(sides))
        reminders = Reminders(desk.store, now, write_article)
        await stack.enter_async_context(Clock(reminders, desk.store))
        await stack.enter_async_context(supervised({"watching the data file": desk.store.watch}))
        yield bot


def _require_network(config: Config) -> None:
    if config.nostr.enabled or config.token:
        return
    why = "is false" if not config.discord.enabled else "has no DISCORD_TOKEN in the environment"
    raise ConfigError(
        f"[nostr] enabled: is false, and [discord] enabled {why}, so there is nothing to run."
    )


def _with_discord(desk: Desk, sides: list[Side], now: Now) -> Running:
    """What runs, with Discord's side among ``sides`` where Discord is on."""
    parts = {field.name: getattr(desk, field.name) for field in fields(desk)}
    token = desk.config.token
    if token is None:
        why = "DISCORD_TOKEN isn't set" if desk.config.discord.enabled else "enabled is false"
        logger.info("Discord is off: %s", why)
        return Running(**parts)
    from bot.app.discord import discord_bot, discord_side  # 0.3 s, so only where it is wanted

    bot = discord_bot(desk, now)
    sides.append(discord_side(desk, bot, token, now))
    return Running(**parts, discord=bot)


async def _greeted(bot: Running, stop: asyncio.Event) -> None:
    """Until Discord has greeted us, for as long as that may take, or until we are told to stop."""
    if bot.discord is None:
        return
    waits = [asyncio.create_task(event.wait()) for event in (bot.discord.connected, stop)]
    try:
        await asyncio.wait(waits, timeout=_GREETING, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _where(bot: Running) -> str:
    """Who we are on each network."""
    words = []
    if bot.config.nostr.enabled and bot.signer is not None:
        words.append(f"as {bot.signer.npub} on {', '.join(bot.config.nostr.relays)}")
    if bot.discord is not None:
        is_there = bot.discord.connected.is_set() and bot.discord.user
        words.append(
            f"as {bot.discord.user} on Discord ({_servers(len(bot.discord.guilds))})"
            if is_there
            else "while Discord isn't there yet; it is tried again"
        )
    return " and ".join(words)


def _servers(number: int) -> str:
    return "1 server" if number == 1 else f"{number} servers"


def _stop_on_signals() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second ends the process there and then."""
    stop = asyncio.Event()

    def stopping() -> None:
        if stop.is_set():
            os._exit(1)  # leases are given back at the next start
        stop.set()

    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping)
    return stop


def _seconds_since_exec() -> float:
    """How long this process has lived, in steps of 10 ms; since this call's clock where unknown."""
    try:
        words = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        started_at = int(words[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started_at
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()
