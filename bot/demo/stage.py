"""Puts up all that the demo needs (a relay, a Discord, the bot, its people), and takes it down.

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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.app.process import Running, running
from bot.demo.checks import CheckError, Checklist, StepError
from bot.demo.conversation import Conversation
from bot.demo.evening import ADA, Evening
from bot.demo.folder import NAME, ZONE, DemoFolder
from bot.demo.guild import BEN, CLEO, ScriptedGuild
from bot.demo.live import Live
from bot.demo.member import PATIENCE, ScriptedMember
from bot.demo.script import SECTIONS, perform
from bot.logs import LineFormatter
from bot.networks.discord.local import LocalDiscord, pointed_at
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.member import MemberError, joined

DEFAULT = Path("readalong-demo")
_PAUSE = 0.8  # seconds to read a scene, on a terminal
_README = "Put it on your Discord server"


class Stage:
    """One performance in ``place``, shown by ``talk``. Nothing may take more than ``patience``.

    ``discord`` makes the Discord that it is performed on.
    """

    def __init__(
        self,
        place: DemoFolder,
        talk: Conversation,
        patience: float = PATIENCE,
        discord: Callable[[], LocalDiscord] = LocalDiscord,
    ) -> None:
        self._place = place
        self._talk = talk
        self._patience = patience
        self._discord = discord
        self._checklist = Checklist()
        self._started_at = time.perf_counter()
        self._pause = _PAUSE if talk.console.is_terminal else 0.0

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
        async with LocalRelay() as relay, self._discord() as discord:
            # Without the environment: a key that a developer has there is not for throwing away.
            config = self._place.set_up(relay.url, {"DISCORD_TOKEN": discord.token})
            guild = ScriptedGuild(discord, ZONE, self._patience)
            with pointed_at(discord):
                async with running(config) as desk:
                    return await self._with_desk(desk, guild, relay.url, stay=stay)

    async def _with_desk(self, desk: Running, guild: ScriptedGuild, url: str, *, stay: bool) -> int:
        bot = desk.folder.required_signer(None)
        self._talk.call(bot.npub, NAME)
        self._open(url, guild.server.url)
        try:
            async with joined(Signer.generate(), url) as client:
                ada = ScriptedMember(client, bot.public_key, self._patience)
                evening = Evening(desk, ada, guild, self._talk, self._checklist, self._pause)
                if not await self._perform(evening):
                    return 1
                self._close(evening, bot.npub, stay=stay)
                if stay:
                    await Live(client, bot.public_key, desk.folder, self._talk).show()
        except MemberError as error:
            self._talk.checked((), ("the member's connection to the relay", str(error)))
            return 1
        return 0

    async def _perform(self, evening: Evening) -> bool:
        """Whether every step held; says so."""
        try:
            with self._checklist.step(f"the bot is up on both networks, and {ADA} is on its relay"):
                await _greeted(evening.desk, self._patience)
                await evening.ada.arrive(ADA)
            await perform(evening)
        except StepError as error:
            self._talk.checked(self._checklist.passed, (error.step, error.reason))
            return False
        if not self._talk.brief:
            self._talk.section(SECTIONS + 1, "What was checked", columns=False)
            self._talk.checked(self._checklist.passed)
        return True

    def _open(self, relay: str, discord: str) -> None:
        self._talk.opening(
            "Readalong: an evening of a reading group on two networks, in a few seconds",
            (
                ("Nostr", f"a real relay in this process, {relay}; {ADA} is there"),
                ("Discord", f"a small one in this process, {discord}; {BEN} and {CLEO} are there"),
                ("the bot", "what `readalong run` runs, on both; nothing leaves this machine"),
                ("files", f"{self._place.path}: configuration, SQLite data file, log"),
            ),
        )

    def _close(self, evening: Evening, npub: str, *, stay: bool) -> None:
        seconds = time.perf_counter() - self._started_at
        held = f"all {len(self._checklist.passed)} steps held, in {seconds:.1f} s"
        lines = [("result", f"{held}; answers took {evening.pace}")]
        if stay:
            command = say_command(self._place.path)
            lines += [
                ("relay", f"{evening.ada.client.url}, for any Nostr client on this machine"),
                ("bot", npub),
                ("join in", f'{command} "ask Who pays for the relays?"'),
                ("", "or say: next, summary plain, summary techie, questions, vote 3, help"),
                ("Discord", f"the same code runs on the real one: README, “{_README}”"),
                ("to end", "Ctrl-C"),
            ]
        self._talk.closing(lines)


async def _greeted(desk: Running, patience: float) -> None:
    """Until Discord has greeted the bot. Raises CheckError when it doesn't."""
    if desk.discord is None:
        raise CheckError("Discord is off")
    try:
        async with asyncio.timeout(patience):
            await desk.discord.connected.wait()
    except TimeoutError:
        raise CheckError(f"Discord didn't greet the bot within {patience:g} s") from None


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
