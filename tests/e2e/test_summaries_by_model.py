"""Summaries by a model, as an organiser has them made in a terminal: from a file to what is posted,
and every way in which it can fail."""

from __future__ import annotations

import asyncio
import os
import pty
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.adapters.model_server import (
    Act,
    ModelServer,
    fails,
    gives,
    hangs,
    running_model,
    says,
)
from tests.e2e.group_of_ada import KEY, Desk, sample_pdf
from tests.e2e.processes import ROOT, environment
from tests.model_answers import PLAIN, SAMPLE, TECHIE


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with running_model() as model:
        yield model


@pytest.fixture
async def desk(
    tmp_path: Path,
    server: ModelServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    """A group with a model, and the sample reading beside it as text and as a PDF."""
    monkeypatch.chdir(tmp_path)
    for name in ("NOSTR_NSEC", "DISCORD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (tmp_path / "small.md").write_text(SAMPLE, encoding="utf-8")
    desk = Desk(tmp_path, capsys)
    desk.configure(provider="openai", model="fake", base_url=server.base_url)
    return desk


# From a file to what is posted


@pytest.mark.slow
async def test_a_pdf_becomes_two_checked_drafts_that_are_approved_and_posted_once(
    desk: Desk, server: ModelServer
) -> None:
    (desk.folder / "small.pdf").write_bytes(sample_pdf())
    assert (await desk.process("init", key="")).code == 0
    desk.configure(
        provider="openai", model="fake", base_url=server.base_url, price_in=1, price_out=2
    )
    words = ("session", "add", "--title", "Relay night", "--at", "2036-12-02 19:00")
    added = await desk.process(*words, "--reading", "small.pdf", "--announce")
    assert "Read “The Case for the Small Relay” from small.pdf: " in added.out, added
    assert " pages, " in added.out
    made = await desk.process("summary", "make", "relay-night")
    assert (made.code, made.err) == (0, ""), "a pipe gets no progress"
    for part in ("TECHIE", "PLAIN", "fake, draft (version 1)", "“What it cannot do is put words"):
        assert part in made.out
    assert "readalong summary approve relay-night" in made.out
    assert "fake was asked 2 times: 3,000 tokens in (2,000 of them cached), 600 out" in made.out
    assert "cost 0.0042" in made.out
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    approved = await desk.process("summary", "approve", "relay-night")
    assert "Approved the plain summary, version 1 by fake." in approved.out
    assert "Members see them now." in approved.out
    assert "readalong summary post relay-night" in approved.out
    posted = await desk.process("summary", "post", "relay-night", "--format", "json")
    assert posted.json["posts"] >= 2
    assert "posted before" in (await desk.process("summary", "post", "relay-night")).out
    for done in (added, made, approved, posted):
        assert KEY not in done.out + done.err


async def test_what_scripts_build_on_stays_and_evidence_checks_and_usage_stand_with_it(
    desk: Desk,
) -> None:
    slug = await desk.planned("small.md")
    made = (await desk("summary", "make", slug, "--format", "json")).json
    assert list(made) == ["techie", "plain"]
    techie = made["techie"]
    assert {"body", "words", "lead", "points", "origin", "status", "version"} <= set(techie)
    assert (techie["origin"], techie["status"], techie["current"]) == ("fake", "draft", False)
    assert techie["points"][0]["quote"] == "What it cannot do is put words in your mouth"
    assert techie["points"][0]["section"] == "What a relay is"
    assert techie["usage"]["completion_tokens"] == 600
    assert techie["usage"]["cost"] is None, "nobody said what a token costs"
    assert {"gate", "point", "severe", "text"} >= set().union(*techie["findings"], set())
    assert (await desk("summary", "show", slug, "--format", "json")).json == made
    shown = (await desk("session", "show", slug, "--format", "json")).json
    assert shown["summaries"] == {}, "a draft isn't the session's yet"
    assert len(shown["readings"][0]["text_hash"]) == 64
    await desk("summary", "approve", slug)
    shown = (await desk("session", "show", slug, "--format", "json")).json
    assert shown["summaries"]["plain"]["status"] == "approved"
    assert shown["summaries"]["plain"]["approved_at"].endswith("Z")


async def test_what_the_checks_find_stands_beside_the_draft(
    desk: Desk, server: ModelServer
) -> None:
    lying = {**TECHIE, "lead": "The essay by Zebulon Quark says that 4711 relays are enough."}
    server.then(says(lying), says(PLAIN), says(lying), says(PLAIN))  # mending changes nothing
    slug = await desk.planned("small.md")
    done = await desk("summary", "make", slug)
    assert "The checks found (3 to mend, 0 advice):" in done.out
    assert "Quark" in done.out
    assert "4711" in done.out
    approved = await desk("summary", "approve", slug, "--audience", "techie")
    assert "the checks found 3 to mend in it" in approved.out
    assert "plain" not in approved.out


async def test_every_version_is_kept_and_can_be_shown(desk: Desk) -> None:
    slug = await desk.planned("small.md")
    assert "make both with: readalong summary make" in (await desk("summary", "show", slug)).refusal
    await desk("summary", "make", slug)
    again = await desk("summary", "make", slug, "--no-ai", "--format", "json")
    assert {each["origin"] for each in again.json.values()} == {"extractive"}
    assert {each["status"] for each in again.json.values()} == {"approved"}
    assert (await desk("summary", "show", slug, "--format", "json")).json == again.json
    first = await desk("summary", "show", slug, "--version", "1", "--format", "json")
    assert first.json["plain"]["origin"] == "fake"
    missing = await desk("summary", "show", slug, "--version", "9")
    assert "has no version 9; the newest is 2" in missing.refusal


@pytest.mark.slow
async def test_progress_turns_on_a_terminal(desk: Desk) -> None:
    await desk.planned("small.md")
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "summary", "make", "relay-night", "--format", "json"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=theirs,
        env={**environment(), "OPENAI_API_KEY": KEY, "TERM": "xterm", "COLUMNS": "100"},
        cwd=desk.folder,
    )
    os.close(theirs)
    shown = await asyncio.to_thread(_all_of, ours)
    async with asyncio.timeout(30):
        assert await process.wait() == 0
    for part in ("“Relay night”, by fake", "  techie", "  plain", "  checks"):
        assert part in shown


def _all_of(terminal: int) -> str:
    """What is said there until the other side closes it."""
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # how Linux says so
        pass
    os.close(terminal)
    return shown.decode(errors="replace")


# Failing well


REFUSAL = says(None, refusal="I can't help with that.")
FAILURES: list[tuple[str, list[Act], dict[str, object]]] = [
    ("doesn't accept the key (401); set OPENAI_API_KEY", [fails(401)], {}),
    ("refuses this reading (“I can't help with that”)", [REFUSAL], {}),
    ("asks to wait for 7200 seconds", [fails(429, headers={"Retry-After": "7200"})], {}),
    ("has nothing left to spend", [fails(429, {"code": "insufficient_quota"})], {}),
    ("no model “fake” (404); check model and base_url", [fails(404)], {}),
    ("was cut off before its end", [says('{"lead": "So', "length")] * 3, {}),
    ("is no server of models; check base_url", [gives(b"<html>", "text/html")], {}),
    ("more of the model than a session may (max_tokens = 900)", [], {"max_tokens": 900}),
]


@pytest.mark.parametrize(("cause", "acts", "more"), FAILURES)
async def test_a_model_that_fails_is_one_line_with_its_cause_and_the_other_choice(
    desk: Desk, server: ModelServer, cause: str, acts: list[Act], more: dict[str, object]
) -> None:
    desk.configure(provider="openai", model="fake", base_url=server.base_url, **more)
    slug = await desk.planned("small.md")
    server.then(*acts)
    line = (await desk("summary", "make", slug)).refusal
    assert cause in line
    assert line.endswith(f"Without a model: readalong summary make {slug} --no-ai\n")
    assert "There is no such summary" in (await desk("summary", "show", slug)).refusal


async def test_a_slow_server_is_left_when_the_time_is_over(desk: Desk, server: ModelServer) -> None:
    desk.configure(provider="openai", model="fake", base_url=server.base_url, timeout=1.5)
    slug = await desk.planned("small.md")
    never = asyncio.Event()
    server.then(hangs(never))
    assert "wasn't done within 1.5 seconds" in (await desk("summary", "make", slug)).refusal
    never.set()


async def test_a_server_that_is_down_is_told_and_no_reading_is_lost(
    desk: Desk, server: ModelServer
) -> None:
    desk.configure(provider="openai", model="fake", base_url="http://127.0.0.1:9/v1", timeout=2)
    slug = await desk.planned("small.md")
    line = (await desk("summary", "make", slug)).refusal
    assert "http://127.0.0.1:9/v1 can't be reached" in line or "wasn't done within" in line
    quoted = await desk("summary", "make", slug, "--no-ai")
    assert "extractive, approved" in quoted.out
    assert server.asked == []


async def test_without_a_key_openai_is_not_even_asked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    desk.configure(provider="openai")
    slug = await desk.planned("small.md")
    line = (await desk("summary", "make", slug)).refusal
    assert "take a key, and there is none: set OPENAI_API_KEY" in line
    assert "--no-ai" in line


async def test_a_server_of_ones_own_needs_no_key(
    desk: Desk, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert (await desk("summary", "make", await desk.planned("small.md"))).code == 0
    assert KEY not in str(server.headers)


async def test_the_summariser_that_quotes_offers_no_other_choice(desk: Desk) -> None:
    desk.configure()
    (desk.folder / "tiny.md").write_text("Too little.", encoding="utf-8")
    assert "--no-ai" not in (await desk("summary", "make", await desk.planned("tiny.md"))).refusal


async def test_a_link_into_our_own_network_is_refused_and_nothing_changes(desk: Desk) -> None:
    slug = await desk.planned("http://127.0.0.1/secret")
    line = (await desk("summary", "make", slug)).refusal
    assert "127.0.0.1" in line
    assert "--no-ai" not in line, "that would need the reading too"
    reread = await desk("summary", "make", await desk.planned("small.md", title="B"), "--reread")
    assert "has no link to be read from again" in reread.refusal


# Changing one


async def test_an_edit_from_a_file_is_a_new_version_marked_as_edited(desk: Desk) -> None:
    slug = await desk.planned("small.md")
    edit = ("summary", "edit", slug, "--audience", "plain")
    assert "make one first" in (await desk(*edit, "--file", "small.md")).refusal
    before = (await desk("summary", "make", slug, "--format", "json")).json["plain"]
    words = before["body"].replace("Nobody can fake you", "Nobody can pretend to be you")
    (desk.folder / "plain.md").write_text(words, encoding="utf-8")
    after = (await desk(*edit, "--file", "plain.md", "--format", "json")).json["plain"]
    assert (after["version"], after["edited"], after["status"]) == (2, True, "draft")
    assert after["points"][0]["head"] == "Nobody can pretend to be you"
    assert after["points"][0]["quote"] == before["points"][0]["quote"]
    assert "Nothing was changed." in (await desk(*edit, "--file", "plain.md")).out
    assert (await desk(*edit, "--file", "plain.md", "--format", "json")).json == {}
    shown = await desk("summary", "show", slug, "--audience", "plain")
    assert "edited by the organiser, draft (version 2)" in shown.out


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "nothing to read"),
        (b"\xff\xfe\xfa", "no text in UTF-8"),
        (b"x" * 20_001, "20,000 characters at most"),
        (b"x" * (1024 * 1024 + 1), "larger than 1 MiB"),
    ],
)
async def test_words_that_cannot_be_kept_are_refused(
    desk: Desk, content: bytes, reason: str
) -> None:
    slug = await desk.planned("small.md")
    await desk("summary", "make", slug)
    (desk.folder / "plain.md").write_bytes(content)
    done = await desk("summary", "edit", slug, "--audience", "plain", "--file", "plain.md")
    assert reason in done.refusal


