"""The check of requests against Discord's own description of its API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.networks.discord.local.errors import Problem
from bot.networks.discord.local.requests import Logged
from tests.discord_openapi import location, objections

AT = datetime(2026, 11, 1, tzinfo=UTC)

described = pytest.mark.skipif(  # the description is Discord's file, not part of this repository
    location() is None, reason="Discord's openapi.json isn't there: DISCORD_OPENAPI can name it"
)


def request(
    path: str, body: Any = None, method: str = "POST", query: dict[str, str] | None = None
) -> Logged:
    return Logged(method, path, query or {}, body, AT)


@described
@pytest.mark.parametrize(
    ("logged", "said"),
    [
        (request("/nowhere"), "there is no such path"),
        (request("/channels/1/messages", {"content": 3}), "$.content"),
        (request("/channels/1/messages", {"embeds": [{"title": ["x"]}]}), "$.embeds[0].title"),
        (request("/channels/1/messages", method="GET", query={"page": "1"}), "no query parameter"),
        (request("/channels/1/messages", {"x": 1}, method="GET"), "takes no body"),
        (request("/interactions/1/t/callback", {"type": 40}), "$"),
    ],
)
def test_what_discord_does_not_describe_is_objected_to(logged: Logged, said: str) -> None:
    [line] = objections([logged])
    assert line.startswith(f"{logged.method} {logged.path}: ")
    assert said in line


@described
def test_what_discord_describes_is_let_through_with_ids_as_numbers() -> None:
    reply = {"message_id": 1, "guild_id": 2, "channel_id": 3, "fail_if_not_exists": True}
    assert (
        objections(
            [
                request("/channels/1/messages", {"content": "x", "message_reference": reply}),
                request("/users/@me/channels", {"recipient_id": 1}),
                request("/users/@me", method="GET"),
            ]
        )
        == []
    )


def test_a_broken_limit_is_always_objected_to() -> None:
    logged = request("/users/@me/channels", {"recipient_id": "1"})
    logged.problems = (Problem("content", "CODE", "Must be shorter."),)

    assert objections([logged]) == ["POST /users/@me/channels: content: Must be shorter."]


def test_without_the_description_only_limits_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISCORD_OPENAPI", "nowhere.json")

    assert location() is None
    assert objections([request("/nowhere")]) == []
