"""A guild on the local Discord server with a hundred members, and the bots that serve it.

Each bot has a server of its own, both in this process, so that each member's interaction reaches
one bot.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from benchmarks.data import Rows, now
from benchmarks.processes import Place, Started, make_place, started
from bot.app import open_desk
from bot.config import load
from bot.domain.model import OPERATOR, Audience, Author, Network, Reading, Session, Submission
from bot.networks.discord.local import Actor, Channel, Guild, LocalDiscord
from bot.services.groups import GroupSetup
from bot.services.sessions import SessionPlan

MEMBERS = 100
TITLE = "How relays agree"

_SUBJECTS = ("A relay", "The client", "Every reader", "An archive", "The author", "A moderator")
_VERBS = ("keeps", "signs", "forwards", "drops", "orders", "verifies", "repeats")
_OBJECTS = ("an event", "each note", "the newest version", "a list of keys", "what was asked for")
_ENDS = (
    "before the next one arrives",
    "although nobody asked for it",
    "because the signature holds",
    "whenever two of them disagree",
)


@dataclass(frozen=True)
class Hall:
    """A server with its guild, the channel where all is said, and who is there."""

    server: LocalDiscord
    guild: Guild
    channel: Channel
    members: tuple[Actor, ...]


@asynccontextmanager
async def hall(name: str) -> AsyncIterator[Hall]:
    async with LocalDiscord(bot_name=name) as server:
        guild = server.guild("Atlanta")
        people = tuple(server.join(guild, f"Member {number}") for number in range(MEMBERS))
        yield Hall(server, guild, guild.channel("general"), people)


@asynccontextmanager
async def bot_in(hall: Hall, module: str, *words: str) -> AsyncIterator[Started]:
    """A module run as a process of its own, logged in at the hall's server."""
    command = [sys.executable, "-m", "benchmarks.pointed", hall.server.url, module, *words]
    context = started(command, DISCORD_TOKEN=hall.server.token)
    bot = await asyncio.to_thread(context.__enter__)
    try:
        yield bot
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


async def prepared(folder: Path, relay: str, rows: Rows, hall: Hall, board: int) -> Place:
    """The data folder of a bot that was set up in the hall's guild.

    The next session is announced, has a reading, both summaries, and ``board`` questions.
    """
    place = await asyncio.to_thread(make_place, folder, relay, rows)
    async with open_desk(load(place.config, {})) as desk:
        setup = GroupSetup("Bench", "UTC", str(hall.channel.id))
        group = (await desk.groups.set_up(str(hall.guild.id), setup, by=OPERATOR)).group
        plan = SessionPlan(
            title=TITLE,
            when="2099-01-01 19:00",
            place="Room 4",
            topic="What relays promise each other, and what they don't.",
            tags=("nostr", "relays"),
            readings=(Reading("On relays", "https://example.org/relays", _text()),),
        )
        session = await desk.sessions.add(group, plan, by=OPERATOR)
        await desk.sessions.announce(group, session.slug, by=OPERATOR)
        for audience in Audience:
            await desk.summaries.get(session, audience)
        asked = [_question(group.id, session, number) for number in range(board)]
        await desk.questions.submit(asked)
    return place


def _question(group_id: int, session: Session, number: int) -> Submission:
    """A hundred people of both networks take turns."""
    on_nostr = number % 2 == 0
    person = number % 100
    return Submission(
        group_id=group_id,
        author=Author(Network.NOSTR, f"{person:064x}")
        if on_nostr
        else Author(Network.DISCORD, str(person), f"Reader {person}"),
        source_id=f"{number:064x}" if on_nostr else str(number),
        text=f"If assumption {number} of the paper doesn't hold, what is left of its second half?",
        submitted_at=now() - timedelta(days=1, seconds=-number),
        session_id=session.id,
    )


def _text() -> str:
    """An article of 80 sentences, no two alike."""
    sentences = [
        f"{_SUBJECTS[n % 6]} {_VERBS[n % 7]} {_OBJECTS[n % 5]} {_ENDS[n % 4]}, in {n + 2} steps."
        for n in range(80)
    ]
    return "\n\n".join(" ".join(sentences[n : n + 5]) for n in range(0, 80, 5))


def counted(file: Path, query: str) -> int:
    """What another reader of the data file counts."""
    with closing(sqlite3.connect(file)) as data:
        return int(data.execute(query).fetchone()[0])
