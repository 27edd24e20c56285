"""`readalong demo` as its users meet it: as a process, whole, interrupted, refused."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bot.demo import demo
from bot.demo.folder import DemoFolder
from bot.demo.stage import say_command
from bot.domain.errors import UserError
from bot.instance import DataFolder
from bot.networks.nostr.keys import Signer
from tests.e2e.processes import end, environment

DEVELOPER = Signer(bytes([1] * 32))
STEPS = 25
_DIVIDER = 50  # the column in which it stands, from 0


@contextmanager
def started(folder: Path, *words: str, width: int = 0) -> Iterator[subprocess.Popen[str]]:
    """`readalong demo` as a process in ``folder``, ended by its own id."""
    wide = {"COLUMNS": str(width)} if width else {}
    secrets = {"NOSTR_NSEC": DEVELOPER.nsec, "DISCORD_TOKEN": "a.developers.own"}
    with (folder / "out.txt").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", *words],
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            env={**environment(), **secrets, **wide},
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


def columns(text: str) -> tuple[str, str]:
    """What stands on the left, on Nostr, and what on the right, on Discord; each in one line."""
    rows = [line for line in text.splitlines() if line[_DIVIDER : _DIVIDER + 1] == "│"]
    left = " ".join(row[:_DIVIDER] for row in rows)
    right = " ".join(row[_DIVIDER + 1 :] for row in rows)
    return " ".join(left.split()), " ".join(right.split())


def test_it_checks_every_step_on_both_networks_and_ends_with_0(tmp_path: Path) -> None:
    with started(tmp_path, "--once") as process:
        assert process.wait(60) == 0, shown(tmp_path)
    text = shown(tmp_path)
    nostr, discord = columns(text)
    for said in (
        "The bot announces it note",
        "The bot enters it calendar",
        "@Riverside Readers next",
        "@Riverside Readers summary plain",
        "6. Keep Copies: If the owner gives up, the notes are gone.",
        "Question 3 for “Why small relays matter”",
        "@Riverside Readers vote 4",
        "it has 1 vote.",
        "In 30 seconds: Why small relays matter",
        "In 28 seconds: Why small relays matter",
    ):
        assert said in nostr
    for said in (
        "/setup name:Riverside Readers timezone:America/New_York",
        "/session announce session:why-small-relays-matter",
        "4 posts are on their way.",
        "[Going] [Maybe] [Can't] [Techie summary] [Plain summary] [Ask a question]",
        "The bot opens a thread",
        "The bot schedules an event",
        "1. Signatures Move Trust to the Edge:",
        "For techies, from the group's page, by Noor",
        "Who is coming: Going 1",
        "[x] Ask anonymously",
        "In 30 seconds: Why small relays matter",
        "In 28 seconds: Why small relays matter",
    ):
        assert said in discord
    assert f"result  all {STEPS} steps held" in text
    assert text.count("✓ ok ") == STEPS
    assert re.search(
        r"^ +4 +What would it take .* Ben, Discord +2 \(1 Nostr, 1 Discord\)", text, re.M
    )
    assert len(re.findall(r"The bot answers Ada +note \w{8} · \d+ ms", text)) == 6
    assert len(re.findall(r"only (?:Ben|Cleo) sees it +\d+ ms$", text, re.M)) == 9


def test_nothing_is_wider_than_the_page_and_nothing_is_said_in_colour_alone(tmp_path: Path) -> None:
    with started(tmp_path, "--once") as process:
        assert process.wait(30) == 0, shown(tmp_path)
    lines = shown(tmp_path).splitlines()
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert "\x1b" not in text, "no colours where there is no terminal"
    assert not re.search("[\U0001f000-\U0001faff\ufe0f]", text), "nothing of uncertain width"
    assert DEVELOPER.npub[:12] not in text, "a developer's own key isn't used"


def test_it_draws_a_run_as_a_picture_that_loads_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo(tmp_path / "demo", once=True, svg=tmp_path / "demo.svg") == 0
    assert f"all {STEPS} steps held" in capsys.readouterr().out
    svg = (tmp_path / "demo.svg").read_text(encoding="utf-8")
    height = ElementTree.fromstring(svg).get("viewBox", "").split()[-1]  # noqa: S314 -- our own
    assert float(height) < 4300, "a picture, not a scroll"
    for said in (
        "Nobody&#160;Can&#160;Fake&#160;You:",
        "NOSTR",
        "DISCORD",
        "one&#160;board,",
        "2&#160;(1&#160;Nostr,&#160;1&#160;Discord)",
    ):
        assert said in svg
    assert not re.search(r"url\(\"?https?:|@font-face|href", svg)


def test_it_stays_up_for_others_until_it_is_stopped(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        wait_for("to end", tmp_path, process)
        command = re.search(r"join in +(.*) say \"ask Who pays for the relays\?\"", shown(tmp_path))
        assert command is not None
        assert command[1].endswith("python -m bot")
        assert "the same code runs on the real one: README" in shown(tmp_path)
        said = subprocess.run(
            [sys.executable, "-m", "bot", "say", "ask Who pays for the relays?"],
            capture_output=True,
            text=True,
            timeout=30,
            env=environment(),
            cwd=tmp_path,
        )
        assert said.stdout.startswith("Question 7 for “Why small relays matter”"), said.stderr
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
        wait_for("announces it", tmp_path, process)
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
