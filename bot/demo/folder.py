"""The folder that a demo keeps its files in: made, and cleared again only if a demo made it.

It writes the configuration with which every other command works on the demo, too.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from bot.config import Config, load
from bot.domain.errors import UserError
from bot.instance import DataFolder
from bot.networks.nostr.keys import Signer, write_key_file

NAME = "Riverside Readers"
ZONE = "America/New_York"
FIRST, SECOND = 30, 28
"""Seconds before the session's start at which it is reminded of."""

_MARKER = ".readalong-demo"
_CONFIG, _DATA, _LOG = "config.toml", "data", "readalong.log"
_TEXT = f"""\
# Made by `readalong demo`, and removed by the next one.
data_dir = "{_DATA}"

[group]
slug = "riverside"
name = "{NAME}"
timezone = "{ZONE}"
reminders = ["{FIRST}s", "{SECOND}s"]   # so short for the demo only; usual are ["7d", "1d", "1h"]

[nostr]
relays = ["{{relay}}"]

[discord]
enabled = true   # while the demo runs: a Discord server of its own, in the same process
"""


class DemoFolder:
    """``config`` and ``log`` are paths in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / _CONFIG
        self.log = path / _LOG
        self._marker = path / _MARKER
        self._data = path / _DATA

    def clear(self) -> None:
        """Make it, or remove what an earlier demo wrote there, and nothing else.

        Raises UserError where something else is, or where a demo is still running.
        """
        if self.path.exists() and any(self.path.iterdir()):
            if not self._marker.is_file():
                raise UserError(
                    f"{self.path} isn't empty and no demo made it; name a new folder with --dir."
                )
            self._refuse_while_running()
            for file in (self.config, self.log):
                file.unlink(missing_ok=True)
            if self._data.is_dir() and not self._data.is_symlink():
                shutil.rmtree(self._data)
        self.path.mkdir(parents=True, exist_ok=True)
        self._marker.write_text("Made by `readalong demo`; the next one clears this folder.\n")

    def set_up(self, relay: str, environ: Mapping[str, str]) -> Config:
        """A configuration for a bot at ``relay``, and a new key for it.

        ``environ``: the environment, as far as the bot may know it.
        """
        self.config.write_text(_TEXT.format(relay=relay), encoding="utf-8")
        config = load(self.config, environ)
        data = DataFolder(config.data_dir)
        data.create()
        write_key_file(data.key_file, Signer.generate())
        return config

    def _refuse_while_running(self) -> None:
        if not self._data.is_dir():
            return
        pid = DataFolder(self._data).running_pid()
        if pid is not None:
            raise UserError(
                f"A demo is running in {self.path} already (pid {pid}); "
                "end that one, or name another folder with --dir."
            )
