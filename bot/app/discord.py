"""The bot's Discord side, built: connected, answering, posting.

It is imported only where Discord is on: discord.py takes its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app.desk import Desk
from bot.app.side import Side, Work, supervised
from bot.domain.errors import ConfigError
from bot.domain.model import Author, Network
from bot.domain.ports import Now
from bot.networks.discord.announcements import Announcements
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.connection import stay_connected
from bot.networks.discord.context import Services
from bot.networks.discord.deliver import DiscordCourier
from bot.networks.discord.events import Interest
from bot.networks.discord.rest import Rest
from bot.networks.nostr.nip19 import encode_npub
from bot.services.outbox import Outbox, backoff
from bot.services.places import try_again

EXTENSIONS = (
    "cogs.agenda",
    "cogs.attendance",
    "cogs.help",
    "cogs.moderation",
    "cogs.privacy",
    "cogs.proposals",
    "cogs.questions",
    "cogs.sessions",
    "cogs.setup",
    "cogs.summaries",
    "cogs.summarise",
)
"""The commands, by the names of their modules."""


def discord_bot(desk: Desk, now: Now) -> ReadalongBot:
    """The client over the desk's services, not yet connected."""
    table = desk.config.discord
    services = Services(
        groups=desk.groups,
        sessions=desk.sessions,
        questions=desk.questions,
        summaries=desk.summaries,
        attendance=desk.attendance,
        people=desk.people,
        directory=desk.directory,
        now=now,
        limits=desk.config.domain_limits(),
        names=shown_name,
    )
    return ReadalongBot(
        services,
        desk.store,
        extensions=EXTENSIONS,
        shards=table.shards,
        shard_count=table.shard_count or None,
    )


def discord_side(desk: Desk, bot: ReadalongBot, token: str, now: Now) -> Side:
    """``bot`` becomes complete by it, and is connected with its connection."""
    announcements = bot.announcements = Announcements(desk.store, bot.http, now)

    def us() -> str:
        return str(bot.user.id) if bot.user else ""

    outbox = Outbox(desk.store, DiscordCourier(bot.http, desk.store, now, announcements, us), now)
    interest = Interest(bot.services, announcements.touch, us, Rest(bot.http))
    interest.listen(bot)

    async def on_ready() -> None:
        interest.ask_for_all()

    bot.add_listener(on_ready)
    workers = {
        "announcements": _once(bot.logged_in, announcements.run),
        "interest in events": interest.run,
        "session names": desk.directory.run,
    }
    return Side(
        name="Discord",
        connection=_connected(desk, bot, token),
        outbox=outbox,
        post=_once(bot.logged_in, outbox.run),
        listening=supervised(workers),
    )


def _once(there: asyncio.Event, work: Work) -> Work:
    """``work``, as soon as there is something to do it with."""

    async def waiting() -> None:
        await there.wait()
        await work()

    return waiting


@asynccontextmanager
async def _connected(desk: Desk, bot: ReadalongBot, token: str) -> AsyncIterator[None]:
    """A start also tries channels again that failed."""
    async with desk.store.transaction() as tx:
        for group in await tx.groups.all():
            await try_again(tx, group.id)
    try:
        async with bot, asyncio.TaskGroup() as tasks:
            staying = tasks.create_task(stay_connected(bot, token, backoff), name="Discord")
            try:
                yield
            finally:
                await _cancelled(staying)
    except* ConfigError as refused:
        raise refused.exceptions[0] from None


async def _cancelled(task: asyncio.Task[None]) -> None:
    """Said until it is heard: while it connects, discord.py waits by ``asyncio.wait_for``, which in
    Python 3.11 loses a cancellation that comes together with what was waited for."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.2)


def shown_name(author: Author) -> str:
    """By name; else a Nostr person by the ends of their npub, anybody else by address."""
    if author.name:
        return author.name
    if author.network is not Network.NOSTR:
        return author.address
    npub = encode_npub(author.address)
    return f"{npub[:10]}…{npub[-4:]}"
