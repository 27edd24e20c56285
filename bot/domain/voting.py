"""Whether a text votes for a question of a board, or takes a vote back: `vote 3`, `+1 3`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain.asking import asks
from bot.domain.commands import Help, Vote
from bot.domain.phrases import (
    AFTER_VOTE,
    BEFORE_VOTE,
    COMMENTS,
    CONNECTORS,
    NUMBERS,
    POLITE,
    SESSION_NAMES,
    STATEMENT,
    TAKING_BACK,
    UNVOTE_WORDS,
    VOTE_WORDS,
    trimmed,
)

_NUMBER = re.compile(r"q?(\d{1,9})")
_STOP = re.compile(r"((?<!\w)q?\d{1,9})\s{0,5}(?:[.:;!)–—]|\s-\s|\n)", re.IGNORECASE)
_NAME_WORDS = 12
_NO_NAME = CONNECTORS | POLITE | {"and", "also"}
_PLAIN = frozenset({"plusone", "minusone"})  # said without a number, they agree and don't vote


def voted(body: str, words: Sequence[str], *, is_reply_to_session: bool) -> Vote | Help | None:
    """The vote that ``words`` (those of ``body``, small and bare) give; help for one that says no
    number; None when it is about something else."""
    at = _position(words)
    if at is None:
        return None
    before, after = words[:at], words[at + 1 :]
    skipped = next((i for i, word in enumerate(after) if word not in AFTER_VOTE), len(after))
    if skipped == len(after):
        return None if is_reply_to_session or words[at] in _PLAIN else Help()
    number = _number(after[skipped], is_last=skipped + 1 == len(after))
    if number is None:
        return None
    rest = after[skipped + 1 :]
    name = "" if _is_comment(body, after[skipped], rest) else _session_name(rest)
    if name is None or (name and asks(body) and (is_reply_to_session or rest[0] not in CONNECTORS)):
        return None  # "can we vote 3 times?"
    up = (
        words[at] not in UNVOTE_WORDS
        and TAKING_BACK.isdisjoint(before)
        and "down" not in (*after[:skipped], *rest[:1])
    )
    return Vote(number, name, up)


def _position(words: Sequence[str]) -> int | None:
    """Where the word stands that votes, with nothing before it that changes what it means."""
    for at, word in enumerate(words):
        if word in VOTE_WORDS or word in UNVOTE_WORDS:
            return at
        if word not in BEFORE_VOTE and word not in TAKING_BACK:
            return None
    return None


def _number(word: str, *, is_last: bool) -> int | None:
    found = _NUMBER.fullmatch(word)
    if found is not None:
        return int(found[1])
    return NUMBERS.index(word) if is_last and word in NUMBERS else None


def _is_comment(body: str, number: str, rest: Sequence[str]) -> bool:
    """Whether what follows the number says why, and names no session."""
    if rest and rest[0] in COMMENTS:
        return True
    return any(found[1].casefold() == number for found in _STOP.finditer(body))


def _session_name(rest: Sequence[str]) -> str | None:
    """The session that the vote names, "" for none; None when the text is no vote after all."""
    said = trimmed(rest, frozenset({"up", "down", "back"}))
    name = trimmed(said, _NO_NAME)
    if not name:
        return SESSION_NAMES.get(next((word for word in said if word in SESSION_NAMES), ""), "")
    if len(name) > _NAME_WORDS or name[0] in STATEMENT or all(map(str.isdigit, name)):
        return None
    if said[0] not in CONNECTORS and not STATEMENT.isdisjoint(name):
        return None
    phrase = " ".join(name)
    return SESSION_NAMES.get(phrase, phrase)