def editor(folder: Path, script: str) -> str:
    """An editor that does that to its file."""
    path = folder / "editor.sh"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


async def test_the_editor_gets_the_summary_and_gives_its_new_words(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = await desk.planned("small.md")
    await desk("summary", "make", slug)
    edit = ("summary", "edit", slug, "--audience", "plain")
    monkeypatch.setenv("VISUAL", editor(desk.folder, 'sed -i "s/Nobody/Nobody else/" "$1"'))
    changed = await desk(*edit)
    assert "Nobody else can fake you" in changed.out
    assert f"readalong summary approve {slug}" in changed.out
    monkeypatch.setenv("VISUAL", editor(desk.folder, "true"))
    assert (await desk(*edit)).out == "Nothing was changed.\n"


@pytest.mark.parametrize("command", ["false", "no-such-editor"])
async def test_an_editor_that_fails_is_one_line_with_another_way(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    slug = await desk.planned("small.md")
    await desk("summary", "make", slug)
    monkeypatch.setenv("VISUAL", command)
    line = (await desk("summary", "edit", slug, "--audience", "plain")).refusal
    assert line.endswith("name yours in $EDITOR, or give the words with --file F.\n")


async def test_a_session_without_a_reading_is_told_how_to_get_one(desk: Desk) -> None:
    slug = await desk.planned()
    line = (await desk("summary", "make", slug)).refusal
    assert "it has no reading to make one from." in line
    assert f"readalong session edit {slug} --reading SOURCE" in line


@pytest.mark.slow
async def test_words_from_the_editor_are_kept_where_they_cannot_be_stored(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = await desk.planned("small.md")
    await desk("summary", "make", slug)
    monkeypatch.setenv("TMPDIR", str(desk.folder))
    script = 'yes "Far too many words." | head -n 2000 > "$1"'
    monkeypatch.setenv("VISUAL", editor(desk.folder, script))
    line = (await desk.process("summary", "edit", slug, "--audience", "plain")).refusal
    assert "20,000 characters at most" in line
    (kept,) = desk.folder.glob(f"{slug}-plain-*.md")
    assert f"--file {kept}" in line
    assert kept.read_text().count("Far too many words.") == 2000


@pytest.mark.slow
async def test_words_from_the_editor_do_not_overwrite_what_somebody_else_wrote_meanwhile(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    slug = await desk.planned("small.md")
    await desk("summary", "make", slug)
    (desk.folder / "other.md").write_text("Somebody else's words.", encoding="utf-8")
    monkeypatch.setenv("TMPDIR", str(desk.folder))
    edit = ("summary", "edit", slug, "--audience", "plain")
    other = " ".join((sys.executable, "-m", "bot", *edit, "--file", "other.md"))
    script = f'PYTHONPATH={ROOT} {other} > /dev/null\necho "Our words." > "$1"'
    monkeypatch.setenv("VISUAL", editor(desk.folder, script))
    line = (await desk.process(*edit)).refusal
    assert "Somebody else made version 2 meanwhile." in line
    assert "Your words are kept: readalong summary edit" in line
    shown = await desk("summary", "show", slug, "--audience", "plain", "--format", "json")
    assert shown.json["plain"]["body"] == "Somebody else's words."


# Questions


async def test_suggested_questions_are_taken_once_each(desk: Desk, server: ModelServer) -> None:
    slug = await desk.planned("small.md")
    await desk("summary", "make", slug)
    early = (await desk("summary", "questions", slug)).refusal
    assert f"once a summary is approved: readalong summary approve {slug}" in early
    approved = (await desk("summary", "approve", slug)).out
    assert "Members see them once the session is announced." in approved
    assert f"readalong session announce {slug}" in approved
    assert "summary post" not in approved, "it would be refused"
    quote = "What it cannot do is put words in your mouth"
    server.then(says({"questions": [{"question": "Trust.", "quote": quote, "section": ""}]}))
    assert "add yours: readalong question" in (await desk("summary", "questions", slug)).refusal
    offered = await desk("summary", "questions", slug)
    assert "1. What would make you trust a stranger's relay, case 1?" in offered.out
    assert "“What it cannot do is put words in your mouth”" in offered.out
    assert "--accept 1" in offered.out
    asked = len(server.asked)
    taken = await desk("summary", "questions", slug, "--accept", "1", "--accept", "4")
    assert taken.out.count("is on the board:") == 2
    again = await desk("summary", "questions", slug, "--accept", "1", "--format", "json")
    assert [each["accepted"] for each in again.json["questions"]] == [
        True,
        False,
        False,
        True,
        False,
    ]
    assert again.json["added"][0]["number"] == 1
    assert len(server.asked) == asked, "what was suggested is kept"
    board = (await desk("question", "list", slug, "--format", "json")).json
    assert [each["network"] for each in board] == ["local", "local"]
    assert "Choose one of" in (await desk("summary", "questions", slug, "--accept", "9")).refusal


async def test_without_a_model_nothing_pretends_to_suggest(desk: Desk) -> None:
    desk.configure()
    slug = await desk.planned("small.md")
    await desk("summary", "make", slug)
    line = (await desk("summary", "questions", slug)).refusal
    assert "No model is configured" in line
    assert f"readalong question add {slug}" in line
