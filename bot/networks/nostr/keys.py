"""The bot's own key: from an nsec, from hex, or from its file, and signing with it (BIP-340).

Generation and the nsec form are pynostr's. No secret is ever shown: not by repr, not in an error.
Signing calls libsecp256k1 below coincurve's own ``sign_schnorr``: see ``docs/decisions/009``.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import coincurve
from coincurve._libsecp256k1 import ffi, lib

from bot.networks.nostr import nip19

_HEX32 = re.compile(r"[0-9a-fA-F]{64}")


class InvalidKeyError(ValueError):
    """A key that can't be used; the message is one sentence for the operator, without the key."""


class Signer:
    """A secret key that signs. ``public_key`` is hex, ``npub`` is for showing."""

    __slots__ = ("_key", "_keypair", "npub", "public_key")

    def __init__(self, secret: bytes) -> None:
        try:
            self._key = coincurve.PrivateKey(secret)
        except ValueError as error:
            raise InvalidKeyError("The secret key is not a number that Nostr can use.") from error
        self._keypair = ffi.new("secp256k1_keypair *")
        lib.secp256k1_keypair_create(self._key.context.ctx, self._keypair, self._key.secret)
        self.public_key: str = self._key.public_key_xonly.format().hex()
        self.npub = nip19.encode_npub(self.public_key)

    @classmethod
    def generate(cls) -> Signer:
        from pynostr.key import PrivateKey  # slow: it loads an HTTP library that we never use

        return cls(bytes(PrivateKey()))

    @classmethod
    def from_text(cls, text: str) -> Signer:
        """From an nsec or 64 hex digits. Raises InvalidKeyError."""
        text = text.strip()
        if _HEX32.fullmatch(text):
            return cls(bytes.fromhex(text))
        if nip19.prefix_of(text) == "npub":
            raise InvalidKeyError(
                "This is a public key (npub) where the bot's secret key belongs; give its nsec."
            )
        try:
            return cls(nip19.decode_nsec(text))
        except nip19.InvalidNameError as error:
            raise InvalidKeyError(
                "The secret key is neither an nsec nor 64 hex digits; copy it again whole."
            ) from error

    @property
    def nsec(self) -> str:
        """The secret itself, for its file and for nothing else."""
        return nip19.encode_nsec(self._key.secret)

    def sign(self, digest: bytes) -> bytes:
        """The 64 bytes of a Schnorr signature over 32 bytes (BIP-340), with fresh randomness."""
        if len(digest) != 32:
            raise ValueError("a signature is made over 32 bytes")
        signature = ffi.new("unsigned char[64]")
        lib.secp256k1_schnorrsig_sign32(
            self._key.context.ctx, signature, digest, self._keypair, os.urandom(32)
        )
        return bytes(ffi.buffer(signature))

    def __repr__(self) -> str:
        return f"Signer({self.npub})"


def public_key_from_text(text: str) -> str:
    """A person's public key in hex, from an npub, an nprofile or hex. Raises InvalidKeyError."""
    text = text.strip().removeprefix("nostr:")
    if _HEX32.fullmatch(text):
        return text.lower()
    prefix = nip19.prefix_of(text)
    if prefix == "nsec":
        raise InvalidKeyError(
            "This is a secret key (nsec) where a public one belongs; give the npub, "
            "and treat the secret as known to others."
        )
    try:
        if prefix == "nprofile":
            return nip19.decode_nprofile(text).pubkey
        return nip19.decode_npub(text)
    except nip19.InvalidNameError as error:
        raise InvalidKeyError(f"“{text[:80]}” is no npub; copy it again whole.") from error


def write_key_file(path: Path, signer: Signer) -> None:
    """Create the file with mode 0600 and the nsec in it; FileExistsError when there is one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(signer.nsec + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: it fails where a key exists, so that none is ever overwritten.
        os.link(temporary, path)
    finally:
        temporary.unlink()


def read_key_file(path: Path) -> Signer:
    """The key in the file. Raises FileNotFoundError, or InvalidKeyError when it can't be used."""
    with path.open(encoding="ascii", errors="replace") as file:
        if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
            raise InvalidKeyError(f"Others can read the key in {path}; run `chmod 600 {path}`.")
        text = file.read(200)
    try:
        return Signer.from_text(text)
    except InvalidKeyError as error:
        raise InvalidKeyError(f"{path} holds no usable key: {error}") from error
