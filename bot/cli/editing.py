"""An organiser's own words for a summary: out of an editor or a file, and never lost on the way."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.frame import at_desk, next_command
from bot.domain.errors import ReadalongError, UnknownSummaryError, UserError
from bot.domain.model import OPERATOR, Audience, Session, Summary

if TYPE_CHECKING:
    from bot.app import Desk

_LONGEST = 1024 * 1024  # bytes of a file, far more than a summary may have


def edited_from(file: Path, name: str, audience: Audience) -> tuple[Session, Summary | None]:
    """The new version with the file's words ("-" for standard input); None for the same words.

    Raises UserError, UnknownSummaryError, OSError.
    """
    text = _text_of(file)

    async def work(desk: Desk) -> tuple[Session, Summary | None]:
        session, before = await _newest(desk, name, audience)
        return session, await _stored(desk, session, before, text)

    return at_desk(work)


def edited_by_hand(name: str, audience: Audience) -> tuple[Session, Summary | None]:
    """The same with the words that the editor is left with; where they can't be stored, they are
    kept in a file, and the error says where."""
    session, before = at_desk(lambda desk: _newest(desk, name, audience))
    text = _from_editor(before.draft.body)
    if text is None:  # closed without saving
        return session, None

    async def work(desk: Desk) -> Summary | None:
        now = (await _newest(desk, session.slug, audience))[1]
        if now.id != before.id:
            raise UserError(f"Somebody else made version {now.version} meanwhile.")
        return await _stored(desk, session, before, text)

    try:
        return session, at_desk(work)
    except ReadalongError as error:
        kept = _kept(text, session, audience)
        command = f"summary edit {session.slug} --audience {audience} --file {kept}"
        raise UserError(f"{error} Your words are kept: {next_command(command)}") from error


def _from_editor(body: str) -> str | None:
    """The words that the editor is left with; None when it was closed without saving."""
    try:
        return click.edit(body, extension=".md")
    except click.ClickException as error:
        raise UserError(
            "The editor could not be started or failed, and nothing was changed; "
            "name yours in $EDITOR, or give the words with --file F."
        ) from error


async def _newest(desk: Desk, name: str, audience: Audience) -> tuple[Session, Summary]:
    session = await desk.sessions.find(desk.group, name, members_only=False)
    latest = await desk.summaries.latest(desk.group, session.slug, by=OPERATOR)
    if audience not in latest:
        raise UnknownSummaryError(
            f"There is no {audience} summary of “{session.title}” to edit; make one first."
        )
    return session, latest[audience]


async def _stored(desk: Desk, session: Session, before: Summary, text: str) -> Summary | None:
    audience = before.draft.audience
    made = await desk.summaries.edit(desk.group, session.slug, audience, text, by=OPERATOR)
    return None if made.id == before.id else made


def _text_of(file: Path) -> str:
    if file == Path("-"):
        data = sys.stdin.buffer.read(_LONGEST + 1)
    else:
        with file.open("rb") as opened:
            data = opened.read(_LONGEST + 1)
    if len(data) > _LONGEST:
        raise UserError(f"{file} is larger than 1 MiB, which no summary is.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{file} is no text in UTF-8; save it as that.") from None


def _kept(text: str, session: Session, audience: Audience) -> Path:
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix=f"{session.slug}-{audience}-", suffix=".md", delete=False
    ) as file:
        file.write(text)
    return Path(file.name)
