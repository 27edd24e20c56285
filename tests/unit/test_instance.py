"""The data folder: one bot at a time, one secret for ever, keys that nobody else reads."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from bot.domain.errors import ConfigError
from bot.instance import AlreadyRunningError, DataFolder
from bot.networks.nostr.keys import Signer, write_key_file

SIGNER = Signer(bytes([5] * 32))


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "a" / "data")
    made.create()
    return made


def test_the_folder_is_its_owners_only(folder: DataFolder) -> None:
    folder.create()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="can't be made"):
        DataFolder(tmp_path / "file" / "data").create()


def test_the_second_bot_is_told_who_the_first_is(folder: DataFolder) -> None:
    assert folder.running_pid() is None
    with folder.lock():
        with pytest.raises(AlreadyRunningError, match=rf"pid {os.getpid()}"), folder.lock():
            pass
        assert folder.running_pid() == os.getpid()
    with folder.lock():
        pass


def test_the_secret_is_made_once(folder: DataFolder) -> None:
    secret = folder.secret()
    assert len(secret) == 32
    assert folder.secret() == secret
    assert DataFolder(folder.path).secret() == secret
    (file,) = folder.path.glob("*.secret")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in folder.path.iterdir()] == [file.name], "nothing is left over"


@pytest.mark.parametrize("damaged", ["", "00", "no hex at all"])
def test_a_damaged_secret_is_said_and_never_replaced(folder: DataFolder, damaged: str) -> None:
    (folder.path / "instance.secret").write_text(damaged)
    with pytest.raises(ConfigError, match="is damaged"):
        folder.secret()
    assert (folder.path / "instance.secret").read_text() == damaged


def test_the_environments_key_wins_over_the_files(folder: DataFolder) -> None:
    assert folder.signer(None) is None
    with pytest.raises(ConfigError, match="readalong init"):
        folder.required_signer(None)
    write_key_file(folder.key_file, SIGNER)
    found = folder.required_signer(None)
    assert found.npub == SIGNER.npub
    other = Signer(bytes([6] * 32))
    assert folder.required_signer(other.nsec).npub == other.npub


def test_a_key_that_is_none_is_a_config_error_that_shows_nothing(folder: DataFolder) -> None:
    with pytest.raises(ConfigError) as caught:
        folder.signer("nsec1wrong")
    assert "nsec1wrong" not in str(caught.value)
    folder.key_file.mkdir()
    with pytest.raises(ConfigError, match="can't be read"):
        folder.signer(None)


def test_the_members_key_is_made_once_and_checked(folder: DataFolder) -> None:
    npub = folder.member_signer().npub
    assert folder.member_signer().npub == npub
    folder.member_key_file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        folder.member_signer()
