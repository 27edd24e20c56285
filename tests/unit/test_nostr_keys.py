"""The bot's key: where it may come from, and that it never shows."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import coincurve
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.networks.nostr.keys import (
    InvalidKeyError,
    Signer,
    public_key_from_text,
    read_key_file,
    write_key_file,
)

# The pair that NIP-19 gives as its example.
NSEC = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"
SECRET = "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa"
NPUB = "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"
PUBKEY = "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e"


def test_nsec_and_hex_give_the_same_key() -> None:
    signer = Signer.from_text(f" {NSEC}\n")
    assert (signer.public_key, signer.npub) == (PUBKEY, NPUB)
    assert Signer.from_text(SECRET).public_key == PUBKEY
    assert signer.nsec == NSEC


def test_generated_keys_differ_and_sign() -> None:
    one, two = Signer.generate(), Signer.generate()
    assert one.public_key != two.public_key
    digest = hashlib.sha256(b"x").digest()
    key = coincurve.PublicKeyXOnly(bytes.fromhex(one.public_key))
    assert key.verify(one.sign(digest), digest)


def test_repr_shows_the_public_key_only() -> None:
    signer = Signer.from_text(NSEC)
    shown = f"{signer!r} {signer}"
    assert NPUB in shown
    assert SECRET not in shown
    assert NSEC not in shown


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (NPUB, "public key"),
        (NSEC[:-1] + "q", "neither"),
        ("", "neither"),
        ("zz" * 32, "neither"),
        ("0" * 64, "not a number"),
        ("f" * 64, "not a number"),
    ],
)
def test_a_secret_that_cannot_be_one_is_refused_without_quoting_it(text: str, says: str) -> None:
    with pytest.raises(InvalidKeyError, match=says) as caught:
        Signer.from_text(text)
    assert not text or text not in str(caught.value)


def test_public_keys_are_read_from_every_usual_form() -> None:
    nprofile = (
        "nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4"
        "mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p"
    )
    for text in (NPUB, f"nostr:{NPUB}", PUBKEY.upper(), f" {PUBKEY} "):
        assert public_key_from_text(text) == PUBKEY
    assert public_key_from_text(nprofile).startswith("3bf0c63f")


def test_an_nsec_where_an_npub_belongs_is_named_and_not_quoted() -> None:
    with pytest.raises(InvalidKeyError, match="secret key") as caught:
        public_key_from_text(NSEC)
    assert NSEC not in str(caught.value)


def test_a_mistyped_npub_is_refused() -> None:
    with pytest.raises(InvalidKeyError, match="no npub"):
        public_key_from_text(NPUB[:-1] + "q")


def test_key_file_is_private_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "nostr.key"
    signer = Signer.generate()
    old = os.umask(0)
    try:
        write_key_file(path, signer)
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key_file(path).public_key == signer.public_key
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "nostr.key"
    signer = Signer.generate()
    write_key_file(path, signer)
    with pytest.raises(FileExistsError):
        write_key_file(path, Signer.generate())
    assert read_key_file(path).public_key == signer.public_key
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nostr.key"
    write_key_file(path, Signer.generate())
    path.chmod(0o644)
    with pytest.raises(InvalidKeyError, match="chmod 600"):
        read_key_file(path)


def test_a_key_file_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nostr.key"
    path.write_text(NPUB)
    path.chmod(0o600)
    with pytest.raises(InvalidKeyError, match="holds no usable key"):
        read_key_file(path)


@given(secret=st.binary(min_size=32, max_size=32), digest=st.binary(min_size=32, max_size=32))
def test_every_signature_is_one_that_coincurve_accepts(secret: bytes, digest: bytes) -> None:
    try:
        signer = Signer(secret)
    except InvalidKeyError:
        assume(False)
    author = coincurve.PublicKeyXOnly(bytes.fromhex(signer.public_key))
    first, second = signer.sign(digest), signer.sign(digest)
    assert author.verify(first, digest)
    assert author.verify(second, digest)
    assert first != second  # fresh randomness each time
    assert not author.verify(first, bytes(32 * [digest[0] ^ 1]))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_only_a_digest_is_signed(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Signer(b"\x01" * 32).sign(bytes(length))
