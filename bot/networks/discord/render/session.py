"""How one session looks: its announcement, its reminders and notices, its details, and lists.

Pure: a card goes in, a message comes out. Titles and places are shown as they were typed; the topic
keeps its Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import discord

from bot.domain.model import Audience, RsvpAnswer, Rsvps, Session, SessionStatus
from bot.domain.posts import Change, SessionCard, SessionPost
from bot.networks.discord import limits
from bot.networks.discord.ids import Verb, custom_id
from bot.networks.discord.limits import units
from bot.networks.discord.render.message import Button, Message, Row, room_left
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import link, one_line, plain, prose

BLUE, AMBER, GREY, RED = 0x3B6FD4, 0xD9902F, 0x8A9099, 0xC0392B

_MORE = "\n… (the session page has the rest)"
_SLACK = 60  # units of the 6000 that are left alone: footers and marks of later versions
_LIST_TITLE = 90
_READINGS = 1500  # units that readings may take


def announcement(
    card: SessionCard, session_id: int, counts: Rsvps, mark: str = "", *, over: bool = False
) -> Message:
    """The message that stands in the channel; ``mark`` is what it is found by (see `deliver`).

    Of a cancelled session, and of one that is ``over``, only the summaries can still be asked for.
    """
    return _card(card, session_id, counts, mark=mark, over=over, head="")


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
    message = _card(card, session_id, counts, over=over or planned, head="")
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
    head = "Tomorrow" if ahead == timedelta(days=1) else _until(ahead)
    embed = _headed(f"{head}: {card.title}", AMBER, card, mark)
    embed.description = _facts(card)
    return Message(embeds=(embed,), rows=(_answers(session_id), _asking(session_id)))


def notice(post: SessionPost, session_id: int, mark: str = "") -> Message:
    """That a session moved, changed or is off."""
    card = post.card
    match post.change:
        case Change.CANCELLED:
            embed = _headed(f"Cancelled: {card.title}", RED, card, mark)
            embed.description = f"It was to be on {_when(card.starts_at)}."
            return Message(embeds=(embed,))
        case Change.MOVED:
            embed = _headed(f"New time: {card.title}", AMBER, card, mark)
            was = f"\n\nIt was {_when(post.was)}." if post.was is not None else ""
            embed.description = _facts(card) + was
        case _:
            embed = _headed(f"Changed: {card.title}", AMBER, card, mark)
            embed.description = _facts(card)
    return Message(embeds=(embed,), rows=(_answers(session_id),))


def warning(text: str, mark: str = "") -> Message:
    """To the organisers: what doesn't work, and what to do."""
    about = cut(prose(text), limits.EMBED_DESCRIPTION)
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
    lines = [
        ("\n**Coming up**\n" if not at else "") + _line(s, organiser) for at, s in _each(ahead)
    ]
    lines += [("\n**Earlier**\n" if not at else "") + _line(s, organiser) for at, s in _each(past)]
    embed = discord.Embed(title="Sessions", colour=BLUE)
    embed.description = _as_many(lines, limits.EMBED_DESCRIPTION)
    return Message(embeds=(embed,))


def counts_text(counts: Rsvps) -> str:
    return f"Going {counts.yes} · Maybe {counts.maybe} · Can't {counts.no}"


def rsvp_answer(title: str, counts: Rsvps, answer: RsvpAnswer) -> Message:
    """What the person is told whose answer was kept."""
    said = {
        RsvpAnswer.YES: "You are going to",
        RsvpAnswer.MAYBE: "You may come to",
        RsvpAnswer.NO: "You can't come to",
    }[answer]
    title = cut(one_line(title), limits.EMBED_TITLE)
    return Message(content=f"{said} “{title}”. {counts_text(counts)}")


def moment(at: datetime) -> str:
    """``<t:...:F>``: everybody reads it in a time zone of their own."""
    return f"<t:{int(at.timestamp())}:F>"


def title_of(text: str, limit: int = limits.EMBED_TITLE) -> str:
    """An embed's title, where Discord reads Markdown."""
    return cut(one_line(text), limit) or "\u200b"


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


def _card(
    card: SessionCard, session_id: int, counts: Rsvps, *, mark: str = "", over: bool, head: str
) -> Message:
    colour = GREY if card.cancelled else BLUE
    embed = _headed(f"{head}{card.title}", colour, card, mark)
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
    lines = [f"🗓️ {_when(card.starts_at)}"]
    if card.place:
        lines.append(f"📍 {cut(place_of(card), 500)}")
    lines += _readings(card.readings)
    if tags := _tags(card.tags):
        lines.append(cut(tags, 500))
    return "\n".join(lines)


def place_of(card: SessionCard) -> str:
    """Where it is; a voice channel's mention stays one, for it notifies nobody."""
    place = card.place.strip()
    if place.startswith("<#") and place.endswith(">") and place[2:-1].isdecimal():
        return place
    return one_line(place)


def _readings(readings: Sequence[tuple[str, str]]) -> list[str]:
    lines = [f"📖 {link(cut(title, 300), url)}" for title, url in readings if title or url]
    shown: list[str] = []
    for number, line in enumerate(lines):
        if units("\n".join([*shown, line])) > _READINGS:
            return [*shown, f"📖 … and {len(lines) - number} more"]
        shown.append(line)
    return shown


def _tags(tags: Sequence[str]) -> str:
    names = ("-".join(tag.lower().split()).lstrip("#") for tag in tags)
    return " ".join(f"#{one_line(name)}" for name in dict.fromkeys(names) if name)


def _when(at: datetime) -> str:
    return f"{moment(at)} (<t:{int(at.timestamp())}:R>)"


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


def _until(ahead: timedelta) -> str:
    """``In 7 days``, ``In 3 hours``, ``In 45 minutes``: how long it is ahead, rounded."""
    seconds = round(ahead.total_seconds())
    if seconds < 60:
        return "Now"
    if seconds < 90 * 60 and seconds != 3600:
        return f"In {_count(round(seconds / 60), 'minute')}"
    if seconds < 36 * 3600:
        return f"In {_count(round(seconds / 3600), 'hour')}"
    return f"In {_count(round(seconds / 86_400), 'day')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'s'[: number != 1]}"
