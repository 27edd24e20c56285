"""One evening on Discord and on Nostr at once, with the bot in a process of its own: what an
organiser says stands on both networks, and what members of both say stands together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from bot.domain.when import resolve
from bot.networks.discord.local import Event, Message, Shown
from tests.e2e.member import Found, member
from tests.e2e.processes import Bot
from tests.e2e.two_networks import WHEN, ZONE, Scene, two_networks
from tests.waiting import until

pytestmark = pytest.mark.slow

NOTE, REACTION, CALENDAR = 1, 7, 31923
MOVED_TO = "2036-12-03 18:30"
EVERY = timedelta(seconds=5)
"""The time between two edits of one announcement, at least."""
OFF = 4
"""The status of a scheduled event that was called off."""


@pytest.fixture
async def scene(fresh: Bot, tmp_path: Path) -> AsyncIterator[Scene]:
    async with two_networks(fresh, tmp_path) as scene:
        yield scene


async def test_one_evening_on_both_networks(scene: Scene) -> None:
    async with scene.running():
        await is_set_up(scene)
        announcement, event, note = await is_announced(scene)
        await are_asked(scene)
        await are_voted_for(scene)
        await is_answered(scene, announcement, event)
        await is_reminded(scene, note)
        await is_moved(scene, announcement, event, note)
        await is_cancelled(scene, announcement, event, note)
    assert scene.bot.rows("SELECT DISTINCT state FROM outbox") == [("sent",)]
    log = scene.bot.log()
    assert "Traceback" not in log
    warnings = [line for line in log.splitlines() if " WARNING " in line]
    assert all("stalled" in line for line in warnings), "the machine may be busy, no more"
    await agrees(scene)
    assert len(scene.posted("Relays")) == 4, "announced, reminded, moved, cancelled"
    assert len(await scene.nostr.fetch(kinds=[NOTE], tag_e=[note.id])) == 3
    assert len(await scene.nostr.fetch(kinds=[CALENDAR])) == 1
    assert all(later - one >= 0.9 * EVERY for one, later in pairwise(announcement.edited))


async def is_set_up(scene: Scene) -> None:
    done = await scene.boss.slash(
        scene.channel,
        "setup",
        name="Atlanta Reading Group",
        timezone=ZONE,
        organiser_role=scene.role,
        reminders="1d",
    )
    assert "Done, the group is set up" in done.text
    assert "⚠️" not in done.text, "it may do all that it does"


async def is_announced(scene: Scene) -> tuple[Message, Event, Found]:
    """In the channel, as an event and with a thread; as a note and a calendar entry."""
    shown = await scene.organiser.slash(
        scene.channel, "session add", title="Relays", when=WHEN, tags="nostr", place="Room 4"
    )
    assert f"<t:{second(WHEN)}:F>" in shown.text
    assert not scene.bot.rows("SELECT 1 FROM sessions"), "shown before it is stored"
    done = await scene.organiser.click(shown, "Store and announce")
    assert "is announced" in done.text
    message = await scene.server.posted(scene.channel, "Relays")
    await scene.server.until(lambda: scene.guild.events and scene.guild.threads)
    (event,) = scene.guild.events.values()
    (thread,) = scene.guild.threads.values()
    assert (thread.id, thread.name) == (message.id, "Relays")
    assert (event.name, event.location, event.start.timestamp()) == (
        "Relays",
        "Room 4",
        second(WHEN),
    )
    note = await scene.nostr.one(authors=[scene.bot.pubkey], kinds=[NOTE], tag_t=["nostr"])
    entry = await scene.nostr.one(authors=[scene.bot.pubkey], kinds=[CALENDAR])
    assert note.content.startswith("Relays\n")
    assert entry.value("start") == str(second(WHEN))
    return message, event, note


async def are_asked(scene: Scene) -> None:
    """One by slash command, one by mention: one board, the same on both networks."""
    asked = await scene.ada.slash(scene.channel, "ask", text="Who pays for the relays?")
    assert "number **1**" in asked.text
    mention = await scene.nostr.mention(scene.bot.pubkey, "ask And who runs them?")
    reply = await scene.nostr.reply_to(mention, scene.bot.pubkey)
    assert reply.content.startswith("Question 2 ")
    async with member(scene.relay) as him:
        await him.publish(
            him.sign("+", [["e", reply.id], ["p", scene.bot.pubkey], ["k", "1"]], REACTION)
        )
    listing = await scene.nostr.mention(scene.bot.pubkey, "questions")
    said = (await scene.nostr.reply_to(listing, scene.bot.pubkey)).content
    shown = (await scene.ben.slash(scene.channel, "questions")).text
    for board in (said, shown):
        assert "Who pays for the relays?" in board
        assert "And who runs them?" in board
    assert "on Nostr" in shown


async def are_voted_for(scene: Scene) -> None:
    """A button, a reaction (above) and a mention; each counts once."""
    board = await scene.ben.slash(scene.channel, "questions")
    voted = await scene.ben.click(board, "2")
    mention = await scene.nostr.mention(scene.bot.pubkey, "vote 1")
    await scene.nostr.reply_to(mention, scene.bot.pubkey)
    again = await scene.nostr.mention(scene.bot.pubkey, "vote 1")
    await scene.nostr.reply_to(again, scene.bot.pubkey)
    votes = [(2, 2), (1, 1)]
    await until(lambda: votes_of(scene) == votes, 10)
    refreshed = await scene.ben.click(voted, "Refresh")
    assert order_on(refreshed) == ["And who runs them?", "Who pays for the relays?"]
    assert "👍 2" in refreshed.text
    assert "👍 1" in refreshed.text


async def is_answered(scene: Scene, announcement: Message, event: Event) -> None:
    """The first answer shows at once; three more, one of them only "interested" in the event, show
    in one edit when its time has come."""
    before = len(announcement.edited)
    going = await scene.ada.click(announcement, "Going")
    assert "You are going to “Relays”" in going.text
    await scene.server.until(lambda: "Going 1 · Maybe 0 · Can't 0" in announcement.text)
    await asyncio.gather(
        scene.ben.click(announcement, "Maybe"), scene.boss.click(announcement, "Can't")
    )
    scene.organiser.interested(event)
    counts = "Going 1 · Maybe 2 · Can't 1"
    await scene.server.until(lambda: counts in announcement.text, 2 * EVERY.total_seconds())
    assert len(announcement.edited) == before + 2


async def is_reminded(scene: Scene, note: Found) -> None:
    # Made due behind the bot's back, which looks again once another process has written.
    scene.bot.write("UPDATE reminders SET due_at = (SELECT min(created_at) FROM outbox)")
    reminder = await scene.server.posted(scene.channel, "days: Relays", within=15)
    assert "Going" in reminder.labels
    await reads_below(scene, note, "days: Relays")
    await all_is_marked(scene)


async def is_moved(scene: Scene, announcement: Message, event: Event, note: Found) -> None:
    shown = await scene.organiser.slash(
        scene.channel, "session edit", session="relays", when=MOVED_TO
    )
    assert f"<t:{second(WHEN)}:F>" in shown.text
    assert f"<t:{second(MOVED_TO)}:F>" in shown.text
    assert event.start.timestamp() == second(WHEN)
    await scene.organiser.click(shown, "Store")
    notice = await scene.server.posted(scene.channel, "New time: Relays")
    assert f"It was <t:{second(WHEN)}:F>" in notice.text
    stamp = f"<t:{second(MOVED_TO)}:F>"
    await scene.server.until(lambda: stamp in announcement.text, 2 * EVERY.total_seconds())
    await scene.server.until(lambda: event.start.timestamp() == second(MOVED_TO))
    await reads_below(scene, note, "New time: Relays")
    await is_in_the_calendar(scene, "start", str(second(MOVED_TO)))
    await all_is_marked(scene)


async def is_cancelled(scene: Scene, announcement: Message, event: Event, note: Found) -> None:
    shown = await scene.organiser.slash(scene.channel, "session cancel", session="relays")
    assert event.status != OFF
    await scene.organiser.click(shown, shown.message.labels[0] if shown.message else "")
    await scene.server.posted(scene.channel, "Cancelled: Relays")
    await scene.server.until(lambda: event.status == OFF)
    await scene.server.until(lambda: "~~Relays~~" in announcement.text, 2 * EVERY.total_seconds())
    assert "Going" not in announcement.labels
    await reads_below(scene, note, "Cancelled: Relays")
    await is_in_the_calendar(scene, "title", "Cancelled: Relays")
    await all_is_marked(scene)


async def agrees(scene: Scene) -> None:
    """What the two commands say of the session is one thing, and what was said above."""
    session = await scene.command("session", "show", "relays")
    assert session["questions"] == await scene.command("question", "list", "relays")
    assert [(each["number"], each["votes"]) for each in session["questions"]] == [(2, 2), (1, 1)]
    assert [each["network"] for each in session["questions"]] == ["nostr", "discord"]
    assert session["questions"][1]["author"] == "Ada"
    assert session["rsvps"] == {"yes": 1, "maybe": 2, "no": 1}
    assert session["status"] == "cancelled"


async def all_is_marked(scene: Scene) -> None:
    """What was sent is marked so a moment later; a change before that would call it skipped."""
    await until(lambda: not scene.bot.unsent(), 10)


def second(local: str) -> int:
    """The Unix second of a local time in the group's zone."""
    return int(resolve(local, ZONE)[0].timestamp())


def votes_of(scene: Scene) -> list[tuple[int, int]]:
    """Number and votes of each question, as the board ranks them."""
    return scene.bot.rows(
        "SELECT number, (SELECT count(*) FROM votes WHERE question_id = questions.id) AS n"
        " FROM questions ORDER BY n DESC, number"
    )


def order_on(board: Shown) -> list[str]:
    """The lines of a board that are questions."""
    lines = [line.split("** ", 1)[1] for line in board.text.splitlines() if line.startswith("**")]
    return [line for line in lines if line.endswith("?")]


async def reads_below(scene: Scene, note: Found, head: str) -> None:
    """The bot's note under its announcement."""

    async def there() -> bool:
        notes = await scene.nostr.fetch(authors=[scene.bot.pubkey], kinds=[NOTE], tag_e=[note.id])
        return any(head in each.content.splitlines()[0] for each in notes)

    await until(there, 10)


async def is_in_the_calendar(scene: Scene, tag: str, value: str) -> None:
    async def there() -> bool:
        (entry,) = await scene.nostr.fetch(authors=[scene.bot.pubkey], kinds=[CALENDAR])
        return entry.value(tag) == value

    await until(there, 10)
