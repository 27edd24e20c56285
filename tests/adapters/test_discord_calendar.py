"""A session's scheduled event: one a guild, made, moved and called off with the session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import DeliveryError
from bot.domain.model import PostKind, SessionStatus
from bot.networks.discord import limits
from bot.networks.discord.calendar import NONE, Entry, entry, event_mark
from bot.networks.discord.limits import units
from bot.networks.discord.local import ChannelKind, Fate, Permission
from bot.networks.discord.local.model import Event
from tests.adapters.discord_posting import STARTS_IN, Posting, posting
from tests.unit.test_discord_render import CARD, HUGE

EVENTS = "/guilds/*/scheduled-events"
ONE = "/guilds/*/scheduled-events/*"


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[Posting]:
    async with posting(tmp_path) as made:
        yield made


def the_event(discord: Posting) -> Event:
    (event,) = discord.guild.events.values()
    return event


async def settle(discord: Posting, **fields: object) -> str:
    """Post the calendar entry of the session, with these fields changed."""
    session = replace(discord.session, **fields)  # type: ignore[arg-type]  # by name, in tests
    return await discord.send(PostKind.CALENDAR, session)


def edits(discord: Posting) -> int:
    return len(discord.server.requests.to("PATCH", ONE))


class TestMaking:
    async def test_it_says_what_when_and_where(self, discord: Posting) -> None:
        made = await settle(discord)
        event = the_event(discord)
        assert made == str(event.id)
        assert event.name == "LLM moats"
        assert event.start == discord.session.starts_at
        assert event.end == discord.session.starts_at + timedelta(hours=2)
        assert event.location == "Room 4"
        assert "memo" in (event.description or "")
        assert "https://read.test/moat" in (event.description or "")

    async def test_a_session_without_a_place_is_at_the_group(self, discord: Posting) -> None:
        await settle(discord, place="")
        assert the_event(discord).location == "Atlanta Reading Group"

    async def test_a_voice_channel_is_the_place_itself(self, discord: Posting) -> None:
        voice = discord.server.channel(discord.guild, "talk", ChannelKind.VOICE)
        await settle(discord, place=f"<#{voice.id}>")
        assert the_event(discord).channel_id == voice.id
        assert the_event(discord).kind == 2

    async def test_a_text_channel_is_told_by_name(self, discord: Posting) -> None:
        await settle(discord, place=f"<#{discord.channel.id}>")
        assert the_event(discord).location == "#general"

    async def test_another_guilds_channel_is_no_place(self, discord: Posting) -> None:
        other = discord.server.guild("Boston")
        voice = discord.server.channel(other, "talk", ChannelKind.VOICE)
        await settle(discord, place=f"<#{voice.id}>")
        assert the_event(discord).location == "Atlanta Reading Group"

    async def test_a_channel_that_is_gone_is_no_place(self, discord: Posting) -> None:
        await settle(discord, place="<#12345>")
        assert the_event(discord).location == "Atlanta Reading Group"

    async def test_a_channel_that_cannot_be_looked_up_now_is_looked_up_later(
        self, discord: Posting
    ) -> None:
        discord.server.faults.next("GET", "/channels/*", status=503)
        with pytest.raises(DeliveryError) as caught:
            await settle(discord, place=f"<#{discord.channel.id}>")
        assert not caught.value.permanent
        assert not discord.guild.events

    async def test_one_that_has_begun_is_not_made(self, discord: Posting) -> None:
        discord.now.advance(STARTS_IN)
        assert await settle(discord) == NONE
        assert not discord.guild.events

    async def test_one_that_is_off_is_not_made(self, discord: Posting) -> None:
        assert await settle(discord, status=SessionStatus.CANCELLED) == NONE
        assert not discord.guild.events


class TestOnce:
    async def test_a_lost_answer_makes_no_second_event(self, discord: Posting) -> None:
        discord.server.faults.next("POST", EVENTS, fate=Fate.LOST)
        with pytest.raises(DeliveryError):
            await settle(discord)
        made = await settle(discord)
        assert made == str(the_event(discord).id)
        assert edits(discord) == 0

    async def test_two_posts_at_once_make_one(self, discord: Posting) -> None:
        first, second = await asyncio.gather(settle(discord), settle(discord))
        assert first == second
        assert len(discord.guild.events) == 1

    async def test_somebody_elses_event_is_left_alone(self, discord: Posting) -> None:
        world = discord.server.world
        theirs = Event(
            world.ids.next(), discord.guild, 1, "LLM moats", discord.session.starts_at, 3
        )
        discord.guild.events[theirs.id] = theirs
        await settle(discord)
        assert len(discord.guild.events) == 2
        assert theirs.description is None


class TestFollowing:
    async def test_a_move_moves_it(self, discord: Posting) -> None:
        await settle(discord)
        later = discord.session.starts_at + timedelta(days=1)
        await settle(discord, starts_at=later, title="Moats, again", place="Room 5")
        event = the_event(discord)
        assert (event.start, event.name, event.location) == (later, "Moats, again", "Room 5")
        assert edits(discord) == 1

    async def test_it_moves_into_a_voice_channel_and_out(self, discord: Posting) -> None:
        voice = discord.server.channel(discord.guild, "talk", ChannelKind.VOICE)
        await settle(discord)
        await settle(discord, place=f"<#{voice.id}>")
        assert (the_event(discord).kind, the_event(discord).location) == (2, None)
        await settle(discord, place=f"<#{voice.id}>")
        assert edits(discord) == 1
        await settle(discord)
        assert (the_event(discord).kind, the_event(discord).channel_id) == (3, None)

    async def test_what_is_so_already_is_not_edited(self, discord: Posting) -> None:
        await settle(discord)
        await settle(discord)
        assert edits(discord) == 0

    async def test_a_cancellation_calls_it_off(self, discord: Posting) -> None:
        await settle(discord)
        await settle(discord, status=SessionStatus.CANCELLED)
        assert the_event(discord).status == 4

    async def test_one_that_is_on_is_ended_by_a_cancellation(self, discord: Posting) -> None:
        await settle(discord)
        the_event(discord).status = 2
        await settle(discord, status=SessionStatus.CANCELLED)
        assert the_event(discord).status == 3

    async def test_one_that_is_on_is_left_as_it_is(self, discord: Posting) -> None:
        await settle(discord)
        the_event(discord).status = 2
        await settle(discord, title="Too late")
        assert the_event(discord).name == "LLM moats"

    async def test_the_past_is_not_moved(self, discord: Posting) -> None:
        await settle(discord)
        discord.now.advance(STARTS_IN)
        await settle(discord, title="Too late")
        assert edits(discord) == 0

    async def test_one_deleted_meanwhile_is_looked_for_again(self, discord: Posting) -> None:
        await settle(discord)
        discord.server.faults.next("PATCH", ONE, code=10070)
        with pytest.raises(DeliveryError) as caught:
            await settle(discord, title="New")
        assert not caught.value.permanent
        discord.guild.events.clear()
        await settle(discord, title="New")
        assert the_event(discord).name == "New"

    async def test_an_edit_that_is_refused_says_why(self, discord: Posting) -> None:
        await settle(discord)
        discord.server.faults.next("PATCH", ONE, status=400)
        with pytest.raises(DeliveryError) as caught:
            await settle(discord, title="New")
        assert caught.value.permanent


class TestRefusals:
    async def test_a_missing_permission_is_told_and_pauses_nothing(self, discord: Posting) -> None:
        role = discord.guild.bot_role
        taken = Permission.CREATE_EVENTS | Permission.MANAGE_EVENTS
        discord.server.world.set_permissions(discord.guild, role, role.permissions & ~taken)
        with pytest.raises(DeliveryError) as caught:
            await settle(discord)
        assert caught.value.permanent
        assert not caught.value.pause
        assert "Create Events" in caught.value.reason

    async def test_too_many_events_are_told_and_pause_nothing(self, discord: Posting) -> None:
        discord.server.faults.next("POST", EVENTS, code=30038)
        with pytest.raises(DeliveryError) as caught:
            await settle(discord)
        assert caught.value.permanent
        assert not caught.value.pause
        assert "100" in caught.value.reason

    async def test_what_may_pass_is_tried_again(self, discord: Posting) -> None:
        discord.server.faults.next("GET", EVENTS, status=503)
        with pytest.raises(DeliveryError) as caught:
            await settle(discord)
        assert not caught.value.permanent


class TestEntry:
    def test_it_survives_the_data_file(self) -> None:
        made = entry(CARD, 7, "99")
        assert Entry.from_json(made.to_json()) == made

    def test_the_mark_stands_at_the_very_end(self) -> None:
        assert entry(CARD, 7, "99").description.endswith(event_mark(7, "99"))
        assert event_mark(7, "99") != event_mark(7, "98") != event_mark(8, "99")

    def test_a_bare_session_has_its_mark_alone(self) -> None:
        made = entry(replace(CARD, topic="", readings=()), 7, "99")
        assert made.description == event_mark(7, "99")

    @pytest.mark.parametrize("text", [HUGE, "👍" * 3000, "x" * 9000, "\u200b", "@everyone " * 400])
    def test_it_is_within_the_limits(self, text: str) -> None:
        card = replace(CARD, title=text, place=text, topic=text, group=text)
        made = entry(replace(card, readings=((text, text), (text, "https://a.test/x"))), 7, "99")
        assert 1 <= units(made.name) <= limits.EVENT_NAME
        assert 1 <= units(made.location) <= limits.EVENT_LOCATION
        assert units(made.description) <= limits.EVENT_DESCRIPTION
        assert made.description.endswith(made.mark)
        assert "@everyone" not in made.description + made.name + made.location
