"""What an organiser does to a question by buttons: hide it, mark it answered, open it, merge it.

Everybody may press them; whether it is done is the service's word, whatever the button shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self

import discord
from discord.ui import Label, TextInput

from bot.domain.errors import UnknownQuestionError, UserError
from bot.domain.model import Caller, Group, Question, Session
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import Form, Press, bot_of, caller_of, group_of
from bot.networks.discord.ids import PREFIX, Verb, custom_id, template
from bot.networks.discord.render import moderation as rendered
from bot.networks.discord.render.message import Message
from bot.services.questions import Questions
from cogs.answers import redraw, show

_QUESTION = (r"(?P<session>\d{1,18})", r"(?P<number>\d{1,9})")
_STATUSES = "|".join((Verb.HIDE, Verb.REOPEN, Verb.ANSWERED))


class Change(Protocol):
    """A method of the board's service that changes one question."""

    async def __call__(
        self, group: Group, session_id: int, number: int, /, *, by: Caller
    ) -> Question: ...


class ModeratePress(Press, template=template(Verb.MODERATE, *_QUESTION)):
    """Opens the organiser's buttons for a question, for the organiser alone."""

    async def press(self, interaction: discord.Interaction) -> None:
        await require_organiser(interaction)
        message = await desk(interaction, self.number("session"), self.number("number"))
        await show(interaction, [message])


class StatusPress(Press, template=":".join((PREFIX, f"(?P<verb>{_STATUSES})", *_QUESTION))):
    """Hides a question, marks it answered, or opens it again."""

    async def press(self, interaction: discord.Interaction) -> None:
        session_id, number = self.number("session"), self.number("number")
        group, by = await group_of(interaction), caller_of(interaction)
        change = self.change(bot_of(interaction).services.questions)
        await change(group, session_id, number, by=by)
        await redraw(interaction, await desk(interaction, session_id, number))

    def change(self, questions: Questions) -> Change:
        match Verb(self.arguments["verb"]):
            case Verb.HIDE:
                return questions.hide
            case Verb.ANSWERED:
                return questions.answered
            case _:
                return questions.reopen


class MergePress(Press, template=template(Verb.MERGE, *_QUESTION)):
    """Asks into which question."""

    async def press(self, interaction: discord.Interaction) -> None:
        await require_organiser(interaction)
        form = MergeForm(self.number("session"), self.number("number"))
        await interaction.response.send_modal(form)


class MergeForm(Form, title="Merge questions", template=template(Verb.MERGE, *_QUESTION)):
    """The number of the question that another one is merged into."""

    def __init__(self, session_id: int, number: int) -> None:
        super().__init__(custom_id=custom_id(Verb.MERGE, session_id, number))
        self.session_id, self.number = session_id, number
        self.into: TextInput[Any] = TextInput(custom_id="into", max_length=9)
        self.add_item(
            Label(
                text=f"Merge question {number} into question number",
                description="Its votes go there, each person's once; it leaves the board.",
                component=self.into,
            )
        )

    @classmethod
    def restored(cls, arguments: dict[str, str]) -> Self:
        return cls(int(arguments["session"]), int(arguments["number"]))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        group, by = await group_of(interaction), caller_of(interaction)
        kept = await bot_of(interaction).services.questions.merge(
            group, self.session_id, self.number, _number(self.into.value), by=by
        )
        await redraw(interaction, await desk(interaction, self.session_id, kept.number))


async def require_organiser(interaction: discord.Interaction) -> None:
    """Before anything is shown that only an organiser can use. Raises NotPermittedError."""
    group, sessions = await group_of(interaction), bot_of(interaction).services.sessions
    await sessions.require_organiser(group, by=caller_of(interaction))


async def desk(interaction: discord.Interaction, session_id: int, number: int) -> Message:
    """The organiser's buttons for a question, as it stands. Raises UnknownQuestionError."""
    services = bot_of(interaction).services
    session = await services.sessions.by_id(await group_of(interaction), session_id)
    questions = await services.questions.board(session, by=caller_of(interaction))
    return rendered(
        session,
        _found(session, questions, number),
        into=[question for question in questions if question.number != number],
        names=services.names,
    )


def _found(session: Session, questions: Sequence[Question], number: int) -> Question:
    for question in questions:
        if question.number == number:
            return question
    raise UnknownQuestionError(number, session.title)


def _number(typed: str) -> int:
    text = typed.strip().lstrip("#").strip()
    if not (text.isascii() and text.isdigit()):
        raise UserError("Give the question's number as it stands on the board, such as 3.")
    return int(text)


async def setup(bot: ReadalongBot) -> None:
    bot.add_dynamic_items(ModeratePress, StatusPress, MergePress)
    bot.add_forms(MergeForm)
