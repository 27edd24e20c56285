"""The forms of `/session add` and `/session edit`: five fields, filled in with what is known.

A form that was opened before a restart is taken after it. What was typed in vain is shown again, so
that nobody types it twice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Self

import discord

from bot.domain.errors import UserError
from bot.domain.links import readings_in, shown
from bot.domain.model import Session
from bot.domain.when import USUAL
from bot.networks.discord.errors import explain
from bot.networks.discord.forms import Form, bot_of, caller_of, group_of
from bot.networks.discord.ids import Verb, custom_id, template
from bot.services.plans import SessionChanges, SessionPlan
from bot.services.proposals import SessionEdit
from cogs.options import (
    PLACE_LENGTH,
    READING_LENGTH,
    TAGS_LENGTH,
    TITLE_LENGTH,
    WHEN_LENGTH,
    tags_in,
)
from cogs.proposals import propose


@dataclass(frozen=True, slots=True)
class Written:
    """The fields of a form, as they are typed."""

    title: str = ""
    when: str = ""
    place: str = ""
    readings: str = ""
    tags: str = ""

    @classmethod
    def of(cls, session: Session) -> Written:
        """A session as an organiser would have typed it."""
        return cls(
            title=session.title[:TITLE_LENGTH],
            when=session.local_time,
            place=session.place[:PLACE_LENGTH],
            readings="\n".join(shown(reading) for reading in session.readings)[:READING_LENGTH],
            tags=", ".join(session.tags)[:TAGS_LENGTH],
        )


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    label: str
    hint: str
    length: int
    required: bool = False
    long: bool = False

    def drawn(self, value: str) -> discord.ui.Label[Form]:
        style = discord.TextStyle.paragraph if self.long else discord.TextStyle.short
        field = discord.ui.TextInput[Form](
            custom_id=self.name,
            style=style,
            default=value or None,
            required=self.required,
            max_length=self.length,
        )
        return discord.ui.Label(text=self.label, description=self.hint, component=field)


_FIELDS = (
    _Field("title", "Title", "What it is about", TITLE_LENGTH, required=True),
    _Field("when", "When", "next wednesday 7pm, or 2026-12-02 19:00", WHEN_LENGTH, required=True),
    _Field("place", "Place", "A room, an address or a link", PLACE_LENGTH),
    _Field(
        "readings", "Reading", "A title, a link, or both; one a line", READING_LENGTH, long=True
    ),
    _Field("tags", "Tags", "Separated by commas", TAGS_LENGTH),
)


class SessionForm(Form):
    """The fields, and what was typed in them. A subclass says what becomes of it."""

    def __init__(self, heading: str, id: str, written: Written) -> None:
        super().__init__(title=heading, custom_id=id)
        self._drawn = {field.name: field.drawn(getattr(written, field.name)) for field in _FIELDS}
        for label in self._drawn.values():
            self.add_item(label)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        written = self.written()
        try:
            await self.take(interaction, written)
        except UserError as error:
            await explain(interaction, error)
            await interaction.followup.send(_again(written), ephemeral=True)

    def written(self) -> Written:
        values = {}
        for name, label in self._drawn.items():
            assert isinstance(label.component, discord.ui.TextInput)  # noqa: S101 (see _Field)
            values[name] = label.component.value.strip()
        return Written(**values)

    async def take(self, interaction: discord.Interaction, written: Written) -> None:
        raise NotImplementedError


class AddForm(
    SessionForm,
    template=template(Verb.ADD, r"(?P<minutes>[0-9]{1,6})", r"(?P<zone>[A-Za-z0-9_+/-]{0,60})"),
):
    """A new session; its length and zone (empty: the group's) were said before."""

    def __init__(
        self, written: Written = Written(), duration: timedelta = USUAL, zone: str = ""
    ) -> None:
        self._duration, self._zone = duration, zone
        minutes = int(duration / timedelta(minutes=1))
        super().__init__("Plan a session", custom_id(Verb.ADD, minutes, zone), written)

    @classmethod
    def restored(cls, arguments: dict[str, str]) -> Self:
        return cls(duration=timedelta(minutes=int(arguments["minutes"])), zone=arguments["zone"])

    async def take(self, interaction: discord.Interaction, written: Written) -> None:
        plan = SessionPlan(
            title=written.title,
            when=written.when,
            timezone=self._zone,
            place=written.place,
            tags=tags_in(written.tags),
            readings=readings_in(written.readings),
            duration=self._duration,
        )
        await propose(interaction, plan)


class EditForm(SessionForm, template=template(Verb.EDIT, r"(?P<slug>[a-z0-9-]{1,60})")):
    """A session's changes: what is left as it stands is left as it is."""

    def __init__(self, slug: str, written: Written = Written()) -> None:
        self._slug = slug
        super().__init__("Change a session", custom_id(Verb.EDIT, slug), written)

    @classmethod
    def restored(cls, arguments: dict[str, str]) -> Self:
        return cls(arguments["slug"])

    async def take(self, interaction: discord.Interaction, written: Written) -> None:
        sessions = bot_of(interaction).services.sessions
        group, by = await group_of(interaction), caller_of(interaction)
        await sessions.require_organiser(group, by=by)
        session = (await sessions.show(group, self._slug, by=by)).session
        changes = _changes(Written.of(session), written)
        await propose(interaction, SessionEdit(session.slug, changes))


def _changes(before: Written, after: Written) -> SessionChanges:
    """Only what was typed anew."""
    return SessionChanges(
        title=after.title if after.title != before.title else None,
        when=after.when if after.when != before.when else None,
        place=after.place if after.place != before.place else None,
        readings=readings_in(after.readings) if after.readings != before.readings else None,
        tags=tags_in(after.tags) if after.tags != before.tags else None,
    )


def _again(written: Written) -> str:
    """What was typed, to be copied."""
    lines = "\n".join(f"{name}: {value}" for name, value in asdict(written).items() if value)
    fenced = lines.replace("```", "'''")
    return f"This is what you wrote:\n```\n{fenced}\n```"
