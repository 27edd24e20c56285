"""Secrets that stand where they shouldn't: in the configuration file.

They are found by what they look like and by what they are called, and never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]
"""Where in the file: ("nostr", "organisers", 0)."""


# The variable that a secret belongs in, what such a secret looks like, and what keys are called.
_SECRETS = tuple(
    (variable, re.compile(text, re.IGNORECASE), re.compile(key, re.IGNORECASE))
    for variable, text, key in (
        ("NOSTR_NSEC", r"(nsec|ncryptsec)1[a-z0-9]{20,}", r"(nsec|private_?key|secret)$"),
        ("OPENAI_API_KEY", r"\bsk-[\w-]{16,}", r"api_?key$"),
        ("DISCORD_TOKEN", r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}", r"(token|password)$"),
    )
)


def redacted(text: str) -> str:
    """``text`` without anything that looks like a secret of ours."""
    for _, pattern, _ in _SECRETS:
        text = pattern.sub("[secret]", text)
    return text


def secrets_in(node: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Where a secret stands, and what to do about it; the secret itself is never repeated."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        here = (*place, key)
        nested = isinstance(value, dict | list)
        variable = _variable(str(key), "" if nested else str(value))
        if variable and place == ("nostr", "organisers"):
            yield here, "holds a secret key (nsec) where a public one (npub) belongs; replace it."
        elif variable:
            yield (
                here,
                f"a secret may not stand in this file; set {variable} in the environment "
                "and remove it here.",
            )
        if nested:
            yield from secrets_in(value, here)


def _variable(key: str, value: str) -> str | None:
    """Which secret this entry gives away, by what it looks like or by what it is called."""
    for variable, looks, called in _SECRETS:
        if looks.search(key) or looks.search(value) or (called.search(key) and value):
            return variable
    return None
