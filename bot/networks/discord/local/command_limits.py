"""Discord's limits on commands and on what autocomplete offers ("Application Commands").

A bot that breaks one has none of its commands registered, so all of a request is looked through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.networks.discord.local.errors import Problem
from bot.networks.discord.local.limits import count, length
from bot.networks.discord.local.model import Json

SLASH_COMMANDS = 100
MENU_COMMANDS = 5  # of each kind: on users, on messages
NAME = 32
DESCRIPTION = 100
OPTIONS = 25
CHOICES = 25
CHOICE = 100
COMMAND_TOTAL = 8000  # names, descriptions and values of a command with all in it

_SUBCOMMAND, _GROUP = 1, 2


def check_commands(commands: Sequence[Json]) -> Iterator[Problem]:
    """All commands of one place (global, or one guild's)."""
    for kind, most in ((1, SLASH_COMMANDS), (2, MENU_COMMANDS), (3, MENU_COMMANDS)):
        of_kind = [each for each in commands if each.get("type", 1) == kind]
        if len(of_kind) > most:
            said = f"Maximum number of application commands reached ({most})."
            yield Problem("_", "APPLICATION_COMMAND_TOO_MANY", said)
    seen: set[tuple[Any, Any]] = set()
    for index, command in enumerate(commands):
        yield from check_command(str(index), command)
        key = (command.get("type", 1), command.get("name"))
        if key in seen:
            said = "Application command names must be unique"
            yield Problem(f"{index}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", said)
        seen.add(key)


def check_command(path: str, command: Json) -> Iterator[Problem]:
    if command.get("type", 1) != 1:
        yield from length(f"{path}.name", command.get("name"), NAME, 1)
        if command.get("description"):
            said = "Context menu commands cannot have description"
            yield Problem(f"{path}.description", "APPLICATION_COMMAND_CONTEXT_MENU", said)
        return
    yield from _named(path, command)
    yield from _options(path, command.get("options", []))
    if _total(command) > COMMAND_TOTAL:
        said = f"Command exceeds maximum size ({COMMAND_TOTAL})"
        yield Problem(path, "APPLICATION_COMMAND_TOO_LARGE", said)


def check_choices(choices: Sequence[Json]) -> Iterator[Problem]:
    """What autocomplete offers."""
    yield from _choices("choices", choices)


def _named(path: str, named: Json) -> Iterator[Problem]:
    name = str(named.get("name", ""))
    yield from length(f"{path}.name", name, NAME, 1)
    letters = name.replace("-", "").replace("_", "").replace("'", "")
    if name and (name != name.lower() or (letters and not letters.isalnum())):
        said = "Command name is invalid"
        yield Problem(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", said)
    yield from length(f"{path}.description", named.get("description"), DESCRIPTION, 1)


def _options(path: str, options: Sequence[Json]) -> Iterator[Problem]:
    yield from count(f"{path}.options", options, OPTIONS)
    names: set[str] = set()
    optional_seen = False
    for index, option in enumerate(options):
        here = f"{path}.options.{index}"
        yield from _named(here, option)
        if option.get("name") in names:
            said = "Option names must be unique"
            yield Problem(f"{here}.name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", said)
        names.add(str(option.get("name")))
        if option.get("type") in (_SUBCOMMAND, _GROUP):
            yield from _options(here, option.get("options", []))
            continue
        if option.get("required") and optional_seen:
            said = "Required options must be placed before non-required options"
            yield Problem(here, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", said)
        optional_seen = optional_seen or not option.get("required")
        yield from _choices(f"{here}.choices", option.get("choices") or [])
        if option.get("autocomplete") and option.get("choices"):
            said = "Autocomplete and choices can't stand together"
            yield Problem(here, "APPLICATION_COMMAND_AUTOCOMPLETE", said)


def _choices(path: str, choices: Sequence[Json]) -> Iterator[Problem]:
    yield from count(path, choices, CHOICES)
    for index, choice in enumerate(choices):
        yield from length(f"{path}.{index}.name", choice.get("name"), CHOICE, 1)
        if isinstance(choice.get("value"), str):
            yield from length(f"{path}.{index}.value", choice["value"], CHOICE, 1)


def _total(command: Json) -> int:
    size = len(command.get("name", "")) + len(command.get("description", ""))
    for option in command.get("options", []):
        size += _total(option)
        for choice in option.get("choices") or []:
            size += len(choice["name"]) + len(str(choice["value"]))
    return size
