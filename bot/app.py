"""The one place where everything is built and wired, for the bot and for the command line.

`open_desk` gives the services over the data file, without any network; `run` is the bot. No rule of
the group stands here.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pynostr.filters import Filters

from bot.clock import Clock
from bot.config import Config
from bot.domain.errors import ConfigError
from bot.domain.model import Destination, Group, Network
from bot.domain.ports import Now, Rows
from bot.instance import AlreadyRunningError, DataFolder
from bot.networks.nostr.acquaintances import Acquaintances
from bot.networks.nostr.admission import Admission
from bot.networks.nostr.context import Listener
from bot.networks.nostr.deliver import NostrCourier
from bot.networks.nostr.events import COMMENT, NOTE, PROFILE, Event
from bot.networks.nostr.feed import Subscription
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.mentions import Mentions, known_people
from bot.networks.nostr.pool import Pool
from bot.networks.nostr.profile import Introductions
from bot.networks.nostr.render import Identity
from bot.networks.nostr.replies import Replies
from bot.networks.nostr.responder import Responder
from bot.readings.extract import sections
from bot.services.outbox import Outbox, backoff
from bot.services.questions import Questions
from bot.services.reminders import Reminders
from bot.services.sessions import Sessions
from bot.services.summaries import Summaries
from bot.storage.store import SqliteStore
from bot.summarisers.extractive import Extractive
from bot.supervision import Heartbeat, collect_seldom, supervise

logger = logging.getLogger(__name__)

_DRAIN = timedelta(seconds=20)
_PROFILES = 0.3  # seconds that relays have to tell who somebody is
_OTHER_KEY = "the bot has another key"


def utc_now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Desk:
    """The services of one group, ready to be called. ``signer`` is None while there is no key."""

    config: Config
    folder: DataFolder
    store: SqliteStore
    group: Group
    sessions: Sessions
    questions: Questions
    summaries: Summaries
    signer: Signer | None

    def require_destination(self) -> None:
        """Say that nothing could be posted, before anything is stored. Raises ConfigError."""
        if not self.config.nostr.enabled:
            raise ConfigError("[nostr] enabled: is false, so there is nowhere to announce it.")
        self.folder.required_signer(_nsec(self.config))


@asynccontextmanager
async def open_desk(config: Config, now: Now = utc_now) -> AsyncIterator[Desk]:
    """Open (and create or migrate) the data file and build the services over it.

    Raises ConfigError, and then nothing was changed.
    """
    folder = DataFolder(config.data_dir)
    folder.create()
    signer = folder.signer(_nsec(config))
    async with SqliteStore.open(folder.data_file, now) as store:
        group = await _ensured(store, config, folder, signer, now)
        yield Desk(
            config=config,
            folder=folder,
            store=store,
            group=group,
            sessions=Sessions(store, now),
            questions=Questions(store, now, config.domain_limits(), folder.secret()),
            summaries=Summaries(store, Extractive(sections), now),
            signer=signer,
        )


async def run(config: Config, now: Now = utc_now) -> None:
    """The bot, until SIGTERM or SIGINT; a second signal ends the process at once.

    Raises what ``running`` raises.
    """
    stop = _stop_on_signals()
    heartbeat = Heartbeat()
    async with running(config, now) as bot, _supervised({"heartbeat": heartbeat.run}):
        collect_seldom()
        logger.info(
            "ready as %s on %s, %.2f s after the start",
            bot.signer.npub if bot.signer else "nobody",
            ", ".join(config.nostr.relays),
            _seconds_since_exec(),
        )
        await stop.wait()
        logger.info("stopping: what is being sent is finished, %s s at most", _DRAIN.seconds)
    logger.info("stopped; the longest stall of the event loop was %.0f ms", heartbeat.worst * 1000)


@asynccontextmanager
async def running(config: Config, now: Now = utc_now) -> AsyncIterator[Desk]:
    """The bot at work beside the block; at its end it finishes what it is sending, and stops.

    Raises ConfigError or AlreadyRunningError, and then nothing was sent.
    """
    if not config.nostr.enabled:
        raise ConfigError("[nostr] enabled: is false, so there is nothing to run.")
    folder = DataFolder(config.data_dir)
    folder.create()
    async with AsyncExitStack() as stack:
        stack.enter_context(folder.lock())
        signer = folder.required_signer(_nsec(config))
        desk = await stack.enter_async_context(open_desk(config, now))
        await stack.enter_async_context(_running_nostr(desk, signer, now))
        await stack.enter_async_context(Clock(Reminders(desk.store, now), desk.store))
        await stack.enter_async_context(_supervised({"watching the data file": desk.store.watch}))
        yield desk


@asynccontextmanager
async def _running_nostr(desk: Desk, signer: Signer, now: Now) -> AsyncIterator[None]:
    """The bot's Nostr side at work: connected, listening, answering, posting."""
    table, store = desk.config.nostr, desk.store
    wanted = Subscription(
        "mentions",
        [Filters(kinds=[NOTE, COMMENT], pubkey_refs=[signer.public_key])],
        seen_until=lambda relay: mentions.seen_until(relay),
        before_page=lambda: mentions.wait_room(),
    )
    pool = Pool(
        table.relays,
        signer,
        now,
        subscriptions=[wanted],
        receive=lambda raw, size, relay: mentions.receive(raw, size, relay),
    )
    courier = NostrCourier(signer, Identity(signer.public_key, table.relays), pool.publish, now)
    outbox = Outbox(store, courier, now)
    mentions = _mentions(desk, signer, outbox, pool, now)
    await mentions.open()
    await outbox.take_over()
    await _introduce(desk, signer, now)
    async with AsyncExitStack() as stack:
        # Left in the reverse order: nothing new is heard, what is under way is sent, then hang up.
        await stack.enter_async_context(pool)
        stack.push_async_callback(outbox.stop, _DRAIN)
        await stack.enter_async_context(_supervised({"outbox": outbox.run}))
        stack.push_async_callback(mentions.close)
        await stack.enter_async_context(_supervised({"mentions": mentions.run}))
        yield


