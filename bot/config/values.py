"""What a value of the configuration may be: each kind's rule, and the sentence for what breaks it.

Pure rules about text and numbers. Which keys there are is `tables`' own.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from bot.domain.errors import InvalidSessionError
from bot.domain.when import parse_offset, zone_of
from bot.networks.nostr import nip19


def _slug(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) or len(text) > 40:
        raise ValueError("use small letters, digits and single hyphens, 40 characters at most.")
    return text


def _line(text: str) -> str:
    text = text.strip()
    if not text or len(text) > 100 or not text.isprintable():
        raise ValueError("needs one line of 1 to 100 printable characters.")
    return text


def _zone(text: str) -> str:
    try:
        return zone_of(text).key
    except InvalidSessionError:
        raise ValueError('is not a known time zone; write one like "America/New_York".') from None


def _wall_time(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError('needs hours and minutes, like "19:00".')
    return text


def _offset(value: object) -> object:
    """Defaults are lengths of time already; the file's are text."""
    if isinstance(value, timedelta):
        return value
    try:
        return parse_offset(str(value))
    except ValueError:
        raise ValueError('needs a time before the start, like "7d", "1d" or "90m".') from None


def _longest_first(offsets: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    return tuple(sorted(set(offsets), reverse=True))


def _address(text: str, schemes: tuple[str, str], otherwise: str) -> SplitResult:
    """The address taken apart; ``otherwise`` says what is needed where it is none."""
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValueError(otherwise) from None
    if not usable or parts.scheme not in schemes or re.search(r"\s", text):
        raise ValueError(otherwise)
    if parts.username or parts.password or parts.fragment:
        raise ValueError("may not carry a user name, a password or a fragment.")
    return parts


def _relay(text: str) -> str:
    needed = 'needs a relay address that starts with "wss://" or "ws://".'
    parts = _address(text, ("wss", "ws"), needed)
    return text.rstrip("/") if parts.path == "/" and not parts.query else text


def _server(text: str) -> str:
    """Where a model is asked, without the slash at its end; "" for OpenAI's own."""
    if not text:
        return ""
    needed = 'needs an address that starts with "https://" or "http://", such as "{}".'
    parts = _address(text, ("https", "http"), needed.format("http://127.0.0.1:11434/v1"))
    if parts.query:
        raise ValueError("may not carry a query; give it up to /v1.")
    return text.rstrip("/")


def _npub(text: str) -> str:
    try:
        nip19.decode_npub(text)
    except nip19.InvalidNameError:
        raise ValueError("needs a public key (npub); copy it again whole.") from None
    return text


def _snowflake(text: str) -> str:
    if text and not re.fullmatch(r"[1-9]\d{14,19}", text):
        raise ValueError('needs a server\'s id, such as "1234567890123456789", in quotes.')
    return text


def _ascending(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


def _unique(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


Slug = Annotated[str, AfterValidator(_slug)]
Line = Annotated[str, AfterValidator(_line)]
Zone = Annotated[str, AfterValidator(_zone)]
WallTime = Annotated[str, AfterValidator(_wall_time)]
Offset = Annotated[timedelta, BeforeValidator(_offset)]
Offsets = Annotated[
    tuple[Offset, ...], Field(strict=False, max_length=20), AfterValidator(_longest_first)
]
Relays = Annotated[
    tuple[Annotated[str, AfterValidator(_relay)], ...],
    Field(strict=False, max_length=50),
    AfterValidator(_unique),
]
Npubs = Annotated[
    tuple[Annotated[str, AfterValidator(_npub)], ...],
    Field(strict=False),
    AfterValidator(_unique),
]
Snowflake = Annotated[str, AfterValidator(_snowflake)]
Shards = Annotated[
    tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False), AfterValidator(_ascending)
]
Server = Annotated[str, Field(max_length=500), AfterValidator(_server)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Amount = Annotated[float, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
"""Money, in whatever currency the prices have; 0 where there is nothing to say."""
Seconds = Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)]
