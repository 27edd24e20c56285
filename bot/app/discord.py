"""The bot's Discord side, built: connected, answering, posting.

It is imported only where Discord is on: discord.py takes its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.app.desk import Desk
from bot.app.side import Side, supervised
from bot.domain.errors import ConfigError
from bot.domain.model import Author, Network
from bot.domain.ports import Now
from bot.networks.discord.announcements import Announcements
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.connection import stay_connected
from bot.networks.discord.context import Services
from bot.networks.discord.deliver import DiscordCourier
from bot.networks.nostr.nip19 import encode_npub
from bot.services.outbox import Outbox, backoff
from bot.services.places import try_again

EXTENSIONS: tuple[str, ...] = ("cogs.sessions",)
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
    bot.announcements = Announcements(desk.store, bot.http, now)
    courier = DiscordCourier(bot.http, now, bot.announcements.refresh)
    outbox = Outbox(desk.store, courier, now)

    async def post() -> None:
        await bot.logged_in.wait()  # before that there is nothing to post with
        await outbox.run()

    return Side(
        name="Discord",
        connection=_connected(desk, bot, token),
        outbox=outbox,
        post=post,
        listening=supervised(
            {"announcements": bot.announcements.run, "session names": desk.directory.run}
        ),
    )


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
                staying.cancel()
    except* ConfigError as refused:
        raise refused.exceptions[0] from None


def shown_name(author: Author) -> str:
    """By name; else a Nostr person by the ends of their npub, anybody else by address."""
    if author.name:
        return author.name
    if author.network is not Network.NOSTR:
        return author.address
    npub = encode_npub(author.address)
    return f"{npub[:10]}…{npub[-4:]}"
