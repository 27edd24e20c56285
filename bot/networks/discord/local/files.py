"""The files that members and the bot attach: kept in memory, and served as Discord's CDN does."""

from __future__ import annotations

from bot.networks.discord.local.model import Attachment
from bot.networks.discord.local.snowflakes import Snowflakes


class Files:
    """``base`` is the server's own address; it is set when it listens."""

    def __init__(self, ids: Snowflakes) -> None:
        self.base = ""
        self._ids = ids
        self._kept: dict[int, Attachment] = {}

    def keep(self, filename: str, content: bytes, content_type: str) -> Attachment:
        number = self._ids.next()
        url = f"{self.base}/attachments/{number}/{filename}"
        kept = Attachment(number, filename, content, content_type, url)
        self._kept[number] = kept
        return kept

    def get(self, number: int) -> Attachment | None:
        return self._kept.get(number)
