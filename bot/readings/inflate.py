"""What a server sent packed (gzip, deflate) is unpacked within a bound, by bytes that we count.

A few hundred kilobytes can unpack to gigabytes. So the size is measured first, with nothing kept,
and only what fits is then unpacked for good. Brotli and others are not unpacked: they are not asked
for either.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from bot.domain.errors import ReadingError

CODINGS = "gzip, deflate"  # what to ask a server for (RFC 9110, 12.5.3)

_STEP = 64 * 1024  # bytes unpacked at a time
_MAX_MEMBERS = 100  # of one gzip stream; each costs a new state
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _ZLIB, _BARE = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


def inflate(packed: bytes, coding: str, limit: int) -> bytes | None:
    """What is in ``packed``, None when that is more than ``limit`` bytes.

    ``coding`` is a Content-Encoding (RFC 9110, 8.4); "" and "identity" leave it as it is. Raises
    ReadingError for another coding and for what is broken or was cut off.
    """
    coding = coding.strip().lower()
    if coding in {"", "identity"} or not packed:
        return packed if len(packed) <= limit else None
    windows = _windows(packed, coding)
    try:
        size = 0
        for piece in _pieces(packed, windows):
            size += len(piece)
            if size > limit:
                return None
        return b"".join(_pieces(packed, windows))
    except zlib.error:
        raise _broken() from None


def _windows(packed: bytes, coding: str) -> int:
    if coding in {"gzip", "x-gzip"}:
        return _GZIP
    if coding == "deflate":
        # Half of the servers that say so leave the zlib header out, though RFC 9110 wants it.
        head = int.from_bytes(packed[:2], "big")
        return _ZLIB if head >> 8 & 0x0F == 8 and head % 31 == 0 else _BARE
    raise ReadingError(
        "That site sends its pages packed in a way that can't be unpacked here;"
        " download the page and give the file instead.",
        permanent=True,
    )


def _broken() -> ReadingError:
    return ReadingError(
        "What that site sent is broken or was cut off; try again, or download it and give the"
        " file instead.",
        permanent=False,
    )


def _pieces(packed: bytes, windows: int) -> Iterator[bytes]:
    """The unpacked bytes in pieces of ``_STEP`` at most."""
    state, members, place = zlib.decompressobj(windows), 1, 0
    while True:
        given = packed[place : place + _STEP]  # what isn't used up is copied: never the whole
        piece = state.decompress(given, _STEP)
        place += len(given) - len(state.unconsumed_tail) - len(state.unused_data)
        yield piece
        if state.eof:
            if windows != _GZIP or not packed.startswith(_GZIP_MAGIC, place):
                return  # padding after the end is common
            state, members = zlib.decompressobj(windows), members + 1
        # Without input there may still be output that didn't fit into the piece before.
        if members > _MAX_MEMBERS or not (given or piece):
            raise _broken()
