"""What the bot may do on a server, and why: exactly what it uses, and the link that asks for it.

Being allowed is Discord's to check; what a missing one prevents is told where it is needed.
"""

from __future__ import annotations

import discord

PURPOSES = {
    "view_channel": "see the channel that its posts go to",
    "send_messages": "post announcements, reminders and notices there",
    "embed_links": "post them as cards with links",
    "read_message_history": "find out, after an outage, what was posted already",
    "create_public_threads": "open a thread for each session's talk",
    "create_events": "put sessions among the server's events, and move or cancel those",
}
"""Discord's name of each permission, and what it is for.

Creating events takes Create Events, which also covers editing one's own; Manage Events would be for
those of others.
"""


def needed() -> discord.Permissions:
    """All of them, and nothing else."""
    return discord.Permissions(**dict.fromkeys(PURPOSES, True))


def invite_url(application_id: int | str) -> str:
    """The link by which somebody who manages a server puts the bot on it."""
    return discord.utils.oauth_url(
        int(application_id), permissions=needed(), scopes=("bot", "applications.commands")
    )
