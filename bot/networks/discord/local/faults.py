"""What is to go wrong with the bot's requests, said beforehand: refusals, resets, lost answers.

The gateway's own faults (a drop, an invalid session) are methods of ``gateway.Gateway``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from bot.networks.discord.local.changes import Changes
from bot.networks.discord.local.errors import KNOWN
from bot.networks.discord.local.model import Json


class Fate(StrEnum):
    REFUSED = "refused"  # answered with the fault's status; nothing was done
    RESET = "reset"  # the connection breaks before anything was done
    HANGS = "hangs"  # nothing is done, nothing is answered
    LOST = "lost"  # all is done as asked, then the connection breaks without an answer
    UNANSWERED = "unanswered"  # all is done as asked, and nothing is ever answered


@dataclass(slots=True, eq=False)
class Fault:
    """``times`` it will still happen; ``hits`` how often it did."""

    method: str
    path: str
    fate: Fate
    status: int
    code: int
    retry_after: float
    by_cloudflare: bool
    times: int
    hits: int = 0

    def body(self) -> Json:
        if self.status == 429:
            said = "You are being rate limited."
            return {"message": said, "retry_after": self.retry_after, "global": False}
        message = KNOWN[self.code][1] if self.code in KNOWN else f"{self.status}: refused on demand"
        return {"message": message, "code": self.code}

    def headers(self) -> dict[str, str]:
        """With ``Via``, by which discord.py tells Discord's 429 from Cloudflare's ban."""
        if self.status != 429 or self.by_cloudflare:
            return {}
        return {
            "Via": "1.1 google",
            "Retry-After": str(self.retry_after),
            "X-RateLimit-Scope": "shared",
        }


class Faults:
    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._planned: list[Fault] = []

    def next(
        self,
        method: str,
        path: str,
        *,
        fate: Fate = Fate.REFUSED,
        status: int = 0,
        code: int = 0,
        retry_after: float = 0.1,
        by_cloudflare: bool = False,
        times: int = 1,
    ) -> Fault:
        """Let the next ``times`` requests to ``path`` (behind ``/api/v10``; ``*`` is anything) go
        wrong.

        ``code`` (50013, 10003, ...) brings its own status. ``retry_after`` in seconds goes with
        429.
        """
        if fate is Fate.REFUSED and not status:
            status = KNOWN[code][0]
        fault = Fault(method, path, fate, status, code, retry_after, by_cloudflare, times)
        self._planned.append(fault)
        return fault

    async def happened(self, fault: Fault, within: float = 20.0) -> None:
        """Return once this one has happened; TimeoutError after ``within`` seconds."""
        await self._changes.until(lambda: fault.hits, within)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._planned.clear()

    def of(self, method: str, path: str) -> Fault | None:
        """The first planned for this request, if any; it counts as having happened."""
        for fault in self._planned:
            if fault.method == method and fnmatchcase(path, fault.path):
                fault.hits += 1
                fault.times -= 1
                if not fault.times:
                    self._planned.remove(fault)
                if fault.fate in (Fate.REFUSED, Fate.RESET, Fate.HANGS):
                    self._changes.notify()
                return fault
        return None