async def _introduce(desk: Desk, signer: Signer, now: Now) -> None:
    """Queue who we are where that changed. A start also tries a destination again that failed."""
    table, store, group = desk.config.nostr, desk.store, desk.group
    async with store.transaction() as tx:
        await _move_in(tx, group.id, signer.public_key, now())
        await tx.groups.resume_destination(group.id, Network.NOSTR, signer.public_key)
    introductions = Introductions(store, now, group.id, signer.public_key)
    await introductions.queue(group.name, table.about, table.relays, table.picture)


def _mentions(desk: Desk, signer: Signer, outbox: Outbox, pool: Pool, now: Now) -> Mentions:
    config, store, group = desk.config, desk.store, desk.group
    pubkey = signer.public_key

    async def profiles(pubkeys: Sequence[str]) -> Sequence[Event]:
        return await pool.fetch([Filters(authors=list(pubkeys), kinds=[PROFILE])], _PROFILES)

    people = Acquaintances(known_people(store, now), profiles, config.organiser_keys())
    return Mentions(
        Admission(pubkey, people, config.domain_limits(), now),
        Listener(store, group, pubkey, group.name),
        Responder(group, desk.sessions, desk.questions, desk.summaries, now),
        Replies(signer, group.id, now),
        desk.questions,
        outbox,
        store,
        group,
        now,
        caught_up=pool.caught_up,
    )


@asynccontextmanager
async def _supervised(workers: Mapping[str, Callable[[], Awaitable[None]]]) -> AsyncIterator[None]:
    """The workers run beside the block, restarted when they crash, and are cancelled after it."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(supervise(name, work, backoff), name=name)
            for name, work in workers.items()
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()


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


def _nsec(config: Config) -> str | None:
    return config.nostr_nsec.get_secret_value() if config.nostr_nsec else None


def _seconds_since_exec() -> float:
    """How long this process has lived, in steps of 10 ms; since this call's clock where unknown."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        started_at = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started_at
    except (OSError, ValueError, IndexError, AttributeError):
        return time.process_time()


async def _ensured(
    store: SqliteStore, config: Config, folder: DataFolder, signer: Signer | None, now: Now
) -> Group:
    """The configured group with its destination; written only where the data file differs.

    Where a bot runs, its key is the one that counts, whatever key a command has beside it.
    """
    table = config.group
    wanted = Group(0, table.slug, table.name, table.timezone, table.reminders)
    address = signer.public_key if signer and config.nostr.enabled else None
    async with store.read() as view:
        group = await view.groups.by_slug(table.slug)
        places = await view.groups.destinations(group.id) if group else ()
    if group == replace(wanted, id=group.id if group else 0) and _is_current(places, address):
        return group
    async with store.transaction() as tx:
        group = await tx.groups.ensure(wanted)
        if address is not None:
            with suppress(AlreadyRunningError), folder.lock():
                await _move_in(tx, group.id, address, now())
    return group


def _is_current(places: Sequence[Destination], address: str | None) -> bool:
    """Whether posts go to ``address`` and to no key that the bot had before."""
    if address is None:
        return True
    known = {place.address: place for place in places}
    return address in known and all(
        (place.paused_reason != _OTHER_KEY) if place.address == address else place.paused_at
        for place in places
    )


async def _move_in(rows: Rows, group_id: int, address: str, at: datetime) -> None:
    """Post to ``address`` from now on, and to no key that the bot had before."""
    own = await rows.groups.ensure_destination(group_id, Network.NOSTR, address)
    if own.paused_reason == _OTHER_KEY:
        await rows.groups.resume_destination(group_id, Network.NOSTR, address)
    for place in await rows.groups.destinations(group_id):
        if place.address != address and place.paused_at is None:
            await rows.groups.pause_destination(
                group_id, place.network, place.address, _OTHER_KEY, at
            )
