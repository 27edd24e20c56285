"""How the demo looks: who says what, where, and how long it took, as a conversation.

Names and words tell everything; colours only repeat it. What people wrote is shown as inert text.
It knows no bot: events and rows are given to it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

WIDTH = 100
"""Columns at most, and where the output is no terminal."""

_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NAME = re.compile(r"\bnostr:(npub|nprofile|note|nevent|naddr)1([02-9ac-hj-np-z]{12,})")
_HANGING = re.compile(r"(\d{1,2}\. |• )")
_HEAD = re.compile(r"(\d{1,2}\. )([^:.!?]{3,60}[:.!?])")
_MARGIN = "  "


class Side(Enum):
    """Who is speaking, and in which colour."""

    BOT = "green"
    MEMBER = "cyan"
    YOU = "yellow"
    ORGANISER = "magenta"


@dataclass(frozen=True, slots=True)
class Line:
    """One turn: ``name`` ``does`` something, with ``where`` and how long it took at the right."""

    side: Side
    name: str
    does: str
    where: str = ""


def open_console(*, record: bool = False) -> Console:
    """Standard output, 100 columns wide at most; ``record`` for drawing it later."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")  # for terminals that have no such characters
    console = Console(highlight=False, markup=False, emoji=False, record=record)
    if record or not console.is_terminal or console.width > WIDTH:
        console.width = WIDTH
    return console


class Conversation:
    """Writes to ``console``. With ``brief`` long texts are folded, for a picture."""

    def __init__(self, console: Console, *, brief: bool = False) -> None:
        self.console = console
        self.brief = brief
        self._names: dict[str, str] = {}

    def call(self, npub: str, name: str) -> None:
        """Show ``name`` where a text mentions ``npub``, as clients do."""
        self._names[npub] = name

    def opening(self, title: str, lines: Sequence[tuple[str, str]]) -> None:
        self.console.print()
        self.console.print(Text(f"{_MARGIN}{title}", style="bold"))
        self.console.print()
        self._facts(lines)

    def section(self, number: int, title: str) -> None:
        self.console.print()
        rule = Rule(Text(f"{number}. {title}", style="bold"), align="left", style="dim")
        self.console.print(rule)

    def turn(self, line: Line, body: str = "", *, fold: int | None = None) -> None:
        """``fold`` is how many lines of the body are shown; the rest is counted."""
        colour = line.side.value
        head = Table.grid(expand=True, padding=(0, 1))
        head.add_column(ratio=1)
        head.add_column(justify="right", no_wrap=True)
        said = Text.assemble(_MARGIN, (line.name, f"bold {colour}"), " ", line.does)
        head.add_row(said, Text(line.where, style="dim"))
        self.console.print()
        self.console.print(head)
        lines = self._body(body)
        hidden = 0
        if fold is not None and len(lines) > fold + 1:
            hidden, lines = len(lines) - fold, lines[:fold]
            while not lines[-1].plain:
                lines.pop()
        for text in lines:
            self.console.print(Text.assemble(_MARGIN, ("│ ", colour), text))
        if hidden:
            more = f"… {hidden} more lines"
            self.console.print(Text.assemble(_MARGIN, ("│ ", colour), (more, "dim italic")))

    def board(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        """Number, question, from whom, on which network."""
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1), header_style="bold")
        table.add_column("#", justify="right")
        table.add_column("question", overflow="fold")
        table.add_column("from", overflow="fold")
        table.add_column("network")
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
        return _NAME.sub(self._named, _UNSAFE.sub("", text))

    def _named(self, found: re.Match[str]) -> str:
        whole = f"{found[1]}1{found[2]}"
        if whole in self._names:
            return f"@{self._names[whole]}"
        return f"nostr:{found[1]}1{found[2][:6]}…{found[2][-4:]}"

    def _facts(self, lines: Sequence[tuple[str, str]]) -> None:
        width = max((len(name) for name, _ in lines), default=0) + 2
        for name, value in lines:
            entry = Text.assemble((f"{name:<{width}}", "bold"), value)
            self._entry(entry, width)

    def _entry(self, entry: Text, indent: int) -> None:
        for line in self._wrapped(entry, indent, len(_MARGIN)):
            self.console.print(Text.assemble(_MARGIN, line))

    def _body(self, body: str) -> list[Text]:
        lines: list[Text] = []
        for paragraph in self.inert(body).split("\n") if body else ():
            text = Text(paragraph)
            if head := _HEAD.match(paragraph):
                text.stylize("bold", *head.span(2))
            hanging = _HANGING.match(paragraph)
            lines += self._wrapped(text, len(hanging[1]) if hanging else 0, len(_MARGIN) + 2)
        return lines

    def _wrapped(self, text: Text, indent: int, margin: int) -> list[Text]:
        """By words; lines after the first are set in by ``indent``."""
        width = max(20, self.console.width - margin - 1)
        first, *_ = text.wrap(self.console, width) or [Text()]
        rest = text[len(first.plain.rstrip()) :]
        rest = rest[len(rest.plain) - len(rest.plain.lstrip()) :]
        first.rstrip()
        if not rest.plain:
            return [first]
        further = rest.wrap(self.console, width - indent)
        for line in further:
            line.rstrip()
        return [first, *(Text.assemble(" " * indent, line) for line in further)]
