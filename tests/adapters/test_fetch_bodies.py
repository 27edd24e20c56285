"""Answers meant to harm or to mislead, by their number among the known faults (24 to 29)."""

from __future__ import annotations

import asyncio
import gzip
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.errors import ReadingError
from bot.readings.fetch import Fetched, Fetcher
from tests.adapters.sites import (
    PUBLIC,
    Names,
    Speaking,
    door,
    fetcher,
    redirecting,
    saying,
    sending,
    site,
)

PAGE = b"<!doctype html><title>A page</title>" + b"<p>Words of a text.</p>" * 200
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8 + b"\nstartxref\n0\n%%EOF\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
MIB = 2**20


async def refused(fetching: object) -> ReadingError:
    with pytest.raises(ReadingError) as caught:
        await fetching  # type: ignore[misc]
    assert caught.value.reason.endswith(".")
    return caught.value


def dripping(head: bytes, drop: bytes) -> Speaking:
    """Sends ``head`` and then ``drop`` for ever, slowly: never silent for long, never done."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.02)  # the fault itself

    return speak


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        pytest.param(OK + b"\r\n", b".", id="24 body"),
        pytest.param(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n.\r\n", id="24 chunks"),
        pytest.param(OK, b"X-More: yes\r\n", id="24 headers"),
        pytest.param(b"", b"HTTP/1.1 102 Processing\r\n\r\n", id="24 interim answers"),
        pytest.param(b"", b"", id="24 silence"),
    ],
)
async def test_an_answer_that_drips_ends_at_the_deadline(head: bytes, drop: bytes) -> None:
    """Fault 24: the deadline is for the whole, however lively the connection is."""
    began = time.monotonic()
    async with door(dripping(head, drop)) as slow:
        error = await refused(fetcher(slow.port, timeout=0.3).fetch(slow.url()))
    assert 0.25 < time.monotonic() - began < 15, "it would drip for ever"
    assert (error.reason, error.permanent) == (
        "“site.test” didn't send that page within 0.3 seconds; try again later,"
        " or download it and give the file instead.",
        False,
    )


async def test_slow_redirects_share_one_deadline() -> None:
    """Fault 24."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)  # the fault itself
        return await redirecting(lambda _: "/again")(request)

    async with site(answer) as slow:
        error = await refused(fetcher(slow.port, timeout=0.3).fetch(slow.url()))
    assert "within 0.3 seconds" in error.reason
    assert len(slow.requests) == 2


async def test_a_name_that_is_looked_up_for_ever_ends_at_the_deadline() -> None:
    """Fault 24."""

    async def lookup(host: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    error = await refused(Fetcher(timeout=0.1, lookup=lookup).fetch("http://site.test/"))
    assert not error.permanent


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(OK + b"\r\n", b"." * 65536, id="25 until closed"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n",
            b"10000\r\n" + b"." * 65536 + b"\r\n",
            id="25 in chunks",
        ),
        pytest.param(OK + b"\r\n", b"." * 700, id="25 small ones"),
    ],
)
async def test_an_endless_body_ends_at_the_cap(head: bytes, piece: bytes) -> None:
    """Fault 25."""
    sent = 0

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    async with door(speak) as endless:
        reader = fetcher(endless.port, max_bytes=MIB)
        error = await refused(reader.fetch(endless.url()))
    assert (error.reason, error.permanent) == (
        "What that link leads to is larger than 1 MiB; save the part that is read and give the"
        " file instead.",
        True,
    )
    assert sent < 32 * MIB  # what the kernel's buffers took in, and no more


async def test_a_body_of_just_the_cap_is_read() -> None:
    body = PAGE.ljust(MIB)
    async with site(sending(body)) as large:
        assert (await fetcher(large.port, max_bytes=MIB).fetch(large.url())).body == body
        error = await refused(fetcher(large.port, max_bytes=MIB - 1).fetch(large.url()))
    assert "larger than 1 MiB" in error.reason


def bomb(size: int, windows: int) -> bytes:
    """``size`` MiB of zeros, packed about 1000 to 1 in any of zlib's wrappings."""
    packer = zlib.compressobj(9, zlib.DEFLATED, windows)
    head = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + again * (size - 1) + packer.flush()


WRAPPINGS = [
    pytest.param("gzip", 31, id="26 gzip"),
    pytest.param("deflate", 15, id="26 deflate"),
    pytest.param("deflate", -15, id="26 bare deflate"),
]


@pytest.mark.parametrize(("coding", "windows"), WRAPPINGS)
async def test_a_bomb_is_refused(coding: str, windows: int) -> None:
    """Fault 26."""
    packed = bomb(100, windows)
    assert len(packed) < 200_000
    async with site(sending(packed, content_encoding=coding)) as armed:
        error = await refused(fetcher(armed.port).fetch(armed.url()))
    assert "larger than 20 MiB" in error.reason
    assert error.permanent


