"""A mention, and the bounded queues in which mentions wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.networks.nostr.events import Event

_LANE_BYTES = 8 * 1024 * 1024


@dataclass(slots=True, eq=False)
class Mention:
    """A verified event addressed to us, the relays that brought it, and its size in bytes."""

    event: Event
    size: int
    relays: list[str] = field(default_factory=list)


class Lane:
    """A bounded queue that refuses the newest; bounded in events and in bytes."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._bytes = 0
        self._waiting: deque[Mention] = deque()

    def has_room_for(self, size: int) -> bool:
        return len(self._waiting) < self._room and self._bytes + size <= _LANE_BYTES

    def put(self, mention: Mention) -> None:
        self._waiting.append(mention)
        self._bytes += mention.size

    def take(self, limit: int) -> list[Mention]:
        taken = [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]
        self._bytes -= sum(mention.size for mention in taken)
        return taken

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Mention]:
        return iter(self._waiting)
