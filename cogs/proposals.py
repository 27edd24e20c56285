"""What an organiser is about to do, shown before it is done; and the buttons that do it, or don't.

The proposal stands in the data file, so that its buttons work after a restart and once only. What
it means and who may press is the services' rule.
"""

from __future__ import annotations

import discord

from bot.domain.model import Session, SessionStatus
from bot.networks.discord import text
from bot.networks.discord.client import ReadalongBot
from bot.networks.discord.forms import Press, bot_of, caller_of, group_of
from bot.networks.discord.ids import Verb, template
from bot.networks.discord.render import Message
from bot.networks.discord.render import proposal as rendered
from bot.services.changes import Announced
from bot.services.proposals import Change
from cogs.answers import redraw, show


async def propose(interaction: discord.Interaction, change: Change) -> None:
    """Answer with what was understood and the buttons to do it. Raises what the service raises."""
    group = await group_of(interaction)
    sessions = bot_of(interaction).services.sessions
    proposal = await sessions.propose(group, change, by=caller_of(interaction))
    await show(interaction, [rendered(proposal, proposal.after.timezone)])


class ProposalPress(
    Press,
    template=template(
        Verb.PROPOSAL, r"(?P<id>[A-Za-z0-9_-]{1,32})", r"(?P<act>store|announce|discard)"
    ),
):
    """Store, Store and announce, Discard."""

    async def press(self, interaction: discord.Interaction) -> None:
        sessions = bot_of(interaction).services.sessions
        group, by = await group_of(interaction), caller_of(interaction)
        id, act = self.arguments["id"], self.arguments["act"]
        if act == "discard":
            await sessions.discard(group, id, by=by)
            await redraw(interaction, Message("Discarded; nothing was changed."))
            return
        done = await sessions.accept(group, id, by=by, announce=act == "announce")
        await redraw(interaction, Message(announced(done) if act == "announce" else stored(done)))


def announced(done: Announced) -> str:
    return f"{named(done.session)} is announced.{_on_their_way(done.posts)}"


def stored(done: Announced) -> str:
    """What was done, in a sentence or two, and what comes next."""
    session = done.session
    match session.status:
        case SessionStatus.CANCELLED:
            return f"{named(session)} is called off.{_on_their_way(done.posts)}"
        case SessionStatus.ANNOUNCED:
            return f"{named(session)} is changed.{_on_their_way(done.posts)}"
        case _:
            return (
                f"{named(session)} is stored; only organisers see it. "
                f"`/session announce session:{session.slug}` tells everybody."
            )


def named(session: Session) -> str:
    """A session in a sentence: its title, and when it is in the reader's own time."""
    at = int(session.starts_at.timestamp())
    return f"**{text.one_line(session.title)}** (<t:{at}:F>, <t:{at}:R>)"


def _on_their_way(posts: int) -> str:
    if not posts:
        return ""
    return f" {posts} posts are on their way." if posts > 1 else " 1 post is on its way."


async def setup(bot: ReadalongBot) -> None:
    bot.add_dynamic_items(ProposalPress)
