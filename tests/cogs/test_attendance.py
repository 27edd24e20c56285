"""`/next`, `/rsvp` and the announcement's buttons, as members press them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.model import OPERATOR, Rsvps
from bot.domain.posts import card_of
from bot.networks.discord.render import announcement
from tests.cogs.members import another_member, asked, posted, refusal, touched
from tests.cogs.world import World, labels, said


async def test_next_says_when_and_where(world: World) -> None:
    session = await world.announced("Scaling laws", place="Room 4")
    await asked(world, session, "Why?")
    result = await world.member.slash(world.channel, "next")
    assert result.ephemeral
    assert not result.deferred
    assert "Scaling laws" in said(result)
    assert "Room 4" in said(result)
    assert f"<t:{int(session.starts_at.timestamp())}:F>" in said(result)
    assert "1 question on the board" in said(result)


async def test_next_is_shown_to_everybody_on_request(world: World) -> None:
    await world.announced()
    result = await world.member.slash(world.channel, "next", share=True)
    assert not result.ephemeral
    assert world.channel.last_message is not None


async def test_next_without_a_session_says_so(world: World) -> None:
    await world.planned()
    told = refusal(await world.member.slash(world.channel, "next"))
    assert "No session is planned yet" in told
    assert "`/session list`" in told


async def test_next_knows_the_own_group_only(world: World) -> None:
    await world.announced("Of Berlin", at=world.away)
    result = await world.member.slash(world.channel, "next")
    assert "Of Berlin" not in refusal(result)


async def test_a_guild_without_a_group_is_told_what_to_do(world: World) -> None:
    guild = world.env.create_guild("Nowhere")
    channel = guild.create_text_channel("general")
    member = guild.add_member(world.env.create_user("nobody"))
    result = await member.slash(channel, "next")
    assert "/setup" in refusal(result)
    assert await member.autocomplete(channel, "rsvp", "session", "") == []


@pytest.mark.parametrize(
    ("answer", "told", "counts"),
    [
        ("yes", "You are going to", Rsvps(yes=1)),
        ("maybe", "You may come to", Rsvps(maybe=1)),
        ("no", "You can't come to", Rsvps(no=1)),
    ],
)
async def test_rsvp_is_kept_and_shown_on_the_announcement(
    world: World, answer: str, told: str, counts: Rsvps
) -> None:
    session = await world.announced()
    brought_up = touched(world)
    result = await world.member.slash(world.channel, "rsvp", answer=answer)
    assert result.ephemeral
    assert told in said(result)
    assert await world.services.attendance.counts(session.id) == counts
    assert brought_up.sessions == [session.id]


async def test_rsvp_without_an_answer_offers_the_buttons(world: World) -> None:
    session = await world.announced()
    brought_up = touched(world)
    offered = await world.member.slash(world.channel, "rsvp", session=session.slug)
    assert offered.response is not None
    pressed = await world.member.click(offered.response, label="Maybe")
    assert "Maybe 1" in said(pressed)
    assert brought_up.sessions == [session.id]


async def test_rsvp_names_sessions_as_they_are_typed(world: World) -> None:
    session = await world.announced("Scaling laws")
    await world.planned("Secret plans")
    await world.announced("Of Berlin", at=world.away)
    choices = await world.member.autocomplete(world.channel, "rsvp", "session", "")
    assert [choice["value"] for choice in choices] == [session.slug]


async def test_a_session_that_is_over_takes_no_answer(world: World) -> None:
    session = await world.announced()
    touched(world)
    world.now.advance(timedelta(days=30))
    result = await world.member.slash(world.channel, "rsvp", answer="yes", session=session.slug)
    assert "is over" in refusal(result)
    offered = await world.member.slash(world.channel, "rsvp", session=session.slug)
    assert offered.response is not None
    assert "Going" not in labels(offered.response)


async def test_the_buttons_of_an_announcement_work_after_a_restart(world: World) -> None:
    session = await world.announced()
    message = await posted(world, announcement(card_of(world.group, session), session.id, Rsvps()))
    brought_up = touched(world)
    zoe = another_member(world)
    before = await world.member.click(message, label="Going")
    assert before.ephemeral
    assert "Going 1" in said(before)

    await world.restart()
    after = await zoe.click(message, label="Going")
    assert "Going 2" in said(after)
    changed = await world.member.click(message, label="Can't")
    assert "Going 1 · Maybe 0 · Can't 1" in said(changed)
    assert brought_up.sessions == [session.id] * 3


async def test_an_organiser_answers_as_everybody_does(world: World) -> None:
    session = await world.announced()
    message = await posted(world, announcement(card_of(world.group, session), session.id, Rsvps()))
    touched(world)
    assert "Maybe 1" in said(await world.organiser.click(message, label="Maybe"))


async def test_a_button_of_a_cancelled_session_is_refused(world: World) -> None:
    session = await world.announced()
    message = await posted(world, announcement(card_of(world.group, session), session.id, Rsvps()))
    brought_up = touched(world)
    await world.services.sessions.cancel(world.group, session.slug, by=OPERATOR)
    result = await world.member.click(message, label="Going")
    assert "is cancelled" in refusal(result)
    assert brought_up.sessions == []


async def test_a_button_of_another_group_s_session_finds_none(world: World) -> None:
    foreign = await world.announced("Of Berlin", at=world.away)
    message = await posted(world, announcement(card_of(world.group, foreign), foreign.id, Rsvps()))
    brought_up = touched(world)
    result = await world.member.click(message, label="Going")
    assert "none of this group's" in refusal(result)
    assert "Berlin" not in said(result)
    assert brought_up.sessions == []
    assert await world.services.attendance.counts(foreign.id) == Rsvps()
