"""`/summary` and the summary buttons of an announcement: what a session's reading says, twice.

What is stored is answered at once; what must be made first is acknowledged before it is made. How a
summary is made, and from what, is the service's.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.errors import UnknownSummaryError
from bot.domain.model import Audience, Session, Summary
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import Press, bot_of, caller_of, group_of
from bot.networks.discord.ids import Verb, template
from bot.networks.discord.render import evidence
from bot.networks.discord.render import summaries as rendered
from cogs.answers import SESSION, SHARE, session_names, show

_AUDIENCES = [
    app_commands.Choice(name="both", value="both"),
    app_commands.Choice(name="for techies", value=Audience.TECHIE.value),
    app_commands.Choice(name="in plain words", value=Audience.PLAIN.value),
]


class Summaries(commands.Cog):
    def __init__(self, bot: ReadalongBot) -> None:
        self.bot = bot

    @app_commands.command(name="summary", description="What the reading says, in short.")
    @app_commands.describe(session=SESSION, audience="For whom; both by default.", share=SHARE)
    @app_commands.choices(audience=_AUDIENCES)
    @app_commands.autocomplete(session=session_names)
    async def summary(
        self,
        interaction: discord.Interaction,
        session: str = "",
        audience: str = "both",
        share: bool = False,
    ) -> None:
        group = await group_of(interaction)
        found = await self.bot.services.sessions.find(group, session)
        wanted = tuple(Audience) if audience == "both" else (Audience(audience),)
        await summarise(interaction, found, wanted, share=share)


class SummaryPress(
    Press, template=template(Verb.SUMMARY, r"(?P<session>\d{1,18})", "(?P<audience>techie|plain)")
):
    """A summary, for whoever pressed."""

    async def press(self, interaction: discord.Interaction) -> None:
        services = bot_of(interaction).services
        group = await group_of(interaction)
        session = await services.sessions.by_id(group, self.number("session"))
        await summarise(interaction, session, (Audience(self.arguments["audience"]),), share=False)


class EvidencePress(
    Press,
    template=template(
        Verb.EVIDENCE,
        r"(?P<session>\d{1,18})",
        "(?P<audience>techie|plain)",
        r"(?P<version>\d{1,9})",
    ),
):
    """Where the reading says what that version of a summary says, for whoever pressed."""

    async def press(self, interaction: discord.Interaction) -> None:
        service = bot_of(interaction).services.summaries
        session, summary = await service.version(
            await group_of(interaction),
            self.number("session"),
            Audience(self.arguments["audience"]),
            self.number("version"),
            by=caller_of(interaction),
        )
        await show(interaction, evidence(session, summary))


async def summarise(
    interaction: discord.Interaction,
    session: Session,
    wanted: Sequence[Audience],
    *,
    share: bool,
) -> None:
    """Answer with those summaries; with one and a sentence where only one is to be had."""
    service = bot_of(interaction).services.summaries
    stored = await service.current(session)
    made: list[Summary] = []
    missing: list[UnknownSummaryError] = []
    for audience in wanted:
        if audience in stored:
            made.append(stored[audience])
            continue
        if not interaction.response.is_done():
            await interaction.response.defer(ephemeral=not share, thinking=True)
        try:
            made.append(await service.get(session, audience))
        except UnknownSummaryError as error:
            missing.append(error)
    if missing and not made:
        raise missing[0]
    said = str(missing[0]) if missing else ""
    await show(interaction, rendered(session, made, missing=said), share=share)


async def setup(bot: ReadalongBot) -> None:
    await bot.add_cog(Summaries(bot))
    bot.add_dynamic_items(SummaryPress, EvidencePress)
