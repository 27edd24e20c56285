"""A Discord message as whoever reads it sees it, in words: times, mentions, Markdown and buttons.

Discord's client does this with what the bot sends. Emoji become words, for they aren't equally wide
on all terminals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from bot.networks.discord.local import Guild, Message, Modal

_TIME = re.compile(r"<t:(\d+):([FR])>")
_MENTION = re.compile(r"<(#|@&|@)(\d+)>")
_LINK = re.compile(r"\[([^\[\]]+)\]\(https?://[^\s()]+\)")
_STRESS = re.compile(r"(?<!\\)(\*\*|~~)")
_ITALIC = re.compile(r"^_(.+)_$", re.MULTILINE)
_ESCAPED = re.compile(r"\\([^\w\s])")
_WORDS: Mapping[str, str] = {"🗓️ ": "When: ", "📍 ": "Where: ", "📖 ": "Reading: ", "👍": "▲"}
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u25b6\u25c0\ufe0f]+ ?")
_BUTTONS = 6  # as many as an announcement has
_MARK = re.compile(r" · ref [0-9a-f]+$")
_TEXT_INPUT, _SELECT, _CHECKBOX = 4, 3, 23
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))

Written = Mapping[str, str | bool]
"""What a person puts into a form's fields, by their labels."""


@dataclass(frozen=True, slots=True)
class Seen:
    """``foot``: who made it, and the buttons under it."""

    title: str
    body: str
    foot: tuple[str, ...]


class Reader:
    """Reads in ``guild`` with a clock at ``zone``."""

    def __init__(self, guild: Guild, zone: tzinfo, now: Callable[[], datetime]) -> None:
        self._guild = guild
        self._zone = zone
        self._now = now

    def sees(self, *messages: Message) -> Seen:
        """All of them as one text."""
        embeds = [embed for message in messages for embed in message.embeds]
        title = next((embed["title"] for embed in embeds if embed.get("title")), "")
        parts = [message.content for message in messages]
        parts += [embed.get("description", "") for embed in embeds]
        fields = [
            f"{each['name']}: {each['value']}" for e in embeds for each in e.get("fields", ())
        ]
        body = "\n\n".join(self.text(part) for part in (*parts, *fields) if part)
        made = [embed["footer"]["text"] for embed in embeds if embed.get("footer")]
        feet = [_MARK.sub("", self.text(text)) for text in made]
        feet += [buttons(message) for message in messages if message.controls]
        return Seen(self.text(title), body, tuple(feet))

    def text(self, markdown: str) -> str:
        text = _TIME.sub(self._time, _MENTION.sub(self._mention, markdown))
        text = _ITALIC.sub(r"\1", _STRESS.sub("", _LINK.sub(r"\1", text)))
        return without_emoji(_ESCAPED.sub(r"\1", text))

    def _mention(self, found: re.Match[str]) -> str:
        known: Mapping[str, Mapping[int, object]] = {
            "#": self._guild.channels,
            "@&": self._guild.roles,
            "@": {member.id: member.user for member in self._guild.members.values()},
        }
        named = known[found[1]].get(int(found[2]))
        return f"{found[1][0]}{getattr(named, 'name', 'unknown')}"

    def _time(self, found: re.Match[str]) -> str:
        at = datetime.fromtimestamp(int(found[1]), UTC)
        if found[2] == "R":
            return relative(at - self._now())
        local = at.astimezone(self._zone)
        return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"


def buttons(message: Message) -> str:
    """``[Going] [Maybe] [▲ 3]``; of many the first ones."""
    labels = []
    for control in message.controls:
        emoji = (control.get("emoji") or {}).get("name", "")
        words = without_emoji(f"{emoji} {control.get('label', '')}".strip())
        labels.append(f"[{words}]")
    left = len(labels) - _BUTTONS
    return " ".join(labels if left <= 1 else [*labels[:_BUTTONS], f"and {left} more"])


def filled(modal: Modal, values: Written) -> str:
    """A form as it is sent off: every field with what stands in it."""
    lines = []
    for each in modal.inputs:
        label, value = each["label"], values.get(each["label"])
        if each["type"] == _CHECKBOX:
            lines.append(f"[{'x' if value else ' '}] {label}")
        elif each["type"] == _SELECT:
            chosen = [option["label"] for option in each["options"] if option.get("default")]
            lines.append(f"{label}: {value or ', '.join(chosen)}")
        elif each["type"] == _TEXT_INPUT:
            lines.append(f"{label}: {value or ''}")
    return "\n".join(lines)


def without_emoji(text: str) -> str:
    for emoji, words in _WORDS.items():
        text = text.replace(emoji, words)
    return _EMOJI.sub("", text)


def relative(ahead: timedelta) -> str:
    """``in 30 seconds``, ``2 hours ago``."""
    seconds = round(ahead.total_seconds())
    size, unit = next((each for each in _UNITS if abs(seconds) >= each[0]), _UNITS[-1])
    count = abs(seconds) // size
    words = f"{count} {unit}{'s'[: count != 1]}"
    return f"in {words}" if seconds > 0 else f"{words} ago"
