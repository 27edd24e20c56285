"""A group's session page, in and out: ``parse_page`` reads one, ``write_page`` writes one.

What ``write_page`` writes, ``parse_page`` reads back as the same session. Neither knows where pages
are kept, nor decides what becomes of them.
"""

from __future__ import annotations

from bot.readings.page.inwards import parse_page
from bot.readings.page.outwards import write_page

__all__ = ["parse_page", "write_page"]
