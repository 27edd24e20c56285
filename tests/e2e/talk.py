"""A demo's conversation that is written down instead of shown."""

from __future__ import annotations

import io

from rich.console import Console

from bot.demo.conversation import Conversation


def talk(width: int, **options: bool) -> tuple[Conversation, io.StringIO]:
    out = io.StringIO()
    console = Console(
        file=out, width=width, highlight=False, markup=False, emoji=False, record=True
    )
    return Conversation(console, **options), out
