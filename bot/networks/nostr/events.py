"""NIP-01 events: from JSON by strict checks, to JSON, signed and verified.

Nothing here decides whether an event is welcome; it says whether it is one. orjson's escaping is
NIP-01's (what JSON.stringify does), so an id is the hash of what orjson writes. pynostr's Event is
not used on this path: it recomputes the id instead of comparing it, so a forged id passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import coincurve
import orjson

from bot.networks.nostr.keys import Signer

PROFILE = 0
NOTE = 1
REACTION = 7
COMMENT = 1111
RELAY_LIST = 10002
AUTH = 22242
LONG_FORM = 30023
CALENDAR_EVENT = 31923

MAX_BYTES = 65_536
"""Relays refuse an event whose JSON is longer."""

_is_hex64 = re.compile(r"[0-9a-f]{64}").fullmatch
_is_hex128 = re.compile(r"[0-9a-f]{128}").fullmatch

Tag = tuple[str, ...]


class InvalidEventError(ValueError):
    """What was received, or is to be signed, is no event; the message says why, inertly."""


@dataclass(frozen=True, slots=True)
class Event:
    """A signed event. ``id``, ``pubkey``, ``sig`` are lower-case hex; ``created_at`` Unix seconds.

    Every tag has at least its name: ``tag[0]`` is safe, ``tag[1]`` is not.
    """

    id: str
    pubkey: str
    created_at: int
    kind: int
    tags: tuple[Tag, ...]
    content: str
    sig: str

    def to_json(self) -> bytes:
        return orjson.dumps(
            {
                "id": self.id,
                "pubkey": self.pubkey,
                "created_at": self.created_at,
                "kind": self.kind,
                "tags": self.tags,
                "content": self.content,
                "sig": self.sig,
            }
        )

    def values(self, name: str) -> list[str]:
        """The second items of the tags called ``name``, in order."""
        return [tag[1] for tag in self.tags if len(tag) > 1 and tag[0] == name]

    @property
    def coordinate(self) -> str:
        """How `a` tags name a replaceable event: kind:pubkey:d."""
        return f"{self.kind}:{self.pubkey}:{next(iter(self.values('d')), '')}"


def sign(
    signer: Signer, kind: int, content: str, tags: Iterable[Sequence[str]], created_at: int
) -> Event:
    """Make the event. Raises InvalidEventError for text that isn't Unicode (a lone surrogate)."""
    frozen = tuple(tuple(tag) for tag in tags)
    digest = _digest(signer.public_key, created_at, kind, frozen, content)
    if digest is None:
        raise InvalidEventError("the text is not valid Unicode")
    return Event(
        id=digest.hex(),
        pubkey=signer.public_key,
        created_at=created_at,
        kind=kind,
        tags=frozen,
        content=content,
        sig=signer.sign(digest).hex(),
    )


def parse(raw: object) -> Event:
    """Check the shape of decoded JSON, not the signature. Raises InvalidEventError.

    Keys that NIP-01 doesn't know are left out. Numbers must be integers: true and 1.0 are not.
    """
    if type(raw) is not dict:
        raise InvalidEventError("it is no object")
    event_id, pubkey, sig = raw.get("id"), raw.get("pubkey"), raw.get("sig")
    created_at, kind, content = raw.get("created_at"), raw.get("kind"), raw.get("content")
    if type(event_id) is not str or not _is_hex64(event_id):
        raise InvalidEventError("its id is not 64 lower-case hex digits")
    if type(pubkey) is not str or not _is_hex64(pubkey):
        raise InvalidEventError("its pubkey is not 64 lower-case hex digits")
    if type(sig) is not str or not _is_hex128(sig):
        raise InvalidEventError("its sig is not 128 lower-case hex digits")
    if type(created_at) is not int or not 0 <= created_at < 1 << 63:
        raise InvalidEventError("its created_at is no time")
    if type(kind) is not int or not 0 <= kind <= 0xFFFF:
        raise InvalidEventError("its kind is not a number from 0 to 65535")
    if type(content) is not str:
        raise InvalidEventError("its content is no text")
    return Event(event_id, pubkey, created_at, kind, _parse_tags(raw.get("tags")), content, sig)


def parse_json(data: bytes) -> Event:
    """An event from its JSON text, such as an outbox row's wire. Raises InvalidEventError."""
    try:
        return parse(orjson.loads(data))
    except orjson.JSONDecodeError as error:
        raise InvalidEventError("it is no JSON") from error


def verify(event: Event) -> bool:
    """Whether the id is the content's own and the signature is the author's (BIP-340)."""
    digest = _digest(event.pubkey, event.created_at, event.kind, event.tags, event.content)
    if digest is None or digest.hex() != event.id:
        return False
    try:
        key = coincurve.PublicKeyXOnly(bytes.fromhex(event.pubkey))
    except ValueError:  # 32 bytes that are no point of the curve
        return False
    valid: bool = key.verify(bytes.fromhex(event.sig), digest)
    return valid


def _parse_tags(raw: object) -> tuple[Tag, ...]:
    if type(raw) is not list:
        raise InvalidEventError("its tags are no list")
    for tag in raw:
        if type(tag) is not list or not tag:
            raise InvalidEventError("one of its tags is no list of texts")
        for item in tag:
            if type(item) is not str:
                raise InvalidEventError("one of its tags is no list of texts")
    return tuple([tuple(tag) for tag in raw])


def _digest(
    pubkey: str, created_at: int, kind: int, tags: tuple[Tag, ...], content: str
) -> bytes | None:
    try:
        canonical = orjson.dumps((0, pubkey, created_at, kind, tags, content))
    except TypeError:  # a lone surrogate, which has no UTF-8
        return None
    return sha256(canonical).digest()
