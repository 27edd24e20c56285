"""Encrypted sites: whose certificate is trusted is read, under its own name; any other is not."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import sys
from pathlib import Path

import pytest

from bot.domain.errors import ReadingError
from tests.adapters.sites import PUBLIC, Names, fetcher, sending, site

PAGE = b"<!doctype html><p>Safe words."
OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs openssl to make a certificate")

FETCH = """
import asyncio, sys
from bot.domain.errors import ReadingError
from tests.adapters.sites import Names, fetcher

async def main(port):
    names = Names(site=[["127.0.0.1"]], other=[["127.0.0.1"]])
    for host in ("site.test", "other.test"):
        try:
            print((await fetcher(port, names=names).fetch(f"https://{host}:{port}/")).body.decode())
        except ReadingError as error:
            print(error.reason)

asyncio.run(main(int(sys.argv[1])))
"""


@pytest.fixture
async def certificate(tmp_path: Path) -> Path:
    """A file with a key and a certificate for site.test that nobody vouches for."""
    both = tmp_path / "site.pem"
    process = await asyncio.create_subprocess_exec(
        *(str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-days", "2", "-subj", "/CN=site.test", "-addext"),
        *("subjectAltName=DNS:site.test", "-keyout", str(both), "-out", str(tmp_path / "crt")),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    both.write_text(both.read_text() + (tmp_path / "crt").read_text())
    return both


def encryption(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    async with site(sending(PAGE), encryption=encryption(certificate)) as safe:
        reader = fetcher(safe.port, names=Names(site=[[PUBLIC]]))
        with pytest.raises(ReadingError, match="offers no safe connection") as caught:
            await reader.fetch(safe.url().replace("http:", "https:"))
    assert caught.value.permanent
    assert not safe.requests


async def test_a_trusted_site_is_read_under_its_own_name_only(certificate: Path) -> None:
    """In a process of its own, since what is trusted is settled when one begins."""
    async with site(sending(PAGE), encryption=encryption(certificate)) as safe:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", FETCH, str(safe.port)),
            cwd=Path(__file__).parents[2],
            env={"SSL_CERT_FILE": str(certificate)},
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
    own, other = out.decode().splitlines()
    assert own == PAGE.decode()
    assert "“other.test” offers no safe connection" in other
    assert len(safe.requests) == 1
