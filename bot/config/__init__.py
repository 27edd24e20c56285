"""What the operator wants: config.toml and the environment, as one frozen, validated value.

It says everything that is wrong at once, names the key each time, and repeats no secret. Nothing is
read at import, and nothing is opened here but the file itself: whether a relay answers or the data
folder can be written is for `readalong check` and the start to find out.
"""

from __future__ import annotations

from bot.config.loading import DEFAULT_PATH, load
from bot.config.secrets import redacted
from bot.config.tables import Config, GroupTable, SummariesTable

__all__ = ["DEFAULT_PATH", "Config", "GroupTable", "SummariesTable", "load", "redacted"]
