"""Our courier over discord.py's HTTP client, on a local Discord server, with a real data file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from discord.http import HTTPClient

from bot.domain.errors import StorageError
from bot.domain.model import (
    Delivery,
    Destination,
    Group,
    Guild,
    Network,
    Post,
    PostKind,
    Reading,
    Session,
    SessionStatus,
    Thread,
)
from bot.domain.ports import Rows
from bot.domain.posts import Change, SessionPost, card_of, session_post
from bot.networks.discord.announcements import Announcements
from bot.networks.discord.deliver import DiscordCourier
from bot.networks.discord.local import Channel, LocalDiscord
from bot.networks.discord.local import Guild as LocalGuild
from bot.storage.store import SqliteStore
from tests.discord_openapi import checked_discord
from tests.fakes import FakeNow

STARTS_IN = timedelta(days=1)
EVERY = 0.2
"""Seconds between two edits of an announcement here."""


@dataclass
class Posting:
    """A guild that is set up, with a session that is announced in the data file, not yet posted."""

    server: LocalDiscord
    guild: LocalGuild
    channel: Channel
    store: SqliteStore
    now: FakeNow
    http: HTTPClient
    announcements: Announcements
    courier: DiscordCourier
    group: Group
    session: Session
    destination: Destination

    def post(
        self,
        kind: PostKind,
        session: Session | None = None,
        *,
        offset: timedelta | None = None,
        change: Change | None = None,
        was: datetime | None = None,
    ) -> Post:
        session = session or self.session
        body = SessionPost(card_of(self.group, session), offset=offset, change=change, was=was)
        return session_post(kind, session, self.destination, body)

    def prepared(self, post: Post) -> Delivery:
        """As the outbox hands it to ``send`` the first time."""
        made = self.courier.prepare(post, Thread())
        return Delivery(
            id=1,
            epoch=1,
            attempts=1,
            post=replace(post, wire=made.wire, remote_id=made.remote_id or None),
            lease_until=self.now() + timedelta(minutes=1),
            first_tried_at=self.now(),
        )

    def again(self, delivery: Delivery) -> Delivery:
        """As the outbox hands it to ``send`` once more."""
        return replace(delivery, epoch=delivery.epoch + 1, attempts=delivery.attempts + 1)

    async def send(self, kind: PostKind, session: Session | None = None) -> str:
        return await self.courier.send(self.prepared(self.post(kind, session)))

    async def announced(self) -> str:
        """The announcement posted, and its row sent; its message id."""
        post = self.post(PostKind.ANNOUNCEMENT)
        delivery = self.prepared(post)
        message = await self.courier.send(delivery)
        async with self.store.transaction() as tx:
            await tx.outbox.add([post], self.now())
            (row,) = await tx.outbox.claim(
                Network.DISCORD, self.now(), self.now() + timedelta(minutes=1), 1
            )
            await tx.outbox.mark_sent([(row, message)], self.now())
        return message

    async def warnings(self) -> list[str]:
        """The texts of the warnings that wait in the outbox."""
        async with self.store.transaction() as tx:
            rows = await tx.outbox.claim(Network.DISCORD, self.now(), self.now(), 50)
            await tx.outbox.release(Network.DISCORD)
        return [row.post.payload for row in rows if row.post.kind is PostKind.WARNING]


class FullStore:
    """A data file on a full disk, until it ``has_room``."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.has_room = False
        self.on_commit = store.on_commit
        self.version = store.version

    def transaction(self) -> AbstractAsyncContextManager[Rows]:
        if not self.has_room:
            raise StorageError("the disk is full")
        return self._store.transaction()

    def read(self) -> AbstractAsyncContextManager[Rows]:
        if not self.has_room:
            raise StorageError("the disk is full")
        return self._store.read()


@asynccontextmanager
async def posting(folder: Path) -> AsyncIterator[Posting]:
    now = FakeNow()
    async with (
        checked_discord(now=now) as server,
        SqliteStore.open(folder / "readalong.db", now) as store,
    ):
        guild = server.guild("Atlanta")
        channel = guild.channel("general")
        http = HTTPClient(asyncio.get_running_loop(), max_ratelimit_timeout=30.0)
        try:
            await http.static_login(server.token)
            yield await _filled(server, guild, channel, store, now, http)
        finally:
            await http.close()


async def _filled(
    server: LocalDiscord,
    guild: LocalGuild,
    channel: Channel,
    store: SqliteStore,
    now: FakeNow,
    http: HTTPClient,
) -> Posting:
    address = f"{guild.id}/{channel.id}"
    async with store.transaction() as tx:
        group = await tx.groups.ensure(Group(0, "atl", "Atlanta Reading Group", "UTC", ()))
        await tx.groups.set_guild(
            Guild(str(guild.id), group.id, str(channel.id), str(guild.owner_id), now())
        )
        destination = await tx.groups.ensure_destination(group.id, Network.DISCORD, address)
        session = await tx.sessions.add(a_session(group, now() + STARTS_IN), now())
    announcements = Announcements(store, http, now, every=EVERY)
    courier = DiscordCourier(http, store, now, announcements, lambda: str(server.world.bot.id))
    return Posting(
        server, guild, channel, store, now, http, announcements, courier, group, session,
        destination,
    )  # fmt: skip


def a_session(group: Group, starts_at: datetime) -> Session:
    """An announced one, to be stored."""
    return Session(
        id=0,
        group_id=group.id,
        slug="llm-moats",
        title="LLM moats",
        starts_at=starts_at,
        local_time=starts_at.strftime("%Y-%m-%d %H:%M"),
        timezone="UTC",
        place="Room 4",
        topic="A **memo** that leaked.",
        tags=("ai",),
        readings=(Reading("We have no moat", "https://read.test/moat"),),
        status=SessionStatus.ANNOUNCED,
        announced_at=starts_at - STARTS_IN,
    )
