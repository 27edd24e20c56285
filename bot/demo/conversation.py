"""How the demo looks: who says what, where, and how long it took, on two networks side by side.

From 100 columns on Nostr stands on the left and Discord on the right, and what belongs to both
across them; below that it is one column, and each turn names its network. Names and words tell
everything; colours only repeat it. What people wrote is shown as inert text. It knows no bot.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from bot.demo.typesetting import both_ends, folded, inert, paragraphs, wrapped
from bot.domain.model import Network

WIDTH = 100
"""Columns at most, and where the output is no terminal. With fewer there is one column of text."""

_COLUMN = 47
_MARGIN = "  "
_DIVIDER = Text(" │ ", style="dim")


class Side(Enum):
    """Who is speaking, and in which colour."""

    BOT = "green"
    MEMBER = "cyan"
    YOU = "yellow"
    ORGANISER = "magenta"


@dataclass(frozen=True, slots=True)
class Turn:
    """``name`` ``does`` something ``where`` on a network, and it ``took`` so long.

    Of ``body``, ``fold`` lines are shown, of a picture's ``brief``, and the rest is counted;
    ``title`` above it and ``foot`` below it are shown whatever is folded. ``at`` is when it was, on
    the clock of `perf_counter`. One that ``answers`` stands close under what it answers.
    """

    side: Side
    name: str
    does: str
    network: Network
    where: str = ""
    took: str = ""
    title: str = ""
    body: str = ""
    foot: tuple[str, ...] = ()
    fold: int | None = None
    brief: int = 3
    answers: bool = False
    at: float = field(default_factory=time.perf_counter)


def open_console(*, record: bool = False) -> Console:
    """Standard output, 100 columns wide at most; ``record`` for drawing it later."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # for terminals that have no such characters
    console = Console(highlight=False, markup=False, emoji=False, record=record)
    if record or not console.is_terminal or console.width > WIDTH:
        console.width = WIDTH
    return console


