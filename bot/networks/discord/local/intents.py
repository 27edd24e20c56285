"""Which events a client asked for. Discord's documentation, "Gateway Intents"."""

from __future__ import annotations

GUILDS = 1 << 0
MEMBERS = 1 << 1
PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
DIRECT_MESSAGES = 1 << 12
MESSAGE_CONTENT = 1 << 15
SCHEDULED_EVENTS = 1 << 16

PRIVILEGED = MEMBERS | PRESENCES | MESSAGE_CONTENT

_BY_PREFIX = (
    ("GUILD_SCHEDULED_EVENT_", SCHEDULED_EVENTS),
    ("GUILD_MEMBER_", MEMBERS),
    ("GUILD_", GUILDS),
    ("CHANNEL_", GUILDS),
    ("THREAD_", GUILDS),
)


def needed_for(event: str, *, in_guild: bool) -> int:
    """The intent without which nobody is told of it; 0 where everybody is."""
    if event.startswith("MESSAGE_"):
        return GUILD_MESSAGES if in_guild else DIRECT_MESSAGES
    for prefix, intent in _BY_PREFIX:
        if event.startswith(prefix):
            return intent
    return 0
