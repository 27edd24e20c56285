"""How everything looks on Discord: pure functions from the domain's data to a `Message`.

Nothing is sent here, and nothing is decided.
"""

from bot.networks.discord.render.board import Names, accepted, board, moderation
from bot.networks.discord.render.drafts import draft_rows, drafts, suggested, undone
from bot.networks.discord.render.evidence import evidence
from bot.networks.discord.render.message import Button, Message, Row
from bot.networks.discord.render.organiser import (
    agenda,
    forgotten,
    help_text,
    holdings,
    proposal,
)
from bot.networks.discord.render.parts import counts_text
from bot.networks.discord.render.session import (
    announcement,
    notice,
    reminder,
    rsvp_answer,
    session_embed,
    sessions_list,
    warning,
)
from bot.networks.discord.render.summaries import posted, summaries

__all__ = [
    "Button",
    "Message",
    "Names",
    "Row",
    "accepted",
    "agenda",
    "announcement",
    "board",
    "counts_text",
    "draft_rows",
    "drafts",
    "evidence",
    "forgotten",
    "help_text",
    "holdings",
    "moderation",
    "notice",
    "posted",
    "proposal",
    "reminder",
    "rsvp_answer",
    "session_embed",
    "sessions_list",
    "suggested",
    "summaries",
    "undone",
    "warning",
]
