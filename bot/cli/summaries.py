"""`readalong summary ...`: show the summaries of a session, or have new ones made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.cli.frame import Group, at_desk, format_option
from bot.domain.model import OPERATOR, Audience

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.app import Desk
    from bot.domain.model import Summary

_audience_option = click.option(
    "--audience",
    type=click.Choice([*(audience.value for audience in Audience), "both"]),
    default="both",
    show_default=True,
    help="Whom it is for.",
)


@click.group(cls=Group)
def summary() -> None:
    """Show or make the two summaries of a session."""


@summary.command(
    short_help="Show them, made first if need be.",
    epilog="""\b
Example:
  readalong summary show next --audience plain
""",
)
@click.argument("name", metavar="SESSION")
@_audience_option
@format_option("text", "json")
def show(*, name: str, audience: str, form: str) -> None:
    """Show them; one that is missing is made first, if there is a text to make it from."""
    wanted = _audiences(audience)

    async def work(desk: Desk) -> Mapping[Audience, Summary]:
        session = await desk.sessions.find(desk.group, name, members_only=False)
        return {each: await desk.summaries.get(session, each) for each in wanted}

    _tell(at_desk(work), form)


@summary.command(
    short_help="Make new versions of both.",
    epilog="""\b
Example:
  readalong summary make nostr-the-protocol
""",
)
@click.argument("name", metavar="SESSION")
@_audience_option
@format_option("text", "json")
def make(*, name: str, audience: str, form: str) -> None:
    """Make new versions of both from the reading's text, and show those asked for.

    The versions before stay stored.
    """
    wanted = _audiences(audience)

    async def work(desk: Desk) -> Mapping[Audience, Summary]:
        made = await desk.summaries.make(desk.group, name, by=OPERATOR)
        return {each: made[each] for each in wanted if each in made}

    _tell(at_desk(work), form)


def _audiences(audience: str) -> tuple[Audience, ...]:
    return tuple(Audience) if audience == "both" else (Audience(audience),)


def _tell(summaries: Mapping[Audience, Summary], form: str) -> None:
    from bot.cli.show import say_json, say_summary, summary_json

    if form == "json":
        say_json({audience.value: summary_json(each) for audience, each in summaries.items()})
        return
    for audience, each in summaries.items():
        say_summary(audience, each)
