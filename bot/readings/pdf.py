"""A PDF becomes a document: its text with headings, and what it says of its title, author and date.

The file is read by a worker of its own (``pdf_worker``); here stands what is asked of it, what
becomes of its answer, and the sentence for each way in which a PDF can't be read.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Any

from bot.domain.errors import ReadingError
from bot.domain.model import Document
from bot.domain.text import clean_name, mended
from bot.readings.confined import Limits, WorkerError, confined

logger = logging.getLogger(__name__)

_WORKER = "bot.readings.pdf_worker"
_LIMITS = Limits()
_MARK = b"%PDF-"
_TITLE_LENGTH = 200

_INSTEAD = "give it as a text file, or another copy of it"
_REFUSALS = {
    "encrypted": "is locked with a password; save a copy without one and give that.",
    "scanned": "has no text, it is scanned; run it through text recognition (OCR) first.",
    "empty": f"has no text in it; {_INSTEAD}.",
    "garbled": f"has a text that can't be told from its fonts; {_INSTEAD}.",
    "broken": f"could not be read: it is damaged or no whole PDF; {_INSTEAD}.",
}
_GAVE_UP = f"could not be read within the time and memory there is for one; {_INSTEAD}."

_NO_TITLE = re.compile(
    r"untitled.*|.*\.(?:docx?|dvi|tex|indd|pdf|rtf|odt|pptx?|qxd|ps|wpd|txt|xlsx?|p65)"
    r"|(?:microsoft |open)?(?:word|powerpoint|excel|office|writer)\b.*|.*[/\\].*[/\\].*"
    r"|[\W\d_]*|title|document\d*|presentation\d*|slide \d+|print",
    re.IGNORECASE,
)
_NO_AUTHOR = re.compile(
    r"(?:user|admin|administrator|owner|unknown|anonymous|author|root|guest|default|pc|hp|dell"
    r"|microsoft.*|office.*|windows.*|.*@.*|[\W\d_]*|.)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:D:)?((?:19|20)\d{2})(?:(0[1-9]|1[0-2])(?:(0[1-9]|[12]\d|3[01]))?)?(?!\d{5,7}$)"
)


async def read_pdf(body: bytes, *, name: str = "", limits: Limits = _LIMITS) -> Document:
    """The text of the PDF ``body``. Raises ReadingError; its sentence calls it ``name``."""
    called = f"“{name}”" if name else "That PDF"
    if _MARK not in body[:1024]:
        raise _refused(called, "broken")
    try:
        answer = await confined(_WORKER, body, limits)
    except WorkerError as error:
        logger.warning("A PDF of %d bytes was given up: %s", len(body), error)
        raise ReadingError(f"{called} {_GAVE_UP}", permanent=True) from error
    if "text" not in answer:
        logger.info("A PDF of %d bytes was refused: %s", len(body), answer.get("refused"))
        raise _refused(called, str(answer.get("refused")))
    return await asyncio.to_thread(_document, answer)  # megabytes of text are mended


def _refused(called: str, why: str) -> ReadingError:
    return ReadingError(f"{called} {_REFUSALS.get(why, _REFUSALS['broken'])}", permanent=True)


def _document(answer: Mapping[str, Any]) -> Document:
    about: Mapping[str, str] = answer["about"]
    return Document(
        text=mended(answer["text"]),
        title=_title(about.get("Title", ""), answer["heading"]),
        author=_author(about.get("Author", "")),
        published=_date(about.get("CreationDate", "")),
        pages=answer["pages"],
        notes=tuple(_notes(answer)),
    )


def _notes(answer: Mapping[str, Any]) -> list[str]:
    notes = []
    pages, read, bare = answer["pages"], answer["read"], answer["bare"]
    if read < pages:
        notes.append(f"Only the first {read} of {pages:,} pages were read.")
    elif answer["cut"]:
        notes.append("It is so long that only its first part was read.")
    if bare:
        which = "1 page has" if bare == 1 else f"{bare} pages have"
        notes.append(f"{which} pictures and no text, and could not be read.")
    if broken := answer["broken"]:
        which = "1 page is" if broken == 1 else f"{broken} pages are"
        notes.append(f"{which} damaged and could not be read.")
    return notes


def _title(given: str, heading: str) -> str:
    """What the file says it is called, unless that is a file's name; else what page 1 says."""
    named = clean_name(given, _TITLE_LENGTH)
    if len(named) > 2 and not _NO_TITLE.fullmatch(named):
        return named
    return clean_name(heading, _TITLE_LENGTH)


def _author(given: str) -> str:
    named = clean_name(given, _TITLE_LENGTH)
    return "" if _NO_AUTHOR.fullmatch(named) else named


def _date(given: str) -> str:
    """The ISO date in a PDF's own ("D:20240131120000Z", ISO 32000-1, 7.9.4); "" for nonsense."""
    found = _DATE.match(given.strip())
    return "-".join(part for part in found.groups() if part) if found else ""
