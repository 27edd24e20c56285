"""`readalong question ...`: the organiser's own questions, and the board."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.frame import Group, at_desk, format_option

if TYPE_CHECKING:
    from bot.app import Desk
    from bot.domain.model import Question, SessionView


@click.group(cls=Group)
def question() -> None:
    """Put a question on a session's board, list the board."""


@question.command(
    epilog="""\b
Example:
  readalong question add nostr-the-protocol "Who pays for the relays?"
"""
)
@click.argument("name", metavar="SESSION")
@click.argument("text")
@format_option("text", "json")
def add(*, name: str, text: str, form: str) -> None:
    """Put a question of your own on a session's board."""
    from bot.cli.show import question_json, say, say_json
    from bot.domain.model import OPERATOR

    async def work(desk: Desk) -> tuple[Question, SessionView]:
        asked = await desk.questions.add(desk.group, name, text, by=OPERATOR)
        return asked, await desk.sessions.show(desk.group, name, by=OPERATOR)

    asked, view = at_desk(work)
    if form == "json":
        say_json(question_json(asked))
    else:
        say(f"Question {asked.number} is on the board of “{view.session.title}”.")


@question.command(
    "list",
    epilog="""\b
Examples:
  readalong question list next
  readalong question list nostr-the-protocol --format csv > questions.csv
""",
)
@click.argument("name", metavar="SESSION")
@format_option("table", "json", "csv", "md")
def list_(*, name: str, form: str) -> None:
    """A session's board: most votes first, then in the order they came."""
    from bot.cli.show import say, say_questions
    from bot.domain.model import OPERATOR

    view = at_desk(lambda desk: desk.sessions.show(desk.group, name, by=OPERATOR))
    if view.questions or form != "table":
        say_questions(view.questions, form)
    else:
        say(f"There is no question for “{view.session.title}” yet.")
