"""Whatever is given to read becomes a document: a link, a paper on arXiv, a file, a pasted text.

The bytes decide what it is, not its name nor what a server says. Nothing here fetches by itself: a
link is handed to the fetcher, which guards it. The libraries that read pages and PDFs are loaded
when the first of these is read.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Protocol

from bot.domain.errors import ReadingError
from bot.domain.model import Document
from bot.readings import arxiv
from bot.readings.sniff import HTML, PDF, sniff

logger = logging.getLogger(__name__)

MAX_BYTES = 20 * 1024 * 1024


class Found(Protocol):
    """What a link led to; ``media_type`` and ``charset`` are by the body's own bytes."""

    @property
    def url(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def media_type(self) -> str: ...
    @property
    def charset(self) -> str: ...


class Fetching(Protocol):
    async def fetch(self, url: str) -> Found:
        """Raises ReadingError."""
        ...


async def read_source(source: str, fetcher: Fetching) -> Document:
    """What stands at ``source``: a URL, or an arXiv id or link, which is read as its PDF.

    Raises ReadingError with what to do instead.
    """
    paper = arxiv.paper(source)
    if paper is not None:
        return await _paper(paper, fetcher)
    found = await fetcher.fetch(source)
    return await _read(found.body, found.media_type, found.charset, url=found.url)


async def read_bytes(
    body: bytes, *, name: str = "", media_type: str = "", url: str = ""
) -> Document:
    """What is in a file or an attachment called ``name``. Raises ReadingError.

    ``media_type`` is what the sender says of it, perhaps with a charset; the bytes are believed.
    """
    called = f"“{name}”" if name else "That file"
    if not body.strip():
        raise _refused(f"{called} has no text in it. Check the file and try again.")
    if len(body) > MAX_BYTES:
        raise _refused(f"{called} is larger than {MAX_BYTES // 2**20} MiB. Give a shorter text.")
    try:
        kind, charset = await asyncio.to_thread(sniff, body, media_type, name)
    except ReadingError:
        raise _refused(
            f"{called} is neither a PDF, a web page nor a text. Save it as one of these, and add"
            " that."
        ) from None
    return await _read(body, kind, charset, name=name, url=url)


def _refused(reason: str) -> ReadingError:
    return ReadingError(reason, permanent=True)


async def _read(
    body: bytes, media_type: str, charset: str, *, name: str = "", url: str = ""
) -> Document:
    if media_type == PDF:
        from bot.readings.pdf import read_pdf

        return replace(await read_pdf(body, name=name), url=url)
    if media_type == HTML:
        from bot.readings.html import read_html

        return await read_html(body, charset=charset, url=url)
    from bot.readings.plain import read_plain

    return replace(
        await asyncio.to_thread(read_plain, body, charset=charset, name=name or _last(url)), url=url
    )


def _last(url: str) -> str:
    """The file's name in a URL, "" when it has none."""
    return url.partition("?")[0].partition("#")[0].rpartition("/")[2] if url.count("/") > 2 else ""


async def _paper(paper: arxiv.Paper, fetcher: Fetching) -> Document:
    found = await fetcher.fetch(paper.pdf)
    if found.media_type != PDF:
        raise _refused(
            f"arXiv has no PDF of “{paper.id}”. Check the number, or download what it has and"
            " give that."
        )
    document = await _read(found.body, PDF, "", name=f"arXiv:{paper.id}", url=found.url)
    about = await _about(paper, fetcher)
    return replace(
        document,
        title=about.title or document.title,
        author=about.author or document.author,
        published=about.published or document.published,
    )


async def _about(paper: arxiv.Paper, fetcher: Fetching) -> arxiv.About:
    """What the paper's page tells. It is a comfort: without it the PDF's own words stand."""
    try:
        page = await fetcher.fetch(paper.page)
    except ReadingError as error:
        logger.info("The page of arXiv:%s was not had: %s", paper.id, error.reason)
        return arxiv.About()
    return arxiv.about(page.body.decode(page.charset or "utf-8", "replace"))
