"""`readalong summary ...`: have the summaries of a session made, look at them with what the checks
found, change, approve and post them, and have questions suggested."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.frame import Group, at_desk, format_option, next_command
from bot.cli.suggestions import questions
from bot.domain.model import OPERATOR, Audience

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.app import Desk
    from bot.domain.model import Session, Summary
    from bot.services.summaries import Posted

_audience_option = click.option(
    "--audience",
    type=click.Choice([*(audience.value for audience in Audience), "both"]),
    default="both",
    show_default=True,
    help="Whom it is for.",
)


@click.group(cls=Group)
def summary() -> None:
    """Make, check, approve and post a session's two summaries."""


@summary.command(
    short_help="Make new versions of both.",
    epilog="""\b
Examples:
  readalong summary make nostr-the-protocol
  readalong summary make next --no-ai
""",
)
@click.argument("name", metavar="SESSION")
@_audience_option
@click.option("--no-ai", is_flag=True, help="Quote the reading instead of asking a model.")
@click.option("--reread", is_flag=True, help="Read the reading's link again first.")
@format_option("text", "json")
def make(*, name: str, audience: str, no_ai: bool, reread: bool, form: str) -> None:
    """Make new versions of both from the reading's text, and show those asked for.

    A reading that is only a link is read first. A model's are drafts until you approve them;
    quoted ones are shown to members at once. The versions before stay stored.
    """
    wanted = _audiences(audience)

    async def work(desk: Desk) -> tuple[Session, Mapping[Audience, Summary], bool]:
        session = await desk.sessions.find(desk.group, name, members_only=False)
        made = await _made(desk, session, no_ai=no_ai, reread=reread)
        chosen = {each: made[each] for each in wanted if each in made}
        return session, chosen, desk.summaries.by_model

    session, made, by_model = at_desk(work)
    _tell(made, form)
    if form == "text":
        from bot.cli.drafts import say_next

        say_next(session, made, by_model=by_model)


async def _made(
    desk: Desk, session: Session, *, no_ai: bool, reread: bool
) -> Mapping[Audience, Summary]:
    """New versions. Raises UserError with the choice that there is where a model fails."""
    from bot.cli.progress import shown_progress
    from bot.domain.errors import SummaryError, UnknownSummaryError, UserError

    asks = desk.summaries.by_model and not no_ai
    who = desk.config.summaries.model if asks else "the summariser that quotes (no AI)"
    with shown_progress(f"“{session.title}”, by {who}") as progress:
        try:
            return await desk.summaries.make(
                desk.group, session.slug, by=OPERATOR, progress=progress, reread=reread, plain=no_ai
            )
        except UnknownSummaryError as error:
            give = next_command(f"session edit {session.slug} --reading SOURCE")
            raise UnknownSummaryError(f"{error} Give it a file or a link: {give}") from error
        except SummaryError as error:
            if not asks:
                raise
            instead = next_command(f"summary make {session.slug} --no-ai")
            raise UserError(f"{error.reason} Without a model: {instead}") from error


@summary.command(
    short_help="Show them with their checks.",
    epilog="""\b
Examples:
  readalong summary show next --audience plain
  readalong summary show nostr-the-protocol --version 1 --format json
""",
)
@click.argument("name", metavar="SESSION")
@_audience_option
@click.option("--version", type=click.IntRange(1), help="An earlier one.  [default: the newest]")
@format_option("text", "json")
def show(*, name: str, audience: str, version: int | None, form: str) -> None:
    """Show the newest, drafts too, with where the reading says it and what the checks found.

    One that is missing is made first, unless a model would have to be asked.
    """
    wanted = _audiences(audience)

    async def work(desk: Desk) -> Mapping[Audience, Summary]:
        session = await desk.sessions.find(desk.group, name, members_only=False)
        stored = await desk.summaries.versions(desk.group, session.slug, by=OPERATOR)
        if version is not None:
            return _of_version(session, stored, wanted, version)
        newest = {each.draft.audience: each for each in stored}
        return await _with_missing(desk, session, newest, wanted)

    _tell(at_desk(work), form)


def _of_version(
    session: Session, stored: Sequence[Summary], wanted: Sequence[Audience], version: int
) -> Mapping[Audience, Summary]:
    from bot.domain.errors import UnknownSummaryError

    of_version = {each.draft.audience: each for each in stored if each.version == version}
    found = {audience: of_version[audience] for audience in wanted if audience in of_version}
    if not found:
        last = max((each.version for each in stored if each.draft.audience in wanted), default=0)
        there = f"the newest is {last}" if last else "there is none yet"
        raise UnknownSummaryError(f"“{session.title}” has no version {version}; {there}.")
    return found


