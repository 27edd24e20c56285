"""A small Discord on loopback that discord.py's real HTTP and websocket code talks to.

For the demo, the tests and the benchmarks; ``run`` never needs it. It keeps all in memory and does
what a reading group's bot meets, as Discord's documentation says it: REST v10, the gateway,
interactions, permissions, length limits. How it is used::

    async with LocalDiscord() as server:
        with pointed_at(server):                     # discord.py in this process
            guild = server.guild("Atlanta")          # the bot is in it; has a channel "general"
            role = server.role(guild, "organisers", Permission.MANAGE_EVENTS)
            ada = server.join(guild, "Ada", role)    # somebody who acts
            general = guild.channel("general")
            ...                                      # start a bot with server.token
            await server.gateway.until_connected()
            seen = await ada.slash(general, "session add", title="Relays", when="tomorrow 19:00")
            seen.text, seen.ephemeral, seen.ms       # what she sees
            seen = await ada.click(seen, "Announce") # a button, by label or custom id
            seen = await ada.submit(form, {"Question": "Why?"})
            message = await server.posted(general, "Relays")
            server.requests.to("POST", "/channels/*/messages")
            assert not server.requests.broken_limits

What goes wrong: ``server.faults.next("POST", "/channels/*/messages", status=429,
retry_after=0.2)``, ``code=50013``, ``fate=Fate.LOST``; and ``server.gateway.drop()``,
``.invalidate()``, ``.reconnect()``, ``.refuse(4014)``. What changes: ``server.world.deny(channel,
member, Permission.SEND_MESSAGES)`` and such.

A process of its own is pointed at ``server.url`` by a wrapper that calls ``pointed_at(url)`` first;
it then pays for none of the rest, which is imported when it is first named.

As on Discord, a guild's members aren't told to a bot without the members intent: discord.py then
drops "interested" in a scheduled event (it has no such user), and only the raw event tells it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from bot.networks.discord.local.redirect import pointed_at

if TYPE_CHECKING:
    from bot.networks.discord.local.faults import Fate, Fault
    from bot.networks.discord.local.members import Actor
    from bot.networks.discord.local.model import (
        Channel,
        ChannelKind,
        Event,
        Guild,
        Member,
        Message,
        Role,
        User,
    )
    from bot.networks.discord.local.options import CannotDoError, FileToSend
    from bot.networks.discord.local.permissions import Permission
    from bot.networks.discord.local.server import LocalDiscord
    from bot.networks.discord.local.shown import Answer, Choice, Modal, Shown

_WHERE = {
    "faults": ("Fate", "Fault"),
    "members": ("Actor",),
    "model": ("Channel", "ChannelKind", "Event", "Guild", "Member", "Message", "Role", "User"),
    "options": ("CannotDoError", "FileToSend"),
    "permissions": ("Permission",),
    "server": ("LocalDiscord",),
    "shown": ("Answer", "Choice", "Modal", "Shown"),
}


def __getattr__(name: str) -> object:
    for module, names in _WHERE.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(name)


__all__ = [
    "Actor",
    "Answer",
    "CannotDoError",
    "Channel",
    "ChannelKind",
    "Choice",
    "Event",
    "Fate",
    "Fault",
    "FileToSend",
    "Guild",
    "LocalDiscord",
    "Member",
    "Message",
    "Modal",
    "Permission",
    "Role",
    "Shown",
    "User",
    "pointed_at",
]
