"""What tests of the members' commands share: posts of last year, refusals, what was touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import discord
from simcord import InteractionResult, MemberActor

from bot.domain.model import Author, Network, Question, Session, Submission
from bot.networks.discord.render import Message
from tests.cogs.world import World

if TYPE_CHECKING:
    from bot.networks.discord.announcements import Announcements


class Touched:
    """Stands in for the announcements, and remembers whose message is to be brought up to date."""

    def __init__(self) -> None:
        self.sessions: list[int] = []

    def touch(self, session_id: int) -> None:
        self.sessions.append(session_id)


def touched(world: World) -> Touched:
    """From now on what the bot touches is remembered, and nothing is edited."""
    fake = Touched()
    world.bot.announcements = cast("Announcements", fake)
    return fake


async def posted(world: World, message: Message) -> discord.Message:
    """A message of the bot's own that stands in the channel."""
    channel = world.bot.get_channel(world.channel.id)
    assert isinstance(channel, discord.TextChannel)
    view = message.view()
    assert view is not None
    return await channel.send(message.content, embeds=message.embeds, view=view)


def refusal(result: InteractionResult) -> str:
    """The one sentence that a refused person sees, and nobody else; nothing else was answered."""
    assert result.modal is None
    answer = result.followups[-1] if result.followups else result.response
    assert answer is not None
    assert answer.ephemeral
    assert answer.components == []
    return answer.content


async def asked(
    world: World,
    session: Session,
    text: str,
    *,
    network: Network = Network.NOSTR,
    address: str = "aa" * 32,
    name: str = "",
    anonymous: bool = False,
) -> Question:
    """A question that came over any network."""
    submission = Submission(
        group_id=session.group_id,
        author=Author(network, address, name),
        source_id=f"{network}:{text}",
        text=text,
        submitted_at=world.now(),
        session_id=session.id,
        anonymous=anonymous,
    )
    outcome = (await world.services.questions.submit([submission])).outcomes[0]
    assert outcome.question is not None, outcome.error
    return outcome.question


async def board_of(world: World, session: Session) -> Sequence[Question]:
    """As members have it."""
    return await world.services.questions.board(session)


def another_member(world: World, name: str = "zoe") -> MemberActor:
    return world.guild.add_member(world.env.create_user(name))


def buttons(message: Any) -> dict[str, str]:
    """The ids of a message's buttons, by label."""
    return {
        str(child.get("label")): str(child.get("custom_id"))
        for row in message.components
        for child in row.get("components", ())
    }
