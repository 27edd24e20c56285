"""What messages about sessions are made of: times, titles, places, readings, long text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

import discord

from bot.domain.model import Rsvps
from bot.networks.discord import limits
from bot.networks.discord.limits import units
from bot.networks.discord.render.message import room_left
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import link, one_line

BLUE, GREEN, AMBER, GREY, RED = 0x3B6FD4, 0x3F9A6B, 0xD9902F, 0x8A9099, 0xC0392B

_MORE = "\n… (the session page has the rest)"
_SLACK = 60  # units of the 6000 that are left alone: footers and marks of later versions
_READINGS = 1500  # units that readings may take
_READING = 200  # characters of one reading's title
_CHANNEL = re.compile(r"<#\d{1,20}>")


def moment(at: datetime) -> str:
    """``<t:...:F>``: everybody reads it in a time zone of their own."""
    return f"<t:{int(at.timestamp())}:F>"


def when(at: datetime) -> str:
    """The time, and how far off it is, which every client keeps current."""
    return f"{moment(at)} (<t:{int(at.timestamp())}:R>)"


@lru_cache(maxsize=256)
def title_of(text: str, limit: int = limits.EMBED_TITLE) -> str:
    """An embed's title, where Discord reads Markdown."""
    return cut(one_line(text[: 4 * limit]), limit) or "\u200b"


def place(text: str) -> str:
    """Where it is; a channel's mention stays one, for it notifies nobody."""
    text = text.strip()
    return text if _CHANNEL.fullmatch(text) else cut(one_line(cut(text, 300)), 500)


def readings(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """(title, url) pairs, a line each; those that don't fit are counted."""
    lines = [f"📖 {link(cut(title, _READING), url)}" for title, url in pairs if title or url]
    shown: list[str] = []
    for number, line in enumerate(lines):
        if units("\n".join([*shown, line])) > _READINGS:
            return [*shown, f"📖 … and {len(lines) - number} more"]
        shown.append(line)
    return shown


def hashtags(tags: Iterable[str]) -> str:
    names = ("-".join(tag.lower().split()).lstrip("#") for tag in tags)
    return cut(" ".join(f"#{one_line(name)}" for name in dict.fromkeys(names) if name), 500)


def counts_text(counts: Rsvps) -> str:
    return f"Going {counts.yes} · Maybe {counts.maybe} · Can't {counts.no}"


def add_prose(embeds: list[discord.Embed], text: str, colour: int) -> None:
    """Continue the last embed's description with ``text``; in further embeds where it is full.

    What one message can't hold is left out, and says so.
    """
    before = embeds[-1].description or ""
    room = limits.EMBED_DESCRIPTION - units(before) - 2
    pieces = split(text, room) if room > 500 else []
    first = pieces[0] if pieces else ""
    rest = text.strip()[len(first) :].lstrip()
    for piece in (first, *split(rest, limits.EMBED_DESCRIPTION)):
        left = room_left(embeds) - _SLACK
        if units(piece) > left:
            _append(embeds, cut(piece, max(left - len(_MORE), 1)) + _MORE, colour)
            return
        _append(embeds, piece, colour)


def _append(embeds: list[discord.Embed], piece: str, colour: int) -> None:
    last = embeds[-1].description or ""
    if not piece:
        return
    if units(last) + 2 + units(piece) <= limits.EMBED_DESCRIPTION:
        embeds[-1].description = f"{last}\n\n{piece}" if last else piece
    else:
        embeds.append(discord.Embed(description=piece, colour=colour))
