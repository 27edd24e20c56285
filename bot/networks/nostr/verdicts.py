"""What a relay's words mean: NIP-01's machine-readable prefixes, and text made fit for a log."""

from __future__ import annotations

from enum import StrEnum

_FOR_GOOD = frozenset({"blocked", "invalid", "restricted", "pow", "unsupported"})


class Verdict(StrEnum):
    """What becomes of an event or a subscription at one relay."""

    TAKEN = "taken"
    LATER = "later"
    NEVER = "never"


def verdict_of(words: str) -> Verdict:
    """Of a refusal. Words without a known prefix say nothing certain, so: later."""
    prefix = _prefix(words)
    if prefix == "duplicate":
        return Verdict.TAKEN
    return Verdict.NEVER if prefix in _FOR_GOOD else Verdict.LATER


def asks_for_auth(words: str) -> bool:
    return _prefix(words) == "auth-required"


def asks_to_slow_down(words: str) -> bool:
    return _prefix(words) == "rate-limited"


def inert(value: object, length: int = 200) -> str:
    """A stranger's words for a log or a message: one line, printable, not long."""
    text = value if isinstance(value, str) else repr(value)
    return "".join(c if c.isprintable() else " " for c in text[:length]).strip()


def _prefix(words: str) -> str:
    return words.partition(":")[0].strip().lower()
