"""How things look on a terminal and in files: tables, JSON, CSV and Markdown.

What strangers wrote is shown as inert text: no escape sequence of theirs reaches a terminal, no
formula a spreadsheet, no pipe a table. Nothing here opens the data file.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from bot.domain.model import Audience, Network, Question, Session, SessionView, Summary

# Control characters but newline and tab, and the marks that reorder text (Unicode TR9).
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ITEM = re.compile(r" *(?:\d+\.|[-*•]) +")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
WIDTH = 100
"""Columns when the output is no terminal, and at most."""
Lines = tuple[str, ...]
"""A table's cell of several lines."""


def plain(text: str) -> str:
    """``text`` without anything that a terminal would obey."""
    return _UNSAFE.sub("", text)


def one_line(text: str) -> str:
    return " ".join(plain(text).split())


def say(text: str) -> None:
    click.echo(plain(text))


def say_prose(text: str) -> None:
    """Long lines are broken between words on a terminal, and left whole for a file or a pipe."""
    if sys.stdout.isatty():
        text = wrapped(text, min(shutil.get_terminal_size().columns, WIDTH))
    say(text)


def wrapped(text: str, width: int) -> str:
    """Each line in ``width`` columns, list items with a hanging indent; links are never broken."""
    return "\n".join(
        textwrap.fill(
            line,
            max(width, 20),
            subsequent_indent=" " * _indent(line),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.split("\n")
    )


def _indent(line: str) -> int:
    item = _ITEM.match(line)
    return item.end() if item is not None else 0


def say_json(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    click.echo(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str | Lines]]) -> None:
    """A table no wider than the terminal, 100 columns at most; long cells are folded, never cut."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    if not sys.stdout.isatty() or console.width > WIDTH:
        console = Console(highlight=False, markup=False, emoji=False, width=WIDTH)
    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold", justify="right" if column == "#" else "left")
    for row in rows:
        lines = ((cell,) if isinstance(cell, str) else cell for cell in row)
        table.add_row(*(Text("\n".join(map(one_line, cell))) for cell in lines))
    console.print(table)


def say_csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """RFC 4180. A cell that a spreadsheet would run as a formula gets a quote in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        cells = (plain(cell) for cell in row)
        writer.writerow(
            [f"'{cell}" if cell.lstrip().startswith(_FORMULA) else cell for cell in cells]
        )
    click.echo(text.getvalue(), nl=False)


