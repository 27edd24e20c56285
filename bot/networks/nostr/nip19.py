"""NIP-19: the names people see (`npub1...`, `naddr1...`) and what they stand for.

The bech32 arithmetic is pynostr's; the prefix, the padding and the shape are checked here, because
pynostr takes an nsec where an npub belongs. Inside the bot everything is lower-case hex: these
names are only for showing to people and for reading what people wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pynostr import bech32

MAX_LENGTH = 5000
"""Characters of a name, as NIP-19 advises."""

_HEX32 = re.compile(r"[0-9a-f]{64}")

# TLV types (NIP-19). SPECIAL is the thing itself: a key, an event id, or naddr's identifier.
_SPECIAL, _RELAY, _AUTHOR, _KIND = 0, 1, 2, 3


class InvalidNameError(ValueError):
    """Text that isn't the NIP-19 name asked for; the message says what it is instead."""


@dataclass(frozen=True, slots=True)
class Profile:
    """npub or nprofile: a public key in hex, and where to look for it."""

    pubkey: str
    relays: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventPointer:
    """note or nevent: an event id in hex; the rest may be unknown."""

    id: str
    relays: tuple[str, ...] = ()
    author: str | None = None
    kind: int | None = None


@dataclass(frozen=True, slots=True)
class Coordinate:
    """naddr: a replaceable event, whichever version is the newest (NIP-01's `a` tag)."""

    kind: int
    pubkey: str
    identifier: str
    relays: tuple[str, ...] = ()

    @property
    def tag_value(self) -> str:
        return f"{self.kind}:{self.pubkey}:{self.identifier}"


Target = Profile | EventPointer | Coordinate


def encode_npub(pubkey: str) -> str:
    return _encode("npub", _bytes32(pubkey))


def encode_note(event_id: str) -> str:
    return _encode("note", _bytes32(event_id))


def encode_nsec(secret: bytes) -> str:
    return _encode("nsec", secret)


def encode_nprofile(profile: Profile) -> str:
    entries = [(_SPECIAL, _bytes32(profile.pubkey)), *_relay_entries(profile.relays)]
    return _encode("nprofile", _tlv(entries))


def encode_nevent(event: EventPointer) -> str:
    entries = [(_SPECIAL, _bytes32(event.id)), *_relay_entries(event.relays)]
    if event.author is not None:
        entries.append((_AUTHOR, _bytes32(event.author)))
    if event.kind is not None:
        entries.append((_KIND, _kind_bytes(event.kind)))
    return _encode("nevent", _tlv(entries))


def encode_naddr(address: Coordinate) -> str:
    entries = [
        (_SPECIAL, address.identifier.encode()),
        *_relay_entries(address.relays),
        (_AUTHOR, _bytes32(address.pubkey)),
        (_KIND, _kind_bytes(address.kind)),
    ]
    return _encode("naddr", _tlv(entries))


def decode_npub(text: str) -> str:
    """The public key in hex. Raises InvalidNameError."""
    return _exactly32("npub", _payload("npub", text)).hex()


def decode_note(text: str) -> str:
    """The event id in hex. Raises InvalidNameError."""
    return _exactly32("note", _payload("note", text)).hex()


def decode_nsec(text: str) -> bytes:
    """The secret key's 32 bytes. Raises InvalidNameError, which never quotes the text."""
    return _exactly32("nsec", _payload("nsec", text))


def decode_nprofile(text: str) -> Profile:
    fields = _fields("nprofile", _payload("nprofile", text))
    return Profile(_key_field("nprofile", fields, _SPECIAL), _relays(fields))


def decode_nevent(text: str) -> EventPointer:
    fields = _fields("nevent", _payload("nevent", text))
    return EventPointer(
        id=_key_field("nevent", fields, _SPECIAL),
        relays=_relays(fields),
        author=_key_field("nevent", fields, _AUTHOR) if fields.get(_AUTHOR) else None,
        kind=_kind_field("nevent", fields) if fields.get(_KIND) else None,
    )


def decode_naddr(text: str) -> Coordinate:
    fields = _fields("naddr", _payload("naddr", text))
    try:
        identifier = fields[_SPECIAL][0].decode()
    except (KeyError, UnicodeDecodeError) as error:
        raise InvalidNameError("This naddr names no identifier.") from error
    return Coordinate(
        kind=_kind_field("naddr", fields),
        pubkey=_key_field("naddr", fields, _AUTHOR),
        identifier=identifier,
        relays=_relays(fields),
    )


