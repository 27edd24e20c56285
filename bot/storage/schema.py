"""Making a data file ready: created if missing, migrated if old, refused if it isn't ours or newer.

Alembic is imported only when there is something to migrate; a file at ``HEAD`` is one small query.
All of it happens in one transaction, so that two processes that start at once take turns and a kill
leaves the file as it was.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from bot.domain.errors import ConfigError
from bot.storage.tables import metadata

HEAD: Final = "0003"
"""The newest revision in ``migrations/versions``; a test keeps them in step."""

_LOCK_SECONDS: Final = 30.0


def prepare(path: Path) -> None:
    """Bring the file at ``path`` to ``HEAD``. Blocks; raises ConfigError when it can't."""
    try:
        _create_file(path)
        with closing(_connect(path)) as connection:
            if _revision(connection) != HEAD:
                _bring_to_head(path, connection)
            use_wal(connection)
    except sqlite3.DatabaseError as error:
        raise ConfigError(_sentence(path, error)) from error
    except SQLAlchemyError as error:
        raise ConfigError(f"The data file {path} could not be migrated: {error}.") from error
    except OSError as error:
        raise ConfigError(
            f"The data file {path} can't be made or opened: {error.strerror}."
        ) from error


def _create_file(path: Path) -> None:
    """Make an empty file that only its owner can read, unless there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _connect(path: Path) -> sqlite3.Connection:
    # Foreign keys stay off here: a batch migration drops tables and puts them back.
    return sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)


def _revision(connection: sqlite3.Connection) -> str | None:
    """The revision that the file says it has; None for one without a revision."""
    if not _has_table(connection, "alembic_version"):
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _has_table(connection: sqlite3.Connection, name: str = "%") -> bool:
    found = connection.execute(
        "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name LIKE ? LIMIT 1", (name,)
    )
    return found.fetchone() is not None


def _bring_to_head(path: Path, connection: sqlite3.Connection) -> None:
    with closing(_core(connection)) as core, _exclusively(connection):
        revision = _revision(connection)  # another process may have been quicker
        if revision == HEAD:
            return
        if revision is not None:
            _upgrade(path, core, revision)
        elif _has_table(connection):
            raise ConfigError(
                f"{path} is a SQLite file of another program; give data_dir another folder."
            )
        else:
            _create(core)
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise ConfigError(f"Migrating {path} would leave rows without what they belong to.")


def _core(connection: sqlite3.Connection) -> Connection:
    """SQLAlchemy over a connection whose transactions are ours to begin and end.

    It rolls back once when it connects: so connect before beginning. Its own transaction begins
    nothing in SQLite, but without one Alembic would begin and commit where it sees fit.
    """
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    core = engine.connect()
    core.begin()
    return core


@contextmanager
def _exclusively(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _create(core: Connection) -> None:
    """The whole schema at once: what the migrations would give, without importing Alembic."""
    metadata.create_all(core, checkfirst=False)
    core.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    core.exec_driver_sql("INSERT INTO alembic_version (version_num) VALUES (?)", (HEAD,))


def _upgrade(path: Path, core: Connection, revision: str) -> None:
    from bot.storage import migrations

    if not migrations.knows(revision):
        raise ConfigError(
            f"{path} was written by a newer Readalong (revision {revision}); "
            f"this one knows revision {HEAD}: install the newer version, or restore a backup."
        )
    migrations.upgrade(core)


def use_wal(connection: sqlite3.Connection, within: float = _LOCK_SECONDS) -> None:
    """Switch to WAL, for good. SQLite doesn't wait for other openers here, so we do."""
    deadline = time.monotonic() + within
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _sentence(path: Path, error: sqlite3.DatabaseError) -> str:
    if "not a database" in str(error):
        return f"{path} is not a SQLite file; move it away or give data_dir another folder."
    return f"The data file {path} can't be opened: {error}."
