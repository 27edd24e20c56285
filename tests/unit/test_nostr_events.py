"""NIP-01 events: what is one, what is not, and that two other libraries say the same."""

from __future__ import annotations

from typing import Any

import nostr_sdk
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pynostr.event import Event as PynostrEvent

from bot.networks.nostr import events
from bot.networks.nostr.events import Event, InvalidEventError
from bot.networks.nostr.keys import Signer

SIGNER = Signer(bytes(31) + b"\x07")
NASTY = 'é 😀 \u2028 \x00 \x01 \x08 \x0c \x1f \x7f \\ " / \n \r \t 中 </script>'


def raw(**changes: object) -> dict[str, object]:
    event = events.sign(SIGNER, 1, "hello", [["p", "x"], ["t"]], 1_700_000_000)
    decoded: dict[str, object] = orjson.loads(event.to_json())
    return {**decoded, **changes}


def test_a_signed_event_parses_and_verifies() -> None:
    event = events.sign(SIGNER, 1, NASTY, [["p", SIGNER.public_key, NASTY]], 1_700_000_000)
    again = events.parse_json(event.to_json())
    assert again == event
    assert events.verify(again)
    assert again.pubkey == SIGNER.public_key


unicode_text = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=200)
@given(unicode_text, st.lists(st.lists(unicode_text, min_size=1, max_size=3), max_size=3))
def test_ids_are_those_that_pynostr_and_nostr_sdk_compute(
    content: str, tags: list[list[str]]
) -> None:
    event = events.sign(SIGNER, 1, content, tags, 1_700_000_000)
    theirs = PynostrEvent(
        content=content, pubkey=event.pubkey, created_at=event.created_at, kind=1, tags=tags
    )
    assert theirs.id == event.id
    assert nostr_sdk.Event.from_json(event.to_json().decode()).verify()


def test_every_control_character_hashes_as_in_nostr_sdk() -> None:
    content = "".join(map(chr, range(0xA0))) + NASTY
    keys = nostr_sdk.Keys.generate()
    theirs = nostr_sdk.EventBuilder(nostr_sdk.Kind(1), content).finalize(keys)
    ours = events.parse_json(theirs.as_json().encode())
    assert ours.content == content
    assert events.verify(ours)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        "event",
        7,
        raw(id=None),
        raw(id="ab"),
        raw(id="A" * 64),
        raw(id="g" * 64),
        raw(id="a" * 64 + "\n"),
        raw(id=["a" * 64]),
        raw(pubkey=7),
        raw(pubkey="B" * 64),
        raw(sig=None),
        raw(sig="a" * 64),
        raw(created_at=True),
        raw(created_at="1700000000"),
        raw(created_at=1.5),
        raw(created_at=-1),
        raw(created_at=1 << 63),
        raw(kind=False),
        raw(kind=70_000),
        raw(kind=-1),
        raw(kind=None),
        raw(content=None),
        raw(content=["x"]),
        raw(tags=None),
        raw(tags={}),
        raw(tags=["p"]),
        raw(tags=[[]]),
        raw(tags=[["p", 1]]),
        raw(tags=[["p", None]]),
        raw(tags=[["p", ["x"]]]),
        raw(tags=[None]),
    ],
)
def test_wrong_shapes_are_refused(value: object) -> None:
    with pytest.raises(InvalidEventError):
        events.parse(value)


@pytest.mark.parametrize("key", ["id", "pubkey", "created_at", "kind", "tags", "content", "sig"])
def test_a_missing_key_is_refused(key: str) -> None:
    value = raw()
    del value[key]
    with pytest.raises(InvalidEventError):
        events.parse(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(list(raw())), inner),
    )
)
def test_nothing_but_invalid_event_error_comes_out_of_parse(value: Any) -> None:
    with pytest.raises(InvalidEventError):
        events.parse(value)


def test_short_tags_and_unknown_keys_are_taken() -> None:
    event = events.parse(raw(extra=1))
    assert event.tags == (("p", "x"), ("t",))
    assert event.values("p") == ["x"]
    assert event.values("t") == []


@pytest.mark.parametrize("data", [b"", b"{", b"[" * 5000, b'"\\ud800"', b"\xff", b"NaN"])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidEventError):
        events.parse_json(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"content": "hello!"},
        {"created_at": 1_700_000_001},
        {"kind": 7},
        {"tags": [["p", "y"], ["t"]]},
        {"id": "0" * 64},
        {"sig": "0" * 128},
        {"pubkey": Signer(bytes(31) + b"\x08").public_key},
        {"content": "\ud800"},
    ],
)
def test_a_changed_event_does_not_verify(changes: dict[str, object]) -> None:
    assert not events.verify(events.parse(raw(**changes)))


def test_a_right_signature_under_a_wrong_id_does_not_verify() -> None:
    event = events.parse(raw())
    forged = events.parse(raw(id="f" * 64, sig=SIGNER.sign(b"\xff" * 32).hex()))
    assert events.verify(event)
    assert not events.verify(forged)


def test_a_key_that_is_no_point_of_the_curve_does_not_verify() -> None:
    off_curve = "f" * 64
    digest = events._digest(off_curve, 1, 1, (), "")
    assert digest is not None
    event = Event(digest.hex(), off_curve, 1, 1, (), "", "0" * 128)
    assert not events.verify(event)


def test_a_lone_surrogate_cannot_be_signed() -> None:
    with pytest.raises(InvalidEventError, match="Unicode"):
        events.sign(SIGNER, 1, "\udfff", [], 1)


def test_a_replaceable_event_knows_its_coordinate() -> None:
    event = events.sign(SIGNER, 31923, "", [["d", "atl-llms"], ["d", "other"]], 1)
    assert event.coordinate == f"31923:{SIGNER.public_key}:atl-llms"
    assert events.sign(SIGNER, 0, "", [], 1).coordinate == f"0:{SIGNER.public_key}:"
