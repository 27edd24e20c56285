"""How a session's question board looks: questions as ranked by the service, a few a page.

Pure. Ranking, votes and who may moderate are the services'; here a button more or less is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import discord

from bot.domain.model import Author, Network, Question, QuestionStatus, Session
from bot.networks.discord import limits
from bot.networks.discord.ids import Verb, custom_id
from bot.networks.discord.limits import units
from bot.networks.discord.render.message import Button, Message, Row
from bot.networks.discord.render.parts import BLUE, title_of
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import inert, plain

Names = Callable[[Author], str]
"""How a person of any network is shown."""

PAGE = 5
"""Questions on one page, fewer where they are long."""

_BETWEEN = "\n\n"
_ROOM = limits.EMBED_DESCRIPTION
_PIECE = 3600  # units of one question's text on one page; a longer one goes on on the next
_STATES = {QuestionStatus.ANSWERED: "✅ answered", QuestionStatus.HIDDEN: "🙈 hidden from members"}


@dataclass(frozen=True, slots=True)
class _Entry:
    question: Question
    text: str


def board(
    session: Session,
    questions: Sequence[Question],
    *,
    page: int,
    voted: Collection[int],
    organiser: bool,
    shared: bool,
    names: Names,
) -> Message:
    """One page of the board, from 0; a page past the end is the last one.

    ``voted`` are the numbers that the reader votes for, which a board that is ``shared`` by several
    readers doesn't show. ``organiser``: with a button a question to moderate it.
    """
    embed = discord.Embed(title=_title(session), colour=BLUE)
    if not questions:
        embed.description = "No questions yet. Put the first one: press **Ask**, or use `/ask`."
        return Message(embeds=(embed,), rows=(_paging(session, 0, 1),))
    pages = _pages(_Same(questions), names)
    page = min(max(page, 0), len(pages) - 1)
    embed.description = _BETWEEN.join(entry.text for entry in pages[page])
    embed.set_footer(text=_footer(questions, page, len(pages)))
    shown = list({entry.question.number: entry.question for entry in pages[page]}.values())
    rows = [_votes(session, page, shown, () if shared else voted)]
    if organiser:
        rows.append(_moderating(session, shown))
    return Message(embeds=(embed,), rows=(*rows, _paging(session, page, len(pages))))


def moderation(
    session: Session, question: Question, *, into: Sequence[Question], names: Names
) -> Message:
    """What an organiser can do with one question; ``into`` are those it could be merged into."""
    embed = discord.Embed(title=_title(session), colour=BLUE)
    embed.description = cut(_head(question, names, inert(question.text)), _ROOM - 1600)
    others = "\n".join(
        f"**{other.number}.** {cut(inert(' '.join(other.text.split())), 120)}"
        for other in into[:10]
    )
    if others:
        embed.description += f"\n\n_It could be merged into_\n{others}"
    return Message(embeds=(embed,), rows=(_actions(session, question, can_merge=bool(into)),))


def accepted(question: Question, session: Session) -> Message:
    """What the person is told whose question is on the board."""
    embed = discord.Embed(title=_title(session), colour=BLUE)
    said = cut(inert(question.text), _ROOM - 100)
    embed.description = f"Your question is number **{question.number}** on the board.\n\n{said}"
    if question.author is None:
        embed.set_footer(text="Asked anonymously: nobody's name is kept with it.")
    return Message(
        embeds=(embed,),
        rows=((Button("All questions", custom_id(Verb.BOARD, session.id, 0), emoji="📋"),),),
    )


def entry_text(question: Question, names: Names) -> str:
    """A question with its number, who asked and its votes, whole."""
    return _head(question, names, inert(question.text))


def _head(question: Question, names: Names, text: str) -> str:
    votes = f"👍 {question.votes} · " if question.votes else ""
    state = _STATES.get(question.status, "")
    tail = f"{votes}{_asker(question, names)}{f' · {state}' if state else ''}"
    return f"**{question.number}.** {text}\n_{tail}_"


def _asker(question: Question, names: Names) -> str:
    if question.author is None:
        return "the group" if question.network is Network.LOCAL else "anonymous"
    name = _name(question.author, names)
    return f"{name}, on Nostr" if question.network is Network.NOSTR else name


@lru_cache(maxsize=1024)
def _name(author: Author, names: Names) -> str:
    return cut(inert(plain(names(author))), 100) or "somebody"


class _Same:
    """Questions that are the same only where they are the very same object, which it keeps alive:
    the service gives one out until something changes."""

    __slots__ = ("questions",)

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = questions

    def __hash__(self) -> int:
        return id(self.questions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.questions is other.questions


@lru_cache(maxsize=32)
def _pages(same: _Same, names: Names) -> list[list[_Entry]]:
    """The same pages for everybody, as they depend on the questions alone.

    They are kept: a board of 200 is looked through again only when something on it changed.
    """
    pages: list[list[_Entry]] = []
    room = 0
    for entry in (entry for question in same.questions for entry in _entries(question, names)):
        length = units(entry.text) + len(_BETWEEN)
        if not pages or len(pages[-1]) == PAGE or length > room:
            pages.append([])
            room = _ROOM + len(_BETWEEN)
        pages[-1].append(entry)
        room -= length
    return pages


def _entries(question: Question, names: Names) -> list[_Entry]:
    pieces = _pieces(question.text)
    entries = [_Entry(question, _head(question, names, pieces[0]))]
    return entries + [_Entry(question, f"**{question.number} …** {p}") for p in pieces[1:]]


@lru_cache(maxsize=1024)
def _pieces(text: str) -> tuple[str, ...]:
    """A question's text, inert; a board of 200 is looked through at each press of a button."""
    return tuple(split(inert(text), _PIECE)) or ("\u200b",)


