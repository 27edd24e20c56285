"""The real command in real processes, each bounded in time and ended by its own id."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
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
reminders = ["1d"]
[nostr]
relays = {relays}
[limits]
questions_per_person = 100
mentions_per_minute = 1000
strangers_per_minute = 1000
"""


@dataclass(frozen=True)
class Bot:
    """One data folder, and what is done to it through the command line.

    ``launcher``: a module and its arguments that run the bot's own module, where Python alone
    doesn't; ``token``: what it logs in to Discord with, none by default.
    """

    folder: Path
    pubkey: str = ""
    npub: str = ""
    launcher: tuple[str, ...] = ()
    token: str = ""

    @classmethod
    def made(cls, folder: Path, relays: Sequence[str] = ()) -> Bot:
        """A new one, with a key of its own. Without ``relays`` it has one that is never up."""
        bot = cls(folder)
        bot.ended("init", "--dir", str(folder), config=False)
        bot.configure(relays or ["ws://127.0.0.1:9"])
        who = json.loads(bot.ended("check", "--format", "json").stdout)["nostr"]
        return cls(folder, who["pubkey"], who["npub"])

    def copied(self, folder: Path, relays: Sequence[str]) -> Bot:
        """The same bot with all it has stored, elsewhere: quicker than to make another."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        bot = Bot(folder, self.pubkey, self.npub)
        bot.configure(relays)
        return bot

    def configure(self, relays: Sequence[str]) -> None:
        text = CONFIG.format(relays=json.dumps(list(relays)))
        (self.folder / "config.toml").write_text(text)

    def command(self, *words: str) -> str:
        """Run one command to its end; its standard output. Fails when it does."""
        done = self.ended(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.command(*words, "--format", "json"))

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the data file holds, read by nothing of ours."""
        with closing(sqlite3.connect(self.folder / "data" / "readalong.sqlite")) as data:
            return data.execute(query, values).fetchall()

    def unsent(self) -> list[tuple[Any, ...]]:
        """Kind and state of the posts that are still to be sent."""
        return self.rows("SELECT kind, state FROM outbox WHERE state IN ('pending', 'sending')")

    def write(self, statement: str) -> None:
        """Change the data file behind the bot's back."""
        with closing(sqlite3.connect(self.folder / "data" / "readalong.sqlite")) as data:
            data.execute(statement)
            data.commit()

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[str]]:
        """The bot as its own process, from ready until the block ends (SIGTERM, then SIGKILL)."""
        process = self.start()
        try:
            yield process
        finally:
            end(process)

    def start(self, *module: str) -> subprocess.Popen[str]:
        """Start ``module`` (the bot's own by default) with `run`, and wait until it is ready."""
        seen = len(self.log())
        process = self.spawn(*(module or ("bot",)), "run")
        try:
            self.wait(process, lambda: " ready " in self.log()[seen:], timeout=30)
        except BaseException:
            process.kill()
            process.wait(5)
            raise
        return process

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
        """Start a module with its arguments; what it says goes to the log."""
        with (self.folder / "log.txt").open("a") as log:
            return subprocess.Popen(
                [*self._python(*words), "--config", str(self.folder / "config.toml")],
                stdout=subprocess.DEVNULL,
                stderr=log,
                text=True,
                env=self._environment(),
                cwd=ROOT,
            )

    def ended(self, *words: str, config: bool = True) -> subprocess.CompletedProcess[str]:
        """One command of the bot's, run to its end, however that is."""
        options = ["--config", str(self.folder / "config.toml")] if config else []
        return subprocess.run(
            [*self._python("bot", *words), *options],
            capture_output=True,
            text=True,
            timeout=60,
            env=self._environment(),
            cwd=ROOT,
        )

    def _python(self, *words: str) -> list[str]:
        return [sys.executable, "-m", *self.launcher, *words]

    def _environment(self) -> dict[str, str]:
        return environment() | ({"DISCORD_TOKEN": self.token} if self.token else {})


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
