"""Whose posts go where: the key of the bot that runs counts, not that of a command beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import open_desk
from bot.app.process import running
from bot.config import Config, load
from bot.domain.model import Group
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.storage.store import SqliteStore
from tests.fakes import FakeNow

ONE, OTHER = Signer(b"\x01" * 32), Signer(b"\x02" * 32)


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[Path]:
    file = tmp_path / "config.toml"
    async with LocalRelay() as relay:
        file.write_text(f'[nostr]\nrelays = ["{relay.url}"]\n', encoding="utf-8")
        yield file


def config(path: Path, signer: Signer) -> Config:
    return load(path, {"NOSTR_NSEC": signer.nsec})


async def places(store: SqliteStore, group: Group) -> dict[str, bool]:
    """Each destination's address, and whether posts go there."""
    async with store.read() as view:
        found = await view.groups.destinations(group.id)
    return {place.address: place.paused_at is None for place in found}


async def test_a_command_with_another_key_does_not_stop_a_running_bots_posts(path: Path) -> None:
    async with running(config(path, ONE), FakeNow()) as bot:
        async with open_desk(config(path, OTHER), FakeNow()) as desk:
            assert await places(desk.store, desk.group) == {ONE.public_key: True}
        assert await places(bot.store, bot.group) == {ONE.public_key: True}


async def test_a_new_key_takes_over_from_the_old_one_and_back(path: Path) -> None:
    for signer, old in ((ONE, None), (OTHER, ONE), (ONE, OTHER)):
        async with open_desk(config(path, signer), FakeNow()) as desk:
            now_there = await places(desk.store, desk.group)
        assert now_there[signer.public_key]
        assert old is None or not now_there[old.public_key]


@pytest.mark.parametrize(
    ("table", "name", "timezone"),
    [
        ('name = "Book Circle"\ntimezone = "Europe/Oslo"', "Book Circle", "Europe/Oslo"),
        ('name = "Book Circle"\ntimezone = "UTC"', "Book Circle", ""),
        ('name = "My Reading Group"\ntimezone = "UTC"', "", ""),
        ("", "", ""),
    ],
)
async def test_a_server_is_offered_what_somebody_chose_and_no_default(
    tmp_path: Path, table: str, name: str, timezone: str
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(f"[group]\n{table}\n", encoding="utf-8")
    async with open_desk(config(file, ONE), FakeNow()) as desk:
        offered = await desk.groups.configured_for("1000")
    assert offered is not None
    assert (offered.name, offered.timezone) == (name, timezone)
    assert desk.group.name, "the group itself is called something"


async def test_a_bot_that_starts_with_a_new_key_posts_under_that_one(path: Path) -> None:
    async with open_desk(config(path, ONE), FakeNow()):
        pass
    async with running(config(path, OTHER), FakeNow()) as bot:
        assert await places(bot.store, bot.group) == {
            ONE.public_key: False,
            OTHER.public_key: True,
        }
