"""As `dying_bot`, at points that concern Discord: `python -m tests.e2e.dying_on_discord POINT run`.

Apart from it, since discord.py takes its time and the other points don't need it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from discord import InteractionResponse

from bot.cli import main
from bot.domain.model import Network, PostKind
from bot.networks.discord.deliver import DiscordCourier
from bot.networks.discord.rest import Rest
from bot.storage.outbox import OutboxTable
from bot.storage.questions import QuestionTable
from tests.e2e.dying_bot import Matters, after, always, before, posts_in


def on_discord(*kinds: PostKind) -> Matters:
    """Whether one of the posts that a method is called with, or gives, is such a one there."""

    def matters(*values: object) -> bool:
        return any(
            post.network is Network.DISCORD and post.kind in kinds
            for value in values
            for post in posts_in(value)
        )

    return matters


_announcement = on_discord(PostKind.ANNOUNCEMENT)
_reminder = on_discord(PostKind.REMINDER)

POINTS: dict[str, Callable[[str], None]] = {
    # an announcement, on its way
    "after its preparation": before(DiscordCourier, "send", _announcement),
    "before its thread": before(Rest, "start_thread", always),
    "after it was sent": after(DiscordCourier, "send", _announcement),
    "in its mark's transaction": after(OutboxTable, "mark_sent", _announcement),
    # a scheduled event
    "after the event was made": after(Rest, "create_event", always),
    # a reminder
    "after the reminder was sent": after(DiscordCourier, "send", _reminder),
    # an interaction
    "in the question's transaction": after(QuestionTable, "add", always),
    "before the question's answer": before(InteractionResponse, "send_message", always),
    "after the question's answer": after(InteractionResponse, "send_message", always),
    "in the announcing transaction": after(OutboxTable, "add", _announcement),
}

if __name__ == "__main__":
    chosen = sys.argv.pop(1)
    POINTS[chosen](chosen)
    main()
