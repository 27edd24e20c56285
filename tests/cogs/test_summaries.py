"""`/summary` and the summary buttons: stored ones at once, missing ones made once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from bot.domain.errors import SummaryError
from bot.domain.model import OPERATOR, Audience, Reading, Rsvps
from bot.domain.posts import card_of
from bot.networks.discord.render import announcement
from tests.cogs.members import another_member, posted, refusal
from tests.cogs.world import World, said, texts
from tests.fakes import FakeSummariser

READINGS = (Reading("Scaling laws", text="Loss falls as a power of compute. " * 20),)


async def test_both_summaries_stand_side_by_side(world: World, summariser: FakeSummariser) -> None:
    session = await world.announced(readings=READINGS)
    await world.services.summaries.make(world.group, session.slug, by=OPERATOR)
    result = await world.member.slash(world.channel, "summary")
    assert result.ephemeral
    assert not result.deferred
    assert result.followups == []
    assert "For techies" in said(result)
    assert "In plain words" in said(result)
    assert len(summariser.readings) == 1


async def test_who_made_a_summary_is_always_said(world: World) -> None:
    session = await world.announced(readings=READINGS)
    await world.services.summaries.make(world.group, session.slug, by=OPERATOR)
    result = await world.member.slash(world.channel, "summary", audience="plain")
    assert result.response is not None
    (embed,) = result.response.embeds
    assert "written by fake, an AI model" in str(embed.footer.text)
    assert "For techies" not in said(result)


async def test_a_missing_summary_is_acknowledged_and_then_made(
    world: World, summariser: FakeSummariser
) -> None:
    session = await world.announced(readings=READINGS)
    result = await world.member.slash(world.channel, "summary", session=session.slug)
    kinds = [
        request.json["type"]
        for request in world.env.http_requests
        if request.path.endswith("/callback") and isinstance(request.json, dict)
    ]
    assert kinds == [5]  # DEFERRED_CHANNEL_MESSAGE_WITH_SOURCE
    assert result.ephemeral
    assert "For techies" in said(result)
    assert "In plain words" in said(result)
    assert len(summariser.readings) == 1


async def test_a_summary_is_made_once_however_many_ask(
    world: World, summariser: FakeSummariser
) -> None:
    session = await world.announced(readings=READINGS)
    found = await asyncio.gather(
        *(world.services.summaries.get(session, audience) for audience in Audience)
    )
    assert len(found) == 2
    await world.member.slash(world.channel, "summary")
    await another_member(world).slash(world.channel, "summary", audience="techie")
    assert len(summariser.readings) == 1


async def test_a_shared_summary_is_seen_by_everybody(world: World) -> None:
    await world.announced(readings=READINGS)
    result = await world.member.slash(world.channel, "summary", share=True)
    assert not result.ephemeral
    message = world.channel.last_message
    assert message is not None
    assert "For techies" in "\n".join(texts(message))


async def test_where_one_summary_can_not_be_had_the_other_one_is_shown(
    world: World, summariser: FakeSummariser
) -> None:
    await world.announced(readings=READINGS)
    summariser.audiences = (Audience.TECHIE,)
    both = await world.member.slash(world.channel, "summary")
    assert "For techies" in said(both)
    assert "There is no plain summary" in said(both)
    plain = await world.member.slash(world.channel, "summary", audience="plain")
    assert "ask for the other one" in refusal(plain)


async def test_without_a_text_the_person_hears_why(world: World) -> None:
    await world.announced(readings=(Reading("Linked", url="https://example.org/paper"),))
    result = await world.member.slash(world.channel, "summary")
    assert "the reading is only a link" in refusal(result)


async def test_what_fails_just_now_can_be_asked_again(
    world: World, summariser: FakeSummariser
) -> None:
    await world.announced(readings=READINGS)
    summariser.error = SummaryError("busy", permanent=False)
    result = await world.member.slash(world.channel, "summary")
    assert "ask again in a while" in refusal(result)
    summariser.error = None
    again = await world.member.slash(world.channel, "summary")
    assert "In plain words" in said(again)


async def test_a_long_summary_comes_whole_in_several_messages(
    world: World, summariser: FakeSummariser
) -> None:
    text = " ".join(f"word{number}" for number in range(4000))
    session = await world.announced(readings=(Reading(text, text="Loss falls."),))
    result = await world.member.slash(world.channel, "summary")
    assert len(result.followups) >= 2
    assert all(message.ephemeral for message in result.followups)
    told = said(result)
    assert all(f"word{number}" in told for number in range(0, 4000, 97))
    for message in [result.response, *result.followups]:
        assert message is not None
        assert all("an AI model" in str(embed.footer.text) for embed in message.embeds)
    assert session.id


async def test_the_summary_buttons_work_on_messages_of_last_year(world: World) -> None:
    session = await world.announced(readings=READINGS)
    message = await posted(world, announcement(card_of(world.group, session), session.id, Rsvps()))
    techie = await world.member.click(message, label="Techie summary")
    assert techie.ephemeral
    assert "For techies" in said(techie)
    assert "In plain words" not in said(techie)

    world.now.advance(timedelta(days=370))
    await world.restart()
    plain = await world.organiser.click(message, label="Plain summary")
    assert plain.ephemeral
    assert "In plain words" in said(plain)
    assert "For techies" not in said(plain)


async def test_a_summary_of_an_unannounced_session_is_the_organisers_secret(world: World) -> None:
    session = await world.planned("Secret plans", readings=READINGS)
    result = await world.member.slash(world.channel, "summary", session=session.slug)
    assert "There is no session called" in refusal(result)
