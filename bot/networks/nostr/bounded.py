"""Memories that can't grow: the newest so many ids, and how much each author said lately.

What strangers send decides what is kept here, so everything has an end.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_AUTHORS = 20_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Newest(Generic[Key, Value]):
    """A mapping of the ``room`` entries used last; the oldest makes place."""

    __slots__ = ("_entries", "_room")

    def __init__(self, room: int) -> None:
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._room = room

    def get(self, key: Key) -> Value | None:
        entries = self._entries
        if key not in entries:
            return None
        entries.move_to_end(key)
        return entries[key]

    def put(self, key: Key, value: Value) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._room:
            self._entries.popitem(last=False)

    def __contains__(self, key: Key) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)


class Buckets(Generic[Key]):
    """A token bucket a key: ``a_minute`` at once at most, refilled evenly over a minute.

    Looking costs nothing, so that a forged message can be refused without using up the tokens of
    the one whose name it bears. Times are Unix seconds.
    """

    __slots__ = ("_buckets", "_capacity")

    def __init__(self, a_minute: int, room: int) -> None:
        self._capacity = float(a_minute)
        self._buckets: Newest[Key, tuple[float, float]] = Newest(room)

    def has_token(self, key: Key, at: float) -> bool:
        return self._tokens(key, at) >= 1.0

    def take(self, key: Key, at: float) -> None:
        self._buckets.put(key, (self._tokens(key, at) - 1.0, at))

    def _tokens(self, key: Key, at: float) -> float:
        kept = self._buckets.get(key)
        if kept is None:
            return self._capacity
        tokens, since = kept
        refilled = max(0.0, at - since) * self._capacity / 60.0
        return min(self._capacity, tokens + refilled)


class Allowance:
    """How much one author may send, and all strangers together, in a minute."""

    def __init__(self, an_author: int, strangers: int) -> None:
        self._authors: Buckets[str] = Buckets(an_author, _AUTHORS)
        self._strangers: Buckets[None] = Buckets(strangers, 1)

    def exceeded(self, author: str, at: float, *, is_known: bool) -> str:
        """Which limit is reached; "" for none."""
        if not self._authors.has_token(author, at):
            return "author's limit"
        if not is_known and not self._strangers.has_token(None, at):
            return "strangers' limit"
        return ""

    def take(self, author: str, at: float, *, is_known: bool) -> None:
        self._authors.take(author, at)
        if not is_known:
            self._strangers.take(None, at)
