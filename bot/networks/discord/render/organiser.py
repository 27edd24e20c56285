"""What organisers and members look up besides: proposed changes, the agenda, holdings, help.

Pure. Nothing here decides what may be done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from zoneinfo import ZoneInfo

import discord

from bot.domain.model import (
    Audience,
    Holdings,
    Question,
    Session,
    SessionStatus,
    SessionView,
)
from bot.networks.discord import limits
from bot.networks.discord.ids import Verb, custom_id
from bot.networks.discord.render.board import Names, entry_text
from bot.networks.discord.render.message import Button, Message, Row, packed
from bot.networks.discord.render.parts import (
    AMBER,
    BLUE,
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
from bot.networks.discord.render.summaries import made_by
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import one_line, plain, prose

_MEMBERS = {
    "next": "when and what the next session is",
    "summary": "what the reading says, for techies and in plain words",
    "ask": "put a question on a session's board, with your name or without",
    "questions": "the board: what others asked, and your votes",
    "agenda": "everything for the evening on one page",
    "rsvp": "say whether you are coming",
    "forget-me": "what is held on you, and delete it",
}
_ORGANISERS = {
    "session add": "plan a session",
    "session announce": "post it here, in the events and on Nostr",
    "session edit": "change it; who was told is told again",
    "session cancel": "call it off",
    "session list": "all sessions, the unannounced too",
    "session import": "take a session from a page (Markdown)",
    "session export": "its page, with everything on it",
    "summarise": "have its two summaries made, look at them, approve and post them",
    "setup": "name, time zone, channel, organiser role, reminders; takes Manage Server",
}

_TO_BEGIN = "This server has none yet. Say `/setup` in the channel for announcements to begin.\n\n"
_NOT_YET = "This server has none yet.\n\n"


class Proposed(Protocol):
    """A change that waits for a yes (`bot.services.sessions.Proposal`)."""

    @property
    def id(self) -> str: ...
    @property
    def before(self) -> Session | None: ...
    @property
    def after(self) -> Session: ...


def proposal(proposed: Proposed, zone: str) -> Message:
    """What was understood, in the group's zone and in the reader's own, and what can be done."""
    before, after = proposed.before, proposed.after
    is_off = after.status is SessionStatus.CANCELLED
    head = "Cancel" if is_off else "New session" if before is None else "Change"
    colour = RED if is_off else AMBER
    embed = discord.Embed(title=title_of(f"{head}: {after.title}"), colour=colour)
    embed.description = "\n".join(_understood(before, after, zone))
    if before is not None and (was := _otherwise_before(before, after)):
        embed.add_field(
            name="Until now", value=cut("\n".join(was), limits.FIELD_VALUE), inline=False
        )
    embeds = [embed]
    if after.topic and not is_off and (before is None or before.topic != after.topic):
        add_prose(embeds, prose(after.topic), colour)
    embed.set_footer(text="Nothing is stored yet.")
    return Message(embeds=tuple(embeds), rows=(_choices(proposed.id, before, after),))


def agenda(view: SessionView, *, names: Names) -> list[Message]:
    """Everything for the evening: facts, who comes, both leads, and the questions as ranked."""
    session = view.session
    parts = [_agenda_head(view)]
    for audience in (each for each in Audience if each in view.summaries):
        summary = view.summaries[audience]
        lead = prose(summary.draft.lead or summary.draft.body)
        parts.append(f"**Summary ({audience}, {made_by(summary.draft)})**\n{cut(lead, 1500)}")
    parts.append(_agenda_questions(view.questions, names))
    embeds = [
        discord.Embed(description=piece, colour=BLUE)
        for piece in split("\n\n".join(parts), limits.EMBED_DESCRIPTION)
    ]
    embeds[0].title = title_of(f"Agenda: {session.title}")
    return packed(embeds)


def holdings(held: Holdings, user: str) -> Message:
    """What the bot holds on a person, and the button that deletes it. ``user``: their snowflake."""
    if held == Holdings():
        return Message(content="I hold nothing on you.")
    rows = [
        f"{held.questions} question{'s'[: held.questions != 1]}"
        + (f", {held.anonymous} of them asked anonymously" if held.anonymous else ""),
        f"{held.votes} vote{'s'[: held.votes != 1]}",
        f"{held.rsvps} answer{'s'[: held.rsvps != 1]} to sessions",
    ]
    if held.names:
        rows.append("your name as " + ", ".join(f"“{one_line(name)}”" for name in held.names))
    embed = discord.Embed(title="What I hold on you", colour=BLUE)
    lines = "\n".join(f"• {row}" for row in rows)
    embed.description = cut(
        f"{lines}\n\nDeleting it empties your questions, of which only the numbers stay.", 4000
    )
    delete = Button("Delete it all", custom_id(Verb.FORGET, user), discord.ButtonStyle.danger)
    return Message(embeds=(embed,), rows=((delete,),))


def forgotten(held: Holdings) -> Message:
    """What the person is told whose data is gone."""
    if held == Holdings():
        return Message(content="I held nothing on you.")
    gone = held.questions + held.votes + held.rsvps
    return Message(
        content=f"Done: {gone} {'entry is' if gone == 1 else 'entries are'} deleted, and your name."
    )


def help_text(
    *, organiser: bool, commands: Mapping[str, int] | None = None, is_set_up: bool = True
) -> Message:
    """What can be said to the bot. ``commands``: Discord's ids of those that can be clicked."""
    known = commands or {}
    embed = discord.Embed(title="I run a reading group", colour=BLUE)
    begin = "" if is_set_up else _TO_BEGIN if organiser else _NOT_YET
    embed.description = (
        begin
        + _commands(_MEMBERS, known)
        + "\n\nTo put a message on the board, use its menu: Apps, **Ask this at the session**."
    )
    if organiser:
        value = _commands(_ORGANISERS, known)
        embed.add_field(name="For organisers", value=cut(value, limits.FIELD_VALUE), inline=False)
    return Message(embeds=(embed,))


