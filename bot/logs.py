"""Logging: one record a line on stderr, in UTC, with nothing secret in it.

A record can't forge another one: line breaks inside a message are shown as such, and the lines of a
traceback are set in. What is logged is decided where it happens.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

_SECRET = re.compile(  # a Nostr key; a Discord token; a key of OpenAI's or of one like it
    r"(?:nsec|ncryptsec)1[02-9ac-hj-np-z]{6,}|\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}"
    r"|\bsk-[\w-]{16,}",
    re.IGNORECASE,
)
# What lets anybody answer an interaction stands in the address to answer at.
_ANSWERING = re.compile(r"((?:webhooks|interactions)/\d+/)[^/\s?]{8,}")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HIDDEN = "[secret]"


class LineFormatter(logging.Formatter):
    """``secrets`` are texts that never appear, beside everything that looks like one."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._secrets = sorted({text for text in secrets if len(text) >= 16}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = record.getMessage().replace("\n", "\\n")
        text = f"{at.replace('+00:00', 'Z')} {record.levelname} {record.name}: {message}"
        if record.exc_info and _is_an_outage(record):
            text += f" ({record.exc_info[1]})"
        elif record.exc_info:
            trace = self.formatException(record.exc_info)
            text += "".join(f"\n    {line}" for line in trace.splitlines())
        return self._without_secrets(_CONTROL.sub("", text))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _ANSWERING.sub(rf"\1{_HIDDEN}", _SECRET.sub(_HIDDEN, text))


def _is_an_outage(record: logging.LogRecord) -> bool:
    """discord.py logs each reconnect with a traceback that says no more than its error does."""
    error = record.exc_info[1] if record.exc_info else None
    from_library = type(error).__module__.partition(".")[0] in ("aiohttp", "discord")
    return record.name.startswith("discord.") and (from_library or isinstance(error, OSError))


def keep_quiet() -> None:
    """For a command of a person's: what went wrong is told in its one line, and logged nowhere.

    Without this Python itself writes warnings to stderr. ``start`` ends it.
    """
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    logging.captureWarnings(capture=True)


def start(secrets: Iterable[str] = (), level: int = logging.INFO) -> None:
    """Send our records to stderr from ``level`` on, and libraries' warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("bot").setLevel(level)
    logging.captureWarnings(capture=True)
