"""A walk over every command of every cog: Discord's limits, duplicates, descriptions, places.

The limits are those of Discord's documentation, "Application Commands".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.ids import Verb, custom_id
from tests.cogs.world import World, extensions

_NAME = re.compile(r"[-_'\w]{1,32}")
_SUBCOMMAND, _GROUP = 1, 2
_CHAT_INPUT, _USER, _MESSAGE = 1, 2, 3

_MEMBERS = {"next", "summary", "ask", "questions", "agenda", "rsvp", "forget-me", "help"}
ISSUED = {"setup", "session", "summarise", *_MEMBERS}
OF_SESSION = {"add", "edit", "cancel", "announce", "list", "show", "import", "export"}
SAMPLES: dict[Verb, tuple[object, ...]] = {
    Verb.RSVP: (12, "maybe"),
    Verb.SUMMARY: (12, "plain"),
    Verb.ASK: (12,),
    Verb.VOTE: (12, 3),
    Verb.BOARD: (12, 0),
    Verb.MODERATE: (12, 3),
    Verb.HIDE: (12, 3),
    Verb.REOPEN: (12, 3),
    Verb.ANSWERED: (12, 3),
    Verb.MERGE: (12, 3),
    Verb.ADD: (120, "America/New_York"),
    Verb.EDIT: ("scaling-laws-2",),
    Verb.PROPOSAL: ("A-z_0", "announce"),
    Verb.FORGET: (1456074443980800000,),
    Verb.EVIDENCE: (12, "plain", 3),
    Verb.APPROVE: ("scaling-laws-2", 3, 0),
    Verb.REWRITE: ("scaling-laws-2", "techie", 3),
    Verb.AGAIN: ("scaling-laws-2",),
    Verb.NO_AI: ("scaling-laws-2",),
    Verb.POST: ("scaling-laws-2",),
    Verb.SUGGESTED: ("A-z_012345678901234", 5),
}


@pytest.fixture
def commands(world: World) -> list[dict[str, Any]]:
    """What is registered with Discord."""
    tree = world.bot.tree
    return [command.to_dict(tree) for command in tree._get_all_commands(guild=None)]


def walk(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The command and everything below it, options included."""
    here = f"{path} {node['name']}".strip()
    yield here, node
    for option in node.get("options") or ():
        yield from walk(option, here)


def slash(commands: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for command in commands:
        if command["type"] == _CHAT_INPUT:
            yield from walk(command)


def test_every_command_of_the_issue_is_there(commands: list[dict[str, Any]]) -> None:
    names = {command["name"] for command in commands if command["type"] == _CHAT_INPUT}
    assert names == ISSUED
    [session] = [command for command in commands if command["name"] == "session"]
    assert {option["name"] for option in session["options"]} == OF_SESSION
    menus = [command["name"] for command in commands if command["type"] == _MESSAGE]
    assert menus == ["Ask this at the session"]


def test_names_are_discords_and_each_is_there_once(commands: list[dict[str, Any]]) -> None:
    for path, node in slash(commands):
        assert _NAME.fullmatch(node["name"]), path
        assert node["name"] == node["name"].lower(), path
    for command in commands:
        assert len(command["name"]) <= 32
    keys = [(command["type"], command["name"]) for command in commands]
    assert len(keys) == len(set(keys))
    for path, node in slash(commands):
        names = [option["name"] for option in node.get("options") or ()]
        assert len(names) == len(set(names)), path


def test_everything_says_what_it_is_for(commands: list[dict[str, Any]]) -> None:
    for path, node in slash(commands):
        assert 1 < len(node["description"]) <= 100, path
        assert node["description"].strip() not in ("", "…", "..."), path


def test_nothing_has_more_options_or_choices_than_discord_takes(
    commands: list[dict[str, Any]],
) -> None:
    assert sum(command["type"] == _CHAT_INPUT for command in commands) <= 100
    assert sum(command["type"] == _USER for command in commands) <= 15
    assert sum(command["type"] == _MESSAGE for command in commands) <= 15
    for path, node in slash(commands):
        assert len(node.get("options") or ()) <= 25, path
        choices = node.get("choices") or ()
        assert len(choices) <= 25, path
        for choice in choices:
            assert 1 <= len(choice["name"]) <= 100, path
            assert 1 <= len(str(choice["value"])) <= 100, path
        if node.get("autocomplete"):
            assert not choices, path
        assert node.get("max_length", 1) <= 6000, path


def test_required_options_come_first(commands: list[dict[str, Any]]) -> None:
    for path, node in slash(commands):
        options = [o for o in node.get("options") or () if o["type"] not in (_SUBCOMMAND, _GROUP)]
        required = [bool(option.get("required")) for option in options]
        assert required == sorted(required, reverse=True), path


def test_no_command_is_longer_than_8000_characters_in_all(commands: list[dict[str, Any]]) -> None:
    for command in commands:
        total = 0
        for _, node in walk(command):
            total += len(node["name"]) + len(node.get("description") or "")
            for choice in node.get("choices") or ():
                total += len(choice["name"]) + len(str(choice["value"]))
        assert total <= 8000, command["name"]


def test_every_option_that_names_a_session_is_completed(commands: list[dict[str, Any]]) -> None:
    named = [(path, node) for path, node in slash(commands) if path.endswith(" session")]
    assert len(named) >= 9
    for path, node in named:
        assert node.get("autocomplete"), path


def test_commands_are_for_servers_that_the_bot_is_on(commands: list[dict[str, Any]]) -> None:
    for command in commands:
        assert command.get("contexts") == [0], command["name"]
        assert command.get("integration_types") == [0], command["name"]


def test_only_setup_is_hidden_from_members(commands: list[dict[str, Any]]) -> None:
    hidden = {c["name"] for c in commands if c.get("default_member_permissions") is not None}
    assert hidden == {"setup"}


@pytest.mark.parametrize("verb", Verb)
def test_every_id_is_answered_by_one_button_one_form_or_both(world: World, verb: Verb) -> None:
    id = custom_id(verb, *SAMPLES[verb])
    items = world.bot._connection._view_store._dynamic_items
    buttons = [pattern for pattern in items if pattern.fullmatch(id)]
    forms = [form for form in world.bot._forms if form.template and form.template.fullmatch(id)]
    assert len(buttons) <= 1
    assert len(forms) <= 1
    assert buttons or forms


async def test_loading_everything_twice_adds_nothing(world: World) -> None:
    bot: ReadalongBot = world.bot
    before = sorted(command.name for command in bot.tree.get_commands())
    await bot.setup_hook()
    assert sorted(command.name for command in bot.tree.get_commands()) == before
    assert set(extensions()) == set(bot.extensions)
