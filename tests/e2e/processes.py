"""The real command in real processes, each bounded in time and ended by its own id."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SECRETS = {"NOSTR_NSEC", "DISCORD_TOKEN", "OPENAI_API_KEY"}
CONFIG = """\
data_dir = "data"
[group]
slug = "atl"
name = "Atlanta Reading Group"
timezone = "America/New_York"
reminders = {reminders}
[nostr]
relays = {relays}
"""


class Bot:
    """One data folder, and what is done to it through the command line."""

    def __init__(
        self, folder: Path, relays: Sequence[str], reminders: Sequence[str] = ("1d", "1h")
    ) -> None:
        self.folder = folder
        self.command("init", "--dir", str(folder), config=False)
        (folder / "config.toml").write_text(
            CONFIG.format(relays=json.dumps(list(relays)), reminders=json.dumps(list(reminders)))
        )
        found = self._start("check", "--format", "json")
        self.pubkey: str = json.loads(found.stdout)["nostr"]["pubkey"]
        self.npub: str = json.loads(found.stdout)["nostr"]["npub"]

    def command(self, *words: str, config: bool = True) -> str:
        """Run one command to its end; its standard output. Fails when it does."""
        done = self._start(*words, config=config)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.command(*words, "--format", "json"))

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the data file holds, read by nothing of ours."""
        with closing(sqlite3.connect(self.folder / "data" / "readalong.sqlite")) as data:
            return data.execute(query, values).fetchall()

    @contextmanager
    def running(self, *module: str) -> Iterator[subprocess.Popen[str]]:
        """The bot as its own process, from ready until the block ends (SIGTERM, then SIGKILL)."""
        seen = len(self.log())
        process = self.spawn(*(module or ("bot",)), "run")
        try:
            self.wait(process, lambda: " ready" in self.log()[seen:], timeout=20)
            yield process
        finally:
            end(process)

    def log(self) -> str:
        file = self.folder / "log.txt"
        return file.read_text() if file.exists() else ""

    def wait(
        self, process: subprocess.Popen[str], check: Callable[[], object], timeout: float = 15
    ) -> None:
        """Until ``check`` holds while ``process`` lives."""
        deadline = time.monotonic() + timeout
        while not check():
            assert process.poll() is None, f"it ended with {process.returncode}:\n{self.log()}"
            assert time.monotonic() < deadline, f"nothing within {timeout} s:\n{self.log()}"
            time.sleep(0.01)

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        log = (self.folder / "log.txt").open("a")
        with log:
            return subprocess.Popen(
                [sys.executable, "-m", *words, "--config", str(self.folder / "config.toml")],
                stdout=subprocess.DEVNULL,
                stderr=log,
                text=True,
                env=environment(),
                cwd=ROOT,
            )

    def _start(self, *words: str, config: bool = True) -> subprocess.CompletedProcess[str]:
        options = ["--config", str(self.folder / "config.toml")] if config else []
        return subprocess.run(
            [sys.executable, "-m", "bot", *words, *options],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment(),
            cwd=ROOT,
        )


def environment() -> dict[str, str]:
    """This process's environment without the secrets that a developer may have set."""
    kept = {name: value for name, value in os.environ.items() if name not in SECRETS}
    return {**kept, "PYTHONPATH": str(ROOT)}


def end(process: subprocess.Popen[str], timeout: float = 25) -> int:
    """Ask a process to stop, by its own id, and see that it does; its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
        raise
