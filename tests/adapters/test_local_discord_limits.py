"""Discord's limits as the local server checks them, in Discord's own numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bot.networks.discord.local.command_limits import check_choices, check_commands
from bot.networks.discord.local.errors import Problem, invalid
from bot.networks.discord.local.limits import check_message, check_modal

Body = dict[str, Any]


def paths(problems: Iterator[Problem]) -> list[str]:
    return [problem.path for problem in problems]


def button(number: int = 0, **changed: Any) -> Body:
    return {"type": 2, "style": 1, "label": "Press", "custom_id": str(number), **changed}


def row(*inside: Body) -> Body:
    return {"type": 1, "components": list(inside)}


def menu(**changed: Any) -> Body:
    options = [{"label": "One", "value": "1"}]
    return {"type": 3, "custom_id": "menu", "options": options, **changed}


def field(**changed: Any) -> Body:
    return {"name": "n", "value": "v", **changed}


def embed(**parts: Any) -> Body:
    return {"embeds": [{"type": "rich", **parts}]}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"content": "x" * 2001}, "content"),
        ({"content": "x", "nonce": "x" * 26}, "nonce"),
        ({"embeds": [{}] * 11}, "embeds"),
        (embed(title="x" * 257), "embeds.0.title"),
        (embed(description="x" * 4097), "embeds.0.description"),
        (embed(footer={"text": "x" * 2049}), "embeds.0.footer.text"),
        (embed(author={"name": "x" * 257}), "embeds.0.author.name"),
        (embed(fields=[field()] * 26), "embeds.0.fields"),
        (embed(fields=[field(name="x" * 257)]), "embeds.0.fields.0.name"),
        (embed(fields=[field(value="x" * 1025)]), "embeds.0.fields.0.value"),
        (embed(fields=[field(value="")]), "embeds.0.fields.0.value"),
        (embed(url="nostr:npub1"), "embeds.0.url"),
        ({"embeds": [{"description": "x" * 3000}, {"description": "x" * 3001}]}, "embeds"),
        ({"attachments": [{}] * 11}, "attachments"),
        ({"components": [row(button(n)) for n in range(6)]}, "components"),
        ({"components": [button()]}, "components.0.type"),
        ({"components": [row(*map(button, range(6)))]}, "components.0.components"),
        ({"components": [row()]}, "components.0.components"),
        ({"components": [row(button(), menu())]}, "components.0.components"),
        ({"components": [row(button(label="x" * 81))]}, "components.0.components.0.label"),
        ({"components": [row(button(label=""))]}, "components.0.components.0.label"),
        ({"components": [row(button(custom_id="x" * 101))]}, "components.0.components.0.custom_id"),
        ({"components": [row(button(style=5, url=""))]}, "components.0.components.0.url"),
        ({"components": [row(menu(options=[]))]}, "components.0.components.0.options"),
        (
            {"components": [row(menu(placeholder="x" * 151))]},
            "components.0.components.0.placeholder",
        ),
        (
            {"components": [row(menu(options=[{"label": "x" * 101, "value": "1"}]))]},
            "components.0.components.0.options.0.label",
        ),
        (
            {"components": [row(menu(options=[{"label": "x", "value": "1"}] * 2))]},
            "components.0.components.0.options",
        ),
        (
            {"flags": 1 << 15, "components": [{"type": 10, "content": "x" * 4001}]},
            "components",
        ),
        ({"flags": 1 << 15, "components": []}, "components"),
    ],
)
def test_a_message_breaks_one_limit_and_no_other(body: Body, path: str) -> None:
    assert paths(check_message(body)) == [path]


def test_two_buttons_of_the_same_id_are_both_named() -> None:
    body = {"components": [row(button(1), button(1), button(2))]}
    assert paths(check_message(body)) == [
        "components.0.components.0.custom_id",
        "components.0.components.1.custom_id",
    ]


def test_a_message_up_to_the_limits_is_let_in() -> None:
    body = {
        "content": "x" * 2000,
        "nonce": "x" * 25,
        "embeds": [
            {
                "title": "x" * 256,
                "description": "x" * 4096,
                "url": "https://example.org",
                "fields": [field(name="x" * 256, value="x" * 1024)],
                "footer": {"text": "x" * 368},
            }
        ],
        "components": [
            row(*(button(10 * n + m, label="x" * 80) for m in range(5))) for n in range(4)
        ]
        + [row(menu(options=[{"label": str(n), "value": str(n)} for n in range(25)]))],
    }
    assert paths(check_message(body)) == []
    section = {
        "type": 9,
        "components": [{"type": 10, "content": "x" * 4000}],
        "accessory": button(style=5, url="https://example.org"),
    }
    assert paths(check_message({"flags": 1 << 15, "components": [section]})) == []


def text_input(**changed: Any) -> Body:
    return {"type": 4, "style": 1, "label": "Question", "custom_id": "question", **changed}


def label(inside: Body, **changed: Any) -> Body:
    return {"type": 18, "label": "Question", "component": inside, **changed}


def modal(*components: Body, **changed: Any) -> Body:
    return {"title": "Ask", "custom_id": "ask", "components": list(components), **changed}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (modal(row(text_input()), title="x" * 46), "title"),
        (modal(row(text_input()), custom_id=""), "custom_id"),
        (modal(), "components"),
        (modal(*(row(text_input(custom_id=str(n))) for n in range(6))), "components"),
        (modal(label(text_input(label=None), label="x" * 46)), "components.0.label"),
        (modal(label(text_input(label=None), description="x" * 101)), "components.0.description"),
        (modal(row(text_input(label=""))), "components.0.components.0.label"),
        (modal(row(text_input(placeholder="x" * 101))), "components.0.components.0.placeholder"),
        (modal(row(text_input(value="x" * 4001))), "components.0.components.0.value"),
        (modal(row(text_input(max_length=4001))), "components.0.components.0.max_length"),
    ],
)
def test_a_form_breaks_one_limit_and_no_other(body: Body, path: str) -> None:
    assert paths(check_modal(body)) == [path]


def test_a_form_up_to_the_limits_is_let_in() -> None:
    inputs = [row(text_input(custom_id=str(n), label="x" * 45)) for n in range(4)]
    body = modal(*inputs, label(menu(), description="x" * 100), title="x" * 45)
    assert paths(check_modal(body)) == []


def slash(**changed: Any) -> Body:
    return {"name": "ask", "description": "Ask", "type": 1, **changed}


def option(**changed: Any) -> Body:
    return {"name": "text", "description": "What", "type": 3, **changed}


def group(*options: Body) -> Body:
    return option(name="group", type=2, options=list(options))


@pytest.mark.parametrize(
    ("commands", "path"),
    [
        ([slash(name=f"c{n}") for n in range(101)], "_"),
        ([{"name": f"M {n}", "type": 3} for n in range(6)], "_"),
        ([slash(), slash()], "1.name"),
        ([slash(name="x" * 33)], "0.name"),
        ([slash(name="")], "0.name"),
        ([slash(name="Ask")], "0.name"),
        ([slash(name="ask me")], "0.name"),
        ([slash(description="")], "0.description"),
        ([slash(description="x" * 101)], "0.description"),
        ([{"name": "Quote this", "type": 3, "description": "x"}], "0.description"),
        ([slash(options=[option(name=f"o{n}") for n in range(26)])], "0.options"),
        ([slash(options=[option(), option()])], "0.options.1.name"),
        ([slash(options=[option(description="")])], "0.options.0.description"),
        ([slash(options=[option(), option(name="o", required=True)])], "0.options.1"),
        (
            [slash(options=[group(option(description="x" * 101))])],
            "0.options.0.options.0.description",
        ),
        (
            [slash(options=[option(choices=[{"name": "x" * 101, "value": "x"}])])],
            "0.options.0.choices.0.name",
        ),
        (
            [slash(options=[option(autocomplete=True, choices=[{"name": "x", "value": "x"}])])],
            "0.options.0",
        ),
    ],
)
def test_commands_break_one_limit_and_no_other(commands: list[Body], path: str) -> None:
    assert paths(check_commands(commands)) == [path]


def test_a_command_of_more_than_8000_characters_is_too_large() -> None:
    choices = [{"name": f"{n:0100}", "value": f"{n:0100}"} for n in range(25)]
    commands = [slash(options=[option(name=f"o{n}", choices=choices) for n in range(2)])]
    assert paths(check_commands(commands)) == ["0"]


def test_what_autocomplete_offers_is_limited() -> None:
    assert paths(check_choices([{"name": "x", "value": "x"}] * 26)) == ["choices"]
    assert paths(check_choices([{"name": "x", "value": "x" * 101}])) == ["choices.0.value"]
    assert paths(check_choices([{"name": "", "value": 3}])) == ["choices.0.name"]
    assert paths(check_choices([{"name": "x" * 100, "value": "x" * 100}] * 25)) == []


def test_a_refusal_names_every_field_as_discord_does() -> None:
    said = invalid(list(check_message({"content": "x" * 2001, "embeds": [{"title": "x" * 257}]})))

    assert (said.status, said.code) == (400, 50035)
    errors = said.body()["errors"]
    assert errors["content"]["_errors"][0]["code"] == "BASE_TYPE_BAD_LENGTH"
    assert errors["embeds"]["0"]["title"]["_errors"][0]["message"] == (
        "Must be 256 or fewer in length."
    )
