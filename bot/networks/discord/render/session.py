"""How one session looks: its announcement, its reminders and notices, its details, and lists.

Pure: a card goes in, a message comes out. Titles and places are shown as they were typed; the topic
keeps its Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import discord

from bot.domain.model import Audience, RsvpAnswer, Rsvps, Session, SessionStatus
from bot.domain.posts import Change, SessionCard, SessionPost
from bot.domain.when import until
from bot.networks.discord import limits
from bot.networks.discord.ids import Verb, custom_id
from bot.networks.discord.limits import units
from bot.networks.discord.render.message import Button, Message, Row
from bot.networks.discord.render.parts import (
    AMBER,
    BLUE,
    GREY,
    RED,
    add_prose,
    counts_text,
    hashtags,
    moment,
    place,
    readings,
    title_of,
    when,
)
from bot.networks.discord.splitting import cut
from bot.networks.discord.text import plain, prose

_LIST_TITLE = 90
_CHANNEL = re.compile(r"\\<#(\d{1,20})>")  # escaped; a channel's mention notifies nobody


def announcement(
    card: SessionCard, session_id: int, counts: Rsvps, mark: str = "", *, over: bool = False
) -> Message:
    """The message that stands in the channel; ``mark`` is what it is found by (see `deliver`).

    Of a cancelled session, and of one that is ``over``, only the summaries can still be asked for.
    """
    return _card(card, session_id, counts, mark=mark, over=over)


def session_embed(
    card: SessionCard,
    session_id: int,
    counts: Rsvps,
    *,
    questions: int = 0,
    planned: bool = False,
    over: bool = False,
) -> Message:
    """A session looked up: as announced, with how many questions its board has.

    ``planned``: not announced yet, so that nothing can be answered.
    """
    message = _card(card, session_id, counts, over=over or planned)
    embed = message.embeds[0]
    asked = f"{questions} question{'s'[: questions != 1]} on the board"
    state = "Not announced yet" if planned else asked
    embed.set_footer(text=f"{_footer(card)} · {state}")
    return message


def reminder(post: SessionPost, session_id: int, now: datetime, mark: str = "") -> Message:
    """Says how long it really is until then, however late the reminder is sent."""
    card = post.card
    ahead = card.starts_at - now
    if post.offset is not None and abs(ahead - post.offset) <= post.offset / 20:
        ahead = post.offset
    head = "Tomorrow" if ahead == timedelta(days=1) else until(ahead).capitalize()
    embed = _headed(f"{head}: {card.title}", AMBER, card, mark)
    embed.description = _facts(card)
    return Message(embeds=(embed,), rows=(_answers(session_id), _asking(session_id)))


def notice(post: SessionPost, session_id: int, mark: str = "") -> Message:
    """That a session moved, changed or is off."""
    card = post.card
    match post.change:
        case Change.CANCELLED:
            embed = _headed(f"Cancelled: {card.title}", RED, card, mark)
            embed.description = f"It was to be on {when(card.starts_at)}."
            return Message(embeds=(embed,))
        case Change.MOVED:
            embed = _headed(f"New time: {card.title}", AMBER, card, mark)
            was = f"It was {when(post.was)}." if post.was is not None else ""
            embed.description = _parts(_facts(card), was, _things("Also changed", post))
        case _:
            embed = _headed(f"Changed: {card.title}", AMBER, card, mark)
            embed.description = _parts(_things("What changed", post), _facts(card))
    return Message(embeds=(embed,), rows=(_answers(session_id),))


def _things(head: str, post: SessionPost) -> str:
    return f"{head}: {', '.join(post.changed)}." if post.changed else ""


def _parts(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def warning(text: str, mark: str = "") -> Message:
    """To the organisers: what doesn't work, and what to do."""
    about = _CHANNEL.sub("<#\\1>", cut(prose(text), limits.EMBED_DESCRIPTION))
    embed = discord.Embed(title="For the organisers", description=about, colour=RED)
    embed.set_footer(text=_marked("Readalong", mark))
    return Message(embeds=(embed,))


