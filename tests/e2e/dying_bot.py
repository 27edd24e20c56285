"""The real command line, killed at one point: `python -m tests.e2e.dying_bot POINT run ...`.

A point is a method of a concrete class and what it must be about. The process writes the point's
name beside the configuration file and sends itself SIGKILL: nothing of it runs after that.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

from bot.cli import main
from bot.domain.model import Delivery, Post, PostKind
from bot.networks.nostr.deliver import NostrCourier
from bot.services.marks import Marks
from bot.services.outbox import Outbox
from bot.storage.inbound import CursorTable
from bot.storage.outbox import OutboxTable
from bot.storage.questions import QuestionTable
from bot.storage.reminders import ReminderTable

DIED_AT = "died-at.txt"

Matters = Callable[..., bool]


def about(*kinds: PostKind) -> Matters:
    """Whether one of the posts that a method is called with, or gives, is of these kinds."""

    def matters(*values: object) -> bool:
        return any(post.kind in kinds for value in values for post in posts_in(value))

    return matters


def stored(query: str) -> Matters:
    """Whether the data file has, committed, what ``query`` asks for."""

    def matters(*values: object) -> bool:
        with closing(sqlite3.connect(_folder() / "data" / "readalong.sqlite")) as data:
            return data.execute(query).fetchone() is not None

    return matters


def always(*values: object) -> bool:
    return True


def before(owner: type, name: str, matters: Matters) -> Callable[[str], None]:
    def arm(point: str) -> None:
        original = getattr(owner, name)

        @wraps(original)
        def dying(self: object, *values: Any, **named: Any) -> Any:
            if matters(*values):
                _die(point)
            return original(self, *values, **named)

        setattr(owner, name, dying)

    return arm


def after(owner: type, name: str, matters: Matters) -> Callable[[str], None]:
    def arm(point: str) -> None:
        original = getattr(owner, name)

        @wraps(original)
        async def dying(self: object, *values: Any, **named: Any) -> Any:
            result = await original(self, *values, **named)
            if matters(result, *values):
                _die(point)
            return result

        setattr(owner, name, dying)

    return arm


_announcement = about(PostKind.ANNOUNCEMENT)
_reply = about(PostKind.REPLY)
_reminder = about(PostKind.REMINDER)
_pending = stored("SELECT 1 FROM outbox WHERE kind = 'announcement' AND state = 'pending'")

POINTS: dict[str, Callable[[str], None]] = {
    # an announcement, on its way
    "queueing it": after(OutboxTable, "add", _announcement),
    "before its claim": before(OutboxTable, "claim", _pending),
    "in its claim's transaction": after(OutboxTable, "claim", _announcement),
    "after its claim": before(NostrCourier, "prepare", _announcement),
    "in its preparation's transaction": after(OutboxTable, "set_wire", _announcement),
    "after its preparation": before(NostrCourier, "send", _announcement),
    "after it was sent": after(NostrCourier, "send", _announcement),
    "in its mark's transaction": after(OutboxTable, "mark_sent", _announcement),
    "after its mark": after(
        Marks,
        "flush",
        stored("SELECT 1 FROM outbox WHERE kind = 'announcement' AND state = 'sent'"),
    ),
    # a question
    "in the question's transaction": after(QuestionTable, "add", always),
    "before the question's commit": after(OutboxTable, "add_claimed", _reply),
    "after the question's commit": before(Outbox, "send_now", _reply),
    "after the reply was sent": after(NostrCourier, "send", _reply),
    "in the reply's mark": after(OutboxTable, "mark_sent", _reply),
    "before the cursor moves": before(CursorTable, "move", always),
    "in the cursor's transaction": after(CursorTable, "move", always),
    # a reminder
    "in the reminder's transaction": after(ReminderTable, "settle", always),
    "after the reminder was sent": after(NostrCourier, "send", _reminder),
}


def posts_in(value: object) -> Iterable[Post]:
    """The posts in an argument or a result, however deep in lists and pairs."""
    if isinstance(value, Post):
        yield value
    elif isinstance(value, Delivery):
        yield value.post
    elif isinstance(value, list | tuple):
        for each in value:
            yield from posts_in(each)


def _folder() -> Path:
    return Path(sys.argv[sys.argv.index("--config") + 1]).parent


def _die(point: str) -> NoReturn:
    (_folder() / DIED_AT).write_text(point)
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("SIGKILL can't be survived")


if __name__ == "__main__":
    chosen = sys.argv.pop(1)
    POINTS[chosen](chosen)
    main()
