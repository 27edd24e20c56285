"""`/session import` and `/session export`: a group's session page as a file, in and out.

Reading and writing the format is `bot.readings`' own; what becomes of a page is the service's.
"""

from __future__ import annotations

import asyncio
import io
from datetime import datetime

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.domain.errors import InvalidPageError
from bot.domain.model import Audience, SessionStatus, SessionView
from bot.domain.when import zone_of
from bot.networks.discord import limits
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import caller_of, group_of
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import link, one_line
from bot.readings.page import parse_page, write_page
from bot.services.sessions import Imported
from cogs.answers import say
from cogs.files import downloaded
from cogs.options import WHEN_LENGTH, organisers_sessions, zones
from cogs.proposals import named

_LARGEST = 1024 * 1024
_PATIENCE = 20.0  # seconds that a megabyte may take
_ANSWERS = 3
"""Messages at most that tell of one import."""


class Pages(commands.Cog):
    """The part of `/session` that handles files."""

    bot: ReadalongBot

    @app_commands.command(
        name="import", description="Take a session from its page: a Markdown file, all or nothing."
    )
    @app_commands.describe(
        page="The page, a Markdown file of 1 MB at most.",
        at="When it is or was (2023-07-05 19:00, or the date), in place of what the page says.",
        timezone="Whose clock that is; the page's or the group's, unless you say another.",
    )
    @app_commands.autocomplete(timezone=zones)
    async def import_(
        self,
        interaction: discord.Interaction,
        page: discord.Attachment,
        at: Range[str, 1, WHEN_LENGTH] = "",
        timezone: Range[str, 1, 60] = "",
    ) -> None:
        sessions, by = self.bot.services.sessions, caller_of(interaction)
        group = await group_of(interaction)
        await sessions.require_organiser(group, by=by)
        if page.size > _LARGEST:
            raise InvalidPageError(
                f"{one_line(page.filename)} has {page.size / _LARGEST:.1f} MB; "
                "a session page may have 1 MB at most."
            )
        if timezone:
            zone_of(timezone)  # refused before anything is fetched
        await interaction.response.defer(ephemeral=True, thinking=True)
        data = await downloaded(page, _PATIENCE)
        parsed = await asyncio.to_thread(parse_page, data, page.filename)
        done = await sessions.import_page(group, parsed, at=at, timezone=timezone, by=by)
        view = await sessions.show(group, done.session.slug, by=by)
        told = _told(done, view, self.bot.services.now())
        for piece in split(told, limits.CONTENT)[:_ANSWERS]:
            await say(interaction, piece)

    @app_commands.command(description="A session's page as a file, with all that is on it.")
    @app_commands.describe(session="Its name, or words of its title; left out, the next or last.")
    @app_commands.autocomplete(session=organisers_sessions)
    async def export(
        self, interaction: discord.Interaction, session: Range[str, 1, 100] = ""
    ) -> None:
        group, by = await group_of(interaction), caller_of(interaction)
        view = await self.bot.services.sessions.show(group, session, by=by)
        text = await asyncio.to_thread(write_page, view)
        file = discord.File(io.BytesIO(text.encode()), f"{view.session.slug}.md")
        words = f"The page of {named(view.session)}; `/session import` takes it back."
        await interaction.response.send_message(words, file=file, ephemeral=True)


def _told(done: Imported, view: SessionView, now: datetime) -> str:
    """What was taken, what was mended, and what wasn't taken."""
    session = view.session
    verb = "Imported" if done.created else "Updated" if done.changed else "Nothing new in"
    lines = [f"{verb} {named(session)}, `{session.slug}`."]
    if session.tags:
        lines.append(f"• tags: {cut(one_line(', '.join(session.tags)), 300)}")
    lines += [f"• reading: {link(cut(r.title, 200), r.url)}" for r in session.readings[:5]]
    for audience in Audience:
        if (summary := view.summaries.get(audience)) is not None:
            points = len(summary.draft.points)
            lines.append(f"• summary ({audience}): {points} points, {summary.draft.words} words")
    if view.questions:
        lines.append(f"• questions on the board: {len(view.questions)}")
    lines += [f"• note: {one_line(note)}" for note in done.notes]
    if session.status is SessionStatus.PLANNED and done.created:
        lines.append(
            f"Only organisers see it; `/session announce session:{session.slug}` tells everybody."
            if session.starts_at > now
            else "It stands in the archive, where members find it."
        )
    return "\n".join(lines)