def sessions_list(sessions: Sequence[Session], now: datetime, *, organiser: bool) -> Message:
    """What is ahead, then what was, each with the name that commands take.

    The organiser's also says what is not announced and what is off.
    """
    if not sessions:
        how = "`/session add` plans one." if organiser else "It will be announced here."
        return Message(content=f"No session is planned yet. {how}")
    ahead = [session for session in sessions if session.starts_at + session.duration > now]
    past = [session for session in sessions if session not in ahead]
    ahead.sort(key=lambda session: session.starts_at)
    lines = [
        ("\n**Coming up**\n" if not at else "") + _line(s, organiser) for at, s in _each(ahead)
    ]
    lines += [("\n**Earlier**\n" if not at else "") + _line(s, organiser) for at, s in _each(past)]
    embed = discord.Embed(title="Sessions", colour=BLUE)
    embed.description = _as_many(lines, limits.EMBED_DESCRIPTION)
    return Message(embeds=(embed,))


def rsvp_answer(title: str, counts: Rsvps, answer: RsvpAnswer) -> Message:
    """What the person is told whose answer was kept."""
    said = {
        RsvpAnswer.YES: "You are going to",
        RsvpAnswer.MAYBE: "You may come to",
        RsvpAnswer.NO: "You can't come to",
    }[answer]
    return Message(content=f"{said} “{title_of(title)}”. {counts_text(counts)}")


def _card(
    card: SessionCard, session_id: int, counts: Rsvps, *, mark: str = "", over: bool
) -> Message:
    colour = GREY if card.cancelled else BLUE
    embed = _headed(card.title, colour, card, mark)
    embed.description = _facts(card)
    if card.cancelled:
        embed.title = f"~~{title_of(card.title, limits.EMBED_TITLE - 4)}~~"
        embed.description = f"**Cancelled.**\n{embed.description}"
    else:
        embed.add_field(name="Who is coming", value=counts_text(counts), inline=False)
    embeds = [embed]
    if card.topic:
        add_prose(embeds, prose(card.topic), colour)
    is_open = not (card.cancelled or over)
    rows = (_answers(session_id), _asking(session_id)) if is_open else (_summaries(session_id),)
    return Message(embeds=tuple(embeds), rows=rows)


def _headed(title: str, colour: int, card: SessionCard, mark: str) -> discord.Embed:
    embed = discord.Embed(title=title_of(title), colour=colour)
    embed.set_footer(text=_marked(_footer(card), mark))
    return embed


def _footer(card: SessionCard) -> str:
    return cut(plain(card.group), 100) or "Readalong"


def _marked(footer: str, mark: str) -> str:
    return f"{footer} · {mark}" if mark else footer


def _facts(card: SessionCard) -> str:
    """When, where, what to read and its tags, a line each."""
    lines = [f"🗓️ {when(card.starts_at)}"]
    if card.place:
        lines.append(f"📍 {place(card.place)}")
    lines += readings(card.readings)
    if tags := hashtags(card.tags):
        lines.append(tags)
    return "\n".join(lines)


def _answers(session_id: int) -> Row:
    labels = {
        RsvpAnswer.YES: ("Going", discord.ButtonStyle.success),
        RsvpAnswer.MAYBE: ("Maybe", discord.ButtonStyle.secondary),
        RsvpAnswer.NO: ("Can't", discord.ButtonStyle.secondary),
    }
    return tuple(
        Button(label, custom_id(Verb.RSVP, session_id, answer), style)
        for answer, (label, style) in labels.items()
    )


def _summaries(session_id: int) -> Row:
    return (
        Button("Techie summary", custom_id(Verb.SUMMARY, session_id, Audience.TECHIE)),
        Button("Plain summary", custom_id(Verb.SUMMARY, session_id, Audience.PLAIN)),
    )


def _asking(session_id: int) -> Row:
    ask = Button("Ask a question", custom_id(Verb.ASK, session_id), discord.ButtonStyle.primary)
    return (*_summaries(session_id), ask)


def _line(session: Session, organiser: bool) -> str:
    title = title_of(session.title, _LIST_TITLE)
    state = ""
    if session.status is SessionStatus.CANCELLED:
        title, state = f"~~{title}~~", " · cancelled"
    elif organiser and session.status is SessionStatus.PLANNED:
        state = " · not announced"
    return f"{moment(session.starts_at)} **{title}** `{session.slug}`{state}"


def _each(sessions: Sequence[Session]) -> list[tuple[int, Session]]:
    return list(enumerate(sessions))


def _as_many(lines: Sequence[str], room: int) -> str:
    text = ""
    for number, line in enumerate(lines):
        longer = f"{text}\n{line}"
        if units(longer) > room - 40:
            return f"{text}\n… and {len(lines) - number} more.".strip()
        text = longer
    return text.strip()
