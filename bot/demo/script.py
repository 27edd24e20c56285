"""What happens in the demo, scene by scene, and what is checked of each.

The organiser's part calls the services as the command line does; the member's part goes over the
websocket. How it looks is `conversation`'s.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from bot.app import Desk, utc_now
from bot.demo.checks import Checklist, read_rows, require, require_rows, tag_of
from bot.demo.conversation import Conversation, Line, Side
from bot.demo.folder import BOT, FIRST, SECOND
from bot.demo.member import Exchange, ScriptedMember
from bot.domain.model import OPERATOR, Audience, Question, Session, SessionView
from bot.networks.nostr.events import CALENDAR_EVENT, NOTE, Event
from bot.networks.nostr.nip19 import encode_npub
from bot.readings.page import parse_page

MEMBER = "Ada"

_PAGE = "why-small-relays-matter.md"
_LEAD = 3.0  # seconds from the announcement to the first reminder, at least
_MENTIONED = "What becomes of our old notes when the owner of a small relay gives up?"
_REPLIED = "Who would notice if a relay quietly left some notes out?"


class Script:
    """``pause`` is how long a person gets to read each turn, in seconds."""

    def __init__(
        self,
        desk: Desk,
        member: ScriptedMember,
        talk: Conversation,
        checklist: Checklist,
        pause: float = 0.0,
    ) -> None:
        self._desk = desk
        self._member = member
        self._talk = talk
        self._checklist = checklist
        self._pause = pause
        self._answers: list[Exchange] = []

    @property
    def pace(self) -> str:
        """How long answers took: ``"6 to 37 ms"``."""
        took = [round(exchange.seconds * 1000) for exchange in self._answers]
        return f"{min(took)} to {max(took)} ms"

    async def perform(self) -> None:
        """Raises StepError at the first step that doesn't hold."""
        self._talk.section(1, "A session is announced")
        view = await self._import()
        announcement = await self._announce(view.session)
        self._talk.section(2, f"{MEMBER} looks around")
        await self._look_around(view)
        self._talk.section(3, f"{MEMBER} asks two questions")
        asked = await self._ask(view, announcement)
        self._talk.section(4, "Reminders come by themselves")
        self._talk.remark(
            f"{FIRST} and {SECOND} seconds before the start, for this demo; "
            "usual are 7 days, 1 day and 1 hour."
        )
        await self._reminders(view.session, announcement)
        self._talk.section(5, "The organiser opens the board")
        await self._board(view, asked)
        await self._nothing_twice(view.session, announcement)

    async def _import(self) -> SessionView:
        """A start in whole seconds, so that the reminders fall due that far ahead."""
        desk = self._desk
        starts_at = math.ceil(time.time() + _LEAD) + FIRST
        at = datetime.fromtimestamp(starts_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        with self._checklist.step("a session page is imported: both summaries, two questions"):
            source = (files("bot") / "samples" / _PAGE).read_bytes()
            page = parse_page(source, _PAGE)
            imported = await desk.sessions.import_page(desk.group, page, at=at, by=OPERATOR)
            view = await desk.sessions.show(desk.group, imported.session.slug, by=OPERATOR)
            require(imported.created, "the session wasn't new")
            require(set(view.summaries) == set(Audience), "a summary is missing")
            require(len(view.questions) == 2, f"{len(view.questions)} questions, not 2")
            self._show_import(at, view)
        return view

    async def _announce(self, session: Session) -> Event:
        desk, member = self._desk, self._member
        started_at = time.perf_counter()
        with self._checklist.step("it is announced: a signed note that leads to the calendar"):
            await desk.sessions.announce(desk.group, session.slug, by=OPERATOR)
            note = await member.sees(lambda e: e.kind == NOTE, "the announcement")
            took, fold = f"after {_ms(started_at)}", 10 if self._talk.brief else None
            self._bot_says("announces the session", note, took, fold=fold)
            require(session.title in note.content, "it doesn't name the session")
            require(not note.values("e"), "it stands under another note")
            require("nostr:naddr1" in note.content, "it doesn't lead to the calendar entry")
        with self._checklist.step("and a calendar entry (NIP-52) that says when it starts"):
            entry = await member.sees(lambda e: e.kind == CALENDAR_EVENT, "the calendar entry")
            took = f"after {_ms(started_at)}"
            self._bot_says("puts it into calendars", entry, took, body=_calendar(entry))
            require(tag_of(note, "a")[1] == entry.coordinate, "the note names another entry")
            start = str(int(session.starts_at.timestamp()))
            require(tag_of(entry, "start")[1] == start, "it starts at another time")
        await self._breathe()
        return note

    async def _look_around(self, view: SessionView) -> None:
        session = view.session
        with self._checklist.step("`next` is answered with when, where and what to read"):
            said = (await self._mention("next", fold=4)).answer.content
            for part in (session.title, session.place, session.readings[0].url):
                require(part in said, f"“{part}” is missing")
        for audience, fold in ((Audience.PLAIN, None), (Audience.TECHIE, 8)):
            with self._checklist.step(f"`summary {audience}` is answered with all of its points"):
                exchange = await self._mention(f"summary {audience}", fold=fold)
                for point in view.summaries[audience].draft.points:
                    head = point.head.rstrip(":")
                    require(head in exchange.answer.content, f"“{head}” is missing")

    async def _ask(self, view: SessionView, announcement: Event) -> list[Exchange]:
        first = len(view.questions) + 1
        with self._checklist.step(f"a question by mention is taken, as number {first}"):
            mentioned = await self._mention(f"ask {_MENTIONED}")
            await self._require_stored(mentioned, view.session, first, _MENTIONED)
        with self._checklist.step(f"a reply to the announcement is taken too, as {first + 1}"):
            replied = await self._member.reply(announcement, _REPLIED)
            self._answers.append(replied)
            self._show(replied, "replies to the announcement")
            await self._require_stored(replied, view.session, first + 1, _REPLIED)
        await self._breathe()
        return [mentioned, replied]

    async def _require_stored(
        self, exchange: Exchange, session: Session, number: int, text: str
    ) -> None:
        """Its answer tells its number and session, and its row was there before the answer."""
        said = exchange.answer.content
        require(said.startswith(f"Question {number} for “{session.title}”"), f"it says “{said}”")
        found = await asyncio.to_thread(
            read_rows,
            self._data_file,
            "SELECT session_id, number, text, source_id FROM questions WHERE source_id = ?",
            (exchange.asked.id,),
        )
        wanted = [(session.id, number, text, exchange.asked.id)]
        require(found == wanted, f"the data file has {found}, not {wanted}")

    async def _reminders(self, session: Session, announcement: Event) -> None:
        for name, offset, fold in (("first", FIRST, 3), ("second", SECOND, 1)):
            with self._checklist.step(f"the {name} reminder fires, {offset} s before the start"):
                due_at = session.starts_at - timedelta(seconds=offset)
                wanted = f"In {offset} seconds: {session.title}"
                with self._talk.waiting(f"the {name} reminder is due at {due_at:%H:%M:%S} UTC"):
                    event = await self._member.sees(
                        lambda e, wanted=wanted: e.content.startswith(wanted),  # type: ignore[misc]
                        f"“{wanted}”",
                    )
                late = (utc_now() - due_at) / timedelta(milliseconds=1)
                self._bot_says("reminds everybody", event, f"due {late:.0f} ms ago", fold=fold)
                require(late >= 0, "it came too early")
                root = tag_of(event, "e")
                require((root[1], root[3]) == (announcement.id, "root"), "it stands elsewhere")

    async def _board(self, view: SessionView, asked: Sequence[Exchange]) -> None:
        session = view.session
        with self._checklist.step("the board has all four questions, and the data file the same"):
            board = await self._desk.questions.board(session)
            self._talk.turn(
                Line(Side.ORGANISER, "Organiser", "lists the questions", "command line"),
                f"$ readalong question list {session.slug}",
            )
            self._talk.board([self._row(question) for question in board])
            ids = [exchange.asked.id for exchange in asked]
            require([q.source_id for q in board[-2:]] == ids, f"{MEMBER}'s aren't on the board")
            require([q.number for q in board] == [1, 2, 3, 4], "the numbers aren't 1 to 4")
            count = "SELECT count(*), max(number) FROM questions WHERE session_id = ?"
            await require_rows(self._data_file, count, (session.id,), [(4, 4)], self._patience)

    async def _nothing_twice(self, session: Session, announcement: Event) -> None:
        notes = self._member.heard(NOTE)
        with self._checklist.step("nothing was posted twice, and nothing still waits"):
            roots = [event.id for event in notes if not event.values("e")]
            require(roots == [announcement.id], f"there are {len(roots)} announcements")
            await require_rows(
                self._data_file,
                "SELECT kind, state, count(*) FROM outbox WHERE session_id = ? OR kind = 'reply' "
                "GROUP BY kind, state ORDER BY kind",
                (session.id,),
                [
                    ("announcement", "sent", 1),
                    ("calendar", "sent", 1),
                    ("reminder", "sent", 2),
                    ("reply", "sent", len(self._answers)),
                ],
                self._patience,
            )
        with self._checklist.step("every event on the relay is the one that the data file names"):
            rows = await asyncio.to_thread(
                read_rows,
                self._data_file,
                "SELECT remote_id FROM outbox WHERE kind NOT IN ('profile', 'relay_list')",
            )
            known = {event.id for event in (*notes, *self._member.heard(CALENDAR_EVENT))}
            require({row[0] for row in rows} == known, "they differ")

    async def _mention(self, text: str, *, fold: int | None = None) -> Exchange:
        """``fold`` is for a picture, which has less room."""
        exchange = await self._member.mention(text)
        self._answers.append(exchange)
        self._show(exchange, "mentions the bot", fold=fold if self._talk.brief else None)
        await self._breathe()
        return exchange

    def _show(self, exchange: Exchange, does: str, *, fold: int | None = None) -> None:
        self._talk.turn(
            Line(Side.MEMBER, MEMBER, does, where(exchange.asked)), exchange.asked.content
        )
        took = f"in {exchange.seconds * 1000:.0f} ms"
        self._bot_says(f"answers {MEMBER}", exchange.answer, took, fold=fold)

    def _bot_says(
        self,
        does: str,
        event: Event,
        took: str,
        *,
        body: str = "",
        fold: int | None = None,
    ) -> None:
        line = Line(Side.BOT, BOT, does, where(event, took))
        self._talk.turn(line, body or event.content, fold=fold)

    def _show_import(self, at: str, view: SessionView) -> None:
        words = ", ".join(
            f"{audience} {view.summaries[audience].draft.words} words" for audience in Audience
        )
        self._talk.turn(
            Line(Side.ORGANISER, "Organiser", "imports a session page", "command line"),
            f'$ readalong session import {_PAGE} --at "{at}" --announce\n'
            f"“{view.session.title}”: 2 summaries ({words}), {len(view.questions)} questions",
        )

    def _row(self, question: Question) -> tuple[str, str, str, str]:
        author = "the session page"
        if question.author is not None:
            npub = encode_npub(question.author.address)
            own = question.author.address == self._member.client.signer.public_key
            author = f"{MEMBER} ({npub[:9]}…)" if own else f"{npub[:12]}…"
        return (str(question.number), question.text, author, question.network.value)

    async def _breathe(self) -> None:
        if self._pause:
            await asyncio.sleep(self._pause)

    @property
    def _data_file(self) -> Path:
        return self._desk.folder.data_file

    @property
    def _patience(self) -> float:
        return self._member.patience


def where(event: Event, took: str = "") -> str:
    """On which network, which event (the start of its id), and how long it took."""
    kind = "entry" if event.kind == CALENDAR_EVENT else "note"
    return f"Nostr {kind} {event.id[:8]}{' · ' if took else ''}{took}"


def _ms(started_at: float) -> str:
    return f"{(time.perf_counter() - started_at) * 1000:.0f} ms"


def _calendar(entry: Event) -> str:
    """A calendar entry in words, as a calendar shows it."""
    start, end = (
        datetime.fromtimestamp(int(tag_of(entry, name)[1]), UTC) for name in ("start", "end")
    )
    lines = [f"{tag_of(entry, 'title')[1]}", f"{start:%a %d %b %Y, %H:%M:%S} to {end:%H:%M:%S} UTC"]
    return "\n".join([*lines, *entry.values("location")])
