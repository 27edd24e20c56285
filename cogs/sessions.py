"""`/session add|edit|cancel|announce|list|show|import|export`: everything about a group's sessions.

What changes a session is shown first and done at the press of a button (`proposals`); import and
export are `pages`. Anybody may call these: who may do what is the services' rule.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.domain.errors import UserError
from bot.domain.links import readings_in
from bot.domain.model import SessionStatus
from bot.domain.posts import card_of
from bot.domain.when import USUAL, zone_of
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import caller_of, group_of
from bot.networks.discord.render import session_embed, sessions_list
from bot.services.find import ends_at
from bot.services.plans import SessionChanges, SessionPlan
from bot.services.proposals import SessionCancel, SessionEdit
from cogs.answers import say, show
from cogs.options import (
    PLACE_LENGTH,
    READING_LENGTH,
    TAGS_LENGTH,
    TITLE_LENGTH,
    WHEN_LENGTH,
    duration_in,
    emptied,
    moments,
    organisers_sessions,
    tags_in,
    zones,
)
from cogs.pages import Pages
from cogs.proposals import announced, named, propose
from cogs.session_forms import AddForm, EditForm, Written

_LISTED = 50
_TOPIC_LENGTH = 4000
_SESSION = "Its name, or words of its title; “next” and “last” are names too."
_WHEN = "“next wednesday 7pm”, “2026-12-02 19:00”, or a Discord timestamp."
_READING = "A title, a link, or both; one after another for several."
_TAGS = "Separated by commas, or as #hashtags."
_DURATION = "How long it lasts, like 2h or 90m."
_ZONE = "Whose clock “when” is by; the group's, unless you say another."

Title = Range[str, 1, TITLE_LENGTH]
When = Range[str, 1, WHEN_LENGTH]
Place = Range[str, 1, PLACE_LENGTH]
Readings = Range[str, 1, READING_LENGTH]
Tags = Range[str, 1, TAGS_LENGTH]
Topic = Range[str, 1, _TOPIC_LENGTH]
Duration = Range[str, 1, 20]
Zone = Range[str, 1, 60]
Name = Range[str, 1, 100]


@app_commands.guild_only()
class Sessions(
    Pages,
    commands.GroupCog,
    group_name="session",
    group_description="The group's sessions: plan, change, announce, look up.",
):
    def __init__(self, bot: ReadalongBot) -> None:
        self.bot = bot
        super().__init__()

    @app_commands.command(description="Plan a session; you see what was understood first.")
    @app_commands.describe(
        title="What it is about; without it you get a form to fill in.",
        when=_WHEN,
        place="A room, an address or a link.",
        reading=_READING,
        tags=_TAGS,
        topic="What it is about at length, in Markdown.",
        duration=f"{_DURATION} Without it, 2 hours.",
        timezone=_ZONE,
    )
    @app_commands.autocomplete(when=moments, timezone=zones)
    async def add(
        self,
        interaction: discord.Interaction,
        title: Title = "",
        when: When = "",
        place: Place = "",
        reading: Readings = "",
        tags: Tags = "",
        topic: Topic = "",
        duration: Duration = "",
        timezone: Zone = "",
    ) -> None:
        length = duration_in(duration) if duration else USUAL
        if not (title and when):
            if topic:
                raise UserError("With a topic, give title and when as well; the form has no topic.")
            by = caller_of(interaction)
            await self.bot.services.sessions.require_organiser(await group_of(interaction), by=by)
            zone = zone_of(timezone).key if timezone else ""
            written = Written(title, when, place, reading, tags)
            await interaction.response.send_modal(AddForm(written, length, zone))
            return
        plan = SessionPlan(
            title=title,
            when=when,
            timezone=timezone,
            place=place,
            topic=topic,
            tags=tags_in(tags),
            readings=readings_in(reading),
            duration=length,
        )
        await propose(interaction, plan)

    @app_commands.command(description="Change a session; who was told of it is told again.")
    @app_commands.describe(
        session=f"{_SESSION} Alone, it gives you a form.",
        title="What it is about.",
        when=_WHEN,
        place="A room, an address or a link; “-” for none.",
        reading=f"{_READING} “-” for none.",
        tags=f"{_TAGS} “-” for none.",
        topic="What it is about at length, in Markdown; “-” for nothing.",
        duration=_DURATION,
        timezone="Whose clock “when” is by; the session's, unless you say another.",
    )
    @app_commands.autocomplete(session=organisers_sessions, when=moments, timezone=zones)
    async def edit(
        self,
        interaction: discord.Interaction,
        session: Name,
        title: Title | None = None,
        when: When | None = None,
        place: Place | None = None,
        reading: Readings | None = None,
        tags: Tags | None = None,
        topic: Topic | None = None,
        duration: Duration | None = None,
        timezone: Zone | None = None,
    ) -> None:
        changes = SessionChanges(
            title=title,
            when=when,
            timezone=timezone,
            place=None if place is None else emptied(place),
            topic=None if topic is None else emptied(topic),
            tags=None if tags is None else tags_in(emptied(tags)),
            readings=None if reading is None else readings_in(emptied(reading)),
            duration=None if duration is None else duration_in(duration),
        )
        if changes != SessionChanges():
            await propose(interaction, SessionEdit(session, changes))
            return
        group, by = await group_of(interaction), caller_of(interaction)
        await self.bot.services.sessions.require_organiser(group, by=by)
        found = (await self.bot.services.sessions.show(group, session, by=by)).session
        await interaction.response.send_modal(EditForm(found.slug, Written.of(found)))

    @app_commands.command(description="Call a session off; you are asked once more.")
    @app_commands.describe(session=_SESSION)
    @app_commands.autocomplete(session=organisers_sessions)
    async def cancel(self, interaction: discord.Interaction, session: Name) -> None:
        await propose(interaction, SessionCancel(session))

    @app_commands.command(description="Tell members of a session: here, in the events, on Nostr.")
    @app_commands.describe(session=_SESSION)
    @app_commands.autocomplete(session=organisers_sessions)
    async def announce(self, interaction: discord.Interaction, session: Name) -> None:
        group, by = await group_of(interaction), caller_of(interaction)
        done = await self.bot.services.sessions.announce(group, session, by=by)
        again = f"{named(done.session)} was announced before; nothing is posted twice."
        await say(interaction, announced(done) if done.posts else again)

    @app_commands.command(name="list", description="What is ahead, and what was.")
    async def list_(self, interaction: discord.Interaction) -> None:
        services, group, by = self.bot.services, await group_of(interaction), caller_of(interaction)
        organiser = await services.sessions.is_organiser(group, by)
        if organiser:
            found = await services.sessions.all(group, by=by, limit=_LISTED)
        else:
            found = await services.sessions.listing(group)
        await show(interaction, [sessions_list(found, services.now(), organiser=organiser)])

    @app_commands.command(description="Everything about one session.")
    @app_commands.describe(session=_SESSION)
    @app_commands.autocomplete(session=organisers_sessions)
    async def show(self, interaction: discord.Interaction, session: Name = "") -> None:
        services, group, by = self.bot.services, await group_of(interaction), caller_of(interaction)
        view = await services.sessions.show(group, session, by=by)
        found, now = view.session, services.now()
        message = session_embed(
            card_of(group, found),
            found.id,
            view.rsvps,
            questions=len(view.questions),
            planned=found.status is SessionStatus.PLANNED and found.starts_at > now,
            over=ends_at(found) <= now,
        )
        await show(interaction, [message])


async def setup(bot: ReadalongBot) -> None:
    await bot.add_cog(Sessions(bot))
    bot.add_forms(AddForm, EditForm)
