"""The steps from one revision of the data file to the next, run by Alembic.

Importing this imports Alembic (0.3 s): ``schema`` does so only for a file that isn't at HEAD.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's own configuration, without a file of it."""
    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def heads() -> tuple[str, ...]:
    """The newest revisions among the steps; one, as long as the steps are in one line."""
    return tuple(ScriptDirectory.from_config(configuration()).get_heads())


def knows(revision: str) -> bool:
    """Whether a step leads to ``revision``."""
    try:
        return ScriptDirectory.from_config(configuration()).get_revision(revision) is not None
    except CommandError:
        return False


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the steps that are missing, inside the caller's transaction."""
    command.upgrade(configuration(connection), revision)
