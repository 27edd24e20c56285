"""How summaries look: techie and plain side by side, whole at any length, and always who made them.

Pure. Which summaries there are, and making them, is the services'.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import discord

from bot.domain.model import Audience, Point, Session, Summary, SummaryDraft, SummaryStatus
from bot.domain.posts import SummaryPost
from bot.networks.discord import limits
from bot.networks.discord.ids import Verb, custom_id
from bot.networks.discord.limits import units
from bot.networks.discord.render.message import Button, Message, Row, packed
from bot.networks.discord.render.parts import BLUE, GREEN, title_of
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import one_line, plain, prose

LOOKS = {Audience.TECHIE: ("For techies", BLUE), Audience.PLAIN: ("In plain words", GREEN)}
READ = {Audience.TECHIE: "Techie summary", Audience.PLAIN: "Plain summary"}
"""The buttons that show one."""

_PIECE = limits.EMBED_DESCRIPTION - 96
_NO_AI = "quoted from the reading (no AI)"
_EDITED = "edited by the organiser"
_DRAFT = "_A draft that no organiser has approved yet._"
_WHERE = "Where does it say that?"


class Words(Protocol):
    """What a summary says and where that is from: a ``SummaryDraft``, a ``SummaryPost``."""

    @property
    def lead(self) -> str: ...
    @property
    def points(self) -> tuple[Point, ...]: ...
    @property
    def body(self) -> str: ...
    @property
    def origin(self) -> str: ...
    @property
    def answered_by(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def edited(self) -> bool: ...


def summaries(session: Session, made: Sequence[Summary], *, missing: str = "") -> list[Message]:
    """The summaries in one message where they fit, in further ones where they don't.

    Every embed's footer says who made that summary and how; under the last stand the buttons that
    say where the reading has it. ``missing`` is a sentence on what there is no summary of.
    """
    embeds = []
    for summary in made:
        is_draft = summary.draft.status is SummaryStatus.DRAFT
        embeds += summary_embeds(session, summary.draft, as_draft=is_draft)
    if said := cut(prose(missing), _PIECE):
        embeds.append(discord.Embed(description=said, colour=BLUE))
    messages = packed(embeds)
    if made:
        messages[-1] = messages[-1].with_rows(evidence_row(made))
    return messages


def posted(post: SummaryPost, session_id: int, mark: str = "") -> Message:
    """One summary for everybody, in one message. ``mark`` is what it is found by (see `deliver`).

    One that is too long ends after a point, and leads to its rest by a button.
    """
    head, colour = LOOKS[post.audience]
    title = title_of(f"{head}: {post.title}")
    author = cut(plain(post.card.title), limits.AUTHOR) or "\u200b"
    footer = f"{head}, {made_by(post)}{f' · {mark}' if mark else ''}"
    room = limits.EMBED_TOTAL - units(title + author + footer)
    text, is_whole = _as_much(_blocks(post), room, READ[post.audience])
    pieces = split(text, limits.EMBED_DESCRIPTION) or ["\u200b"]
    embeds = [discord.Embed(description=piece, colour=colour) for piece in pieces]
    embeds[0].title = title
    embeds[0].set_author(name=author)
    embeds[-1].set_footer(text=footer)
    where = Button(
        _WHERE, custom_id(Verb.EVIDENCE, session_id, post.audience, post.version), emoji="🔎"
    )
    rest = Button(READ[post.audience], custom_id(Verb.SUMMARY, session_id, post.audience))
    return Message(embeds=tuple(embeds), rows=((where,) if is_whole else (rest, where),))


def made_by(words: Words) -> str:
    """Who made a summary, and how."""
    edited = f", {_EDITED}" if words.edited else ""
    if words.origin == "extractive":
        return f"{_NO_AI}{edited}"
    if words.origin == "imported":
        by = f", by {cut(plain(words.answered_by), 100)}" if words.answered_by else ""
        return f"from the group's page{by}{edited}"
    model = cut(plain(words.origin), 100)
    return f"written by {model}, an AI model{edited}; check it against the reading"


def summary_embeds(
    session: Session, summary: SummaryDraft, *, as_draft: bool
) -> list[discord.Embed]:
    """One summary, whole; with ``as_draft`` it says of itself that it is one."""
    title, colour = LOOKS[summary.audience]
    pieces = _pieces(summary, as_draft)
    embeds = []
    for number, piece in enumerate(pieces, 1):
        embed = discord.Embed(description=piece, colour=colour)
        if number == 1:
            embed.title = title
            embed.set_author(name=cut(plain(session.title), limits.AUTHOR) or "\u200b")
        draft = "a draft, " if as_draft else ""
        part = f" · part {number} of {len(pieces)}" if len(pieces) > 1 else ""
        embed.set_footer(text=f"{title}, {draft}{made_by(summary)}{part}")
        embeds.append(embed)
    return embeds


@lru_cache(maxsize=64)  # the same few are asked for again and again
def _pieces(summary: SummaryDraft, as_draft: bool) -> tuple[str, ...]:
    """What a summary says, in as many pieces as it takes."""
    text = "\n\n".join([_DRAFT] * as_draft + _blocks(summary))
    return tuple(split(text, _PIECE)) or ("\u200b",)


def evidence_row(made: Sequence[Summary]) -> Row:
    """A button for each summary that says where the reading has its points."""
    return tuple(
        Button(
            _WHERE
            if len(made) == 1
            else f"{summary.draft.audience.capitalize()}: {_WHERE.lower()}",
            custom_id(Verb.EVIDENCE, summary.session_id, summary.draft.audience, summary.version),
            emoji="🔎",
        )
        for summary in {each.draft.audience: each for each in made}.values()
    )


def _blocks(words: Words) -> list[str]:
    """The parts between which a summary may be cut: its lead and its points, or its paragraphs."""
    if words.points:
        points = [_point(number, point) for number, point in enumerate(words.points, 1)]
        blocks = [prose(words.lead), *points]
    else:
        blocks = prose(words.body).split("\n\n")
    if scope := one_line(words.scope):
        blocks.append(f"_{scope}_")
    return [block for block in blocks if block]


def _as_much(blocks: Sequence[str], room: int, button: str) -> tuple[str, bool]:
    """The text of as many blocks as fit, and whether these are all; else it says what has the rest.

    The first one is cut where it alone is too long.
    """
    whole = "\n\n".join(blocks)
    if units(whole) <= room:
        return whole, True
    more = f"\n\n_… the rest:_ **{button}**"
    room -= units(more)
    taken = 1
    while units("\n\n".join(blocks[: taken + 1])) <= room:
        taken += 1
    return cut("\n\n".join(blocks[:taken]), room) + more, False


def _point(number: int, point: Point) -> str:
    """Numbered, its head in bold where the text doesn't begin with it anyway."""
    text, head = prose(" ".join(point.text.split())), one_line(point.head)
    if not head or text.startswith(head):
        return f"**{number}.** {text}"
    return f"**{number}. {head}{'' if head[-1] in ':.!?' else ':'}** {text}"
