"""`/summarise`: an organiser has both summaries of a session made, and sees what was found in them.

What was made stands in the data file: said again, the command shows that and makes nothing, so that
an answer which Discord no longer takes costs no second conversation. Making, checking and who may
is the service's; the buttons are `approving`'s.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import discord
from discord import app_commands
from discord.app_commands import Range
from discord.ext import commands

from bot.domain.errors import UserError
from bot.domain.model import Document
from bot.domain.ports import Progress
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import caller_of, group_of
from bot.networks.discord.text import one_line
from cogs.answers import show
from cogs.approving import (
    AnewPress,
    ApprovePress,
    PostPress,
    RewriteForm,
    RewritePress,
    SuggestedPress,
)
from cogs.files import downloaded
from cogs.making import Gives, Wish, desk, make
from cogs.options import READING_LENGTH, organisers_sessions

_LARGEST = 20 * 1024 * 1024
_PATIENCE = 60.0  # seconds that these may take
_STORED = "These are stored; nothing was made anew. **Again** has new ones made."


class Summarise(commands.Cog):
    def __init__(self, bot: ReadalongBot) -> None:
        self.bot = bot

    @app_commands.command(
        name="summarise", description="Have both summaries of a session made, and look at them."
    )
    @app_commands.describe(
        session="Its name, or words of its title; left out, the next or last.",
        reading="A link, or a paper's number on arXiv, to read in place of the session's reading.",
        file="A PDF, a web page, Markdown or a text, to read in place of the session's reading.",
        no_ai="Make them of sentences from the reading, without a model.",
        reread="Read the reading's link again first.",
    )
    @app_commands.autocomplete(session=organisers_sessions)
    async def summarise(
        self,
        interaction: discord.Interaction,
        session: Range[str, 1, 100] = "",
        reading: Range[str, 1, READING_LENGTH] = "",
        file: discord.Attachment | None = None,
        no_ai: bool = False,
        reread: bool = False,
    ) -> None:
        group, by = await group_of(interaction), caller_of(interaction)
        services = self.bot.services
        await services.sessions.require_organiser(group, by=by)
        found = (await services.sessions.show(group, session, by=by)).session
        wish = Wish(self._gives(reading, file), no_ai, reread)
        if wish == Wish() and await services.summaries.latest(group, found.slug, by=by):
            await show(interaction, await desk(interaction, group, found.slug, said=_STORED))
            return
        await make(interaction, group, found, wish)

    def _gives(self, link: str, file: discord.Attachment | None) -> Gives | None:
        """Raises UserError for what can't be read anyway."""
        if link and file is not None:
            raise UserError("Give a link or a file, not both.")
        if file is not None:
            return _attached(file)
        link = link.strip()
        return _linked(link, self.bot.services.summaries.read) if link else None


def _linked(link: str, read: Callable[[str], Awaitable[Document]]) -> Gives:
    async def given(progress: Progress) -> Document:
        document = await read(link)
        _tell_pages(document, progress)
        return document

    return given


def _attached(file: discord.Attachment) -> Gives:
    if file.size > _LARGEST:
        raise UserError(
            f"{one_line(file.filename)} has {file.size / 2**20:.0f} MiB; "
            f"a reading may have {_LARGEST // 2**20} MiB at most."
        )

    async def given(progress: Progress) -> Document:
        from bot.readings.documents import read_bytes  # not before somebody attaches one

        body = await downloaded(file, _PATIENCE)
        document = await read_bytes(body, name=file.filename, media_type=file.content_type or "")
        _tell_pages(document, progress)
        return document

    return given


def _tell_pages(document: Document, progress: Progress) -> None:
    progress("fetched")
    if document.pages is not None:
        progress(f"{document.pages} page{'s'[: document.pages != 1]}")


async def setup(bot: ReadalongBot) -> None:
    await bot.add_cog(Summarise(bot))
    bot.add_dynamic_items(AnewPress, ApprovePress, PostPress, RewritePress, SuggestedPress)
    bot.add_forms(RewriteForm)
