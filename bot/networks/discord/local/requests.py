"""What the bot asked for: every request with its answer, and every limit that one of them broke."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase

from bot.networks.discord.local.errors import Problem
from bot.networks.discord.local.model import Json


@dataclass(slots=True)
class Logged:
    """``path`` from behind ``/api/v10``; ``body`` is the JSON that was sent, also beside files.

    ``status`` 0: no answer was given. ``code``: Discord's, where it was refused.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: Json | list[Json] | None
    at: datetime
    status: int = 0
    code: int = 0
    problems: tuple[Problem, ...] = field(default=())


class Requests:
    """The latest ``keep`` requests, oldest first."""

    def __init__(self, keep: int = 20_000) -> None:
        self.all: deque[Logged] = deque(maxlen=keep)

    def to(self, method: str, path: str) -> list[Logged]:
        """Those to a path; ``*`` stands for anything: ``to("POST", "/channels/*/messages")``."""
        return [each for each in self.all if each.method == method and fnmatchcase(each.path, path)]

    @property
    def broken_limits(self) -> list[Logged]:
        """Those that were refused because something in them was too long, too many or missing."""
        return [each for each in self.all if each.problems]

    def clear(self) -> None:
        self.all.clear()
