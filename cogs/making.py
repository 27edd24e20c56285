"""Summaries made while an organiser watches: how far it is, then both with what was found in them.

What can't be made is told in their place, with what can be done instead. Making, checking and who
may is the service's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import discord

from bot.domain.errors import ReadingError, SummaryError, UnknownSummaryError, UserError
from bot.domain.model import Document, Group, Session
from bot.domain.ports import Progress
from bot.networks.discord import render
from bot.networks.discord.forms import bot_of, caller_of
from bot.networks.discord.render.message import Message
from cogs.answers import show
from cogs.progress import Steps

_GIVE_ONE = "Give it one: /summarise with the option reading (a link) or file."

Gives = Callable[[Progress], Awaitable[Document]]
"""Has what is read in place of the session's own reading. Raises ReadingError, UserError."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How summaries are to be made."""

    gives: Gives | None = None
    without_ai: bool = False
    reread: bool = False


async def make(
    interaction: discord.Interaction, group: Group, session: Session, wish: Wish
) -> None:
    """Make new versions, showing how far it is, and then both with what can be done.

    What can't be made is told in its place.
    """
    service = bot_of(interaction).services.summaries
    with service.claimed(session):
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            await _make(interaction, group, session, wish)
        except (SummaryError, ReadingError, UserError) as error:
            offered = isinstance(error, SummaryError) and service.by_model and not wish.without_ai
            again = isinstance(error, SummaryError | ReadingError) and not error.permanent
            lacks_a_reading = isinstance(error, UnknownSummaryError)
            cause = f"{error} {_GIVE_ONE}" if lacks_a_reading else str(error)
            messages = [render.undone(session, cause, again=again, without_ai=offered)]
        else:
            messages = await desk(interaction, group, session.slug)
    await replace_waiting(interaction, messages)


async def _make(
    interaction: discord.Interaction, group: Group, session: Session, wish: Wish
) -> None:
    service, by = bot_of(interaction).services.summaries, caller_of(interaction)
    async with Steps(interaction) as steps:
        document = await wish.gives(steps) if wish.gives is not None else None
        await service.make(
            group,
            session.slug,
            by=by,
            progress=steps,
            reread=wish.reread,
            plain=wish.without_ai,
            document=document,
        )


async def desk(
    interaction: discord.Interaction, group: Group, slug: str, *, said: str = ""
) -> list[Message]:
    """The newest summaries with their checks, and the buttons. Raises NotPermittedError."""
    services, by = bot_of(interaction).services, caller_of(interaction)
    latest = await services.summaries.latest(group, slug, by=by)
    session = (await services.sessions.show(group, slug, by=by)).session
    return render.drafts(session, latest, by_model=services.summaries.by_model, said=said)


async def replace_waiting(interaction: discord.Interaction, messages: Sequence[Message]) -> None:
    """Put the first message in the place of "is thinking" or of the progress; the others follow."""
    first, *others = messages
    await interaction.edit_original_response(
        content=first.content or None, embeds=first.embeds, view=first.view()
    )
    await show(interaction, others)
