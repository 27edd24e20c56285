"""Puts up all that the demo needs (a relay, the bot, a member), and takes it down again.

It also tells what one is about to see, what was checked, and how to join in.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.app import Desk, running
from bot.demo.checks import Checklist, StepError
from bot.demo.conversation import Conversation
from bot.demo.folder import BOT, DemoFolder
from bot.demo.live import Live
from bot.demo.member import PATIENCE, ScriptedMember
from bot.demo.script import MEMBER, Script
from bot.logs import LineFormatter
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.member import Member, MemberError, joined

DEFAULT = Path("readalong-demo")
_PAUSE = 0.35  # seconds to read a turn, on a terminal


class Stage:
    """One performance in ``place``, shown by ``talk``. Nothing may take more than ``patience``."""

    def __init__(self, place: DemoFolder, talk: Conversation, patience: float = PATIENCE) -> None:
        self._place = place
        self._talk = talk
        self._patience = patience
        self._checklist = Checklist()
        self._started_at = time.perf_counter()
        self._pace = ""

    async def play(self, *, once: bool) -> int:
        """The exit code: 0 when every step held, and when it is stopped after that."""
        stop = asyncio.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, stop.set)
        with _logging_to(self._place.log):
            playing = asyncio.create_task(self._play(stay=not once))
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait((playing, stopping), return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if playing.done():
                return playing.result()
            playing.cancel()
            await asyncio.wait((playing,))
            self._talk.remark(f"Stopped. What it stored is in {self._place.path}.")
            return int(once)

    async def _play(self, *, stay: bool) -> int:
        async with LocalRelay() as relay:
            # Without the environment: a key that a developer has there is not for throwing away.
            config = self._place.set_up(relay.url, {})
            async with running(config) as desk:
                bot = desk.folder.required_signer(None)
                self._talk.call(bot.npub, BOT)
                self._open(relay.url)
                try:
                    async with joined(Signer.generate(), relay.url) as client:
                        return await self._with_member(desk, client, bot, stay=stay)
                except MemberError as error:
                    self._talk.checked((), ("the member's connection to the relay", str(error)))
                    return 1

    async def _with_member(self, desk: Desk, client: Member, bot: Signer, *, stay: bool) -> int:
        member = ScriptedMember(client, bot.public_key, self._patience)
        if not await self._perform(desk, member):
            return 1
        self._close(client.url, bot.npub, stay=stay)
        if stay:
            await Live(client, bot.public_key, desk.folder, self._talk).show()
        return 0

    async def _perform(self, desk: Desk, member: ScriptedMember) -> bool:
        """Whether every step held; says so."""
        pause = _PAUSE if self._talk.console.is_terminal else 0.0
        try:
            with self._checklist.step(f"the bot is up, and {MEMBER} is on its relay"):
                await member.arrive(MEMBER)
            script = Script(desk, member, self._talk, self._checklist, pause)
            await script.perform()
        except StepError as error:
            self._talk.checked(self._checklist.passed, (error.step, error.reason))
            return False
        if not self._talk.brief:
            self._talk.section(6, "What was checked")
            self._talk.checked(self._checklist.passed)
        self._pace = script.pace
        return True

    def _open(self, url: str) -> None:
        self._talk.opening(
            "Readalong: an evening of a reading group, in a few seconds",
            (
                ("relay", f"{url}, a real Nostr relay in this process; nothing leaves the machine"),
                ("bot", f"{BOT}: what `readalong run` runs, with a key made just now"),
                (MEMBER, "a member with her own key, who knows nothing but the bot's public key"),
                ("files", f"{self._place.path}: configuration, SQLite data file, log"),
            ),
        )

    def _close(self, url: str, npub: str, *, stay: bool) -> None:
        seconds = time.perf_counter() - self._started_at
        lines = [
            (
                "result",
                f"all {len(self._checklist.passed)} steps held, in {seconds:.1f} s; "
                f"answers took {self._pace}",
            )
        ]
        if stay:
            command = say_command(self._place.path)
            lines += [
                ("relay", f"{url}, for any Nostr client on this machine"),
                ("bot", npub),
                ("join in", f'{command} "ask Who pays for the relays?"'),
                ("", "or say: next, summary plain, summary techie, questions, help"),
                ("to end", "Ctrl-C"),
            ]
        self._talk.closing(lines)


def say_command(folder: Path) -> str:
    """How `readalong say` is typed here, by whoever started this process."""
    words = [*_program(), "say"]
    if folder.resolve() != DEFAULT.resolve() or Path("config.toml").exists():
        words += ["--config", str(folder / "config.toml")]
    return shlex.join(words)


def _program() -> list[str]:
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return [_shown(Path(sys.executable)), "-m", "bot"]
    found = shutil.which(started.name)
    if found is not None and Path(found).resolve() == started.resolve():
        return [started.name]
    return [_shown(started)]


def _shown(path: Path) -> str:
    """Relative where that is below the current folder."""
    here = Path.cwd()
    absolute = path.absolute()
    return os.path.relpath(absolute, here) if absolute.is_relative_to(here) else str(absolute)


@contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    """The bot's log goes to a file, so that the conversation stays one."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(LineFormatter())
    root, own = logging.getLogger(), logging.getLogger("bot")
    level = own.level
    root.addHandler(handler)
    own.setLevel(logging.INFO)
    try:
        yield
    finally:
        own.setLevel(level)
        root.removeHandler(handler)
        handler.close()
