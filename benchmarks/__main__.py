"""`python -m benchmarks [PART ...]`: every comparison in one run, then again at ten times the rows.

Parts: questions, latency, start, reminders, discord, summaries; all of them when none is named.
Each line says what was measured, what it stands beside, and what was promised.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from benchmarks import discord, latency, papers, questions, reminders, start, summaries
from benchmarks.data import Rows

ROWS = Rows(questions=100_000, sessions=10_000, reminders=100_000)
GROWTH = 10
_WIDTH = 110  # columns

Line = tuple[str, str, str, bool | None]
"""What, the figure, the promise, and whether it was kept (None where nothing was promised)."""


def _questions(rows: Rows) -> Iterator[Line]:
    got = questions.measure(rows)
    share = got.ours / got.ceiling
    yield "ceiling: parse, check, sign (coincurve); one core", f"{got.ceiling:,.0f}/s", "", None
    yield "the same, signing as we do", f"{got.bare_ceiling:,.0f}/s", "", None
    yield (
        "questions committed, replies signed and queued",
        f"{got.ours:,.0f}/s = {share:.2f} of the ceiling",
        ">= 0.50",
        share >= 0.5,
    )
    times = got.ours / got.small_bot
    yield "the same by a small bot on nostr-sdk", f"{got.small_bot:,.0f}/s", "", None
    yield "ours beside it", f"{times:.2f}x", ">= 2x", times >= 2
    yield "ours with every reply sent and marked too", f"{got.sent:,.0f}/s", "", None


def _latency(rows: Rows) -> Iterator[Line]:
    got = asyncio.run(latency.measure(rows))
    ratio = got.ours.p50 / got.echo.p50
    yield "echo bot, p50 / p99", _ms(got.echo), "", None
    yield "question -> reply, p50 / p99", _ms(got.ours), "", None
    yield "ours beside the echo", f"{ratio:.2f}x", "<= 1.5x", ratio <= 1.5
    prompt = got.ours_prompt.p50 / got.echo_prompt.p50
    yield "echo bot, a client that acknowledges at once", _ms(got.echo_prompt), "", None
    yield "question -> reply, the same client", _ms(got.ours_prompt), "", None
    yield "ours beside the echo, the same client", f"{prompt:.2f}x", "", None
    yield "our share, frame in -> frame out", _ms(got.share), "p50 <= 8 ms", got.share.p50 <= 8


def _ms(times: latency.Times) -> str:
    return f"{times.p50:.1f} / {times.p99:.1f} ms"


def _start(rows: Rows) -> Iterator[Line]:
    got = asyncio.run(start.measure(rows))
    ratio = got.full / got.empty
    yield "exec -> ready, empty file", f"{got.empty:.2f} s", "<= 2.0 s", got.empty <= 2
    yield (
        f"exec -> ready, {rows.questions:,} questions, {rows.sessions:,} sessions",
        f"{got.full:.2f} s = {ratio:.2f}x",
        "<= 2.0 s, 1.1x",
        got.full <= 2 and ratio <= 1.1,
    )
    resident = f"{got.resident_empty:.0f} / {got.resident_full:.0f} MB"
    kept = max(got.resident_empty, got.resident_full) <= 120
    yield "memory at rest, empty / full", resident, "<= 120 MB", kept
    yield "readalong --help", f"{got.help:.2f} s", "<= 0.35 s", got.help <= 0.35


def _reminders(rows: Rows) -> Iterator[Line]:
    got = asyncio.run(reminders.measure(rows))
    yield (
        f"worst loop stall, {got.due:,} of {rows.reminders:,} reminders due at once",
        f"{got.stall:.1f} ms ({got.idle_stall:.1f} while idle)",
        "<= 25 ms",
        got.stall <= 25,
    )
    yield "until all of them were posted", f"{got.whole:.2f} s", "", None


def _discord(rows: Rows) -> Iterator[Line]:
    fewer = Rows(rows.questions // 10, rows.sessions // 10)
    got = asyncio.run(discord.measure(fewer))
    ready, resident = got.ours.ready, got.ours.resident
    beside = f"{ready:.2f} s (the bare bot: {got.pong.ready:.2f} s)"
    yield f"exec -> READY, {fewer.sessions:,} sessions", beside, "<= 2.5 s", ready <= 2.5
    beside = f"{resident:.0f} MB (the bare bot: {got.pong.resident:.0f} MB)"
    yield "memory at rest, both networks", beside, "<= 140 MB", resident <= 140
    for each in got.answers:
        most = 5 if each.writes else 2
        beside = f"{_ms(each.ours)} beside {_ms(each.pong)} = {each.ratio:.2f}x"
        yield f"{each.name}, p50 / p99", beside, f"<= {most}x", each.ratio <= most
        beside = f"{each.share:.2f} of the pong's, slowest {each.slowest:.0f} ms"
        kept = each.share >= 0.4 and each.slowest <= 3000
        yield "… a hundred at once", beside, ">= 0.40, 3 s", kept
    ratio = got.keystroke.p50 / got.keystroke_pong.p50
    beside = f"{_ms(got.keystroke)} beside {_ms(got.keystroke_pong)} = {ratio:.2f}x"
    yield "a keystroke in a session's name, p50 / p99", beside, "<= 2x", ratio <= 2


def _summaries(rows: Rows) -> Iterator[Line]:
    fewer = Rows(rows.questions // 10, rows.sessions // 10)
    got = asyncio.run(summaries.measure(fewer))
    for network, pair in (("Nostr", got.nostr), ("Discord", got.discord)):
        beside = f"{_ms(pair.summary)} beside {_ms(pair.next)} = {pair.ratio:.2f}x"
        yield f"a stored summary beside `next`, {network}", beside, "<= 1.1x", pair.ratio <= 1.1
    crowd = got.crowd
    yield (
        f"{summaries.PEOPLE} people ask at once for a missing one, in {crowd.seconds:.2f} s",
        f"{crowd.answered} answered, {crowd.conversations} conversation, {crowd.requests} turns",
        "all, 1, 2",
        (crowd.answered, crowd.conversations, crowd.requests) == (summaries.PEOPLE, 1, 2),
    )
    yield from _sittings(got.sitting)
    rest = got.rest
    ratio = rest.ready_model / rest.ready
    beside = f"{rest.ready_model:.2f} s beside {rest.ready:.2f} s = {ratio:.2f}x"
    yield "exec -> ready with a model beside without", beside, "<= 1.05x", ratio <= 1.05
    beside = f"{rest.resident_model:.0f} MB beside {rest.resident:.0f} MB"
    kept = rest.resident_model <= rest.resident + 3
    yield "memory at rest with a model beside without", beside, "+ 3 MB", kept


def _sittings(got: summaries.Sitting) -> Iterator[Line]:
    """The first use has what is imported then."""
    pages, words = papers.PAGES, f"{papers.WORDS:,}"
    parts = (
        (f"bytes of {pages} pages -> drafts stored, a model that answers at once", got.own, 0.5),
        ("… of that, conversation, checks and storing", got.drafts, None),
        (f"a PDF of {pages} pages read, in its process", got.paper, 1.5),
        (f"a web page of {words} words read", got.page, 0.3),
    )
    for what, (first, later), most in parts:
        promise = "" if most is None else f"<= {most} s"
        kept = None if most is None else later <= most
        yield what, f"{later:.2f} s (the first: {first:.2f} s)", promise, kept


PARTS: dict[str, Callable[[Rows], Iterator[Line]]] = {
    "questions": _questions,
    "latency": _latency,
    "start": _start,
    "reminders": _reminders,
    "discord": _discord,
    "summaries": _summaries,
}


def main(names: list[str]) -> int:
    """Print a table for each size; 1 when a promise was not kept."""
    console = Console()
    console.width = max(console.width, _WIDTH)
    broken = 0
    for rows in (ROWS, ROWS.times(GROWTH)):
        table = Table(title=f"{rows.questions:,} questions in the file", title_justify="left")
        for column in ("measured", "figure", "promised", ""):
            table.add_column(column, justify="right" if column == "figure" else "left")
        for name in names or PARTS:
            for what, figure, promise, kept in PARTS[name](rows):
                verdict = "" if kept is None else "kept" if kept else "BROKEN"
                table.add_row(what, figure, promise, verdict)
                broken += kept is False
            table.add_section()
        console.print(table)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
