"""A consistent copy of the data file, taken while the bot runs. It knows no table."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

from bot.domain.errors import StorageError, UserError


def copy(source: Path, target: Path) -> None:
    """Copy to a temporary file beside ``target`` (mode 0600), then rename it. Blocks."""
    if target.exists():
        raise UserError(f"{target} exists already; name a file that doesn't.")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise UserError(f"{target} can't be written: {error.strerror}.") from error
    os.close(handle)
    try:
        _vacuum(source, name)
        Path(name).rename(target)
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"The backup {target} could not be written: {error}.") from error
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def _vacuum(source: Path, name: str) -> None:
    """One read transaction of SQLite's own, into a file that must be empty."""
    with closing(sqlite3.connect(source, timeout=5.0, isolation_level=None)) as connection:
        connection.execute("VACUUM INTO ?", (name,))
    with Path(name).open("rb") as written:
        os.fsync(written.fileno())
