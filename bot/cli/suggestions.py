"""`readalong summary questions`: what the model suggests to discuss, and what is taken of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.frame import Command, at_desk, format_option, next_command
from bot.domain.model import OPERATOR

if TYPE_CHECKING:
    from bot.app import Desk
    from bot.domain.model import Question, Session
    from bot.services.summaries import Suggestions


@click.command(
    cls=Command,
    short_help="Have questions suggested, and take some.",
    epilog="""\b
Examples:
  readalong summary questions next
  readalong summary questions next --accept 1 --accept 4
""",
)
@click.argument("name", metavar="SESSION")
@click.option(
    "--accept",
    "numbers",
    type=click.IntRange(1),
    multiple=True,
    metavar="N",
    help="Put this one on the board as the group's own; several times.",
)
@format_option("text", "json")
def questions(*, name: str, numbers: tuple[int, ...], form: str) -> None:
    """Questions for the discussion that the model finds in the reading, each with its words.

    They are made once the summaries are approved, and the same ones are shown for a day.
    """

    async def work(desk: Desk) -> tuple[Suggestions, list[Question]]:
        session = await desk.sessions.find(desk.group, name, members_only=False)
        found = await _suggested(desk, session)
        added = [
            await desk.summaries.accept_suggestion(desk.group, found.id, number, by=OPERATOR)
            for number in numbers
        ]
        return (await _suggested(desk, session) if added else found), added

    _tell_suggestions(*at_desk(work), form)


async def _suggested(desk: Desk, session: Session) -> Suggestions:
    """Raises UserError where there are none, which says why."""
    from bot.cli.progress import shown_progress
    from bot.domain.errors import UserError

    with shown_progress(f"Questions about “{session.title}”"):
        found = await desk.summaries.suggestions(desk.group, session.slug, by=OPERATOR)
    if found is not None:
        return found
    if not desk.summaries.by_model:
        raise UserError(
            "No model is configured, so no questions are suggested; add your own with: "
            + next_command(f"question add {session.slug}")
        )
    raise UserError(await _why_none(desk, session))


async def _why_none(desk: Desk, session: Session) -> str:
    """What is missing for a model to suggest something, and the command that mends it."""
    own = next_command(f"question add {session.slug}")
    if not await desk.summaries.current(session):
        approve = next_command(f"summary approve {session.slug}")
        return f"Questions are suggested once a summary is approved: {approve}"
    whole = await desk.sessions.show(desk.group, session.slug, by=OPERATOR)
    if not any(reading.text for reading in whole.session.readings):
        make = next_command(f"summary make {session.slug}")
        return (
            f"Questions are made from the reading, and its text isn't stored; read it with: {make}"
        )
    return f"The model found no question that the reading's own words bear out; add yours: {own}"


def _tell_suggestions(found: Suggestions, added: list[Question], form: str) -> None:
    from bot.cli.drafts import say_suggestion, suggestion_json
    from bot.cli.show import one_line, question_json, say, say_json

    numbered = list(enumerate(found.questions, 1))
    if form == "json":
        said = [suggestion_json(n, each, accepted=n in found.accepted) for n, each in numbered]
        say_json({"questions": said, "added": [question_json(each) for each in added]})
        return
    for number, each in numbered:
        say_suggestion(number, each, accepted=number in found.accepted)
    for question in added:
        say(f"Question {question.number} is on the board: {one_line(question.text)}")
    if not added:
        command = next_command(f"summary questions {found.session.slug} --accept 1")
        say(f"Put one on the board with: {command}")
