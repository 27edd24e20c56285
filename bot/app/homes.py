"""Which destinations of the configured group are the bot's own now: one Nostr identity, and none on
a network that is switched off.

Which Discord channels there are, and whether a destination failed, is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.config import Config
from bot.domain.model import Destination, Network
from bot.domain.ports import Rows
from bot.networks.nostr.keys import Signer
from bot.services.places import OTHER_KEY, SWITCHED_OFF


@dataclass(frozen=True, slots=True)
class Homes:
    """``address`` is the bot's public key in hex, None where it has none; ``off`` the networks that
    the configuration switches off."""

    address: str | None
    off: frozenset[Network]

    @classmethod
    def of(cls, config: Config, signer: Signer | None) -> Homes:
        on = {Network.NOSTR: config.nostr.enabled, Network.DISCORD: config.discord.enabled}
        off = frozenset(network for network, is_on in on.items() if not is_on)
        address = signer.public_key if signer and Network.NOSTR not in off else None
        return cls(address, off)

    def are_settled(self, places: Sequence[Destination]) -> bool:
        """Whether ``settle`` would change nothing."""
        known = self.address is None or any(place.address == self.address for place in places)
        return known and not any(True for _ in self._changes(places))

    async def settle(self, rows: Rows, group_id: int, at: datetime) -> None:
        """Post where the bot is now, and nowhere else."""
        if self.address is not None:
            await rows.groups.ensure_destination(group_id, Network.NOSTR, self.address)
        places = await rows.groups.destinations(group_id)
        for place, reason in self._changes(places):
            key = (group_id, place.network, place.address)
            if reason:
                await rows.groups.pause_destination(*key, reason, at)
            else:
                await rows.groups.resume_destination(*key)

    def _changes(self, places: Sequence[Destination]) -> Iterator[tuple[Destination, str]]:
        """What to pause, and why; and with "", what to resume of that."""
        for place in places:
            reason = self._reason(place)
            if reason and place.paused_at is None:
                yield place, reason
            elif not reason and place.paused_reason in (OTHER_KEY, SWITCHED_OFF):
                yield place, ""

    def _reason(self, place: Destination) -> str:
        """Why nothing goes there; "" where something may."""
        if place.network in self.off:
            return SWITCHED_OFF
        is_other_key = place.network is Network.NOSTR and place.address != self.address
        return OTHER_KEY if self.address is not None and is_other_key else ""
