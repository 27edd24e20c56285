"""`readalong session ...`: plan, change, announce, call off, list, show, read in and write out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.frame import Group, at_desk, format_option, next_command, run_async

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import Desk
    from bot.cli.sources import Source
    from bot.domain.model import Session, SessionView
    from bot.services.sessions import Announced

_AT = '"2026-12-02 19:00" or "next wednesday 7pm", in --timezone'


class Duration(click.ParamType[timedelta]):
    """ "2h" or "90m" on the command line."""

    name = "duration"

    def convert(self, value: Any, param: Any, ctx: Any) -> timedelta:
        from bot.domain.when import parse_offset

        if isinstance(value, timedelta):
            return value
        try:
            return parse_offset(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group(cls=Group)
def session() -> None:
    """Plan, announce, change, show, import and export sessions.

    SESSION is a session's short name (its slug), the start of one, words of its title, "next" or
    "last".
    """


@session.command(
    epilog="""\b
Examples:
  readalong session add --title "Nostr, the protocol" --at "2026-12-02 19:00"
  readalong session add --title "Paper night" --at "2026-12-09 19:00" \\
      --timezone Europe/Berlin --place "c-base" --tag paper \\
      --reading paper.pdf --announce
  readalong session add --title "Scaling laws" --at "2026-12-16 19:00" \\
      --reading arXiv:2001.08361
"""
)
@click.option("--title", required=True, help="What it is called.")
@click.option("--at", "when", required=True, metavar="WHEN", help=f"When it starts: {_AT}.")
@click.option(
    "--timezone", default="", metavar="ZONE", help="An IANA zone.  [default: the group's]"
)
@click.option("--place", default="", help="Where people meet: an address, a room, a link.")
@click.option("--tag", "tags", multiple=True, help="A tag; may be given several times.")
@click.option("--topic", default="", help="What it is about, in Markdown.")
@click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="SOURCE",
    help="A PDF, web page, Markdown or text file, a link, or an arXiv id; several times.",
)
@click.option("--duration", type=Duration(), default="2h", show_default=True, help="How long.")
@click.option("--announce", is_flag=True, help="Announce it at once.")
@format_option("text", "json")
def add(
    *,
    title: str,
    when: str,
    timezone: str,
    place: str,
    tags: tuple[str, ...],
    topic: str,
    readings: tuple[str, ...],
    duration: timedelta,
    announce: bool,
    form: str,
) -> None:
    """Plan a session. Nobody is told before it is announced.

    A file is read at once; a link is read when its summaries are made.
    """
    from bot.cli.sources import read_sources
    from bot.domain.model import OPERATOR
    from bot.services.sessions import SessionPlan

    sources = run_async(lambda: read_sources(readings))
    texts = tuple(source.reading for source in sources)
    plan = SessionPlan(title, when, timezone, place, topic, tags, texts, duration)

    async def work(desk: Desk) -> tuple[Session, Announced | None]:
        if announce:
            await desk.require_destination()
        session = await desk.sessions.add(desk.group, plan, by=OPERATOR)
        if not announce:
            return session, None
        announced = await desk.sessions.announce(desk.group, session.slug, by=OPERATOR)
        return announced.session, announced

    _tell_added(*at_desk(work), sources, form)


def _tell_added(
    session: Session, announced: Announced | None, sources: Sequence[Source], form: str
) -> None:
    from bot.cli.show import say, say_json, session_row, when
    from bot.cli.sources import say_read, source_json

    if form == "json":
        say_json({**session_row(session), "readings": [source_json(each) for each in sources]})
        return
    say(f"Planned “{session.title}” for {when(session)}, as {session.slug}.")
    say_read(sources, next_command(f"summary make {session.slug}"))
    if announced is None:
        say(f"Announce it with: {next_command(f'session announce {session.slug}')}")
    else:
        _tell_announced(announced)


@session.command(
    epilog="""\b
Example:
  readalong session edit nostr-the-protocol --at "2026-12-03 20:00"
