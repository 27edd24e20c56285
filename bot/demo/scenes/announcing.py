"""The group is set up on Discord, and a session is imported and announced there: on both networks.

Everything the organiser does here is done by slash commands.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import TypeVar

import orjson

from bot.demo.checks import require, tag_of
from bot.demo.conversation import Turn
from bot.demo.evening import Evening
from bot.demo.folder import FIRST, NAME, ZONE
from bot.demo.guild import CHANNEL, ROLE
from bot.domain.model import Audience, SessionView
from bot.networks.discord.local import Channel, FileToSend, Message
from bot.networks.discord.local import Event as ScheduledEvent
from bot.networks.nostr.events import CALENDAR_EVENT, NOTE, PROFILE, Event

PAGE = "why-small-relays-matter.md"

_LEAD = 3.0  # seconds from the import to the first reminder, at least
_SCENES = 7  # pauses between the two
_POSTS = ("announcement", "calendar")
_BUTTONS = ["Going", "Maybe", "Can't", "Techie summary", "Plain summary", "Ask a question"]

_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class Told:
    """The session as it was imported, and what tells of it on each network."""

    view: SessionView
    note: Event
    entry: Event
    message: Message
    thread: Channel
    event: ScheduledEvent
    turns: tuple[Sequence[Turn], Sequence[Turn]]


async def set_up(evening: Evening) -> None:
    guild = evening.guild
    with evening.checklist.step("the bot says on Nostr who it is"):
        profile = await evening.ada.sees(lambda e: e.kind == PROFILE, "its profile")
        said = orjson.loads(profile.content)
        require(said["name"] == NAME, "its profile doesn't name the group")
    introduced = evening.note("says who it is", profile, body=f"{said['name']}\n{said['about']}")
    with evening.checklist.step("/setup gives the server its group, clock, channel and organisers"):
        shown = await guild.slash(
            guild.cleo,
            "setup",
            name=NAME,
            timezone=ZONE,
            channel=guild.channel,
            organiser_role=guild.role,
        )
        typed = f"/setup name:{NAME} timezone:{ZONE} channel:#{CHANNEL} organiser_role:@{ROLE}"
        turns = evening.act(guild.cleo, "(organiser) sets it up", shown, body=typed, fold=6)
        evening.talk.beside([introduced], turns)
        await evening.require(
            "SELECT name, timezone, channel, organiser_role FROM guilds, groups "
            "WHERE id = group_id",
            (),
            [(NAME, ZONE, str(guild.channel.id), str(guild.role.id))],
        )
    await evening.breathe()


async def import_page(evening: Evening) -> SessionView:
    """A start in whole seconds, so that the reminders fall due that far ahead."""
    guild = evening.guild
    lead = _LEAD + _SCENES * evening.pause
    starts_at = math.ceil(time.time() + lead) + FIRST
    at = datetime.fromtimestamp(starts_at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    with evening.checklist.step("/session import takes a page: both summaries, two questions"):
        page = FileToSend(PAGE, (files("bot") / "samples" / PAGE).read_bytes())
        shown = await guild.slash(guild.cleo, "session import", page=page, at=at)
        typed = f"/session import page:{PAGE} at:{at}"
        turns = evening.act(guild.cleo, "brings a session page", shown, body=typed, fold=6)
        evening.talk.beside((), turns)
        view = await evening.view()
        require(set(view.summaries) == set(Audience), "a summary is missing")
        require(len(view.questions) == 2, f"{len(view.questions)} questions, not 2")
        require(not evening.ada.heard(NOTE) and not guild.posts(), "it was announced already")
    await evening.breathe()
    return view


async def announce(evening: Evening, view: SessionView) -> Told:
    guild, slug = evening.guild, view.session.slug
    with evening.checklist.step("/session announce posts it on both networks"):
        shown, told = await asyncio.gather(
            guild.slash(guild.cleo, "session announce", session=slug), _arrive(evening, view)
        )
        typed = f"/session announce session:{slug}"
        evening.talk.beside((), evening.act(guild.cleo, "announces it", shown, body=typed))
        evening.talk.both("one session, announced once")
        evening.talk.beside(*told.turns)
    with evening.checklist.step("on Nostr: a note that leads to a calendar entry (NIP-52)"):
        _check_nostr(told)
    with evening.checklist.step("on Discord: a message with buttons, a thread, a scheduled event"):
        await _check_discord(evening, told)
    await evening.breathe()
    return told


async def _arrive(evening: Evening, view: SessionView) -> Told:
    """All that members of either network get to see of it, and when."""
    ada, guild = evening.ada, evening.guild
    began = time.perf_counter()

    async def timed(coming: Awaitable[_Thing]) -> tuple[_Thing, str]:
        return await coming, f"{(time.perf_counter() - began) * 1000:.0f} ms"

    (
        (note, noted),
        (entry, entered),
        (message, posted),
        (thread, opened),
        (event, put),
    ) = await asyncio.gather(
        timed(ada.sees(lambda e: e.kind == NOTE, "the announcement")),
        timed(ada.sees(lambda e: e.kind == CALENDAR_EVENT, "the calendar entry")),
        timed(guild.until(lambda: first(guild.posts()), "the announcement")),
        timed(guild.until(lambda: first(guild.guild.threads.values()), "its thread")),
        timed(guild.until(lambda: first(guild.guild.events.values()), "its event")),
    )
    nostr = (
        evening.note("announces it", note, noted, fold=12),
        evening.note("enters it", entry, entered, body=_calendar(entry)),
    )
    discord = (
        evening.message("announces it", message, posted, fold=9),
        evening.deed("opens a thread", "thread", opened, f"# {thread.name}"),
        evening.deed("schedules an event", "event", put, _scheduled(event)),
    )
    return Told(view, note, entry, message, thread, event, (nostr, discord))


def _check_nostr(told: Told) -> None:
    session, note, entry = told.view.session, told.note, told.entry
    require(session.title in note.content, "the note doesn't name the session")
    require(not note.values("e"), "the note stands under another one")
    require("nostr:naddr1" in note.content, "the note doesn't lead to the calendar entry")
    require(tag_of(note, "a")[1] == entry.coordinate, "the note names another entry")
    start = str(int(session.starts_at.timestamp()))
    require(tag_of(entry, "start")[1] == start, "the entry starts at another time")


async def _check_discord(evening: Evening, told: Told) -> None:
    session, message = told.view.session, told.message
    require(message.labels == _BUTTONS, f"its buttons are {message.labels}")
    require(session.title in message.text, "the message doesn't name the session")
    require(told.thread.id == message.id, "the thread isn't the message's own")
    require(told.event.start == session.starts_at, "the event starts at another time")
    await evening.require(
        "SELECT network, kind, state FROM outbox WHERE session_id = ? ORDER BY network, kind",
        (session.id,),
        [(each, kind, "sent") for each in ("discord", "nostr") for kind in _POSTS],
    )


def first(things: Iterable[_Thing]) -> _Thing | None:
    return next(iter(things), None)


def _calendar(entry: Event) -> str:
    """A calendar entry in words, as a calendar shows it."""
    start, end = (
        datetime.fromtimestamp(int(tag_of(entry, name)[1]), UTC) for name in ("start", "end")
    )
    return _in_words(tag_of(entry, "title")[1], start, end, *entry.values("location"))


def _scheduled(event: ScheduledEvent) -> str:
    return _in_words(event.name, event.start, event.end or event.start, event.location or "")


def _in_words(title: str, start: datetime, end: datetime, *place: str) -> str:
    return "\n".join([title, f"{start:%a %d %b %Y, %H:%M:%S} to {end:%H:%M:%S} UTC", *place])
