"""The bot's own process and its commands with Discord: how it starts, what it says, how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_desk, utc_now
from bot.config import Config, load
from bot.domain.model import OPERATOR, Network, OutboxState, Post, PostKind
from bot.networks.discord.local.server import LocalDiscord
from bot.networks.nostr.local_relay import LocalRelay
from bot.services.groups import GroupSetup
from bot.services.places import channel_address
from tests.e2e.processes import environment
from tests.waiting import until

PATIENCE = 30.0
FAILED_FOR_GOOD = (("DISCORD_TOKEN", 4004), ("4014", 4014))


@dataclass(frozen=True)
class Place:
    """A data folder whose bot is on a local Discord server and a local relay."""

    folder: Path
    server: LocalDiscord

    def spawn(self, *words: str, token: str | None = None) -> subprocess.Popen[str]:
        with (self.folder / "log.txt").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.pointed", self.server.url, "bot", *words],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.folder,
                env={**environment(), "DISCORD_TOKEN": token or self.server.token},
            )

    def spawn_telling_imports(self, *words: str) -> subprocess.Popen[str]:
        """Without a token; each module that is imported is named in the log."""
        with (self.folder / "log.txt").open("w") as log:
            return subprocess.Popen(
                [sys.executable, "-X", "importtime", "-m", "bot", *words],
                stderr=log,
                text=True,
                cwd=self.folder,
                env=environment(),
            )

    @contextmanager
    def running(self, token: str | None = None) -> Iterator[subprocess.Popen[str]]:
        process = self.spawn("run", token=token)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=5)

    async def ended(self, *words: str) -> tuple[int, str]:
        """The exit code and the output of one command."""
        process = self.spawn(*words)
        out, _ = await asyncio.to_thread(process.communicate, timeout=PATIENCE)
        return process.returncode, out

    async def check(self) -> Any:
        _, out = await self.ended("check", "--format", "json")
        return json.loads(out)

    @property
    def config(self) -> Config:
        return load(self.folder / "config.toml", {"DISCORD_TOKEN": self.server.token})

    def configure(self, text: str) -> None:
        (self.folder / "config.toml").write_text(text)

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text()

    async def is_ready(self, process: subprocess.Popen[str]) -> None:
        await until(lambda: " ready " in self.log or process.poll() is not None, PATIENCE)
        assert process.poll() is None, self.log


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with LocalDiscord() as server, LocalRelay() as relay:
        server.guild()
        place = Place(tmp_path, server)
        place.configure(f'[nostr]\nrelays = ["{relay.url}"]\n')
        code, out = await place.ended("init")
        assert code == 0, out
        yield place


async def end_of(process: subprocess.Popen[str]) -> int:
    await until(lambda: process.poll() is not None, PATIENCE)
    return process.returncode


async def test_it_is_ready_on_both_networks_says_so_and_ends_with_0(place: Place) -> None:
    with place.running() as process:
        await place.is_ready(process)
        (ready,) = [line for line in place.log.splitlines() if " ready " in line]
        assert "npub1" in ready
        assert "on Discord" in ready
        process.send_signal(signal.SIGTERM)
        assert await end_of(process) == 0
    assert "Traceback" not in place.log
    assert place.server.token not in place.log
    assert not place.server.gateway.connected


@pytest.mark.parametrize(("words", "code"), FAILED_FOR_GOOD)
async def test_a_gateway_that_refuses_it_ends_the_process_with_2_and_one_line(
    place: Place, words: str, code: int
) -> None:
    place.server.gateway.refuse(code)
    with place.running() as process:
        assert await end_of(process) == 2
    assert words in place.log.splitlines()[-1]
    assert "Traceback" not in place.log


@pytest.mark.parametrize(("words", "code"), FAILED_FOR_GOOD)
async def test_a_gateway_that_refuses_it_later_ends_it_gracefully_with_2(
    place: Place, words: str, code: int
) -> None:
    with place.running() as process:
        await place.is_ready(process)
        await place.server.gateway.close(code)
        assert await end_of(process) == 2
    assert words in place.log.splitlines()[-1]
    assert "Traceback" not in place.log
    with place.running() as again:
        await place.is_ready(again)


async def test_a_bad_token_ends_it_with_2_and_is_not_repeated(place: Place) -> None:
    token = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
    with place.running(token) as process:
        assert await end_of(process) == 2
    assert "DISCORD_TOKEN" in place.log.splitlines()[-1]
    assert "reset the token" in place.log
    assert token not in place.log


async def test_check_says_what_discord_says_and_what_would_change(place: Place) -> None:
    async with open_desk(place.config):
        pass
    before = await place.check()
    assert before["discord"]["ok"]
    assert before["discord"]["commands"] == "never registered"
    with place.running() as process:
        await place.is_ready(process)
        report = await place.check()
    discord = report["discord"]
    assert discord["commands"] == "current"
    assert discord["servers"] == []
    assert discord["enabled"]
    assert discord["token"]
    assert discord["user"]
    assert f"client_id={discord['application_id']}" in discord["invite"]
    assert report["nostr"]["relays"][0]["ok"]
    assert report["outbox"]["networks"]["discord"] == {}
    place.server.faults.next("GET", "/users/@me", status=401)
    refused = await place.check()
    assert not refused["ok"]
    assert "DISCORD_TOKEN" in refused["problems"][0]


async def test_check_tells_of_each_server_and_of_posts_that_came_to_nothing(place: Place) -> None:
    (guild,) = place.server.world.guilds.values()
    (channel,) = guild.channels.values()
    setup = GroupSetup("Atlanta Reading Group", "UTC", str(channel.id))
    async with open_desk(place.config) as desk:
        group = (await desk.groups.set_up(str(guild.id), setup, by=OPERATOR)).group
        address = channel_address(str(guild.id), str(channel.id))
        posts = [
            Post(f"{kind}:1", group.id, Network.DISCORD, address, kind, "{}")
            for kind in (PostKind.ANNOUNCEMENT, PostKind.NOTICE)
        ]
        now = utc_now()
        async with desk.store.transaction() as tx:
            failed, unknown = await tx.outbox.add_claimed(posts, now, now)
            await tx.outbox.mark_ended(failed, OutboxState.FAILED, "I may not post there", now)
            await tx.outbox.mark_ended(unknown, OutboxState.UNKNOWN, "no answer", now)
            await tx.groups.pause_destination(
                group.id, Network.DISCORD, address, "I may not post there", now
            )
    code, out = await place.ended("check")
    assert code == 0, out
    assert f"server  {guild.id} (my-group), channel {channel.id}  paused: I may not post" in out
    assert "commands never registered; `readalong run` does it" in out
    assert "outbox    1 failed on discord, 1 unknown on discord" in out
    assert "failed  announcement:1 on discord: I may not post there" in out
    assert "1 post could not be sent" in out
    assert "1 post may stand on Discord or not" in out


async def test_check_tells_an_outage_from_what_keeps_the_bot_from_its_work(place: Place) -> None:
    place.server.faults.next("GET", "/users/@me", status=503)
    code, out = await place.ended("check")
    assert code == 0, "Nostr works meanwhile"
    assert "note      Discord can't be reached: 503" in out
    place.configure('[nostr]\nrelays = ["ws://127.0.0.1:9"]')
    code, out = await place.ended("check")
    assert code == 0, "Discord works meanwhile"
    assert "note      None of the relays answers" in out
    place.server.faults.next("GET", "/users/@me", status=503)
    place.configure("[nostr]\nenabled = false")
    code, out = await place.ended("check")
    assert code == 2
    assert "PROBLEM   Discord can't be reached: 503" in out
    place.configure("[nostr]\nenabled = false\n[discord]\nenabled = false")
    code, out = await place.ended("check")
    assert code == 2
    assert "discord   off: [discord] enabled is false" in out
    assert "nothing to run" in out


async def test_without_a_token_nothing_of_discord_is_even_imported(place: Place) -> None:
    process = place.spawn_telling_imports("run")
    try:
        await place.is_ready(process)
    finally:
        process.terminate()
        assert await end_of(process) == 0
    assert "Discord is off: DISCORD_TOKEN isn't set" in place.log
    imported = [line.rpartition("|")[2].strip() for line in place.log.splitlines()]
    assert "aiohttp" in imported
    assert not [name for name in imported if name.partition(".")[0] in ("discord", "cogs")]
