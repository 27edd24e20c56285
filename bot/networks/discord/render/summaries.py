"""How summaries look: techie and plain side by side, whole at any length, and always who made them.

Pure. Which summaries there are, and making them, is the services'.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.domain.model import Audience, Point, Session, Summary
from bot.networks.discord import limits
from bot.networks.discord.render.message import Message, packed
from bot.networks.discord.render.parts import BLUE, GREEN
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import one_line, plain, prose

_LOOKS = {Audience.TECHIE: ("For techies", BLUE), Audience.PLAIN: ("In plain words", GREEN)}
_PIECE = limits.EMBED_DESCRIPTION - 96
_NO_AI = "quoted from the reading (no AI)"


def summaries(session: Session, made: Sequence[Summary], *, missing: str = "") -> list[Message]:
    """The summaries in one message where they fit, in further ones where they don't.

    Every embed's footer says who made that summary and how. ``missing`` is a sentence on what there
    is no summary of.
    """
    embeds = [embed for summary in made for embed in _embeds(session, summary)]
    if said := cut(prose(missing), _PIECE):
        embeds.append(discord.Embed(description=said, colour=BLUE))
    return packed(embeds)


def origin(summary: Summary) -> str:
    """Who made a summary, and how."""
    draft = summary.draft
    if draft.origin == "extractive":
        return _NO_AI
    if draft.origin == "imported":
        by = f", by {cut(plain(draft.answered_by), 100)}" if draft.answered_by else ""
        return f"from the group's page{by}"
    return f"written by {cut(plain(draft.origin), 100)}, an AI model; check it against the reading"


def _embeds(session: Session, summary: Summary) -> list[discord.Embed]:
    title, colour = _LOOKS[summary.draft.audience]
    pieces = split(_text(summary), _PIECE) or ["\u200b"]
    embeds = []
    for number, piece in enumerate(pieces, 1):
        embed = discord.Embed(description=piece, colour=colour)
        if number == 1:
            embed.title = title
            embed.set_author(name=cut(plain(session.title), limits.AUTHOR) or "\u200b")
        part = f" · part {number} of {len(pieces)}" if len(pieces) > 1 else ""
        embed.set_footer(text=f"{title}, {origin(summary)}{part}")
        embeds.append(embed)
    return embeds


def _text(summary: Summary) -> str:
    draft = summary.draft
    if not draft.points:
        return prose(draft.body)
    points = [_point(number, point) for number, point in enumerate(draft.points, 1)]
    return "\n\n".join(part for part in (prose(draft.lead), *points) if part)


def _point(number: int, point: Point) -> str:
    """Numbered, its head in bold where the text doesn't begin with it anyway."""
    text, head = prose(" ".join(point.text.split())), one_line(point.head)
    if not head or text.startswith(head):
        return f"**{number}.** {text}"
    return f"**{number}. {head}{'' if head[-1] in ':.!?' else ':'}** {text}"
