"""The real bot as a process of its own, with a data folder made for a benchmark."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Rows, fill
from bot.instance import DataFolder
from bot.networks.nostr.keys import Signer, write_key_file

_CONFIG = """\
data_dir = "data"
[group]
slug = "atl"
name = "Bench"
[nostr]
relays = ["{relay}"]
[limits]
questions_per_person = 1000000
questions_per_session = 1000000
mentions_per_minute = 1000000
strangers_per_minute = 1000000
"""
_SECRETS = ("NOSTR_NSEC", "DISCORD_TOKEN", "OPENAI_API_KEY")
_WITHIN = 30.0  # seconds that a start may take


@dataclass(frozen=True)
class Place:
    """A folder with a configuration, a key and a filled data file."""

    folder: Path
    signer: Signer

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def data_file(self) -> Path:
        return DataFolder(self.folder / "data").data_file

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "bot", *words, "--config", str(self.config)]


def make_place(folder: Path, relay: str, rows: Rows) -> Place:
    data = DataFolder(folder / "data")
    data.create()
    signer = Signer.generate()
    write_key_file(data.key_file, signer)
    (folder / "config.toml").write_text(_CONFIG.format(relay=relay))
    asyncio.run(fill(data.data_file, rows, signer.public_key))
    return Place(folder, signer)


@dataclass(frozen=True)
class Started:
    """``ready`` is how many seconds after exec the bot said so."""

    process: subprocess.Popen[str]
    ready: float

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


def running(place: Place) -> AbstractContextManager[Started]:
    """`readalong run` from ready on."""
    return started(place.command("run"))


@contextmanager
def started(command: Sequence[str], **environment: str) -> Iterator[Started]:
    """A bot's process from the line that says "ready" on; ended by its own id."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**_environment(), **environment}
    )
    try:
        yield Started(process, _wait_until_ready(process) - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=25)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _wait_until_ready(process: subprocess.Popen[str]) -> float:
    deadline = time.perf_counter() + _WITHIN
    said = []
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if " ready " in line:
            return time.perf_counter()
        if time.perf_counter() > deadline:
            break
    raise RuntimeError("the bot did not start:\n" + "".join(said))


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _SECRETS}
