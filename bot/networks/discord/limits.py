"""How much Discord takes in one message, and how it counts; nothing is cut here.

Source: Discord's API documentation, "Message Resource", "Embed Limits" and "Component Reference".
Lengths are counted in UTF-16 units, which is never less than what either Discord's clients or its
servers count.
"""

from __future__ import annotations

CONTENT = 2000
EMBEDS = 10
EMBED_TOTAL = 6000
"""Titles, descriptions, field names and values, footers and authors of a message's embeds."""
EMBED_TITLE = 256
EMBED_DESCRIPTION = 4096
EMBED_FIELDS = 25
FIELD_NAME = 256
FIELD_VALUE = 1024
FOOTER = 2048
AUTHOR = 256

ROWS = 5
BUTTONS = 5
"""In one row."""
BUTTON_LABEL = 80
CUSTOM_ID = 100
BUTTON_URL = 512
TEXT_INPUT = 4000
"""In one field of a form."""

NONCE = 25
HISTORY_PAGE = 100
"""Messages in one answer of a channel's history."""
EVENT_USERS_PAGE = 100
"""People in one answer about who is interested in a scheduled event."""

THREAD_NAME = 100
EVENT_NAME = 100
EVENT_DESCRIPTION = 1000
EVENT_LOCATION = 100
EVENTS = 100
"""Scheduled or running in one guild; one more is error 30038."""


def units(text: str) -> int:
    """The length of a text in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
