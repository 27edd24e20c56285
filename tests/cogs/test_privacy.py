"""`/forget-me`: what is held on a person, and its deletion by that person alone."""

from __future__ import annotations

import pytest

from bot.domain.model import Author, Holdings, Network, RsvpAnswer, Rsvps
from bot.networks.discord.render import holdings
from tests.cogs.members import another_member, asked, board_of, posted, refusal, touched
from tests.cogs.world import World, labels, said


async def test_a_stranger_is_told_that_nothing_is_held(world: World) -> None:
    result = await world.member.slash(world.channel, "forget-me")
    assert result.ephemeral
    assert "nothing" in said(result)
    assert result.response is not None
    assert labels(result.response) == []


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_person_sees_what_is_held_and_has_it_deleted(world: World, restarted: bool) -> None:
    session = await world.announced()
    brought_up = touched(world)
    await asked(world, session, "Somebody else's?")
    await world.member.slash(world.channel, "ask", text="Mine?")
    await world.member.slash(world.channel, "ask", text="Mine, in secret?", anonymous=True)
    await world.member.slash(world.channel, "rsvp", answer="yes")
    board = await world.member.slash(world.channel, "questions")
    assert board.response is not None
    await world.member.click(board.response, custom_id=f"ra:vote:{session.id}:1:0")

    held = await world.member.slash(world.channel, "forget-me")
    shown = said(held)
    assert "2 questions, 1 of them asked anonymously" in shown
    assert "1 vote" in shown
    assert "1 answer to sessions" in shown
    assert world.member.name in shown
    if restarted:
        await world.restart()
    assert held.response is not None
    brought_up.sessions.clear()
    gone = await world.member.click(held.response, label="Delete it all")
    assert gone.response is not None
    assert gone.response.id == held.response.id
    assert labels(gone.response) == []
    assert "deleted" in said(gone)

    me = Author(Network.DISCORD, str(world.member.id))
    assert await world.services.people.holdings(me) == Holdings()
    assert [(q.text, q.votes) for q in await board_of(world, session)] == [("Somebody else's?", 0)]
    assert await world.services.attendance.counts(session.id) == Rsvps()
    assert brought_up.sessions == [session.id]


async def test_deleting_again_finds_nothing(world: World) -> None:
    await world.announced()
    await world.member.slash(world.channel, "ask", text="Mine?")
    first = await world.member.slash(world.channel, "forget-me")
    second = await world.member.slash(world.channel, "forget-me")
    assert first.response is not None
    assert second.response is not None
    await world.member.click(first.response, label="Delete it all")
    again = await world.member.click(second.response, label="Delete it all")
    assert "nothing" in said(again)


async def test_nobody_else_deletes_with_that_button(world: World) -> None:
    session = await world.announced()
    await world.member.slash(world.channel, "ask", text="Mine?")
    zoe = another_member(world)
    await zoe.slash(world.channel, "ask", text="Zoe's?")
    message = await posted(world, holdings(Holdings(questions=1), str(world.member.id)))
    for other in (zoe, world.organiser):
        result = await other.click(message, label="Delete it all")
        assert "somebody else's" in refusal(result)
    assert {question.text for question in await board_of(world, session)} == {"Mine?", "Zoe's?"}


async def test_forgetting_works_where_no_group_is_set_up(world: World) -> None:
    session = await world.announced()
    brought_up = touched(world)
    me = Author(Network.DISCORD, str(world.member.id))
    await world.services.attendance.answer(world.group, session.id, me, RsvpAnswer.YES)
    guild = world.env.create_guild("Nowhere")
    channel = guild.create_text_channel("general")
    same = guild.add_member(world.member.user)
    held = await same.slash(channel, "forget-me")
    assert held.response is not None
    gone = await same.click(held.response, label="Delete it all")
    assert gone.followups == []
    assert "deleted" in said(gone)
    assert await world.services.people.holdings(me) == Holdings()
    assert brought_up.sessions == []
