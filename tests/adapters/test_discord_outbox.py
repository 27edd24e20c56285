"""From an announced session to Discord and back, through the real outbox: once, whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.model import OPERATOR, Delivery, Network, OutboxState, Session
from bot.networks.discord.deliver import DiscordCourier
from bot.networks.discord.local import Permission
from bot.services.outbox import Outbox
from bot.services.plans import SessionPlan
from bot.services.sessions import Sessions
from tests.adapters.discord_posting import Posting, posting
from tests.waiting import until

LATER = timedelta(minutes=3)


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[Posting]:
    async with posting(tmp_path) as made:
        yield made


@pytest.fixture
async def session(discord: Posting) -> Session:
    """A session that is announced, with nothing posted yet."""
    sessions = Sessions(discord.store, discord.now)
    plan = SessionPlan("Small relays", "2026-12-03 19:00", place="Room 4")
    made = await sessions.add(discord.group, plan, by=OPERATOR)
    await sessions.announce(discord.group, made.slug, by=OPERATOR)
    return made


class DyingCourier(DiscordCourier):
    """Sends everything, and never comes back to say so, as a process that is killed then."""

    async def send(self, delivery: Delivery) -> str:
        await super().send(delivery)
        await asyncio.Event().wait()
        raise AssertionError("killed")


@asynccontextmanager
async def at_work(discord: Posting, courier: DiscordCourier) -> AsyncIterator[None]:
    outbox = Outbox(discord.store, courier, discord.now, lambda attempt: timedelta(0))
    await outbox.take_over()
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        await outbox.stop(timedelta(seconds=5))
        await task


async def killed_after_sending(discord: Posting) -> None:
    dying = DyingCourier(discord.http, discord.store, discord.now, discord.announcements)
    outbox = Outbox(discord.store, dying, discord.now)
    task = asyncio.create_task(outbox.run())
    await discord.server.until(lambda: discord.guild.events and discord.channel.history)
    await discord.server.until(lambda: discord.guild.threads)
    task.cancel()
    for sending in outbox._tasks:  # nothing of it is marked, nothing is given back
        sending.cancel()


async def states(discord: Posting) -> dict[OutboxState, int]:
    async with discord.store.read() as view:
        return dict(await view.outbox.count(Network.DISCORD))


async def _is_empty(discord: Posting) -> bool:
    """Whether every row is sent."""
    return not await states(discord)


async def test_a_session_is_announced_moved_and_called_off(
    discord: Posting, session: Session
) -> None:
    sessions = Sessions(discord.store, discord.now)
    here = discord.server
    async with at_work(discord, discord.courier):
        message = await here.posted(discord.channel, "Small relays")
        await here.until(lambda: discord.guild.events and discord.guild.threads)
        (event,) = discord.guild.events.values()
        await here.until(lambda: "Small relays" in event.name)
        await sessions.cancel(discord.group, session.slug, by=OPERATOR)
        await here.posted(discord.channel, "Cancelled: Small relays")
        await here.until(lambda: event.status == 4)
        await here.until(lambda: "~~Small relays~~" in message.text)
    assert len(discord.channel.history) == 2


@pytest.mark.parametrize("asleep", [timedelta(seconds=5), LATER, timedelta(hours=2)])
async def test_a_kill_between_send_and_mark_makes_one_message(
    discord: Posting, session: Session, asleep: timedelta
) -> None:
    await killed_after_sending(discord)
    discord.now.advance(asleep)
    async with at_work(discord, discord.courier):
        await until(lambda: _is_empty(discord))
    assert len([m for m in discord.channel.history if "Small relays" in m.text]) == 1
    assert len(discord.guild.events) == 1
    assert len(discord.guild.threads) == 1


async def test_what_cannot_be_told_is_unknown_and_the_organisers_hear_of_it(
    discord: Posting, session: Session
) -> None:
    await killed_after_sending(discord)
    us = discord.guild.members[discord.server.world.bot.id]
    discord.server.world.deny(discord.channel, us, Permission.READ_MESSAGE_HISTORY)
    discord.now.advance(LATER)
    async with at_work(discord, discord.courier):
        warning = await discord.server.posted(discord.channel, "For the organisers")
    assert "may have arrived" in warning.text
    assert (await states(discord))[OutboxState.UNKNOWN] == 1
    assert len([m for m in discord.channel.history if "📍 Room 4" in m.text]) == 1


async def test_a_channel_that_takes_nothing_is_paused_and_who_set_up_is_told(
    discord: Posting, session: Session
) -> None:
    us = discord.guild.members[discord.server.world.bot.id]
    discord.server.world.deny(discord.channel, us, Permission.SEND_MESSAGES)
    owner = discord.server.world.direct(discord.server.world.owner)
    async with at_work(discord, discord.courier):
        told = await discord.server.posted(owner, "For the organisers")
    assert "Send Messages" in told.text
    async with discord.store.read() as view:
        (destination,) = await view.groups.destinations(discord.group.id)
    assert destination.paused_at is not None


async def test_a_missing_permission_for_events_is_told_once_and_the_rest_goes_on(
    discord: Posting, session: Session
) -> None:
    role = discord.guild.bot_role
    taken = Permission.CREATE_EVENTS | Permission.MANAGE_EVENTS
    discord.server.world.set_permissions(discord.guild, role, role.permissions & ~taken)
    sessions = Sessions(discord.store, discord.now)
    plan = SessionPlan("Large relays", "2026-12-04 19:00")
    other = await sessions.add(discord.group, plan, by=OPERATOR)
    async with at_work(discord, discord.courier):
        await discord.server.posted(discord.channel, "Create Events")
        await sessions.announce(discord.group, other.slug, by=OPERATOR)
        await discord.server.posted(discord.channel, "Large relays")
        await discord.server.until(lambda: len(discord.guild.threads) == 2)
    assert len([m for m in discord.channel.history if "Create Events" in m.text]) == 1
    assert (await states(discord))[OutboxState.FAILED] >= 1