def _understood(before: Session | None, after: Session, zone: str) -> list[str]:
    local = after.starts_at.astimezone(ZoneInfo(zone))
    lines = [
        f"🗓️ **{local:%a} {local.day} {local:%b %Y}, {local:%H:%M}** ({plain(zone)})",
        f"For you that is {when(after.starts_at)}",
    ]
    if before is not None and before.starts_at != after.starts_at:
        lines.append(f"It was {moment(before.starts_at)}")
    if before is not None and before.title != after.title:
        lines.append(f"Its title was “{title_of(before.title)}”")
    if after.place or (before is not None and before.place):
        lines.append(f"📍 {place(after.place) or 'nowhere in particular'}")
    lines += readings((reading.title, reading.url) for reading in after.readings)
    if tags := hashtags(after.tags):
        lines.append(tags)
    return [*lines, f"⏱️ {_length(after)} · `{after.slug}`"]


def _otherwise_before(before: Session, after: Session) -> list[str]:
    """What else is changed, as it was."""
    lines = []
    if before.place != after.place:
        lines.append(f"📍 {cut(one_line(before.place), 200) or 'no place'}")
    if _named(before) != _named(after):
        was = "; ".join(cut(one_line(reading.title), 100) for reading in before.readings[:5])
        lines.append(f"📖 {was or 'no reading'}")
    if before.tags != after.tags:
        tags = " ".join(f"#{one_line(tag)}" for tag in before.tags)
        lines.append(cut(tags, 200) or "no tags")
    if before.duration != after.duration:
        lines.append(f"⏱️ {_length(before)}")
    if before.topic != after.topic:
        lines.append(f"“{cut(one_line(before.topic), 200)}”" if before.topic else "no topic")
    return lines


def _named(session: Session) -> list[tuple[str, str]]:
    return [(reading.title, reading.url) for reading in session.readings]


def _length(session: Session) -> str:
    hours, minutes = divmod(int(session.duration.total_seconds()) // 60, 60)
    return f"{hours} h{f' {minutes} min' if minutes else ''}"


def _choices(id: str, before: Session | None, after: Session) -> Row:
    def button(label: str, act: str, style: discord.ButtonStyle) -> Button:
        return Button(label, custom_id(Verb.PROPOSAL, id, act), style)

    if after.status is SessionStatus.CANCELLED:
        return (
            button("Cancel the session", "store", discord.ButtonStyle.danger),
            button("Leave it", "discard", discord.ButtonStyle.secondary),
        )
    row = [button("Store", "store", discord.ButtonStyle.primary)]
    if after.status is SessionStatus.PLANNED:
        row.append(button("Store and announce", "announce", discord.ButtonStyle.success))
    return (*row, button("Discard", "discard", discord.ButtonStyle.secondary))


def _agenda_head(view: SessionView) -> str:
    session = view.session
    lines = [f"🗓️ {moment(session.starts_at)}"]
    if session.place:
        lines.append(f"📍 {place(session.place)}")
    lines += readings((reading.title, reading.url) for reading in session.readings)
    return "\n".join([*lines, counts_text(view.rsvps)])


def _agenda_questions(questions: Sequence[Question], names: Names) -> str:
    if not questions:
        return "**Questions**\nNone yet; `/ask` puts the first one."
    return "\n\n".join(["**Questions**", *(entry_text(question, names) for question in questions)])


def _commands(texts: Mapping[str, str], known: Mapping[str, int]) -> str:
    lines = []
    for name, text in texts.items():
        id = known.get(name.split()[0])
        lines.append(f"{f'</{name}:{id}>' if id else f'`/{name}`'} – {text}")
    return "\n".join(lines)
