"""Where a group's posts go: its destinations, without those that somebody left for another one.

Posts to a destination that is paused because it failed wait there; to one that was left, nothing
is queued any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.model import Destination, Group, Network, Post
from bot.domain.ports import Rows

OTHER_CHANNEL = "another channel was chosen"
"""Why a Discord channel that a guild's group had before is paused."""
OTHER_KEY = "the bot has another key"
"""Why the Nostr identity of a key that the bot had before is paused."""
SWITCHED_OFF = "the network is switched off in the configuration"
_LEFT = frozenset({OTHER_CHANNEL, OTHER_KEY, SWITCHED_OFF})


def channel_address(guild: str, channel: str) -> str:
    """A Discord channel as a destination's address, from two snowflakes."""
    return f"{guild}/{channel}"


async def places(rows: Rows, group_id: int) -> Sequence[Destination]:
    """Every destination that the group's posts are queued for, oldest first."""
    known = await rows.groups.destinations(group_id)
    return [place for place in known if place.paused_reason not in _LEFT]


async def move(rows: Rows, group: Group, guild: str, channel: str, at: datetime) -> None:
    """Post to this channel of the guild from now on, and to no other one of it."""
    chosen = channel_address(guild, channel)
    await rows.groups.ensure_destination(group.id, Network.DISCORD, chosen)
    await rows.groups.resume_destination(group.id, Network.DISCORD, chosen)
    for place in await rows.groups.destinations(group.id):
        of_guild = place.network is Network.DISCORD and place.address.startswith(f"{guild}/")
        if of_guild and place.address != chosen:
            await rows.groups.pause_destination(
                group.id, Network.DISCORD, place.address, OTHER_CHANNEL, at
            )


async def try_again(rows: Rows, group_id: int) -> None:
    """Let posts go again to the Discord channels that are paused because one failed there."""
    for place in await places(rows, group_id):
        if place.network is Network.DISCORD and place.paused_at is not None:
            await rows.groups.resume_destination(group_id, place.network, place.address)


async def pause(rows: Rows, post: Post, reason: str, at: datetime) -> bool:
    """Post nothing more to where ``post`` goes; False when that was so already."""
    for place in await rows.groups.destinations(post.group_id):
        if (place.network, place.address) == (post.network, post.destination):
            if place.paused_at is not None:
                return False
            await rows.groups.pause_destination(
                post.group_id, post.network, post.destination, reason, at
            )
            return True
    return False
