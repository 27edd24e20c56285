"""`/next`, `/rsvp` and an announcement's Going, Maybe and Can't: what is next, and who comes.

Whether an answer is still taken is the service's word; the announcement's own counts are brought up
to date beside it.
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.domain.model import Group, RsvpAnswer, Session
from bot.domain.posts import card_of
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import Press, author_of, bot_of, group_of
from bot.networks.discord.ids import Verb, template
from bot.networks.discord.render import Message, rsvp_answer, session_embed
from bot.services.find import ends_at
from cogs.answers import SESSION, SHARE, session_names, show

_ANSWERS = [
    app_commands.Choice(name="going", value=RsvpAnswer.YES.value),
    app_commands.Choice(name="maybe", value=RsvpAnswer.MAYBE.value),
    app_commands.Choice(name="can't", value=RsvpAnswer.NO.value),
]


class Attendance(commands.Cog):
    def __init__(self, bot: ReadalongBot) -> None:
        self.bot = bot

    @app_commands.command(name="next", description="What the next session is, when and where.")
    @app_commands.describe(share=SHARE)
    async def next(self, interaction: discord.Interaction, share: bool = False) -> None:
        group = await group_of(interaction)
        session = await self.bot.services.sessions.next(group)
        await show(interaction, [await self._card(group, session)], share=share)

    @app_commands.command(name="rsvp", description="Say whether you come to a session.")
    @app_commands.describe(answer="Whether you come; left out, you get buttons.", session=SESSION)
    @app_commands.choices(answer=_ANSWERS)
    @app_commands.autocomplete(session=session_names)
    async def rsvp(
        self, interaction: discord.Interaction, answer: str = "", session: str = ""
    ) -> None:
        group = await group_of(interaction)
        found = await self.bot.services.sessions.find(group, session)
        if answer:
            await take(interaction, group, found.id, RsvpAnswer(answer))
        else:
            await show(interaction, [await self._card(group, found)])

    async def _card(self, group: Group, session: Session) -> Message:
        services = self.bot.services
        return session_embed(
            card_of(group, session),
            session.id,
            await services.attendance.counts(session.id),
            questions=len(await services.questions.board(session)),
            over=ends_at(session) <= services.now(),
        )


class RsvpPress(
    Press, template=template(Verb.RSVP, r"(?P<session>\d{1,18})", "(?P<answer>yes|maybe|no)")
):
    """Going, Maybe or Can't, on a message of any age."""

    async def press(self, interaction: discord.Interaction) -> None:
        group = await group_of(interaction)
        answer = RsvpAnswer(self.arguments["answer"])
        await take(interaction, group, self.number("session"), answer)


async def take(
    interaction: discord.Interaction, group: Group, session_id: int, answer: RsvpAnswer
) -> None:
    """Store the answer, say how it stands now, and let the announcement show it."""
    bot = bot_of(interaction)
    person = author_of(interaction.user)
    done = await bot.services.attendance.answer(group, session_id, person, answer)
    bot.announcements.touch(session_id)
    await show(interaction, [rsvp_answer(done.session.title, done.counts, done.answer)])


async def setup(bot: ReadalongBot) -> None:
    await bot.add_cog(Attendance(bot))
    bot.add_dynamic_items(RsvpPress)
