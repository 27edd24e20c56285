"""A Discord message as data: text, embeds and rows of buttons, for REST and for discord.py alike.

It knows no session and no question, and nothing of what a press on a button does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import discord

from bot.networks.discord import limits
from bot.networks.discord.limits import units

Json = str | int | float | bool | None | Sequence["Json"] | dict[str, "Json"]
Payload = dict[str, Json]

_ACTION_ROW, _BUTTON = 1, 2  # component types


@dataclass(frozen=True, slots=True)
class Button:
    """One button: with a ``custom_id`` (see `ids`), or with a ``url`` that it opens."""

    label: str = ""
    custom_id: str = ""
    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    emoji: str = ""
    url: str = ""
    disabled: bool = False

    def payload(self) -> Payload:
        style = discord.ButtonStyle.link if self.url else self.style
        made: Payload = {"type": _BUTTON, "style": style.value, "disabled": self.disabled}
        if self.label:
            made["label"] = self.label
        if self.emoji:
            made["emoji"] = {"id": None, "name": self.emoji}
        made["url" if self.url else "custom_id"] = self.url or self.custom_id
        return made


Row = tuple[Button, ...]
"""At most five buttons side by side."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, within Discord's limits; ``rows`` stand under the embeds, five at most."""

    content: str = ""
    embeds: tuple[discord.Embed, ...] = ()
    rows: tuple[Row, ...] = ()

    def payload(self) -> Payload:
        """The JSON of a message for REST. It mentions nobody, whatever its text says."""
        return {
            "content": self.content,
            "embeds": [_json(embed) for embed in self.embeds],
            "components": self._components(),
            "allowed_mentions": {"parse": []},
        }

    def view(self) -> discord.ui.View | None:
        """The rows for discord.py; None where there are none.

        It is finished from the start, so that discord.py doesn't hold it for ever: a press is
        answered by its custom id alone.
        """
        return _Drawn(self._components()) if self.rows else None

    def _components(self) -> list[Payload]:
        return [
            {"type": _ACTION_ROW, "components": [button.payload() for button in row]}
            for row in self.rows
        ]

    def with_rows(self, *rows: Row) -> Message:
        return replace(self, rows=rows)


class _Drawn(discord.ui.View):
    """Rows as they are sent, without discord.py's own buttons: eight of them take as long to make
    as all the rest of a message.
    """

    def __init__(self, components: list[Payload]) -> None:
        super().__init__(timeout=None)
        self._drawn = components
        self.stop()

    def to_components(self) -> list[dict[str, Any]]:
        return list(self._drawn)


def embed_length(embed: discord.Embed) -> int:
    """What counts of an embed towards a message's 6000, in UTF-16 units."""
    texts = [embed.title, embed.description, embed.footer.text, embed.author.name]
    for field in embed.fields:
        texts += [field.name, field.value]
    return sum(units(text) for text in texts if text)


def room_left(embeds: Sequence[discord.Embed]) -> int:
    """How much more text the embeds of one message may have together."""
    return limits.EMBED_TOTAL - sum(embed_length(embed) for embed in embeds)


def packed(embeds: Sequence[discord.Embed]) -> list[Message]:
    """Embeds in as few messages as hold them, in order."""
    messages: list[list[discord.Embed]] = []
    for embed in embeds:
        last = messages[-1] if messages else None
        if last is None or len(last) == limits.EMBEDS or room_left(last) < embed_length(embed):
            messages.append([embed])
        else:
            last.append(embed)
    return [Message(embeds=tuple(together)) for together in messages]


def _json(embed: discord.Embed) -> Payload:
    made: Payload = dict(embed.to_dict().items())  # type: ignore[arg-type]  # a TypedDict of JSON
    made.pop("flags", None)
    return made