"""
)
@click.argument("name", metavar="SESSION")
@click.option("--title", help="A new title; the short name stays.")
@click.option("--at", "when", metavar="WHEN", help=f"A new time: {_AT}.")
@click.option("--timezone", metavar="ZONE", help="Another IANA zone.")
@click.option("--place", help='Another place; "" for none.')
@click.option("--tag", "tags", multiple=True, help="The tags in place of those it has.")
@click.option("--topic", help='Another topic; "" for none.')
@click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="SOURCE",
    help="The readings in place of those it has: files, links, arXiv ids.",
)
@click.option("--duration", type=Duration(), help="Another length, like 2h.")
@format_option("text", "json")
def edit(
    *, name: str, tags: tuple[str, ...], readings: tuple[str, ...], form: str, **fields: Any
) -> None:
    """Change a session. Members are told if it was announced, and the reminders move along."""
    from bot.cli.sources import read_sources
    from bot.domain.model import OPERATOR
    from bot.services.sessions import SessionChanges

    if not (tags or readings or any(value is not None for value in fields.values())):
        raise click.UsageError("Say what to change, for example --at or --place.")
    sources = run_async(lambda: read_sources(readings))
    texts = tuple(source.reading for source in sources) or None
    changes = SessionChanges(tags=tags or None, readings=texts, **fields)

    async def work(desk: Desk) -> Session:
        return await desk.sessions.edit(desk.group, name, changes, by=OPERATOR)

    _tell_changed(at_desk(work), sources, form)


def _tell_changed(changed: Session, sources: Sequence[Source], form: str) -> None:
    from bot.cli.show import say, say_json, session_row, when
    from bot.cli.sources import say_read

    if form == "json":
        say_json(session_row(changed))
        return
    say(f"“{changed.title}” ({changed.slug}) is on {when(changed)}.")
    say_read(sources, next_command(f"summary make {changed.slug}"))


@session.command()
@click.argument("name", metavar="SESSION")
def cancel(name: str) -> None:
    """Call a session off. Members are told if it was announced; twice is once."""
    from bot.cli.show import say
    from bot.domain.model import OPERATOR

    async def work(desk: Desk) -> Session:
        return await desk.sessions.cancel(desk.group, name, by=OPERATOR)

    cancelled = at_desk(work)
    say(f"“{cancelled.title}” ({cancelled.slug}) is off.")


@session.command(short_help="Tell members of a session, and plan its reminders.")
@click.argument("name", metavar="SESSION")
def announce(name: str) -> None:
    """Tell members of a session everywhere and plan its reminders; twice is once."""
    from bot.domain.model import OPERATOR

    async def work(desk: Desk) -> Announced:
        await desk.require_destination()
        return await desk.sessions.announce(desk.group, name, by=OPERATOR)

    _tell_announced(at_desk(work))


def _tell_announced(announced: Announced) -> None:
    from bot.cli.show import say

    session = announced.session
    if announced.posts:
        say(
            f"Announced “{session.title}” ({session.slug}): {announced.posts} posts are queued; "
            "`readalong run` sends them."
        )
    else:
        say(f"“{session.title}” ({session.slug}) was announced before; nothing was posted again.")


@session.command("list")
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="At most."
)
@format_option("table", "json")
def list_(*, limit: int, form: str) -> None:
    """Every session, whatever its status, the latest first."""
    from bot.cli.show import say, say_json, say_table, session_row
    from bot.domain.model import OPERATOR

    async def work(desk: Desk) -> list[Session]:
        return list(await desk.sessions.all(desk.group, limit=limit, by=OPERATOR))

    sessions = at_desk(work)
    if form == "json":
        say_json([session_row(session) for session in sessions])
    elif not sessions:
        say("There is no session yet. Plan one with: readalong session add")
    else:
        say_table(
            ("session", "when", "status"),
            [((s.title, s.slug), (s.local_time, s.timezone), s.status.value) for s in sessions],
        )


@session.command(short_help="Everything of a session.")
@click.argument("name", metavar="SESSION")
@format_option("text", "json")
def show(*, name: str, form: str) -> None:
    """Everything of a session: topic, readings, summaries, questions, who comes."""
    from bot.cli.show import say_json, say_session, session_json
    from bot.domain.model import OPERATOR

    view = at_desk(lambda desk: desk.sessions.show(desk.group, name, by=OPERATOR))
    if form == "json":
        say_json(session_json(view))
    else:
        say_session(view)


@session.command(
    "import",
    short_help="Read a session page (Markdown) in.",
    epilog="""\b
