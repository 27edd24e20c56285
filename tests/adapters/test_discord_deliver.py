"""What the courier posts to Discord arrives once, or is said to be unknown; and what is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from discord.http import HTTPClient

from bot.domain.errors import DeliveryError
from bot.domain.model import (
    Audience,
    Delivery,
    Network,
    Point,
    Post,
    PostKind,
    Summary,
    SummaryDraft,
    Thread,
)
from bot.domain.posts import Change, summary_post
from bot.networks.discord.deliver import DiscordCourier
from bot.networks.discord.local import Fate, Permission
from bot.networks.discord.local.model import Message
from bot.networks.discord.rest import Rest
from tests.adapters.discord_posting import FullStore, Posting, posting

MESSAGES = "/channels/*/messages"
THREADS = "/channels/*/messages/*/threads"
LATER = timedelta(minutes=3)


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[Posting]:
    async with posting(tmp_path) as made:
        yield made


@pytest.fixture
def announcement(discord: Posting) -> Delivery:
    return discord.prepared(discord.post(PostKind.ANNOUNCEMENT))


def deny(discord: Posting, *taken: Permission) -> None:
    us = discord.guild.members[discord.server.world.bot.id]
    for permission in taken:
        discord.server.world.deny(discord.channel, us, permission)


def warning(discord: Posting, destination: str) -> Post:
    return Post("warning:x", discord.group.id, Network.DISCORD, destination, PostKind.WARNING,
                '{"text": "The relay is gone."}')  # fmt: skip


def summary(discord: Posting, audience: Audience, points: int = 2) -> Post:
    """The row of an approved summary."""
    made = tuple(Point(f"Point {n}", "The memo says so. " * 20) for n in range(points))
    draft = SummaryDraft(audience, "body", "A lead.", made, "gpt-9")
    stored = Summary(1, discord.session.id, 3, True, discord.now(), draft)
    return summary_post(discord.group, discord.session, stored, discord.destination)


def chatter(discord: Posting, count: int) -> None:
    """People write in the channel."""
    world = discord.server.world
    for number in range(count):
        message = Message(world.ids.next(), discord.channel, world.owner, discord.now())
        message.content = f"chatter {number}"
        discord.channel.messages[message.id] = message


async def fails(discord: Posting, delivery: Delivery) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await discord.courier.send(delivery)
    return caught.value


class TestPosts:
    async def test_an_announcement_stands_with_its_buttons_and_a_thread(
        self, discord: Posting
    ) -> None:
        message_id = await discord.send(PostKind.ANNOUNCEMENT)
        (message,) = discord.channel.history
        assert str(message.id) == message_id
        assert "LLM moats" in message.text
        assert "Going" in message.labels
        assert not message.mentions
        assert not message.mention_everyone
        (thread,) = discord.guild.threads.values()
        assert thread.name == "LLM moats"
        assert thread.id == message.id

    async def test_reminders_and_notices_open_no_thread(self, discord: Posting) -> None:
        await discord.courier.send(
            discord.prepared(discord.post(PostKind.REMINDER, offset=timedelta(days=1)))
        )
        await discord.courier.send(
            discord.prepared(discord.post(PostKind.NOTICE, change=Change.CANCELLED))
        )
        reminder, notice = discord.channel.history
        assert "Tomorrow: LLM moats" in reminder.text
        assert "Cancelled: LLM moats" in notice.text
        assert not discord.guild.threads

    async def test_a_warning_goes_to_the_channel_or_to_a_person(self, discord: Posting) -> None:
        owner = discord.server.world.owner
        await discord.courier.send(discord.prepared(warning(discord, discord.destination.address)))
        await discord.courier.send(discord.prepared(warning(discord, f"@{owner.id}")))
        assert "The relay is gone." in discord.channel.history[0].text
        assert "The relay is gone." in discord.server.world.direct(owner).history[0].text

    async def test_a_person_who_takes_no_messages_is_not_told(self, discord: Posting) -> None:
        owner = discord.server.world.owner
        owner.open_to_messages = False
        error = await fails(discord, discord.prepared(warning(discord, f"@{owner.id}")))
        assert error.permanent

    async def test_an_update_edits_the_announcement(self, discord: Posting) -> None:
        await discord.announced()
        moved = replace(discord.session, title="LLM moats, again")
        async with discord.store.transaction() as tx:
            await tx.sessions.update(moved, discord.now())
        assert await discord.send(PostKind.UPDATE) == str(discord.session.id)
        (message,) = discord.channel.history
        assert "LLM moats, again" in message.text
        assert message.edited

    async def test_each_summary_is_a_message_that_says_where_it_is_from(
        self, discord: Posting
    ) -> None:
        for audience in Audience:
            await discord.courier.send(discord.prepared(summary(discord, audience)))
        techie, plain = discord.channel.history
        assert "For techies: We have no moat" in techie.text
        assert "In plain words: We have no moat" in plain.text
        assert "written by gpt-9, an AI model" in plain.text
        assert plain.labels == ["Where does it say that?"]
        assert not discord.guild.threads

    async def test_a_summary_longer_than_a_message_is_one_and_leads_to_its_rest(
        self, discord: Posting
    ) -> None:
        long = discord.prepared(summary(discord, Audience.TECHIE, points=60))
        assert await discord.courier.send(long) == await discord.courier.send(long)
        (message,) = discord.channel.history
        assert message.labels == ["Techie summary", "Where does it say that?"]

    @pytest.mark.parametrize("kind", [PostKind.REPLY, PostKind.PROFILE, PostKind.ARTICLE])
    def test_what_discord_has_no_post_for_is_refused(
        self, discord: Posting, kind: PostKind
    ) -> None:
        with pytest.raises(DeliveryError) as caught:
            discord.courier.prepare(discord.post(kind), Thread())
        assert caught.value.permanent

    def test_a_post_about_no_session_is_refused(self, discord: Posting) -> None:
        post = replace(discord.post(PostKind.ANNOUNCEMENT), session_id=None)
        with pytest.raises(DeliveryError):
            discord.courier.prepare(post, Thread())

    @pytest.mark.parametrize("kind", [PostKind.REMINDER, PostKind.CALENDAR])
    async def test_a_post_without_bytes_is_not_sent(self, discord: Posting, kind: PostKind) -> None:
        delivery = discord.prepared(discord.post(kind))
        error = await fails(discord, replace(delivery, post=replace(delivery.post, wire=None)))
        assert error.permanent


class TestOnce:
    async def test_a_lost_answer_makes_no_second_message(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("POST", MESSAGES, fate=Fate.LOST)
        error = await fails(discord, announcement)
        assert not error.permanent
        assert len(discord.channel.history) == 1
        await discord.courier.send(discord.again(announcement))
        assert len(discord.channel.history) == 1
        assert len(discord.guild.threads) == 1

    async def test_one_that_was_posted_long_ago_is_found(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        first = await discord.courier.send(announcement)
        discord.now.advance(LATER)
        chatter(discord, 250)
        again = discord.again(announcement)
        assert await discord.courier.send(again) == first
        assert len(discord.server.requests.to("POST", MESSAGES)) == 1

    async def test_one_is_found_though_our_clock_is_an_hour_ahead_of_discords(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        first = await discord.courier.send(announcement)
        chatter(discord, 50)
        discord.now.advance(timedelta(hours=1))  # which we are ahead: it was posted just now
        tried = discord.now() - LATER
        again = replace(discord.again(announcement), first_tried_at=tried)
        assert await discord.courier.send(again) == first

    async def test_a_summary_is_found_by_its_mark(self, discord: Posting) -> None:
        delivery = discord.prepared(summary(discord, Audience.TECHIE, points=60))
        first = await discord.courier.send(delivery)
        chatter(discord, 50)
        discord.now.advance(LATER)
        assert await discord.courier.send(discord.again(delivery)) == first
        assert len(discord.server.requests.to("POST", MESSAGES)) == 1

    async def test_one_that_was_edited_since_is_found_too(self, discord: Posting) -> None:
        first = await discord.announced()
        await discord.announcements.refresh(discord.session.id)
        discord.now.advance(LATER)
        old = replace(
            discord.prepared(discord.post(PostKind.ANNOUNCEMENT)),
            attempts=2,
            first_tried_at=discord.now() - LATER,
        )
        assert await discord.courier.send(old) == first
        assert len(discord.channel.history) == 1

    async def test_one_that_never_arrived_is_sent_late(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("POST", MESSAGES, fate=Fate.RESET)
        await fails(discord, announcement)
        chatter(discord, 30)
        discord.now.advance(LATER)
        await discord.courier.send(discord.again(announcement))
        assert "LLM moats" in discord.channel.history[-1].text

    async def test_the_history_is_read_no_further_back_than_the_first_attempt(
        self, discord: Posting
    ) -> None:
        chatter(discord, 3000)
        discord.now.advance(timedelta(hours=1))
        announcement = discord.prepared(discord.post(PostKind.ANNOUNCEMENT))
        discord.now.advance(LATER)
        await discord.courier.send(discord.again(announcement))
        assert len(discord.server.requests.to("GET", MESSAGES)) == 1
        assert "LLM moats" in discord.channel.history[-1].text

    async def test_in_an_empty_channel_it_is_sent_late(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.now.advance(LATER)
        await discord.courier.send(discord.again(announcement))
        assert len(discord.channel.history) == 1

    async def test_a_first_attempt_looks_nothing_up(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.now.advance(LATER)
        await discord.courier.send(announcement)
        assert not discord.server.requests.to("GET", MESSAGES)

    async def test_without_the_permission_to_read_it_is_unknown(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        chatter(discord, 1)
        deny(discord, Permission.READ_MESSAGE_HISTORY)
        discord.now.advance(LATER)
        error = await fails(discord, discord.again(announcement))
        assert error.unknown
        assert "may not read" in error.reason
        assert len(discord.channel.history) == 1

    async def test_where_the_channel_is_hidden_it_is_unknown(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        deny(discord, Permission.VIEW_CHANNEL)
        discord.now.advance(LATER)
        assert (await fails(discord, discord.again(announcement))).unknown

    async def test_after_too_much_talk_it_is_unknown(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        chatter(discord, 2050)
        discord.now.advance(LATER)
        error = await fails(discord, discord.again(announcement))
        assert error.unknown
        assert len(discord.channel.history) == 2050

    async def test_a_look_up_that_fails_is_made_again(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("GET", MESSAGES, status=503)
        discord.now.advance(LATER)
        error = await fails(discord, discord.again(announcement))
        assert not error.permanent
        assert not error.unknown
        assert not discord.channel.history

    async def test_what_somebody_else_posts_is_not_taken_for_ours(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        await discord.courier.send(announcement)
        (ours,) = discord.channel.history
        ours.author = discord.server.world.owner
        discord.now.advance(LATER)
        await discord.courier.send(discord.again(announcement))
        assert len(discord.channel.history) == 2

    async def test_without_our_own_id_any_bots_mark_counts(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        courier = DiscordCourier(discord.http, discord.store, discord.now, discord.announcements)
        first = await courier.send(announcement)
        discord.now.advance(LATER)
        assert await courier.send(discord.again(announcement)) == first


class TestRefusals:
    @pytest.mark.parametrize(
        "taken", [Permission.SEND_MESSAGES, Permission.VIEW_CHANNEL, Permission.EMBED_LINKS]
    )
    async def test_a_missing_permission_pauses_the_channel(
        self, discord: Posting, announcement: Delivery, taken: Permission
    ) -> None:
        deny(discord, taken)
        error = await fails(discord, announcement)
        assert error.permanent
        assert error.pause
        assert "my role" in error.reason

    async def test_a_deleted_channel_is_paused(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.world.remove_channel(discord.channel)
        error = await fails(discord, announcement)
        assert error.permanent
        assert error.pause
        assert "doesn't exist" in error.reason

    @pytest.mark.parametrize("status", [503, 401])
    async def test_what_may_pass_is_tried_again(
        self, discord: Posting, announcement: Delivery, status: int
    ) -> None:
        discord.server.faults.next("POST", MESSAGES, status=status)
        error = await fails(discord, announcement)
        assert not error.permanent

    async def test_a_broken_connection_is_tried_again(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("POST", MESSAGES, fate=Fate.RESET)
        assert not (await fails(discord, announcement)).permanent

    async def test_a_long_wait_is_the_outboxs(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("POST", MESSAGES, status=429, retry_after=90)
        error = await fails(discord, announcement)
        assert error.retry_after == timedelta(seconds=90)
        assert not error.permanent

    async def test_a_short_wait_is_waited_for(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("POST", MESSAGES, status=429, retry_after=0.05)
        await discord.courier.send(announcement)
        assert len(discord.channel.history) == 1

    async def test_a_ban_by_what_stands_before_discord_is_waited_out(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("POST", MESSAGES, status=429, by_cloudflare=True)
        error = await fails(discord, announcement)
        assert not error.permanent
        assert error.retry_after is None

    async def test_what_discord_finds_wrong_is_not_sent_again(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("POST", MESSAGES, status=400)
        error = await fails(discord, announcement)
        assert error.permanent
        assert not error.pause

    async def test_before_the_login_and_after_the_end_it_waits(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        http = HTTPClient(discord.http.loop)
        early = DiscordCourier(http, discord.store, discord.now, discord.announcements)
        with pytest.raises(DeliveryError) as caught:
            await early.send(announcement)
        assert not caught.value.permanent
        await discord.http.close()
        assert not (await fails(discord, announcement)).permanent


class TestThreads:
    async def test_a_missing_permission_is_told_once_and_the_rest_goes_on(
        self, discord: Posting
    ) -> None:
        deny(discord, Permission.CREATE_PUBLIC_THREADS)
        await discord.send(PostKind.ANNOUNCEMENT)
        other = replace(discord.session, id=discord.session.id + 1)
        await discord.send(PostKind.ANNOUNCEMENT, other)
        assert len(discord.channel.history) == 2
        (text,) = await discord.warnings()
        assert "Create Public Threads" in text

    async def test_a_second_process_tells_it_no_second_time(self, discord: Posting) -> None:
        deny(discord, Permission.CREATE_PUBLIC_THREADS)
        await discord.send(PostKind.ANNOUNCEMENT)
        again = DiscordCourier(discord.http, discord.store, discord.now, discord.announcements)
        other = replace(discord.session, id=discord.session.id + 1)
        await again.send(discord.prepared(discord.post(PostKind.ANNOUNCEMENT, other)))
        assert len(await discord.warnings()) == 1

    async def test_one_that_fails_is_opened_the_next_time(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("POST", THREADS, status=503)
        assert not (await fails(discord, announcement)).permanent
        await discord.courier.send(discord.again(announcement))
        assert len(discord.channel.history) == 1
        assert len(discord.guild.threads) == 1

    async def test_one_that_never_works_is_given_up(
        self, discord: Posting, announcement: Delivery
    ) -> None:
        discord.server.faults.next("POST", THREADS, status=503)
        await discord.courier.send(replace(announcement, attempts=5))
        assert not discord.guild.threads
        assert not await discord.warnings()

    async def test_that_it_cannot_be_told_just_now_keeps_nothing_from_being_posted(
        self, discord: Posting
    ) -> None:
        deny(discord, Permission.CREATE_PUBLIC_THREADS)
        full = FullStore(discord.store)
        courier = DiscordCourier(discord.http, full, discord.now, discord.announcements)
        announcement = discord.prepared(discord.post(PostKind.ANNOUNCEMENT))
        await courier.send(announcement)
        assert len(discord.channel.history) == 1
        full.has_room = True
        other = replace(discord.session, id=discord.session.id + 1)
        await courier.send(discord.prepared(discord.post(PostKind.ANNOUNCEMENT, other)))
        assert len(await discord.warnings()) == 1


async def test_a_direct_channel_is_opened_once(discord: Posting) -> None:
    owner = str(discord.server.world.owner.id)
    rest = Rest(discord.http)
    assert await rest.direct_channel(owner) == await rest.direct_channel(owner)
