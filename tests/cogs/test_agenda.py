"""`/agenda`: everything for the evening on one page."""

from __future__ import annotations

from bot.domain.model import OPERATOR, Author, Network, Reading, RsvpAnswer
from tests.cogs.members import asked, refusal
from tests.cogs.world import World, said, texts

READINGS = (Reading("The paper", url="https://example.org/paper", text="Loss falls. " * 30),)


async def test_the_agenda_has_when_where_what_and_who(world: World) -> None:
    session = await world.announced("Scaling laws", place="Room 4", readings=READINGS)
    await world.services.summaries.make(world.group, session.slug, by=OPERATOR)
    await asked(world, session, "Why a power law?", name="Ada")
    await asked(world, session, "What about data?")
    voter = Author(Network.NOSTR, "bb" * 32)
    await world.services.questions.vote(world.group, session.id, 2, voter)
    await world.services.attendance.answer(world.group, session.id, voter, RsvpAnswer.YES)
    result = await world.member.slash(world.channel, "agenda")
    assert result.ephemeral
    assert not result.deferred
    shown = said(result)
    assert "Agenda: Scaling laws" in shown
    assert f"<t:{int(session.starts_at.timestamp())}:F>" in shown
    assert "Room 4" in shown
    assert "https://example.org/paper" in shown
    assert "Going 1" in shown
    assert shown.index("What about data?") < shown.index("Why a power law?")


async def test_the_agenda_can_be_shown_to_the_room(world: World) -> None:
    session = await world.announced("Scaling laws")
    result = await world.organiser.slash(world.channel, "agenda", session=session.slug, share=True)
    assert not result.ephemeral
    message = world.channel.last_message
    assert message is not None
    assert "Agenda: Scaling laws" in "\n".join(texts(message))


async def test_a_long_agenda_comes_whole_in_several_messages(world: World) -> None:
    session = await world.announced("Scaling laws")
    for number in range(20):
        words = " ".join(f"q{number}w{word}" for word in range(100))
        await asked(world, session, words, address=f"{number:064}")
    result = await world.member.slash(world.channel, "agenda")
    assert result.followups
    assert all(message.ephemeral for message in result.followups)
    shown = said(result)
    assert all(f"q{number}w{word}" in shown for number in range(20) for word in (0, 50, 99))


async def test_only_organisers_see_the_agenda_of_what_is_not_announced(world: World) -> None:
    session = await world.planned("Secret plans")
    refused = await world.member.slash(world.channel, "agenda", session=session.slug)
    assert "There is no session called" in refusal(refused)
    shown = await world.organiser.slash(world.channel, "agenda", session=session.slug)
    assert "Secret plans" in said(shown)


async def test_the_agenda_of_another_group_is_unknown(world: World) -> None:
    foreign = await world.announced("Of Berlin", at=world.away)
    result = await world.member.slash(world.channel, "agenda", session=foreign.slug)
    assert "There is no session called" in refusal(result)


async def test_after_a_restart_the_agenda_is_the_same(world: World) -> None:
    await world.announced("Scaling laws")
    before = said(await world.member.slash(world.channel, "agenda"))
    await world.restart()
    assert said(await world.member.slash(world.channel, "agenda")) == before
