"""What reads pages and PDFs and asks models is imported when it is first used, and not before."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.processes import end, environment

pytestmark = pytest.mark.slow

HEAVY = ("openai", "httpx2", "trafilatura", "lxml", "pypdfium2", "pypdfium2_raw")
MODEL = '[summaries]\nprovider = "openai"\nbase_url = "http://127.0.0.1:9/v1"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A group with a model and a relay that is never up."""
    text = '[nostr]\nrelays = ["ws://127.0.0.1:9"]\n' + MODEL
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    assert started(tmp_path, "init").wait(30) == 0
    return tmp_path


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    with (folder / "log.txt").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-X", "importtime", "-m", "bot", *words],
            stdout=subprocess.DEVNULL,
            stderr=log,
            text=True,
            env=environment(),
            cwd=folder,
        )


def imported(folder: Path) -> set[str]:
    log = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")
    names = set(re.findall(r"^import time: .*\| +([\w.]+)$", log, re.MULTILINE))
    assert "bot.cli" in names, "imports are told"
    return names


@pytest.mark.parametrize("words", [("--help",), ("summary", "make", "--help"), ("session", "list")])
def test_a_command_imports_nothing_that_it_does_not_use(
    folder: Path, words: tuple[str, ...]
) -> None:
    assert started(folder, *words).wait(30) == 0
    assert not imported(folder) & set(HEAVY)


def test_the_bot_at_rest_has_imported_nothing_of_models_and_documents(folder: Path) -> None:
    process = started(folder, "run")
    try:
        deadline = time.monotonic() + 30
        while " ready " not in (folder / "log.txt").read_text(errors="replace"):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)  # between two looks at a condition with a bound
    finally:
        code = end(process)
    assert code == 0
    assert not imported(folder) & set(HEAVY)


def test_reading_a_page_does_import_what_reads_it(folder: Path) -> None:
    page = f"<html><body><article><p>{'Some words of it. ' * 50}</p></article></body></html>"
    (folder / "page.html").write_text(page, encoding="utf-8")
    words = ("session", "add", "--title", "X", "--at", "2036-12-02 19:00", "--reading", "page.html")
    assert started(folder, *words).wait(60) == 0
    assert "bot.readings.html" in imported(folder), "so the tests above can fail"
