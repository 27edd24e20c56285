"""How far something is that takes a while: a line a step on a terminal, nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bot.cli.show import one_line
from bot.domain.ports import Progress, silent


@contextmanager
def shown_progress(doing: str) -> Iterator[Progress]:
    """``doing`` turns beside the block on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    with console.status(Text(one_line(doing))):
        yield lambda step: console.print(Text(f"  {one_line(step)}"))
