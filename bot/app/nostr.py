"""The bot's Nostr side, built: connected, listening, answering, posting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from pynostr.filters import Filters

from bot.app.desk import Desk
from bot.app.side import Side, Work, supervised
from bot.domain.model import Network
from bot.domain.ports import Now, Topic
from bot.networks.nostr.acquaintances import Acquaintances
from bot.networks.nostr.admission import Admission
from bot.networks.nostr.context import Listener
from bot.networks.nostr.deliver import NostrCourier
from bot.networks.nostr.events import COMMENT, NOTE, PROFILE, REACTION, Event
from bot.networks.nostr.feed import Subscription
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.mentions import Mentions, known_people
from bot.networks.nostr.pool import Pool
from bot.networks.nostr.profile import Introductions
from bot.networks.nostr.render import Identity
from bot.networks.nostr.replies import Replies
from bot.networks.nostr.responder import Responder
from bot.services.outbox import Outbox

_PROFILES = 0.3  # seconds that relays have to tell who somebody is


def nostr_side(desk: Desk, signer: Signer, now: Now) -> Side:
    table, store = desk.config.nostr, desk.store
    wanted = Subscription(
        "mentions",
        [Filters(kinds=[NOTE, COMMENT, REACTION], pubkey_refs=[signer.public_key])],
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
    renamed = asyncio.Event()
    store.on_commit(Topic.GROUPS, renamed.set)

    async def follow_name() -> None:
        while True:
            await renamed.wait()
            renamed.clear()
            await _introduce(desk, signer, now)

    return Side(
        name="Nostr",
        connection=_connected(desk, signer, mentions, pool, now),
        outbox=outbox,
        post=outbox.run,
        listening=_listening(mentions, follow_name),
    )


@asynccontextmanager
async def _connected(
    desk: Desk, signer: Signer, mentions: Mentions, pool: Pool, now: Now
) -> AsyncIterator[None]:
    """A start also tries a destination again that failed."""
    await mentions.open()
    async with desk.store.transaction() as tx:
        await tx.groups.resume_destination(desk.group.id, Network.NOSTR, signer.public_key)
    await _introduce(desk, signer, now)
    async with pool:
        yield


@asynccontextmanager
async def _listening(mentions: Mentions, follow_name: Work) -> AsyncIterator[None]:
    try:
        async with supervised({"mentions": mentions.run, "profile": follow_name}):
            yield
    finally:
        await mentions.close()


async def _introduce(desk: Desk, signer: Signer, now: Now) -> None:
    """Queue who we are where that changed; the group's name is the one it has now."""
    table, store = desk.config.nostr, desk.store
    async with store.read() as view:
        group = await view.groups.by_id(desk.group.id)
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
