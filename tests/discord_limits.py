"""Whether a message is within Discord's limits, counted in UTF-16 units, the strictest way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.networks.discord import limits
from bot.networks.discord.limits import units
from bot.networks.discord.render import Message


def check(message: Message) -> None:
    """Fails on the first limit that the message breaks, as JSON and as discord.py's view."""
    payload: Mapping[str, Any] = message.payload()
    assert units(payload["content"]) <= limits.CONTENT
    assert payload["content"] or payload["embeds"], "an empty message"
    assert payload["allowed_mentions"] == {"parse": []}
    _check_embeds(payload["embeds"])
    _check_rows(payload["components"])
    view = message.view()
    assert (view.to_components() if view is not None else []) == payload["components"]
    assert view is None or view.is_finished() or not _in_a_loop()


def _check_embeds(embeds: Sequence[Mapping[str, Any]]) -> None:
    assert len(embeds) <= limits.EMBEDS
    assert sum(_length(embed) for embed in embeds) <= limits.EMBED_TOTAL
    for embed in embeds:
        assert units(embed.get("title", "")) <= limits.EMBED_TITLE
        assert units(embed.get("description", "")) <= limits.EMBED_DESCRIPTION
        assert units(embed.get("footer", {}).get("text", "")) <= limits.FOOTER
        assert units(embed.get("author", {}).get("name", "")) <= limits.AUTHOR
        assert len(embed.get("fields", [])) <= limits.EMBED_FIELDS
        for field in embed.get("fields", []):
            assert 1 <= units(field["name"]) <= limits.FIELD_NAME
            assert 1 <= units(field["value"]) <= limits.FIELD_VALUE
        assert embed.get("title") or embed.get("description"), "an embed of nothing"


def _check_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    assert len(rows) <= limits.ROWS
    buttons = [button for row in rows for button in row["components"]]
    assert all(1 <= len(row["components"]) <= limits.BUTTONS for row in rows)
    ids = [button["custom_id"] for button in buttons if "custom_id" in button]
    assert len(set(ids)) == len(ids), "two buttons of one id"
    assert all(1 <= len(id) <= limits.CUSTOM_ID for id in ids)
    for button in buttons:
        assert button.get("label") or button.get("emoji")
        assert units(button.get("label", "")) <= limits.BUTTON_LABEL
        assert units(button.get("url", "")) <= limits.BUTTON_URL


def _length(embed: Mapping[str, Any]) -> int:
    texts = [embed.get("title", ""), embed.get("description", "")]
    texts += [embed.get("footer", {}).get("text", ""), embed.get("author", {}).get("name", "")]
    for field in embed.get("fields", []):
        texts += [field["name"], field["value"]]
    return sum(units(text) for text in texts)


def _in_a_loop() -> bool:
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
