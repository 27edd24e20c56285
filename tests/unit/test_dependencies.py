"""What is imported is declared, and what is declared is locked.

A package that only comes along with another one may leave with it. Installs take the lock files
and `--no-deps`, so nothing else would notice a lock that has fallen behind.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = {
    "requirements.lock": [*PROJECT["dependencies"], *EXTRAS["build"]],
    "requirements-demo.lock": [*PROJECT["dependencies"], *EXTRAS["demo"]],
    "requirements-dev.lock": [*PROJECT["dependencies"], *EXTRAS["demo"], *EXTRAS["dev"]],
}

# Used as a part of what is declared: that package's release says which release of these goes with
# it. What they come with, by module.
COME_ALONG = {
    "charset_normalizer": "trafilatura",
    "httpx2": "openai",  # whose errors are told apart by it
    "pydantic_core": "pydantic",
}


def imported() -> Iterator[str]:
    """The outermost modules that our own code names, wherever it imports them."""
    for package in ("bot", "cogs"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module:
                    yield node.module.partition(".")[0]


def test_each_package_that_is_imported_is_declared() -> None:
    ours = {"bot", "cogs", *sys.stdlib_module_names}
    modules = set(imported()) - ours
    assert "aiohttp" in modules, "they were found"
    sources = packages_distributions()
    declared = {
        canonicalize_name(Requirement(line).name)
        for line in [*PROJECT["dependencies"], *EXTRAS["demo"]]
    }
    undeclared = {
        module
        for module in modules
        if declared.isdisjoint(canonicalize_name(name) for name in sources.get(module, []))
    }
    assert undeclared == set(COME_ALONG)


@pytest.mark.parametrize(("module", "package"), COME_ALONG.items())
def test_what_comes_along_is_required_by_what_is_declared(module: str, package: str) -> None:
    assert package in {canonicalize_name(Requirement(x).name) for x in PROJECT["dependencies"]}
    brought = [Requirement(line) for line in requires(package) or []]
    always = {canonicalize_name(each.name) for each in brought if each.marker is None}
    assert canonicalize_name(module) in always


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_has_what_is_declared(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", text, re.MULTILINE))
    assert pinned, "they were found"
    for line in LOCKS[lock]:
        wanted = Requirement(line)
        version = pinned.get(canonicalize_name(wanted.name), "0")
        assert wanted.specifier.contains(version), f"{line}, but {lock} has {version}"