Examples:
  readalong session import page.md
  readalong session import page.md --at "2023-07-05 19:00" \\
      --timezone America/New_York
""",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--at", default="", metavar="WHEN", help="When it is or was, over the page's own word."
)
@click.option(
    "--timezone", default="", metavar="ZONE", help="An IANA zone.  [default: the group's]"
)
@click.option("--announce", "announcing", is_flag=True, help="Announce it at once.")
@format_option("text", "json")
def import_(*, file: Path, at: str, timezone: str, announcing: bool, form: str) -> None:
    """Read a session page (Markdown) in: all of it or nothing; the same page twice is once.

    It says what was taken and what was not, line by line.
    """
    from bot.domain.model import OPERATOR
    from bot.readings.page import parse_page

    page = parse_page(_page_bytes(file), file.name)

    async def work(desk: Desk) -> tuple[Any, SessionView, Announced | None]:
        if announcing:
            await desk.require_destination()
        imported = await desk.sessions.import_page(
            desk.group,
            page,
            at=at,
            timezone=timezone,
            start_time=desk.config.group.start_time,
            by=OPERATOR,
        )
        name = imported.session.slug
        announced = (
            await desk.sessions.announce(desk.group, name, by=OPERATOR) if announcing else None
        )
        return imported, await desk.sessions.show(desk.group, name, by=OPERATOR), announced

    imported, view, announced = at_desk(work)
    if form == "json":
        from bot.cli.show import say_json, session_row

        outcome = {"created": imported.created, "changed": imported.changed}
        say_json({**session_row(view.session), **outcome, "notes": list(imported.notes)})
        return
    _tell_imported(imported, view)
    if announced is not None:
        _tell_announced(announced)


def _page_bytes(file: Path) -> bytes:
    from bot.domain.errors import InvalidPageError

    limit = 4 * 1024 * 1024
    with file.open("rb") as opened:
        data = opened.read(limit + 1)
    if len(data) > limit:
        raise InvalidPageError(f"{file} is larger than 4 MiB, which no session page is.")
    return data


def _tell_imported(imported: Any, view: SessionView) -> None:
    from bot.cli.show import one_line, say, when

    session = view.session
    done = "Imported" if imported.created else "Updated" if imported.changed else "Nothing new in"
    say(f"{done} “{session.title}” ({session.slug}).")
    say(f"  when       {when(session)}")
    say(f"  tags       {', '.join(session.tags) or 'none'}")
    for reading in session.readings:
        say(f"  reading    {one_line(reading.url or reading.title)}")
    for audience, summary in sorted(view.summaries.items(), reverse=True):  # techie first
        draft = summary.draft
        points = f"{len(draft.points)} point{'s'[: len(draft.points) != 1]}"
        say(f"  summary    {audience.value}: {points}, {draft.words} words")
    say(f"  questions  {len(view.questions)} on the board")
    for note in imported.notes:
        say(f"  note       {one_line(note)}")


@session.command(short_help="Write a session's page (Markdown).")
@click.argument("name", metavar="SESSION")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="F",
    help="Write to this file, which must not exist.  [default: standard output]",
)
def export(*, name: str, output: Path | None) -> None:
    """Write a session's page (Markdown), which `session import` reads back."""
    from bot.domain.model import OPERATOR
    from bot.readings.page import write_page

    view = at_desk(lambda desk: desk.sessions.show(desk.group, name, by=OPERATOR))
    page = write_page(view)
    if output is None:
        click.echo(page, nl=False)
    else:
        _write_new(output, page)
        click.echo(f"Wrote {output}.")


def _write_new(path: Path, text: str) -> None:
    from bot.domain.errors import UserError

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path} exists already; name a file that doesn't.") from None
