"""Each import contract is shown to bite: a planted violation breaks it, by name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = [
    ("Arrows point inwards", "bot/domain/model.py", "import bot.services"),
    ("Arrows point inwards", "bot/services/__init__.py", "import bot.storage"),
    ("Arrows point inwards", "bot/storage/__init__.py", "import bot.networks"),
    ("Arrows point inwards", "bot/networks/nostr/__init__.py", "import bot.app"),
    ("Arrows point inwards", "bot/instance.py", "import bot.app"),
    ("Arrows point inwards", "bot/storage/__init__.py", "import bot.supervision"),
    ("Arrows point inwards", "bot/helpers.py", "import bot.app"),
    ("The domain knows only the standard library", "bot/domain/model.py", "import orjson"),
    ("The domain knows only the standard library", "bot/services/__init__.py", "import sqlalchemy"),
    ("Configuration stays at the edge", "bot/networks/__init__.py", "import bot.config"),
    ("Configuration stays at the edge", "bot/instance.py", "import bot.config"),
    ("Cogs parse, call a service and reply", "cogs/__init__.py", "import bot.storage"),
    ("The bot never imports its cogs", "bot/networks/__init__.py", "import cogs"),
    ("Only the clock knows the scheduler", "bot/networks/__init__.py", "import apscheduler"),
]


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PYTHONPATH": str(tree), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    ignore = shutil.ignore_patterns("__pycache__")
    for package in ("bot", "cogs"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_planted_violation_breaks_its_contract(
    tree: Path, contract: str, file: str, line: str
) -> None:
    with (tree / file).open("a") as source:
        source.write(f"\n{line}\n")
    verdict = lint(tree)
    assert verdict.returncode == 1
    assert f"{contract} BROKEN" in verdict.stdout


def test_the_tree_as_it_is_keeps_every_contract(tree: Path) -> None:
    verdict = lint(tree)
    assert verdict.returncode == 0, verdict.stdout
    assert "0 broken" in verdict.stdout
