"""What one member sees of one interaction, as it comes: the answer, its edits, follow-ups, a form.

It only records; ``routes.interactions`` writes into it, and whoever acts reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.networks.discord.local.changes import Changes
from bot.networks.discord.local.model import Channel, Json, Message


class Answer(StrEnum):
    """How the bot acknowledged."""

    NONE = "none"  # nothing within three seconds: "The application did not respond"
    MESSAGE = "message"
    THINKING = "thinking"  # a defer: "Readalong is thinking..."
    DEFERRED_UPDATE = "deferred update"
    UPDATE = "update"
    CHOICES = "choices"
    MODAL = "modal"


@dataclass(frozen=True, slots=True)
class Modal:
    """A form that the bot opened. ``body`` as sent: title, custom_id, components."""

    title: str
    custom_id: str
    body: Json

    @property
    def inputs(self) -> list[Json]:
        """Its text fields and menus, each with the ``label`` that stands over it."""
        found: list[Json] = []
        for row in self.body["components"]:
            if row["type"] == 1:
                found.extend(row["components"])
            elif row["type"] == 18:
                found.append({**row["component"], "label": row["label"]})
        return found


@dataclass(frozen=True, slots=True)
class Choice:
    name: str
    value: str | int | float


class Shown:
    """In ``channel``; ``source`` is the message whose button was pressed.

    ``message`` is the answer as it stands now (for a pressed button that was updated: its
    message).
    """

    def __init__(self, changes: Changes, channel: Channel) -> None:
        self.channel = channel
        self.source: Message | None = None
        self.own = Changes()
        """Of this interaction alone, so that a hundred at once don't wake each other."""
        self._changes = changes
        self.answer = Answer.NONE
        self.message: Message | None = None
        self.followups: list[Message] = []
        self.modal: Modal | None = None
        self.choices: list[Choice] = []
        self.acknowledged_ms: float | None = None
        """From the event to the bot's first call, however it answered."""
        self.answered_ms: float | None = None
        """From the event to the first thing to read (after a defer: when the thinking ended)."""

    @property
    def ms(self) -> float:
        """``answered_ms``; infinite where nothing came to read."""
        return float("inf") if self.answered_ms is None else self.answered_ms

    @property
    def ephemeral(self) -> bool:
        """Whether the answer is for this member alone."""
        return self.message is not None and self.message.ephemeral

    @property
    def messages(self) -> list[Message]:
        """The answer and the follow-ups, those that stand."""
        first = [] if self.message is None else [self.message]
        return [each for each in (*first, *self.followups) if not each.deleted]

    @property
    def text(self) -> str:
        """All that is to read in them."""
        return "\n".join(message.text for message in self.messages if not message.loading)

    async def until(self, condition: Callable[[Shown], object], within: float = 20.0) -> Shown:
        """This, as soon as ``condition(this)`` is true; TimeoutError after ``within`` seconds."""
        await self._changes.until(lambda: condition(self), within)
        return self