def decode(text: str) -> Target:
    """Whatever public thing the name stands for. Raises InvalidNameError, also for an nsec."""
    match prefix_of(text):
        case "npub":
            return Profile(decode_npub(text))
        case "nprofile":
            return decode_nprofile(text)
        case "note":
            return EventPointer(decode_note(text))
        case "nevent":
            return decode_nevent(text)
        case "naddr":
            return decode_naddr(text)
        case "nsec":
            raise InvalidNameError("This is a secret key (nsec); it must not be shown to anyone.")
    raise InvalidNameError("This is no Nostr name (npub, nprofile, note, nevent or naddr).")


def prefix_of(text: str) -> str:
    """The part before the separator, lower-case, unchecked: enough to name a mistake with."""
    return text.rpartition("1")[0].lower()


def _encode(prefix: str, data: bytes) -> str:
    words: list[int] = bech32.convertbits(data, 8, 5)
    name: str = bech32.bech32_encode(prefix, words, bech32.Encoding.BECH32)
    return name


def _payload(prefix: str, text: str) -> bytes:
    if len(text) > MAX_LENGTH:
        raise InvalidNameError(f"A name of {len(text)} characters is too long to be one.")
    given, words, encoding = bech32.bech32_decode(text)
    if encoding is not bech32.Encoding.BECH32:
        raise InvalidNameError(f"This {prefix} has a typing mistake; copy it again whole.")
    if given != prefix:
        raise InvalidNameError(f"This is “{given[:12]}...” where “{prefix}...” belongs.")
    data: list[int] | None = bech32.convertbits(words, 5, 8, False)
    if data is None:
        raise InvalidNameError(f"This {prefix} is not well formed.")
    return bytes(data)


def _bytes32(text: str) -> bytes:
    if not _HEX32.fullmatch(text):
        raise InvalidNameError("A key or an event id is 64 lower-case hex digits.")
    return bytes.fromhex(text)


def _exactly32(prefix: str, data: bytes) -> bytes:
    if len(data) != 32:
        raise InvalidNameError(f"This {prefix} holds {len(data)} bytes instead of 32.")
    return data


def _tlv(entries: Iterable[tuple[int, bytes]]) -> bytes:
    packed = bytearray()
    for kind, value in entries:
        if len(value) > 255:
            raise InvalidNameError("An identifier or a relay's address may have 255 bytes at most.")
        packed += bytes((kind, len(value))) + value
    return bytes(packed)


def _fields(prefix: str, data: bytes) -> dict[int, list[bytes]]:
    """Type -> values in order; types that NIP-19 doesn't know are the reader's to ignore."""
    fields: dict[int, list[bytes]] = {}
    at = 0
    while at < len(data):
        end = at + 2 + data[at + 1] if at + 1 < len(data) else len(data) + 1
        if end > len(data):
            raise InvalidNameError(f"This {prefix} is cut short.")
        fields.setdefault(data[at], []).append(data[at + 2 : end])
        at = end
    return fields


def _relay_entries(relays: Sequence[str]) -> list[tuple[int, bytes]]:
    return [(_RELAY, relay.encode()) for relay in relays]


def _relays(fields: dict[int, list[bytes]]) -> tuple[str, ...]:
    return tuple(value.decode("ascii", "replace") for value in fields.get(_RELAY, ()))


def _key_field(prefix: str, fields: dict[int, list[bytes]], kind: int) -> str:
    if kind not in fields:
        raise InvalidNameError(f"This {prefix} names no key or id.")
    return _exactly32(prefix, fields[kind][0]).hex()


def _kind_bytes(kind: int) -> bytes:
    if not 0 <= kind <= 0xFFFF:
        raise InvalidNameError("An event's kind is a number from 0 to 65535.")
    return kind.to_bytes(4, "big")


def _kind_field(prefix: str, fields: dict[int, list[bytes]]) -> int:
    values = fields.get(_KIND, [])
    if not values or len(values[0]) != 4:
        raise InvalidNameError(f"This {prefix} names no kind.")
    return int.from_bytes(values[0], "big")