async def _with_missing(
    desk: Desk, session: Session, newest: Mapping[Audience, Summary], wanted: Sequence[Audience]
) -> Mapping[Audience, Summary]:
    """Those wanted, made where they are only quoted. Raises UnknownSummaryError without any."""
    from bot.domain.errors import UnknownSummaryError

    found = {audience: newest[audience] for audience in wanted if audience in newest}
    if desk.summaries.by_model:
        if not found:
            command = next_command(f"summary make {session.slug}")
            raise UnknownSummaryError(
                f"There is no such summary of “{session.title}” yet; make both with: {command}"
            )
        return found
    return {each: found.get(each) or await desk.summaries.get(session, each) for each in wanted}


@summary.command(
    short_help="Let members see the newest ones.",
    epilog="""\b
Example:
  readalong summary approve next --audience techie
""",
)
@click.argument("name", metavar="SESSION")
@_audience_option
@format_option("text", "json")
def approve(*, name: str, audience: str, form: str) -> None:
    """Let members see the newest versions; reminders post them. Twice is once."""
    wanted = _audiences(audience)

    async def work(desk: Desk) -> tuple[Session, Mapping[Audience, Summary], bool]:
        session = await desk.sessions.find(desk.group, name, members_only=False)
        seen = await desk.summaries.approve(desk.group, session.slug, by=OPERATOR, audiences=wanted)
        chosen = {each: seen[each] for each in wanted if each in seen}
        return session, chosen, desk.summaries.by_model

    session, seen, by_model = at_desk(work)
    if form == "json":
        _tell(seen, form)
    else:
        _tell_approved(session, seen, by_model=by_model)


def _tell_approved(session: Session, seen: Mapping[Audience, Summary], *, by_model: bool) -> None:
    from bot.cli.drafts import members_see, next_to_post
    from bot.cli.show import one_line, say

    for audience, each in seen.items():
        severe = sum(finding.severe for finding in each.draft.findings)
        faults = f"; the checks found {severe} to mend in it" if severe else ""
        origin = one_line(each.draft.origin)
        say(f"Approved the {audience} summary, version {each.version} by {origin}{faults}.")
    say(members_see(session))
    for words, what in next_to_post(session):
        say(f"  {next_command(words)}\n      {what}")
    if by_model:
        say(
            f"  {next_command(f'summary questions {session.slug}')}\n      suggests what to discuss"
        )


@summary.command(
    short_help="Change one in your editor.",
    epilog="""\b
Examples:
  readalong summary edit next --audience plain
  readalong summary edit next --audience plain --file plain.md
""",
)
@click.argument("name", metavar="SESSION")
@click.option(
    "--audience",
    type=click.Choice([audience.value for audience in Audience]),
    required=True,
    help="Whom it is for.",
)
@click.option(
    "--file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="F",
    help='Take its text from this file, "-" for standard input.  [default: open $EDITOR]',
)
@format_option("text", "json")
def edit(*, name: str, audience: str, file: Path | None, form: str) -> None:
    """Change a summary in your editor; it is a new version, marked as edited.

    A draft stays a draft, an approved one stays approved; the checks are made again.
    """
    from bot.cli.drafts import say_next
    from bot.cli.editing import edited_by_hand, edited_from
    from bot.cli.show import say

    wanted = Audience(audience)
    session, made = (
        edited_by_hand(name, wanted) if file is None else edited_from(file, name, wanted)
    )
    if form == "json":
        _tell({wanted: made} if made else {}, form)
    elif made is None:
        say("Nothing was changed.")
    else:
        _tell({wanted: made}, form)
        say_next(session, {wanted: made}, by_model=False)


@summary.command(short_help="Post what is approved on every network.")
@click.argument("name", metavar="SESSION")
@format_option("text", "json")
def post(*, name: str, form: str) -> None:
    """Post the approved summaries on every network of the group; twice is once."""
    from bot.cli.show import say, say_json, session_row

    async def work(desk: Desk) -> Posted:
        return await desk.summaries.post(desk.group, name, by=OPERATOR)

    posted = at_desk(work)
    session = posted.session
    if form == "json":
        say_json({**session_row(session), "posts": posted.posts})
    elif posted.posts:
        queued = "1 post is" if posted.posts == 1 else f"{posted.posts} posts are"
        say(f"“{session.title}” ({session.slug}): {queued} queued; `readalong run` sends them.")
    else:
        say(f"“{session.title}” ({session.slug}): all of it was posted before; nothing is queued.")


summary.add_command(questions)


def _audiences(audience: str) -> tuple[Audience, ...]:
    return tuple(Audience) if audience == "both" else (Audience(audience),)


def _tell(summaries: Mapping[Audience, Summary], form: str) -> None:
    from bot.cli.drafts import say_drafts
    from bot.cli.show import say_json, summary_json

    if form == "json":
        say_json({audience.value: summary_json(each) for audience, each in summaries.items()})
    else:
        say_drafts(summaries)
