"""`readalong demo` as its users meet it: as a process, whole, interrupted, refused and failing."""

from __future__ import annotations

import asyncio
import io
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from bot.demo import demo
from bot.demo.checks import (
    CheckError,
    Checklist,
    StepError,
    require_answer,
    require_rows,
    require_signed,
    tag_of,
)
from bot.demo.conversation import Conversation, Line, Side
from bot.demo.folder import DemoFolder
from bot.demo.live import Live
from bot.demo.member import ScriptedMember
from bot.demo.picture import draw
from bot.demo.stage import Stage, say_command
from bot.domain.errors import UserError
from bot.instance import DataFolder
from bot.networks.nostr.events import NOTE, Event, sign
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.member import joined
from tests.e2e.processes import end, environment
from tests.waiting import until

ADA, BOT = Signer(bytes([1] * 32)), Signer(bytes([2] * 32))


@contextmanager
def started(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`readalong demo` as a process in ``folder``, ended by its own id."""
    with (folder / "out.txt").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", *words],
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            env={**environment(), "NOSTR_NSEC": ADA.nsec},
            cwd=folder,
        )
    try:
        yield process
    finally:
        end(process)


def shown(folder: Path) -> str:
    return (folder / "out.txt").read_text(encoding="utf-8")


def wait_for(text: str, folder: Path, process: subprocess.Popen[str], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while text not in shown(folder):
        assert process.poll() is None, shown(folder)
        assert time.monotonic() < deadline, shown(folder)
        time.sleep(0.02)


def test_it_checks_every_step_and_ends_with_0(tmp_path: Path) -> None:
    with started(tmp_path, "--once") as process:
        assert process.wait(30) == 0, shown(tmp_path)
    text = shown(tmp_path)
    for said in (
        "announces the session",
        "puts it into calendars",
        "@Riverside Readers next",
        "@Riverside Readers summary plain",
        "6. Keep Copies: If the owner gives up, the notes are gone.",
        "6. Deletion and Backup Stay Unsolved:",
        "Question 3 for “Why small relays matter”",
        "Question 4 for “Why small relays matter”",
        "In 30 seconds: Why small relays matter",
        "In 28 seconds: Why small relays matter",
        "result  all 14 steps held",
    ):
        assert said in text
    assert len(re.findall(r"answers Ada .* · in \d+ ms$", text, re.MULTILINE)) == 5
    assert text.count("✓ ok ") == 14
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text, "no colours where there is no terminal"
    assert ADA.npub[:12] not in text, "a developer's own key isn't used"


def test_it_draws_a_run_as_a_picture_that_loads_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo(tmp_path / "demo", once=True, svg=tmp_path / "demo.svg") == 0
    assert "all 14 steps held" in capsys.readouterr().out
    svg = (tmp_path / "demo.svg").read_text(encoding="utf-8")
    height = ElementTree.fromstring(svg).get("viewBox", "").split()[-1]  # noqa: S314 -- our own
    assert float(height) < 3200, "a picture, not a scroll"
    assert "Keep&#160;Copies:" in svg, "the plain summary is whole"
    assert not re.search(r"url\(\"?https?:|@font-face|href", svg)


def test_it_stays_up_for_others_until_it_is_stopped(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        wait_for("to end", tmp_path, process)
        command = re.search(r"join in +(.*) say \"ask Who pays for the relays\?\"", shown(tmp_path))
        assert command is not None
        assert command[1].endswith("python -m bot")
        said = subprocess.run(
            [sys.executable, "-m", "bot", "say", "ask Who pays for the relays?"],
            capture_output=True,
            text=True,
            timeout=30,
            env=environment(),
            cwd=tmp_path,
        )
        assert said.stdout.startswith("Question 5 for “Why small relays matter”"), said.stderr
        wait_for("answers You", tmp_path, process)
        again = subprocess.run(
            [sys.executable, "-m", "bot", "demo", "--once"],
            capture_output=True,
            text=True,
            timeout=30,
            env=environment(),
            cwd=tmp_path,
        )
        assert again.returncode == 1
        assert f"already (pid {process.pid})" in again.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0, shown(tmp_path)
    text = shown(tmp_path)
    assert "You speak" in text
    assert "│ @Riverside Readers ask Who pays for the relays?" in text
    assert "Traceback" not in text


def test_interrupted_before_its_end_it_has_not_passed(tmp_path: Path) -> None:
    with started(tmp_path, "--once") as process:
        wait_for("announces the session", tmp_path, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 1
    assert "Stopped." in shown(tmp_path)
    assert "Traceback" not in shown(tmp_path)


def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "config.toml").write_text("mine")
    with started(tmp_path, "--once", "--dir", "mine") as process:
        assert process.wait(15) == 1
    assert shown(tmp_path).count("\n") == 1
    assert "mine isn't empty and no demo made it" in shown(tmp_path)
    assert [file.name for file in mine.iterdir()] == ["config.toml"]
    assert (mine / "config.toml").read_text() == "mine"


def test_a_demos_own_folder_is_cleared_of_what_a_demo_wrote_only(tmp_path: Path) -> None:
    first = DemoFolder(tmp_path / "demo")
    first.clear()
    config = first.set_up("ws://127.0.0.1:7447", {})
    key = DataFolder(config.data_dir).required_signer(None)
    (tmp_path / "demo" / "notes.txt").write_text("mine")
    second = DemoFolder(tmp_path / "demo")
    second.clear()
    assert sorted(file.name for file in second.path.iterdir()) == [".readalong-demo", "notes.txt"]
    config = second.set_up("ws://127.0.0.1:7447", {})
    assert DataFolder(config.data_dir).required_signer(None).npub != key.npub


def test_without_the_relays_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "nostr_sdk", None)
    with pytest.raises(UserError, match=r"pip install 'readalong\[demo\]'"):
        demo(tmp_path / "demo", once=True, svg=None)
    assert not (tmp_path / "demo").exists()


# A step that fails


async def test_a_bot_that_does_not_answer_fails_the_step_by_name_and_in_time() -> None:
    checklist = Checklist()
    async with LocalRelay() as relay, joined(ADA, relay.url) as client:
        ada = ScriptedMember(client, BOT.public_key, patience=0.2)
        with checklist.step("she arrives"):
            await ada.arrive("Ada")
        with (
            pytest.raises(StepError, match=r"“next”: no answer came within 0\.2 s"),
            checklist.step("next"),
        ):
            await ada.mention("next")
        with (
            pytest.raises(StepError, match=r"the announcement didn't come within 0\.2 s"),
            checklist.step("announced"),
        ):
            await ada.sees(lambda event: event.kind == NOTE, "the announcement")
    with (
        pytest.raises(StepError, match=r"“gone”: .* closed the connection"),
        checklist.step("gone"),
    ):
        await ada.mention("next")
    assert checklist.passed == ["she arrives"]


async def test_a_failed_step_ends_the_demo_with_1_and_is_named(tmp_path: Path) -> None:
    conversation, out = talk(100)
    place = DemoFolder(tmp_path / "demo")
    place.clear()
    assert await Stage(place, conversation, patience=0.0).play(once=False) == 1
    assert "✗ FAILED  it is announced: a signed note that leads to the calendar" in out.getvalue()
    assert "result" not in out.getvalue()
    assert "connected to ws://127.0.0.1" in place.log.read_text()


async def test_an_answer_at_the_wrong_place_fails_the_step() -> None:
    async with (
        LocalRelay() as relay,
        joined(ADA, relay.url) as client,
        joined(BOT, relay.url) as bot,
    ):
        ada = ScriptedMember(client, BOT.public_key, patience=5)
        await ada.arrive("Ada")
        await bot.follow("all", {"kinds": [NOTE]})
        root = await bot.note("the announcement")

        async def answer() -> None:
            asked = await bot.until(lambda event: event.pubkey == ADA.public_key, 5)
            assert asked is not None
            tags = (("e", asked.id, "", "root", asked.pubkey), ("p", asked.pubkey))
            await bot.note("taken", tags)

        answering = asyncio.create_task(answer())
        with pytest.raises(CheckError, match=r"\(NIP-10\)"):
            await ada.reply(root, "Who pays?")
        await answering


def note(by: Signer, text: str, *tags: tuple[str, ...]) -> Event:
    return sign(by, NOTE, text, tags, 1_800_000_000)


def test_an_answer_is_signed_by_the_bot_and_names_who_asked() -> None:
    asked = note(ADA, "next")
    root = ("e", asked.id, "", "root", asked.pubkey)
    person = ("p", ADA.public_key)
    require_answer(note(BOT, "tomorrow", root, person), asked, BOT.public_key)
    with pytest.raises(CheckError, match="not the expected author's"):
        require_answer(note(ADA, "tomorrow", root, person), asked, BOT.public_key)
    with pytest.raises(CheckError, match="no p tag"):
        require_answer(note(BOT, "tomorrow", root), asked, BOT.public_key)
    forged = replace(note(BOT, "tomorrow", root, person), content="never")
    with pytest.raises(CheckError, match="id or signature"):
        require_signed(forged, BOT.public_key)
    with pytest.raises(CheckError, match="has 0 `d` tags"):
        tag_of(asked, "d")


async def test_rows_that_never_come_fail_in_time(tmp_path: Path) -> None:
    file = tmp_path / "data.sqlite"
    with closing(sqlite3.connect(file)) as data:
        data.execute("CREATE TABLE t (n INTEGER)")
    await require_rows(file, "SELECT count(*) FROM t", (), [(0,)], 1)
    with pytest.raises(CheckError, match=r"the data file has \[\(0,\)\], not \[\(1,\)\]"):
        await require_rows(file, "SELECT count(*) FROM t", (), [(1,)], 0.05)


# How it looks


def talk(width: int, **options: bool) -> tuple[Conversation, io.StringIO]:
    out = io.StringIO()
    console = Console(
        file=out, width=width, highlight=False, markup=False, emoji=False, record=True
    )
    return Conversation(console, **options), out


@pytest.mark.parametrize("width", [100, 80, 40])
def test_long_texts_wrap_by_words_and_points_hang(width: int) -> None:
    conversation, out = talk(width)
    point = "1. A head: " + "some words that go on and on " * 6
    conversation.turn(Line(Side.BOT, "Bot", "says", "Nostr"), f"The lead.\n\n{point}\n• {point}")
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert " ".join(" ".join(line.strip(" │") for line in lines).split()).count("on and on") == 12
    assert lines[4].startswith("  │ 1. A head: some words")
    assert re.match(r"  │    \w", lines[5]), "set in under its number"


def test_a_folded_text_says_how_much_is_left_out() -> None:
    conversation, out = talk(80)
    conversation.turn(Line(Side.BOT, "Bot", "says"), "one\n\ntwo\nthree\nfour", fold=2)
    assert out.getvalue().splitlines()[2:] == ["  │ one", "  │ … 3 more lines"]


def test_what_strangers_wrote_reaches_no_terminal_but_as_text() -> None:
    conversation, out = talk(100)
    conversation.call(BOT.npub, "Riverside Readers")
    text = f"nostr:{BOT.npub} \x1b[31mred\x07 nostr:{ADA.npub} \u202eevil [bold]x[/bold]"
    conversation.turn(Line(Side.MEMBER, "Eve", "speaks"), text)
    shown_text = out.getvalue()
    assert "@Riverside Readers [31mred nostr:npub1" in shown_text
    assert ADA.npub not in shown_text
    assert "[bold]x[/bold]" in shown_text
    assert not re.search("[\x07\x1b\u202e]", shown_text)


def test_a_failed_step_is_said_in_words() -> None:
    conversation, out = talk(80)
    conversation.checked(["it began"], ("it went on", "it didn't"))
    assert "✓ ok   it began" in out.getvalue()
    assert "✗ FAILED  it went on: it didn't" in out.getvalue()


def test_a_picture_keeps_what_is_set_in_and_loads_nothing(tmp_path: Path) -> None:
    conversation, _ = talk(100)
    conversation.turn(Line(Side.BOT, "Bot", "says"), "1. A head: " + "words " * 40)
    draw(conversation.console, tmp_path / "new" / "demo.svg")
    svg = (tmp_path / "new" / "demo.svg").read_text(encoding="utf-8")
    assert ">readalong&#160;demo<" in svg
    assert not re.search(r">&#160;", svg), "no text begins with a blank"
    assert not re.search(r"@font-face|url\(\"?http|href", svg)


async def test_names_that_the_demo_goes_by_are_nobody_elses(tmp_path: Path) -> None:
    conversation, out = talk(100)
    eve, mallory = Signer(bytes([5] * 32)), Signer(bytes([6] * 32))
    async with LocalRelay() as relay, joined(ADA, relay.url) as window:
        await window.follow("all", {})
        live = Live(window, BOT.public_key, DataFolder(tmp_path), conversation)
        showing = asyncio.create_task(live.show())
        for signer, profile in ((eve, '{"name": "Eve"}'), (mallory, '{"name": "Ada"}')):
            async with joined(signer, relay.url) as stranger:
                await stranger.publish(0, profile)
                await stranger.note("hello")
        async with joined(BOT, relay.url) as bot:
            await bot.note("unasked")
        await until(lambda: "unasked" in out.getvalue())
        showing.cancel()
        await asyncio.gather(showing, return_exceptions=True)
    assert "Eve speaks" in out.getvalue()
    assert f"{mallory.npub[:12]}… speaks" in out.getvalue()
    assert "Riverside Readers says" in out.getvalue()


def test_it_tells_the_command_as_it_can_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(sys, "argv", [str(tmp_path / ".venv" / "bin" / "readalong"), "demo"])
    assert say_command(Path("readalong-demo")) == ".venv/bin/readalong say"
    assert say_command(Path("my demo")) == (
        ".venv/bin/readalong say --config 'my demo/config.toml'"
    )
    (tmp_path / "config.toml").touch()
    assert "--config readalong-demo/config.toml" in say_command(Path("readalong-demo"))
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "readalong"
    program.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    assert say_command(tmp_path / "else").startswith("readalong say --config")
