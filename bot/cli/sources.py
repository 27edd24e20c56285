"""What `--reading` names: a link, a paper on arXiv, or a file that is read at once.

Links are read when summaries are made of them, not here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import UserError
from bot.domain.links import linked
from bot.domain.model import Document, Reading


@dataclass(frozen=True, slots=True)
class Source:
    """One reading as it was named. ``document`` is what was read of a file, None for a link."""

    named: str
    reading: Reading
    document: Document | None = None


async def read_sources(named: Sequence[str]) -> list[Source]:
    """Each of them. Raises UserError for what is neither, ReadingError, OSError."""
    return [await _read(each) for each in named]


async def _read(named: str) -> Source:
    from bot.readings.arxiv import paper
    from bot.readings.documents import read_bytes

    if "://" in named:
        return Source(named, linked(named))
    try:
        body = await asyncio.to_thread(_bytes_of, path := Path(named))
    except FileNotFoundError as error:
        found = paper(named)
        if found is None:
            raise UserError(
                f"There is no file “{named}”; give a file, a link that starts with https://, "
                "or an arXiv id, such as 2001.08361."
            ) from error
        return Source(named, linked(found.page))
    document = await read_bytes(body, name=path.name)
    reading = Reading(
        document.title or path.stem,
        text=document.text,
        author=document.author,
        published=document.published,
        notes=document.notes,
    )
    return Source(named, reading, document)


def _bytes_of(path: Path) -> bytes:
    from bot.readings.documents import MAX_BYTES

    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def say_read(sources: Sequence[Source], make: str) -> None:
    """What was read; and where all are links, that ``make`` is the command that reads one."""
    from bot.cli.show import one_line, say

    for source in sources:
        if source.document is not None:
            size, title = _size(source.document), one_line(source.reading.title)
            say(f"Read “{title}” from {one_line(source.named)}: {size}.")
            for note in source.document.notes:
                say(f"  {one_line(note)}")
    if sources and all(source.document is None for source in sources):
        say(f"The link is read when its summaries are made: {make}")


def source_json(source: Source) -> dict[str, Any]:
    """What was read of one, and how much."""
    document = source.document
    return {
        "title": source.reading.title,
        "url": source.reading.url,
        "has_text": document is not None,
        "pages": document.pages if document else None,
        "words": len(document.text.split()) if document else None,
        "author": source.reading.author,
        "published": source.reading.published,
        "notes": list(source.reading.notes),
    }


def _size(document: Document) -> str:
    words = f"{len(document.text.split()):,} words"
    if document.pages is None:
        return words
    return f"{document.pages:,} page{'s'[: document.pages != 1]}, {words}"
