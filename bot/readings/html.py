"""A web page becomes a document: its article as Markdown, its title, author, date and language.

Menus, comments and the like are left out by trafilatura. A page that shows a wall instead of its
text (a login, a subscription, a question about cookies, a script) is refused with what to do. An
ordinary page is read in a thread; a large one takes long and might be made to take for ever, so it
is read by a worker that can be stopped (``html_worker``).
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
from bot.readings.metadata import Metadata, metadata

logger = logging.getLogger(__name__)

MAX_BYTES = 5 * 1024 * 1024
_WORKER = "bot.readings.html_worker"
_LIMITS = Limits(wall=30.0, cpu=10, memory=1024 * 1024 * 1024)
_THREAD_CHARACTERS, _THREAD_TAGS = 500_000, 10_000  # read in a thread; a second at the worst
_FEW, _SHORT = 80, 900  # letters that are no text at all; that may be a wall's own words
_TITLE_LENGTH = 200

_INSTEAD = "open it in your browser and add its text as a file"
_WALLS = {
    "paywall": f"That page shows its text only to subscribers or members; {_INSTEAD}.",
    "consent": f"That page asks about cookies before it shows its text; {_INSTEAD}.",
    "script": f"That page shows its text only in a browser; {_INSTEAD}.",
    "empty": f"There is hardly any text on that page; check the link, or {_INSTEAD}.",
}
_PAYWALL = re.compile(
    r"subscribe (?:now )?to (?:continue|keep|read|unlock)|already a (?:subscriber|member)"
    r"|(?:sign|log) in to (?:continue|keep|read|view)|to continue reading|continue reading with"
    r"|(?:for|to) (?:paid )?(?:subscribers|members) only|only (?:available )?(?:for|to) (?:paid )?"
    r"(?:subscribers|members)|this (?:article|story|post|content) is (?:reserved )?for"
    r"|create (?:a|your) free account to|(?:free|remaining) articles? (?:left|this month|remaining)"
    r"|jetzt weiterlesen|nur für abonnenten|réservée?s? aux abonnés|solo para suscriptores",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"\b(?:we|partners|vendors) .{0,40}(?:use|store|process).{0,60}cookies"
    r"|before you continue to|your (?:privacy|cookie) (?:choices|preferences|settings)"
    r"|accept (?:all|cookies)|reject all|manage (?:cookies|preferences|consent)"
    r"|alle akzeptieren|tout accepter|aceptar todo",
    re.IGNORECASE,
)
_SCRIPT = re.compile(
    r"(?:enable|turn on|requires?|needs?|activate) java ?script|java ?script (?:is|must be|seems)"
    r"|checking (?:your|if the site) |verify(?:ing)? (?:that )?you are (?:a )?human|are you a robot"
    r"|unusual traffic|access denied|complete the captcha|just a moment",
    re.IGNORECASE,
)


async def read_html(
    body: bytes, *, charset: str = "utf-8", url: str = "", limits: Limits = _LIMITS
) -> Document:
    """The article on the page ``body``, found at ``url``. Raises ReadingError.

    ``limits`` are for a page that is too large to be read in a thread.
    """
    notes = []
    if len(body) > MAX_BYTES:
        notes.append(f"Only the first {MAX_BYTES // 2**20} MiB of the page were read.")
    text = body[:MAX_BYTES].decode(charset, "replace")
    if len(text) <= _THREAD_CHARACTERS and text.count("<") <= _THREAD_TAGS:
        answer = await asyncio.to_thread(article, text, url)
    else:
        answer = await _confined(text, url, limits)
    if wall := answer["wall"]:
        logger.info("A page of %d bytes was refused: %s", len(body), wall)
        raise ReadingError(_WALLS[wall], permanent=True)
    if answer["closed"]:
        notes.append("The page says that the rest is for subscribers; this may be its beginning.")
    return Document(
        text=answer["text"],
        title=answer["title"],
        author=answer["author"],
        published=answer["published"],
        url=url,
        notes=tuple(notes),
        language=answer["language"],
    )


async def _confined(text: str, url: str, limits: Limits) -> Mapping[str, Any]:
    try:
        return await confined(_WORKER, f"{url}\n{text}".encode("utf-8", "replace"), limits)
    except WorkerError as error:
        logger.warning("A page of %d characters was given up: %s", len(text), error)
        raise ReadingError(
            f"That page is too large or too tangled to be read here; {_INSTEAD}.", permanent=True
        ) from error


def article(text: str, url: str) -> Mapping[str, Any]:
    """What the page ``text`` holds: "text" (Markdown), its metadata, and "wall" for what is shown
    instead ("" for nothing). Its time may grow with the square of its size."""
    from trafilatura import extract, html2txt, load_html  # a fifth of a second, and 25 MB

    tree = load_html(_with_plain_doctype(text))
    if tree is None:
        return _answer("", Metadata(), "", "empty")
    about = metadata(tree, url)
    found = extract(
        tree,
        fast=True,
        output_format="markdown",
        include_comments=False,
        include_links=False,
        include_images=False,
    )
    markdown = re.sub(r"\n{3,}", "\n\n", mended(found or "")).strip()
    letters = len(re.findall(r"\w", markdown))
    seen = markdown if letters >= _SHORT else str(html2txt(tree))[:20_000]
    wall = _wall(markdown, seen, letters, closed=about.closed)
    return _answer(markdown, about, seen[-3000:], wall)


def _answer(text: str, about: Metadata, end: str, wall: str) -> Mapping[str, Any]:
    return {
        "text": text,
        "title": clean_name(about.title, _TITLE_LENGTH),
        "author": clean_name(about.author, _TITLE_LENGTH),
        "published": about.published,
        "language": about.language,
        "closed": about.closed or _PAYWALL.search(end) is not None,
        "wall": wall,
    }


def _wall(text: str, seen: str, letters: int, *, closed: bool) -> str:
    """``seen`` is all that the page shows, where that is little."""
    if letters >= _SHORT:
        return ""
    if closed or _PAYWALL.search(seen):
        return "paywall"
    shown = text if letters >= _FEW else seen  # beside an article, a banner is just a banner
    for pattern, wall in ((_CONSENT, "consent"), (_SCRIPT, "script")):
        if pattern.search(shown):
            return wall
    return "empty" if letters < _FEW else ""


def _with_plain_doctype(text: str) -> str:
    """A page's own doctype may be odd, which is slow, or missing, which makes trafilatura doubt."""
    start = text.lstrip("\ufeff \t\r\n")
    if start[:9].lower() == "<!doctype":
        end = start.find(">", 0, 2000)
        start = start[end + 1 :] if end >= 0 else start[9:]
    return f"<!doctype html>\n{start}"
