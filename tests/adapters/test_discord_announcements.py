"""Announcement messages show their sessions as they are now, with few edits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import DeliveryError, StorageError
from bot.domain.model import Author, Network, PostKind, RsvpAnswer, SessionStatus
from bot.networks.discord.announcements import Announcements
from bot.networks.discord.local import Permission
from bot.networks.discord.local.model import Message
from tests.adapters.discord_posting import EVERY, STARTS_IN, FullStore, Posting, posting

EDIT = "/channels/*/messages/*"


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[Posting]:
    async with posting(tmp_path) as made:
        await made.announced()
        yield made


@asynccontextmanager
async def running(announcements: Announcements) -> AsyncIterator[None]:
    task = asyncio.create_task(announcements.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def going(discord: Posting, *people: str) -> None:
    async with discord.store.transaction() as tx:
        for person in people:
            author = Author(Network.DISCORD, person, person)
            await tx.sessions.set_rsvp(discord.session, author, RsvpAnswer.YES, discord.now())


def the_message(discord: Posting) -> Message:
    return discord.channel.history[0]


def edits(discord: Posting) -> int:
    return len(discord.server.requests.to("PATCH", EDIT))


class TestFollowing:
    async def test_a_count_is_shown_soon(self, discord: Posting) -> None:
        async with running(discord.announcements):
            await going(discord, "1")
            discord.announcements.touch(discord.session.id)
            await discord.server.until(lambda: "Going 1" in the_message(discord).text)

    async def test_many_answers_are_few_edits(self, discord: Posting) -> None:
        async with running(discord.announcements):
            for number in range(20):
                await going(discord, str(number))
                discord.announcements.touch(discord.session.id)
                await asyncio.sleep(0)
            await discord.server.until(lambda: "Going 20" in the_message(discord).text)
        assert edits(discord) <= 10

    async def test_two_edits_of_one_message_are_apart(self, discord: Posting) -> None:
        clock = asyncio.get_running_loop().time
        await going(discord, "1")
        await discord.announcements.refresh(discord.session.id)
        begun = clock()
        await going(discord, "2")
        await discord.announcements.refresh(discord.session.id)
        assert clock() - begun >= EVERY * 0.9
        assert "Going 2" in the_message(discord).text

    async def test_what_changes_while_it_waits_is_in_the_next_edit(self, discord: Posting) -> None:
        await going(discord, "1")
        await discord.announcements.refresh(discord.session.id)
        waiting = asyncio.create_task(discord.announcements.refresh(discord.session.id))
        await asyncio.sleep(0)
        await going(discord, "2")
        await waiting
        assert "Going 2" in the_message(discord).text

    async def test_a_new_one_is_edited_only_if_somebody_answered_before(
        self, discord: Posting
    ) -> None:
        async with running(discord.announcements):
            await discord.announcements.refresh(discord.session.id)
            assert edits(discord) == 0
        await going(discord, "1")
        discord.announcements.posted(discord.session.id, "1", {})
        async with running(discord.announcements):
            await discord.server.until(lambda: "Going 1" in the_message(discord).text)

    async def test_nothing_new_is_no_edit(self, discord: Posting) -> None:
        await discord.announcements.refresh(discord.session.id)
        before = edits(discord)
        await discord.announcements.refresh(discord.session.id)
        assert edits(discord) == before

    async def test_a_restart_loses_no_count(self, discord: Posting) -> None:
        await going(discord, "1", "2")
        fresh = Announcements(discord.store, discord.http, discord.now, every=EVERY)
        async with running(fresh):
            await discord.server.until(lambda: "Going 2" in the_message(discord).text)

    async def test_the_mark_stays_so_that_the_message_is_found(self, discord: Posting) -> None:
        before = the_message(discord).embeds[0]["footer"]
        await going(discord, "1")
        await discord.announcements.refresh(discord.session.id)
        assert the_message(discord).embeds[0]["footer"] == before

    async def test_a_cancellation_takes_the_answers_away(self, discord: Posting) -> None:
        async with discord.store.transaction() as tx:
            off = replace(discord.session, status=SessionStatus.CANCELLED)
            await tx.sessions.update(off, discord.now())
        await discord.announcements.refresh(discord.session.id)
        assert "Going" not in the_message(discord).labels
        assert "~~LLM moats~~" in the_message(discord).text

    async def test_after_the_meeting_nobody_is_asked_to_come(self, discord: Posting) -> None:
        discord.now.advance(STARTS_IN + timedelta(hours=3))
        await discord.announcements.refresh(discord.session.id)
        assert "Going" not in the_message(discord).labels


class TestFailing:
    async def test_a_deleted_message_is_forgotten(self, discord: Posting) -> None:
        discord.server.world.delete(the_message(discord))
        await going(discord, "1")
        await discord.announcements.refresh(discord.session.id)
        await discord.announcements.refresh(discord.session.id)
        assert edits(discord) == 1

    async def test_a_hidden_channel_is_told_to_the_outbox(self, discord: Posting) -> None:
        us = discord.guild.members[discord.server.world.bot.id]
        discord.server.world.deny(discord.channel, us, Permission.VIEW_CHANNEL)
        await going(discord, "1")
        with pytest.raises(DeliveryError) as caught:
            await discord.send(PostKind.UPDATE)
        assert caught.value.permanent
        assert caught.value.pause

    async def test_one_channel_that_fails_keeps_no_other_from_it(self, discord: Posting) -> None:
        other = discord.server.channel(discord.guild, "other")
        async with discord.store.transaction() as tx:
            destination = await tx.groups.ensure_destination(
                discord.group.id, Network.DISCORD, f"{discord.guild.id}/{other.id}"
            )
        discord.destination, discord.channel = destination, other
        await discord.announced()
        discord.server.faults.next("PATCH", EDIT, status=503)
        await going(discord, "1")
        with pytest.raises(DeliveryError):
            await discord.announcements.refresh(discord.session.id)
        assert "Going 1" in other.history[0].text

    async def test_an_edit_that_failed_is_made_later(self, discord: Posting) -> None:
        discord.server.faults.next("PATCH", EDIT, status=429, by_cloudflare=True)
        discord.server.faults.next("PATCH", EDIT, status=429, retry_after=0.05)
        soon = Announcements(discord.store, discord.http, discord.now, EVERY, after_failure=0.05)
        async with running(soon):
            await going(discord, "1")
            soon.touch(discord.session.id)
            await discord.server.until(lambda: "Going 1" in the_message(discord).text)

    async def test_what_was_never_announced_is_no_error_for_long(self, discord: Posting) -> None:
        async with running(discord.announcements):
            discord.announcements.touch(12345)
            await going(discord, "1")
            discord.announcements.touch(discord.session.id)
            await discord.server.until(lambda: "Going 1" in the_message(discord).text)

    async def test_a_store_that_fails_at_the_start_is_said(self, discord: Posting) -> None:
        full = FullStore(discord.store)
        with pytest.raises(StorageError):
            await Announcements(full, discord.http, discord.now).run()