class Conversation:
    """Writes to ``console``. With ``brief`` all texts are folded, for a picture."""

    def __init__(self, console: Console, *, brief: bool = False) -> None:
        self.console = console
        self.brief = brief
        self._names: dict[str, str] = {}

    def call(self, npub: str, name: str) -> None:
        """Show ``name`` where a text mentions ``npub``, as clients do."""
        self._names[npub] = name

    @property
    def has_columns(self) -> bool:
        return self.console.width >= WIDTH

    # Turns

    def turn(self, turn: Turn) -> None:
        """One turn over the whole width."""
        colour = turn.side.value
        head = both_ends(
            Text.assemble(_MARGIN, *_said(turn)),
            Text(f"{turn.network.value.capitalize()} {_tail(turn)}".rstrip(), style="dim"),
            self.console.width - 1,
        )
        bar = Text.assemble(_MARGIN, ("│ ", colour))
        self._print(head if turn.answers else [Text(), *head])
        width = max(20, self.console.width - bar.cell_len - 1)
        self._print(Text.assemble(bar, line) for line in self._inside(turn, width))

    def beside(self, nostr: Sequence[Turn] = (), discord: Sequence[Turn] = ()) -> None:
        """What happened on both networks meanwhile, each in its order."""
        if not self.has_columns:
            for turn in sorted((*nostr, *discord), key=lambda turn: turn.at):
                self.turn(turn)
            return
        left, right = self._column(nostr), self._column(discord)
        for line, other in zip_longest(left, right, fillvalue=Text()):
            self._print([self._row(line, other)])

    # What belongs to both

    def opening(self, title: str, lines: Sequence[tuple[str, str]]) -> None:
        self._print([Text(), Text(f"{_MARGIN}{title}", style="bold"), Text()])
        self._facts(lines)

    def section(self, number: int, title: str, remark: str = "", *, columns: bool = True) -> None:
        self.console.print()
        rule = Rule(Text(f"{number}. {title}", style="bold"), align="left", style="dim")
        self.console.print(rule)
        if remark:
            self._entry(Text(remark, style="dim"), 0)
        if columns and self.has_columns:
            self._print([self._row(Text("NOSTR", style="bold"), Text("DISCORD", style="bold"))])

    def both(self, text: str) -> None:
        """Across the columns: what follows is one thing on both networks."""
        title = Text(f"both networks: {text}", style="bold")
        rule = Rule(title, characters="═", style="dim")
        self.console.print()
        self.console.print(Padding(rule, (0, 1, 0, len(_MARGIN))))

    def board(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """A table; the first column is a number, the second is the one that may wrap."""
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1), header_style="bold")
        for at, head in enumerate(heads):
            table.add_column(head, justify="left" if at else "right", overflow="fold")
        for row in rows:
            table.add_row(*(Text(self.inert(cell)) for cell in row))
        self.console.print(Padding(table, (1, 0, 0, len(_MARGIN) - 1)))

    def checked(self, passed: Sequence[str], failed: tuple[str, str] | None = None) -> None:
        """What held, and at last what didn't and why."""
        self.console.print()
        for name in passed:
            self._entry(Text.assemble(("✓ ok   ", "green"), name), 7)
        if failed is not None:
            step, reason = failed
            self._entry(Text.assemble(("✗ FAILED  ", "bold red"), (step, "bold"), ": ", reason), 10)

    def closing(self, lines: Sequence[tuple[str, str]]) -> None:
        self.console.print()
        self._facts(lines)

    def remark(self, text: str) -> None:
        self.console.print()
        self._entry(Text(text, style="dim"), 0)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Say what is waited for; on a terminal, and gone afterwards."""
        if self.brief or not self.console.is_terminal:
            yield
            return
        with self.console.status(Text(text, style="dim")):
            yield

    def inert(self, text: str) -> str:
        """The text without anything that a terminal obeys, with names as clients show them."""
        return inert(text, self._names)

    # How it is set

    def _column(self, turns: Sequence[Turn]) -> list[Text]:
        lines: list[Text] = []
        for turn in turns:
            lines += [] if turn.answers else [Text()]
            said = Text.assemble(*_said(turn))
            lines += both_ends(said, Text(_tail(turn), style="dim"), _COLUMN)
            inside = self._inside(turn, _COLUMN - len(_MARGIN))
            lines += [Text.assemble(_MARGIN, line) for line in inside]
        return lines

    def _inside(self, turn: Turn, width: int) -> list[Text]:
        title = wrapped(self.console, Text(self.inert(turn.title), style="bold"), width)
        body = paragraphs(self.console, self.inert(turn.body), width)
        folds = [turn.fold, turn.brief if self.brief else None]
        fold = min((fold for fold in folds if fold is not None), default=None)
        lines = [*(title if turn.title else ()), *folded(body, fold)]
        for text in turn.foot:
            lines += wrapped(self.console, Text(self.inert(text), style="dim"), width)
        return lines

    def _row(self, left: Text, right: Text) -> Text:
        left = left.copy()
        left.pad_right(max(0, _COLUMN - left.cell_len))
        return Text.assemble(_MARGIN, left, _DIVIDER, right)

    def _print(self, lines: Iterator[Text] | Sequence[Text]) -> None:
        for line in lines:
            line.rstrip()
            self.console.print(line)

    def _facts(self, lines: Sequence[tuple[str, str]]) -> None:
        width = max((len(name) for name, _ in lines), default=0) + 2
        for name, value in lines:
            self._entry(Text.assemble((f"{name:<{width}}", "bold"), value), width)

    def _entry(self, entry: Text, indent: int) -> None:
        width = max(20, self.console.width - len(_MARGIN) - 1)
        for line in wrapped(self.console, entry, width, indent):
            self.console.print(Text.assemble(_MARGIN, line))


def _said(turn: Turn) -> tuple[tuple[str, str], str]:
    return (turn.name, f"bold {turn.side.value}"), f" {turn.does}"


def _tail(turn: Turn) -> str:
    return " · ".join(part for part in (turn.where, turn.took) if part)
