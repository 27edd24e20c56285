"""The organiser opens the board, the same on both networks; and nothing was posted twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from bot.demo.checks import Row, require
from bot.demo.evening import ADA, Evening
from bot.demo.guild import BEN
from bot.demo.scenes.announcing import Told
from bot.demo.scenes.asking import ADAS, BENS
from bot.networks.discord.local import Shown
from bot.networks.nostr.events import CALENDAR_EVENT, LONG_FORM, NOTE

_BOARD = """
SELECT q.number, q.text, q.network, p.address, count(v.person_id), group_concat(w.network)
FROM questions q
LEFT JOIN people p ON p.id = q.person_id
LEFT JOIN votes v ON v.question_id = q.id
LEFT JOIN people w ON w.id = v.person_id
WHERE q.session_id = ? GROUP BY q.id ORDER BY count(v.person_id) DESC, q.asked_at, q.number
"""
_POSTS = """
SELECT network, kind, count(*) FROM outbox
WHERE state = 'sent' AND kind NOT IN ('profile', 'relay_list')
GROUP BY network, kind ORDER BY network, kind
"""


async def board(evening: Evening, told: Told) -> None:
    guild = evening.guild
    with evening.checklist.step("the organiser's vote makes two, from both networks"):
        opened = await guild.slash(guild.cleo, "questions")
        shown = await guild.press(guild.cleo, opened, str(BENS))
        rows = await evening.rows(_BOARD, told.view.session.id)
        require([row[:1] for row in rows[:2]] == [(BENS,), (ADAS,)], f"first are {rows[:2]}")
        require({*rows[0][5].split(",")} == {"nostr", "discord"}, f"they are from {rows[0][5]}")
    discord = evening.act(guild.cleo, f"presses [▲ {BENS}] on /questions", shown, fold=3)
    with evening.checklist.step("both networks show one board of six questions, by votes"):
        ranked = [row[0] for row in rows]
        require(sorted(ranked) == [1, 2, 3, 4, 5, 6], f"the data file has {ranked}")
        exchange = await evening.mention("questions")
        on_nostr = _numbers(exchange.answer.content)
        on_discord = await _on_all_pages(evening, shown)
        require(on_nostr == ranked, f"Nostr has {on_nostr}, the data file {ranked}")
        require(on_discord == ranked, f"Discord has {on_discord}, the data file {ranked}")
    evening.talk.beside(evening.exchange(exchange, "asks for the board", fold=5), discord)
    evening.talk.both("one board, from the data file, most votes first")
    evening.talk.board(("#", "question", "asked by", "votes"), [_row(evening, r) for r in rows])
    await evening.breathe()


async def nothing_twice(evening: Evening, told: Told) -> None:
    ada, guild = evening.ada, evening.guild
    with evening.checklist.step("nothing was posted twice, nothing failed, and nothing waits"):
        wanted = [
            ("discord", "announcement", 1),
            ("discord", "calendar", 1),
            ("discord", "reminder", 2),
            ("discord", "summary", 2),
            ("nostr", "announcement", 1),
            ("nostr", "article", 1),
            ("nostr", "calendar", 1),
            ("nostr", "reminder", 2),
            ("nostr", "reply", evening.mentions),
            ("nostr", "summary", 2),
        ]
        await evening.require(_POSTS, (), wanted)
        left = await evening.rows("SELECT key, state, last_error FROM outbox WHERE state <> 'sent'")
        require(not left, f"these aren't sent: {left}")
    with evening.checklist.step("what stands on the relay is what the data file names, once each"):
        heard = [e.id for kind in (NOTE, CALENDAR_EVENT, LONG_FORM) for e in ada.heard(kind)]
        require(Counter(heard) == Counter(await _sent(evening, "nostr")), "they differ")
    with evening.checklist.step("so on Discord: five messages, one thread, one scheduled event"):
        events = [*guild.guild.events]
        stands = [str(number) for number in (*(post.id for post in guild.posts()), *events)]
        require(Counter(stands) == Counter(await _sent(evening, "discord")), "they differ")
        require([*guild.guild.threads] == [told.thread.id], "there is another thread")
        broken = guild.server.requests.broken_limits
        require(not broken, f"{len(broken)} requests broke a limit of Discord's")


async def _sent(evening: Evening, network: str) -> list[str]:
    rows = await evening.rows(
        "SELECT remote_id FROM outbox WHERE network = ? AND kind NOT IN ('profile', 'relay_list')",
        network,
    )
    return [row[0] for row in rows]


async def _on_all_pages(evening: Evening, shown: Shown) -> list[int]:
    guild = evening.guild
    numbers = _numbers(guild.reader.sees(*shown.messages).body)
    while shown.message is not None and "Next" in shown.message.labels:
        shown = await guild.press(guild.cleo, shown, "Next")
        numbers += _numbers(guild.reader.sees(*shown.messages).body)
    return numbers


def _numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]


def _row(evening: Evening, row: Row) -> Sequence[str]:
    number, text, network, address, votes, voters = row
    names = {
        evening.ada_address: f"{ADA}, Nostr",
        str(evening.guild.ben.id): f"{BEN}, Discord",
        None: f"anonymous, {network.capitalize()}",
    }
    asked_by = "the session page" if network == "local" else names[address]
    return (str(number), text, asked_by, _votes(votes, voters))


def _votes(count: int, networks: str | None) -> str:
    """``2 (1 Nostr, 1 Discord)``."""
    if not networks:
        return "0"
    by_network = Counter(name.capitalize() for name in sorted(networks.split(","), reverse=True))
    return f"{count} ({', '.join(f'{votes} {name}' for name, votes in by_network.items())})"