MEASURED = """
import asyncio, sys
from pathlib import Path
from bot.domain.errors import ReadingError
from bot.readings.fetch import Fetcher

# The high-water mark of this process alone: getrusage also counts what its parent held.
def peak():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])

async def lookup(host):
    return ["127.0.0.1"]

async def main(port):
    reader = Fetcher(allow=lambda _: True, ports=[port], lookup=lookup)
    for path in ("small", "small", "bomb", "large"):
        before = peak()
        try:
            said = len((await reader.fetch(f"http://site.test:{port}/{path}")).body)
        except ReadingError as error:
            said = error.reason
        print(path, peak() - before, said, sep="\\t")

asyncio.run(main(int(sys.argv[1])))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("coding", "windows"), WRAPPINGS)
async def test_a_bomb_of_500_kib_costs_less_than_10_mb(coding: str, windows: int) -> None:
    """Fault 26: memory stays flat. A page that really is large shows that it is measured."""
    packed = bomb(500, windows)
    assert 450_000 < len(packed) < 530_000

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/bomb":
            return await sending(packed, content_encoding=coding)(request)
        return await sending(PAGE if request.path == "/small" else PAGE.ljust(15 * MIB))(request)

    async with site(answer) as armed:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", MEASURED, str(armed.port)),
            cwd=Path(__file__).parents[2],
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    rows = [line.split("\t") for line in out.decode().splitlines()]
    (_, _, first), _, (_, of_bomb, said), (_, of_large, length) = rows
    assert (first, length) == (str(len(PAGE)), str(15 * MIB))
    assert "larger than 20 MiB" in said
    assert int(of_bomb) * 1024 < 10_000_000
    assert int(of_large) * 1024 > 10_000_000


def bare(body: bytes) -> bytes:
    return zlib.compress(body, wbits=-15)


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", bare),
        ("identity", bytes),
        ("gzip", lambda body: gzip.compress(body) + b"\x00" * 100_000),
        ("gzip", lambda body: gzip.compress(body[:700]) + gzip.compress(body[700:])),
    ],
)
async def test_what_is_packed_honestly_is_unpacked(
    coding: str, pack: Callable[[bytes], bytes]
) -> None:
    async with site(sending(pack(PAGE), content_encoding=coding)) as honest:
        assert (await fetcher(honest.port).fetch(honest.url())).body == PAGE


async def test_what_is_packed_in_a_way_nobody_asked_for_is_refused() -> None:
    for coding in ("br", "zstd", "gzip, gzip", "gzip;q=1", "x" * 100):
        async with site(sending(PAGE, content_encoding=coding)) as odd:
            error = await refused(fetcher(odd.port).fetch(odd.url()))
        assert "can't be unpacked here" in error.reason
        assert error.permanent


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(PAGE)[:-9],
        gzip.compress(PAGE)[:20],
        gzip.compress(PAGE)[:-8] + bytes(8),
        gzip.compress(b"") * 101,
        PAGE,
        b"\x1f",
    ],
    ids=["cut off", "cut off early", "wrong sum", "101 members", "not packed", "one byte"],
)
async def test_what_is_packed_wrongly_is_no_reading(packed: bytes) -> None:
    async with site(sending(packed, content_encoding="gzip")) as broken:
        error = await refused(fetcher(broken.port).fetch(broken.url()))
    assert "is broken or was cut off" in error.reason
    assert not error.permanent


@pytest.mark.parametrize(
    ("length", "reason"),
    [
        pytest.param("Content-Length: 99999999999\r\n", "larger than 20 MiB", id="27 huge"),
        pytest.param("Content-Length: 100000\r\n", "broke off its answer", id="27 too long"),
        pytest.param("Content-Length: -1\r\n", "as a web server does", id="27 negative"),
        pytest.param("Content-Length: many\r\n", "as a web server does", id="27 no number"),
        pytest.param(
            "Content-Length: 5\r\nContent-Length: 6\r\n", "as a web server does", id="27 two"
        ),
        pytest.param("Content-Length: 4\r\n", "as a web server does", id="27 too short"),
        pytest.param("Content-Length: 0\r\n", "as a web server does", id="27 none"),
    ],
)
async def test_a_content_length_that_lies_is_no_harm(length: str, reason: str) -> None:
    """Fault 27."""
    async with door(saying(OK + length.encode() + b"\r\n" + PAGE)) as lying:
        error = await refused(fetcher(lying.port).fetch(lying.url()))
    assert reason in error.reason


async def test_a_length_small_and_chunks_without_end_stop_at_the_cap() -> None:
    """Fault 27: the bytes that come are counted, whatever was said of them."""
    head = OK + b"Transfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + b"." * 65536 + b"\r\n"
    async with door(saying(head, *[chunk] * 40)) as lying:
        error = await refused(fetcher(lying.port, max_bytes=MIB).fetch(lying.url()))
    assert "larger than 1 MiB" in error.reason


async def found(body: bytes, content_type: str, path: str = "/") -> Fetched:
    async with site(sending(body, content_type)) as any_site:
        return await fetcher(any_site.port).fetch(any_site.url(path))


@pytest.mark.parametrize(
    ("body", "content_type", "path", "media_type"),
    [
        pytest.param(PAGE, "application/pdf", "/paper.pdf", "text/html", id="28 HTML as PDF"),
        pytest.param(PDF, "text/html", "/", "application/pdf", id="28 PDF as HTML"),
        pytest.param(PDF, "text/plain", "/a.md", "application/pdf", id="28 PDF as text"),
        pytest.param(b"Just words.", "application/pdf", "/", "text/plain", id="28 text as PDF"),
        pytest.param(PAGE, "image/png", "/a.png", "text/html", id="28 HTML as a picture"),
    ],
)
async def test_a_label_that_lies_is_not_believed(
    body: bytes, content_type: str, path: str, media_type: str
) -> None:
    """Fault 28."""
    assert (await found(body, content_type, path)).media_type == media_type


@pytest.mark.parametrize(
    ("status", "said", "permanent"),
    [
        (401, "doesn't let a program read", True),
        (402, "asks to be paid", True),
        (403, "doesn't let a program read", True),
        (404, "has no page at that address", True),
        (407, "doesn't let a program read", True),
        (408, "asked too often", False),
        (410, "gone for good", True),
        (418, "an answer of 418", True),
        (429, "asked too often", False),
        (451, "legal reasons", True),
        (500, "has a fault", False),
        (501, "can't send", True),
        (502, "has a fault", False),
        (503, "has a fault", False),
        (504, "has a fault", False),
        (599, "has a fault", False),
        (204, "sent nothing", True),
        (206, "an answer of 206", True),
        (300, "an answer of 300", True),
        (302, "an answer of 302", True),
    ],
)
async def test_a_refusal_is_told_and_what_to_do(status: int, said: str, permanent: bool) -> None:
    """Fault 29."""
    async with site(sending(PAGE, status=status)) as closed:
        error = await refused(fetcher(closed.port).fetch(closed.url()))
    assert said in error.reason
    assert "site.test" in error.reason
    assert str(status) in error.reason
    assert ("file" in error.reason) or ("check the link" in error.reason)
    assert "attach" not in error.reason, "nothing can be attached in a terminal"
    assert error.permanent is permanent


@pytest.mark.parametrize("body", [b"", b" \r\n\t\n "])
async def test_an_empty_page_is_no_reading(body: bytes) -> None:
    """Fault 29."""
    async with site(sending(body)) as empty:
        error = await refused(fetcher(empty.port).fetch(empty.url()))
    assert (error.reason, error.permanent) == (
        "That page is empty; check the link, or give the file instead.",
        True,
    )


@pytest.mark.parametrize(
    ("answer", "said", "permanent"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n", "as a web server does", True),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", "as a web server does", True),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5_000 + b"\r\n", "as a web server does", True),
        (b"", "broke off its answer", False),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n<p>", "broke off its answer", False),
        (OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n<p>", "", True),
        (b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe\x80\r\n\r\n", "", True),
    ],
    ids=["ssh", "long header", "many headers", "hung up", "half a chunk", "bad chunk", "location"],
)
async def test_what_is_not_http_is_told(answer: bytes, said: str, permanent: bool) -> None:
    async with door(saying(answer)) as strange:
        error = await refused(fetcher(strange.port).fetch(strange.url()))
    assert said in error.reason
    assert error.permanent is permanent


async def test_a_site_without_the_encryption_it_promises_is_told() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()

    async with door(speak) as plain:
        link = plain.url().replace("http:", "https:")
        error = await refused(fetcher(plain.port).fetch(link))
    assert "no safe connection" in error.reason
    assert error.permanent


async def test_a_redirect_without_a_place_is_told() -> None:
    async with site(redirecting(lambda _: "")) as lost:
        error = await refused(fetcher(lost.port).fetch(lost.url()))
    assert "an answer of 302" in error.reason


async def test_a_literal_address_is_fetched_in_one_spelling() -> None:
    async with site(sending(PAGE)) as outside:
        url = outside.url("/a?b=c", host="0x7f.1")
        fetched = await fetcher(outside.port, names=Names()).fetch(url)
    assert fetched.url == outside.url("/a?b=c", host=PUBLIC)
    assert outside.requests[0].host == f"{PUBLIC}:{outside.port}"
