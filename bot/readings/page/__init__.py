"""A group's session page, in and out: ``parse_page`` reads one, ``write_page`` writes one.

What ``write_page`` writes, ``parse_page`` reads back as the same session; ``write_article`` writes
what of it is published, and ``summary_parts`` takes one summary of it apart. None knows where pages
are kept, nor decides what becomes of them.
"""

from __future__ import annotations

from bot.readings.page.inwards import parse_page
from bot.readings.page.outwards import write_article, write_page
from bot.readings.page.summary import summary_parts

__all__ = ["parse_page", "summary_parts", "write_article", "write_page"]
