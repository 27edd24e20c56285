"""From exec to ready, memory at rest, and `--help`: with an empty data file and with a full one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.data import EMPTY, Rows
from benchmarks.processes import Place, make_place, running
from bot.networks.nostr.local_relay import LocalRelay

_RUNS = 7
_REST = 3.0  # seconds after ready


@dataclass(frozen=True)
class Result:
    """Seconds and MB; medians, the two files taking turns."""

    empty: float
    full: float
    resident_empty: float
    resident_full: float
    help: float


async def measure(rows: Rows) -> Result:
    async with LocalRelay() as relay:
        return await asyncio.to_thread(_measure, rows, relay.url)


def _measure(rows: Rows, relay: str) -> Result:
    with TemporaryDirectory() as folder:
        empty = make_place(Path(folder) / "empty", relay, EMPTY)
        full = make_place(Path(folder) / "full", relay, rows)
        for place in (empty, full):
            _ready(place)  # once for the disk's cache
        pairs = [(_ready(empty), _ready(full)) for _ in range(_RUNS)]
        return Result(
            empty=median(pair[0] for pair in pairs),
            full=median(pair[1] for pair in pairs),
            resident_empty=_resident(empty),
            resident_full=_resident(full),
            help=median(_timed(_help) for _ in range(_RUNS)),
        )


def _ready(place: Place) -> float:
    with running(place) as bot:
        return bot.ready


def _resident(place: Place) -> float:
    with running(place) as bot:
        time.sleep(_REST)
        return bot.resident_mb()


def _help() -> None:
    subprocess.run([sys.executable, "-m", "bot", "--help"], check=True, capture_output=True)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
