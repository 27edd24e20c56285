"""How what a summary rests on looks: each point's quote, and the reading's section that has it.

Pure. Which quotes are kept is the services'; whether they stand in the reading was checked before.
"""

from __future__ import annotations

import discord

from bot.domain.model import Point, Session, Summary
from bot.networks.discord import limits
from bot.networks.discord.render.message import Message, packed
from bot.networks.discord.render.parts import title_of
from bot.networks.discord.render.summaries import LOOKS, made_by
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import one_line, plain

_NONE = "No quotes were kept with this summary; look the points up in the reading itself."


def evidence(session: Session, summary: Summary) -> list[Message]:
    """Every point with its quote and section; a sentence where no quote was kept."""
    head, colour = LOOKS[summary.draft.audience]
    points = summary.draft.points
    text = _NONE
    if any(point.quote for point in points):
        text = "\n\n".join(_entry(number, point) for number, point in enumerate(points, 1))
    embeds = [
        discord.Embed(description=piece, colour=colour)
        for piece in split(text, limits.EMBED_DESCRIPTION)
    ]
    embeds[0].title = title_of(f"{head}: where it says that")
    embeds[0].set_author(name=cut(plain(session.title), limits.AUTHOR) or "\u200b")
    embeds[-1].set_footer(text=f"version {summary.version}, {made_by(summary.draft)}")
    return packed(embeds)


def _entry(number: int, point: Point) -> str:
    head = one_line(point.head) or cut(one_line(point.text), 80)
    return f"**{number}. {head}**\n{quoted(point.quote, point.section)}"


def quoted(quote: str, section: str) -> str:
    """A quote as one, and where it stands; or that there is none."""
    if not quote.strip():
        return "no quote was kept"
    where = f"\n_in “{cut(one_line(section), 200)}”_" if section.strip() else ""
    return f"> “{one_line(quote)}”{where}"