def _title(session: Session) -> str:
    return title_of(f"Questions: {session.title}")


def _footer(questions: Sequence[Question], page: int, pages: int) -> str:
    count = f"{len(questions)} question{'s'[: len(questions) != 1]}"
    return f"{count}, most votes first · page {page + 1} of {pages}"


def _votes(session: Session, page: int, shown: Sequence[Question], voted: Collection[int]) -> Row:
    return tuple(
        Button(
            str(question.number),
            custom_id(Verb.VOTE, session.id, question.number, page),
            discord.ButtonStyle.success
            if question.number in voted
            else discord.ButtonStyle.secondary,
            emoji="👍",
            disabled=question.status is QuestionStatus.HIDDEN,
        )
        for question in shown
    )


def _moderating(session: Session, shown: Sequence[Question]) -> Row:
    return tuple(
        Button(f"Moderate {question.number}", custom_id(Verb.MODERATE, session.id, question.number))
        for question in shown
    )


def _paging(session: Session, page: int, pages: int) -> Row:
    row = []
    if page > 0:
        row.append(Button("Previous", custom_id(Verb.BOARD, session.id, page - 1), emoji="◀️"))
    row.append(Button("Refresh", custom_id(Verb.BOARD, session.id, page), emoji="🔄"))
    if page < pages - 1:
        row.append(Button("Next", custom_id(Verb.BOARD, session.id, page + 1), emoji="▶️"))
    ask = Button("Ask", custom_id(Verb.ASK, session.id), discord.ButtonStyle.primary)
    return (*row, ask)


def _actions(session: Session, question: Question, *, can_merge: bool) -> Row:
    def button(label: str, verb: Verb, emoji: str) -> Button:
        return Button(label, custom_id(verb, session.id, question.number), emoji=emoji)

    row = []
    if question.status is QuestionStatus.OPEN:
        row += [button("Answered", Verb.ANSWERED, "✅"), button("Hide", Verb.HIDE, "🙈")]
    else:
        row.append(button("Open again", Verb.REOPEN, "↩️"))
    if can_merge:
        row.append(button("Merge …", Verb.MERGE, "🔗"))
    return tuple(row)
