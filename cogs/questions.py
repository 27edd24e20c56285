"""`/ask`, the menu "Ask this at the session" and `/questions`: a session's board, and votes on it.

A vote redraws the board that it was pressed on. Who may see what, and how questions are ranked, is
the services' word.
"""

from __future__ import annotations

from collections.abc import Collection

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.errors import InvalidSubmissionError, UserError
from bot.domain.model import Session, SessionStatus
from bot.domain.text import clean_text
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import Press, author_of, bot_of, caller_of, group_of
from bot.networks.discord.ids import Verb, template
from bot.networks.discord.render import board as rendered
from bot.networks.discord.render.message import Message
from cogs.answers import SESSION, SHARE, redraw, say, session_names, show
from cogs.asking import AskForm, open_form, put

MENU = "Ask this at the session"
_LONGEST_MESSAGE = 4000
_SESSION_ID = r"(?P<session>\d{1,18})"


class Questions(commands.Cog):
    def __init__(self, bot: ReadalongBot) -> None:
        self.bot = bot
        self.menu = app_commands.ContextMenu(name=MENU, callback=self.ask_this)

    async def cog_load(self) -> None:
        self.bot.tree.add_command(self.menu)

    async def cog_unload(self) -> None:
        self.bot.tree.remove_command(self.menu.name, type=self.menu.type)

    @app_commands.command(name="ask", description="Put a question on a session's board.")
    @app_commands.describe(
        text="Your question; left out, you get a form to write it in.",
        session=SESSION,
        anonymous="Ask without your name: it isn't stored, and nobody sees it.",
    )
    @app_commands.autocomplete(session=session_names)
    async def ask(
        self,
        interaction: discord.Interaction,
        text: str = "",
        session: str = "",
        anonymous: bool = False,
    ) -> None:
        group = await group_of(interaction)
        sessions = self.bot.services.sessions
        found = await sessions.find(group, session) if session else None
        if text:
            await put(interaction, group, found, text, anonymous=anonymous)
        else:
            found = found or await sessions.next(group)
            await open_form(interaction, found, anonymous=anonymous)

    async def ask_this(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Bring a message's text into the form. Whoever wrote it isn't named: the caller asks."""
        group = await group_of(interaction)
        if not message.content.strip():
            raise InvalidSubmissionError(
                "That message has no text of its own; say `/ask` and write the question out."
            )
        text = clean_text(message.content, _LONGEST_MESSAGE)
        await open_form(interaction, await self.bot.services.sessions.next(group), text=text)

    @app_commands.command(name="questions", description="What is asked about a session, by votes.")
    @app_commands.describe(session=SESSION, share=SHARE)
    @app_commands.autocomplete(session=session_names)
    async def questions(
        self, interaction: discord.Interaction, session: str = "", share: bool = False
    ) -> None:
        found = await self.bot.services.sessions.find(await group_of(interaction), session)
        await show(interaction, [await board(interaction, found, shared=share)], share=share)


class AskPress(Press, template=template(Verb.ASK, _SESSION_ID)):
    """An announcement's "Ask a question"."""

    async def press(self, interaction: discord.Interaction) -> None:
        session = await session_of(self, interaction)
        if session.status is SessionStatus.CANCELLED:
            raise UserError(f"“{session.title}” is cancelled; `/ask` asks for the next session.")
        await open_form(interaction, session)


class BoardPress(Press, template=template(Verb.BOARD, _SESSION_ID, r"(?P<page>\d{1,4})")):
    """Another page of the board, in the place of this one."""

    async def press(self, interaction: discord.Interaction) -> None:
        session = await session_of(self, interaction)
        shared = is_shared(interaction)
        await redraw(
            interaction,
            await board(interaction, session, page=self.number("page"), shared=shared),
        )


class VotePress(
    Press,
    template=template(Verb.VOTE, _SESSION_ID, r"(?P<number>\d{1,9})(?::(?P<page>\d{1,4}))?"),
):
    """A vote, or the vote taken back; the board shows it at once."""

    async def press(self, interaction: discord.Interaction) -> None:
        services = bot_of(interaction).services
        group = await group_of(interaction)
        voted = await services.questions.toggle_vote(
            group, self.number("session"), self.number("number"), author_of(interaction.user)
        )
        shared, page = is_shared(interaction), int(self.arguments["page"] or 0)
        shown = await board(
            interaction, voted.session, page=page, shared=shared, voted=voted.numbers
        )
        await redraw(interaction, shown)
        if shared:  # it marks nobody's votes, so that the person is told
            what = "You vote for" if voted.up else "You no longer vote for"
            await say(interaction, f"{what} question {voted.question.number}.")


async def board(
    interaction: discord.Interaction,
    session: Session,
    *,
    page: int = 0,
    shared: bool,
    voted: Collection[int] | None = None,
) -> Message:
    """A page of the board as the person may see it; as everybody may where it is shared.

    ``voted``: what the person votes for, where that is known already.
    """
    services, caller = bot_of(interaction).services, caller_of(interaction)
    if shared:
        questions = await services.questions.board(session)
        return rendered(
            session,
            questions,
            page=page,
            voted=(),
            organiser=False,
            shared=True,
            names=services.names,
        )
    group = await group_of(interaction)
    if voted is None:
        voted = await services.questions.voted(session, caller.author)
    return rendered(
        session,
        await services.questions.board(session, by=caller),
        page=page,
        voted=voted,
        organiser=await services.sessions.is_organiser(group, caller),
        shared=False,
        names=services.names,
    )


async def session_of(press: Press, interaction: discord.Interaction) -> Session:
    """The session in a button's id, as members see it. Raises UnknownSessionError."""
    group = await group_of(interaction)
    return await bot_of(interaction).services.sessions.by_id(group, press.number("session"))


def is_shared(interaction: discord.Interaction) -> bool:
    """Whether the message whose button was pressed is seen by more than the person."""
    message = interaction.message
    return message is None or not message.flags.ephemeral


async def setup(bot: ReadalongBot) -> None:
    await bot.add_cog(Questions(bot))
    bot.add_dynamic_items(AskPress, BoardPress, VotePress)
    bot.add_forms(AskForm)