def say_markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A table as GitHub reads it."""
    click.echo(f"| {' | '.join(columns)} |")
    click.echo(f"|{'---|' * len(columns)}")
    for row in rows:
        click.echo(f"| {' | '.join(_markdown_cell(cell) for cell in row)} |")


def _markdown_cell(text: str) -> str:
    return re.sub(r"([\\|`*_\[\]<>])", r"\\\1", one_line(text))


def when(session: Session) -> str:
    return f"{session.local_time} {session.timezone}"


def utc(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second: "2026-12-03T00:00:00Z"."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def author_of(question: Question) -> str | None:
    """How a person is shown: their name, else their npub or address; None where nobody is named."""
    author = question.author
    if author is None:
        return None
    return author.name or address_of(author.network, author.address)


def address_of(network: Network, address: str) -> str:
    """A Nostr key as an npub, any other address as it is."""
    if network is not Network.NOSTR:
        return address
    from bot.networks.nostr.nip19 import encode_npub

    return encode_npub(address)


def session_row(session: Session) -> dict[str, Any]:
    """A session as it is listed in JSON."""
    return {
        "slug": session.slug,
        "title": session.title,
        "starts_at": utc(session.starts_at),
        "local_time": session.local_time,
        "timezone": session.timezone,
        "status": session.status.value,
        "tags": list(session.tags),
    }


def session_json(view: SessionView) -> dict[str, Any]:
    """Everything of a session in JSON; keys are only ever added."""
    session = view.session
    return {
        **session_row(session),
        "duration_minutes": int(session.duration.total_seconds() // 60),
        "place": session.place,
        "topic": session.topic,
        "revision": session.revision,
        "readings": [
            {
                "title": reading.title,
                "url": reading.url,
                "has_text": bool(reading.text),
                "words": len(reading.text.split()),
                "author": reading.author,
                "published": reading.published,
                "notes": list(reading.notes),
                "text_hash": reading.text_hash,
            }
            for reading in session.readings
        ],
        "summaries": {
            audience.value: summary_json(view.summaries[audience])
            for audience in Audience
            if audience in view.summaries
        },
        "questions": [question_json(question) for question in view.questions],
        "rsvps": {"yes": view.rsvps.yes, "maybe": view.rsvps.maybe, "no": view.rsvps.no},
    }


def summary_json(summary: Summary) -> dict[str, Any]:
    """A summary with where each of its points comes from and what the gates found; keys are only
    ever added."""
    draft = summary.draft
    return {
        "body": draft.body,
        "words": draft.words,
        "lead": draft.lead,
        "points": [
            {"head": point.head, "text": point.text, "quote": point.quote, "section": point.section}
            for point in draft.points
        ],
        "origin": draft.origin,
        "status": draft.status.value,
        "version": summary.version,
        "created_at": utc(summary.created_at),
        "asked_by": draft.asked_by,
        "prompt": draft.prompt,
        "answered_by": draft.answered_by,
        "current": summary.current,
        "approved_at": utc(summary.approved_at) if summary.approved_at else None,
        "edited": draft.edited,
        "scope": draft.scope,
        "findings": [
            {"gate": each.gate, "point": each.point, "severe": each.severe, "text": each.text}
            for each in draft.findings
        ],
        "usage": asdict(draft.usage) if draft.usage else None,
    }


def question_json(question: Question) -> dict[str, Any]:
    return {
        "number": question.number,
        "text": question.text,
        "votes": question.votes,
        "network": question.network.value,
        "author": author_of(question),
        "asked_at": utc(question.asked_at),
        "status": question.status.value,
    }


def say_session(view: SessionView) -> None:
    """One session in words."""
    session = view.session
    say(f"{session.title}  ({session.slug}, {session.status.value})")
    say(f"  when      {when(session)}  ({utc(session.starts_at)})")
    if session.place:
        say(f"  where     {one_line(session.place)}")
    if session.tags:
        say(f"  tags      {', '.join(session.tags)}")
    for reading in session.readings:
        say(f"  reading   {one_line(f'{reading.title}  {reading.url}')}")
    say(f"  coming    {view.rsvps.yes} yes, {view.rsvps.maybe} maybe, {view.rsvps.no} no")
    if session.topic:
        say_prose(f"\n{session.topic}")
    for audience in Audience:
        if audience in view.summaries:
            say_summary(audience, view.summaries[audience])
    if view.questions:
        say_questions(view.questions)


def say_summary(audience: Audience, summary: Summary) -> None:
    draft = summary.draft
    edited = ", edited by the organiser" if draft.edited else ""
    made = f"{draft.words} words, {draft.origin}{edited}, {draft.status.value}"
    say(f"\n{audience.value.upper()}  {one_line(made)} (version {summary.version})")
    if draft.scope:
        say_prose(f"Not from all of the reading: {one_line(draft.scope)}")
    if draft.prompt and draft.origin == "imported":  # ours are the same for every reading
        say_prose(f"{draft.asked_by or 'Asked'}: {one_line(draft.prompt)}")
    say_prose(f"\n{draft.body}")


def say_questions(questions: Sequence[Question], form: str = "table") -> None:
    """The board, most wanted first, as a table, JSON, CSV or Markdown."""
    columns = ("#", "question", "votes", "from", "on")
    rows = [
        (
            str(question.number),
            question.text,
            str(question.votes),
            author_of(question) or "",
            question.network.value,
        )
        for question in questions
    ]
    match form:
        case "json":
            say_json([question_json(question) for question in questions])
        case "csv":
            say_csv(("number", "question", "votes", "author", "network"), rows)
        case "md":
            say_markdown(columns, rows)
        case _:
            say_table(columns, [(*row[:3], _short(row[3]), row[4]) for row in rows])


def _short(name: str) -> str:
    """An npub cut in the middle, so that a table keeps its room for the question."""
    return f"{name[:12]}…{name[-4:]}" if name.startswith("npub1") and len(name) > 20 else name
