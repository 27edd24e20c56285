"""NIP-19 names, against the standard's own examples and against an independent implementation."""

from __future__ import annotations

import nostr_sdk
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynostr import bech32

from bot.networks.nostr import nip19
from bot.networks.nostr.nip19 import Coordinate, EventPointer, InvalidNameError, Profile

# NIP-19's examples.
FIATJAF = "3bf0c63fcb93463407af97a5e5ee64fa883d107ef9e558472c4eb9aaaefa459d"
FIATJAF_NPUB = "npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6"
PUBKEY = "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e"
NPUB = "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"
SECRET = "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa"
NSEC = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"
NPROFILE = (
    "nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxu"
    "e69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p"
)
NPROFILE_RELAYS = ("wss://r.x.com", "wss://djbas.sadkb.com")

hex32 = st.binary(min_size=32, max_size=32).map(bytes.hex)
relays = st.lists(
    st.sampled_from(["wss://relay.example.com", "ws://127.0.0.1:7447", "wss://a.b/c"]), max_size=4
).map(tuple)
kinds = st.integers(0, 0xFFFF)
identifiers = st.text(max_size=60).filter(lambda text: len(text.encode()) <= 255)


def name_of(prefix: str, data: bytes, encoding: object = bech32.Encoding.BECH32) -> str:
    return str(bech32.bech32_encode(prefix, bech32.convertbits(data, 8, 5), encoding))


def test_the_standards_bare_keys() -> None:
    assert nip19.encode_npub(PUBKEY) == NPUB
    assert nip19.encode_npub(FIATJAF) == FIATJAF_NPUB
    assert nip19.decode_npub(NPUB) == PUBKEY
    assert nip19.decode_npub(NPUB.upper()) == PUBKEY
    assert nip19.decode_nsec(NSEC).hex() == SECRET
    assert nip19.encode_nsec(bytes.fromhex(SECRET)) == NSEC


def test_the_standards_nprofile() -> None:
    profile = Profile(FIATJAF, NPROFILE_RELAYS)
    assert nip19.decode_nprofile(NPROFILE) == profile
    assert nip19.encode_nprofile(profile) == NPROFILE


@given(hex32, relays)
def test_profiles_come_back(pubkey: str, hints: tuple[str, ...]) -> None:
    profile = Profile(pubkey, hints)
    assert nip19.decode(nip19.encode_nprofile(profile)) == profile
    assert nip19.decode(nip19.encode_npub(pubkey)) == Profile(pubkey)


@given(hex32, relays, st.none() | hex32, st.none() | kinds)
def test_events_come_back(
    event_id: str, hints: tuple[str, ...], author: str | None, kind: int | None
) -> None:
    pointer = EventPointer(event_id, hints, author, kind)
    assert nip19.decode(nip19.encode_nevent(pointer)) == pointer
    assert nip19.decode(nip19.encode_note(event_id)) == EventPointer(event_id)


@given(kinds, hex32, identifiers, relays)
def test_addresses_come_back(
    kind: int, pubkey: str, identifier: str, hints: tuple[str, ...]
) -> None:
    address = Coordinate(kind, pubkey, identifier, hints)
    assert nip19.decode(nip19.encode_naddr(address)) == address
    assert address.tag_value == f"{kind}:{pubkey}:{identifier}"


def test_an_independent_reader_agrees_on_all_of_ours() -> None:
    relay = "wss://relay.example.com"
    address = nip19.encode_naddr(Coordinate(31923, PUBKEY, "atl-llms", (relay,)))
    theirs = nostr_sdk.Nip19Coordinate.from_bech32(address)
    coordinate = theirs.coordinate()
    assert coordinate.identifier() == "atl-llms"
    assert coordinate.public_key().to_hex() == PUBKEY
    assert coordinate.kind().as_u16() == 31923
    assert [str(url) for url in theirs.relays()] == [relay]
    assert nip19.decode(theirs.to_bech32()) == Coordinate(31923, PUBKEY, "atl-llms", (relay,))

    event = nostr_sdk.Nip19Event.from_bech32(
        nip19.encode_nevent(EventPointer(FIATJAF, (relay,), PUBKEY, 1))
    )
    assert event.event_id().to_hex() == FIATJAF
    assert nip19.decode(event.to_bech32()) == EventPointer(FIATJAF, (relay,), PUBKEY, 1)

    profile = nostr_sdk.Nip19Profile.from_bech32(nip19.encode_nprofile(Profile(PUBKEY, (relay,))))
    assert profile.public_key().to_hex() == PUBKEY


def test_unknown_tlv_types_are_ignored() -> None:
    data = b"\x00\x20" + bytes.fromhex(PUBKEY) + b"\x63\x03abc" + b"\x01\x06ws://a"
    assert nip19.decode(name_of("nprofile", data)) == Profile(PUBKEY, ("ws://a",))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "npub1",
        "hello",
        NPUB[:-1] + "q",
        NPUB[:10].upper() + NPUB[10:],
        name_of("npub", bytes(31)),
        name_of("npub", bytes(33)),
        name_of("npub", bytes(32), bech32.Encoding.BECH32M),
        name_of("note", b""),
        name_of("nprofile", b""),
        name_of("nprofile", b"\x00\x20" + bytes(31)),
        name_of("nprofile", b"\x00\x1f" + bytes(31)),
        name_of("nprofile", b"\x00"),
        name_of("nevent", b"\x01\x01a"),
        name_of("nevent", b"\x00\x20" + bytes(32) + b"\x02\x01a"),
        name_of("nevent", b"\x00\x20" + bytes(32) + b"\x03\x01a"),
        name_of("naddr", b"\x02\x20" + bytes(32) + b"\x03\x04" + bytes(4)),
        name_of("naddr", b"\x00\x01\xff\x02\x20" + bytes(32) + b"\x03\x04" + bytes(4)),
        name_of("naddr", b"\x00\x01a\x02\x20" + bytes(32)),
        name_of("naddr", b"\x00\x01a\x03\x04" + bytes(4)),
        name_of("nrelay", b"\x00\x01a"),
        name_of("npub", bytes(4000)),
        bech32.bech32_encode("npub", [31] * 52, bech32.Encoding.BECH32),
        NSEC,
    ],
)
def test_what_is_no_public_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidNameError):
        nip19.decode(name)


def test_the_prefix_is_always_checked() -> None:
    with pytest.raises(InvalidNameError, match=r"where “npub...” belongs"):
        nip19.decode_npub(NSEC)
    with pytest.raises(InvalidNameError, match=r"where “nsec...” belongs"):
        nip19.decode_nsec(NPUB)
    with pytest.raises(InvalidNameError, match=r"where “note...” belongs"):
        nip19.decode_note(NPUB)


@pytest.mark.parametrize(
    "make",
    [
        lambda: nip19.encode_npub("AB" * 32),
        lambda: nip19.encode_note("ab"),
        lambda: nip19.encode_naddr(Coordinate(70_000, PUBKEY, "x")),
        lambda: nip19.encode_naddr(Coordinate(1, PUBKEY, "x" * 256)),
    ],
)
def test_what_has_no_name_cannot_be_given_one(make: object) -> None:
    assert callable(make)
    with pytest.raises(InvalidNameError):
        make()
