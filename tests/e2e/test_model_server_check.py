"""`readalong check` looks whether the model's server answers, briefly, and never shows the key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from bot.summarisers.server import look_at_server
from tests.adapters.model_server import (
    Act,
    ModelServer,
    breaks_off,
    fails,
    floods,
    gives,
    hangs,
    has,
    running_model,
)
from tests.e2e.group_of_ada import KEY, Desk


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with running_model() as model:
        yield model


def redirects() -> Act:
    async def act(_: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "http://127.0.0.2/v1/models"})

    return act


@pytest.mark.parametrize(
    ("listing", "ok", "detail"),
    [
        (has("fake", "other"), True, "answers, and has “fake”"),
        (has(), True, "answers, and names no models"),
        (has("a", "b", "c", "d", "e", "f", "g"), False, "it has a, b, c, d, e and 2 more"),
        (has("x" * 1000), False, f"it has {'x' * 100}"),
        (fails(401), False, "doesn't accept the key (401); set OPENAI_API_KEY"),
        (fails(403), False, "doesn't let this key use “fake” (403)"),
        (fails(503), False, "fails just now (503)"),
        (fails(400, {"message": f"bad key {KEY}"}), False, "“bad key [key]”"),
        (fails(404), False, "has no list of models (404); check base_url, which often ends in /v1"),
        (redirects(), False, "has no list of models (302)"),
        (gives(b"<html>Hello", "text/html"), False, "is no server of models; check base_url"),
        (gives(b"[1, 2]"), False, "is no server of models"),
        (gives(b"[" * 100_000), False, "is no server of models"),
        (gives(b'{"data": [1, {"id": 2}]}'), True, "names no models"),
        (breaks_off(), False, "can't be reached"),
        (floods(), False, "is no server of models"),
    ],
)
async def test_what_a_server_says_of_its_models(
    server: ModelServer, listing: Act, ok: bool, detail: str
) -> None:
    server.listing = listing
    report = await look_at_server(server.base_url, "fake", KEY)
    assert (report.ok, report.address) == (ok, server.base_url)
    assert detail in report.detail
    assert KEY not in report.detail
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert server.asked == [], "no summary is asked for"


async def test_a_server_that_says_nothing_is_left_in_time(server: ModelServer) -> None:
    never = asyncio.Event()
    server.listing = hangs(never)
    report = await look_at_server(server.base_url, "fake", "", seconds=2.5)
    assert (report.ok, report.detail) == (False, "no answer within 2.5 s")
    assert "Authorization" not in server.headers[0]
    never.set()


async def test_a_server_that_is_not_there_is_told() -> None:
    report = await look_at_server("http://127.0.0.1:9/v1", "fake", "")
    assert (report.ok, report.detail) == (False, "can't be reached; check base_url")


async def test_openai_is_not_asked_without_a_key() -> None:
    report = await look_at_server("", "gpt-5-mini", "")
    assert (report.ok, report.address) == (False, "https://api.openai.com/v1")
    assert "set OPENAI_API_KEY" in report.detail


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    monkeypatch.chdir(tmp_path)
    for name in ("NOSTR_NSEC", "DISCORD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return Desk(tmp_path, capsys)


async def test_check_says_which_model_and_whether_its_server_answers(
    desk: Desk, server: ModelServer
) -> None:
    desk.configure(provider="openai", model="fake", base_url=server.base_url)
    report = (await desk("check", "--format", "json")).json["summaries"]
    assert report == {
        "ok": True,
        "provider": "openai",
        "model": "fake",
        "base_url": server.base_url,
        "key": True,
        "detail": "answers, and has “fake”",
    }
    server.listing = fails(401)
    done = await desk("check")
    assert f"summaries fake at {server.base_url}, with a key" in done.out
    assert "FAIL    The model's server doesn't accept the key" in done.out
    assert "summary make --no-ai" in done.out
    assert KEY not in done.out + done.err


async def test_check_asks_nobody_where_no_model_is_configured(
    desk: Desk, server: ModelServer
) -> None:
    desk.configure(base_url=server.base_url)
    report = (await desk("check", "--format", "json")).json
    assert report["summaries"]["provider"] == "extractive"
    assert report["summaries"]["ok"]
    assert not any("summaries" in remark for remark in report["remarks"])
    assert "summaries extractive: quotes the reading (no AI)" in (await desk("check")).out
    assert server.headers == []


async def test_a_configuration_that_cannot_be_read_says_nothing_of_summaries(desk: Desk) -> None:
    desk.configure(provider="oracle")
    done = await desk("check")
    assert "summaries " not in done.out.replace("[summaries]", "")
    assert (await desk("check", "--format", "json")).json["summaries"]["ok"] is False
