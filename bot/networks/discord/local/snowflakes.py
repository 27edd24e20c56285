"""Discord's ids: milliseconds since 2015 in the upper bits, so that they sort by time.

Discord's developer documentation, "Snowflakes". A shard is chosen by the same upper bits.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.ports import Now

EPOCH = 1_420_070_400_000
"""Milliseconds from 1970 to Discord's first second."""

_ROOM = 1 << 22  # ids a millisecond


class Snowflakes:
    """Ids in rising order, never one twice, whatever the clock does."""

    def __init__(self, now: Now) -> None:
        self._now = now
        self._last = 0

    def next(self) -> int:
        self._last = max(first_of(self._now()), self._last + 1)
        return self._last

    def next_millisecond(self) -> int:
        """One of a millisecond of its own: guilds made one after the other fall on different
        shards.
        """
        self._last = max(first_of(self._now()), (self._last // _ROOM + 1) * _ROOM)
        return self._last


def first_of(moment: datetime) -> int:
    return (int(moment.timestamp() * 1000) - EPOCH) * _ROOM
