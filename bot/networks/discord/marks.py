"""What a post is recognised by: the nonce that Discord keeps for minutes, the mark that stays.

Both are derived from the outbox row's key, so that every attempt at a row carries the same.
"""

from __future__ import annotations

import hashlib

from bot.networks.discord.limits import NONCE

_MARK = 10  # hex digits: two posts of one channel get the same once in a million million pairs


def nonce_of(key: str) -> str:
    """With ``enforce_nonce``, a second message of this nonce is the first one."""
    return _digest(key)[:NONCE]


def mark_of(key: str) -> str:
    """``"ref 3f9a61c0de"``, at the end of a post's footer or a scheduled event's description."""
    return f"ref {_digest(key)[-_MARK:]}"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
