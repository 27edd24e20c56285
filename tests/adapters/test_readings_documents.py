"""Links, papers, files and pasted text as documents, whatever brought them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.domain.errors import ReadingError
from bot.readings.documents import MAX_BYTES, read_bytes, read_source
from bot.readings.extract import sections
from bot.readings.plain import MAX_CHARACTERS, read_plain
from tests.adapters.made_pdfs import paper, sentences

ABS_PAGE = b"""<!doctype html><html><head>
<meta name="citation_title" content="On Rivers &amp; Bridges: a survey">
<meta name="citation_author" content="Doe, Jane"/><meta name="citation_author" content="Roe, John"/>
<meta name="citation_date" content="2023/01/29"></head><body></body></html>"""


@dataclass(frozen=True)
class Page:
    url: str
    body: bytes
    media_type: str
    charset: str = ""


@dataclass
class Fetcher:
    """Gives what it was told to give, and remembers what was asked for."""

    pages: dict[str, Page]
    asked: list[str] = field(default_factory=list)

    async def fetch(self, url: str) -> Page:
        self.asked.append(url)
        if url not in self.pages:
            raise ReadingError(f"“{url}” answered 404; check the link.", permanent=True)
        return self.pages[url]


def arxiv(*, page: bool = True) -> Fetcher:
    pdf = Page("https://arxiv.org/pdf/2301.12345v2", paper(1), "application/pdf")
    found = {"https://arxiv.org/pdf/2301.12345v2": pdf}
    if page:
        abs_page = Page("https://arxiv.org/abs/2301.12345v2", ABS_PAGE, "text/html", "utf-8")
        found[abs_page.url] = abs_page
    return Fetcher(found)


@pytest.mark.parametrize(
    "source",
    [
        "2301.12345v2",
        "arXiv:2301.12345v2",
        "https://arxiv.org/abs/2301.12345v2",
        "https://arxiv.org/pdf/2301.12345v2.pdf",
        "http://www.arxiv.org/html/2301.12345v2#S3",
    ],
)
async def test_a_paper_on_arxiv_is_its_pdf_with_what_its_page_tells(source: str) -> None:
    fetcher = arxiv()
    found = await read_source(source, fetcher)
    assert found.title == "On Rivers & Bridges: a survey"
    assert (found.author, found.published) == ("Jane Doe, John Roe", "2023-01-29")
    assert found.url == "https://arxiv.org/pdf/2301.12345v2"
    assert found.pages == 1
    assert "1 Part number 1" in found.text
    assert len(fetcher.asked) == 2


async def test_a_paper_is_read_even_if_its_page_is_not_to_be_had() -> None:
    found = await read_source("2301.12345v2", arxiv(page=False))
    assert (found.title, found.author) == ("On Rivers and Bridges", "Jane Doe")


async def test_a_paper_that_is_not_there_is_said_and_its_page_not_asked_for() -> None:
    fetcher = Fetcher({})
    with pytest.raises(ReadingError, match="404"):
        await read_source("arXiv:9901.00001", fetcher)
    assert fetcher.asked == ["https://arxiv.org/pdf/9901.00001"]


async def test_a_paper_without_a_pdf_is_refused() -> None:
    url = "https://arxiv.org/pdf/2301.12345"
    with pytest.raises(ReadingError, match=r"arXiv has no PDF of “2301\.12345”"):
        await read_source("2301.12345", Fetcher({url: Page(url, ABS_PAGE, "text/html", "utf-8")}))


async def test_a_link_says_where_it_led_in_the_end() -> None:
    text = " ".join(sentences(20))
    body = f"<html lang=en><body><article><h1>A page</h1><p>{text}</p></article></body></html>"
    page = Page("https://example.org/end", body.encode("utf-16"), "text/html", "utf-16")
    found = await read_source(
        "https://example.org/start", Fetcher({"https://example.org/start": page})
    )
    assert found.url == "https://example.org/end"
    assert text in found.text


async def test_a_link_to_markdown_is_called_by_its_heading_or_its_file() -> None:
    for body, title in ((b"# Rivers\n\nText.", "Rivers"), (b"Only text, no heading.", "long road")):
        page = Page("https://example.org/a/long-road.md?raw=1", body, "text/markdown", "utf-8")
        found = await read_source("https://example.org", Fetcher({"https://example.org": page}))
        assert found.title == title


async def test_a_link_to_a_pdf_is_read_as_one() -> None:
    page = Page("https://example.org/p", paper(2), "application/pdf")
    found = await read_source("https://example.org/p", Fetcher({page.url: page}))
    assert (found.pages, found.url) == (2, page.url)


@pytest.mark.parametrize(
    ("front", "title", "author", "published"),
    [
        (
            "---\ntitle: Rivers\nauthor: Jane Doe\ndate: 2024-03-05\n---",
            "Rivers",
            "Jane Doe",
            "2024-03-05",
        ),
        ("---\nTitle: Rivers: a study\nauthors: Jane Doe\n---", "Rivers: a study", "Jane Doe", ""),
        (
            "---\nauthors:\n  - Jane Doe\n  - name: John Roe\n---",
            "Heading",
            "Jane Doe, John Roe",
            "",
        ),
        ("+++\ntitle = 'Rivers'\ndate = 2024-03-05\n+++", "Rivers", "", "2024-03-05"),
        ("---\ndate: 99-99\n---", "Heading", "", ""),
    ],
)
async def test_front_matter_is_understood_and_left_out(
    front: str, title: str, author: str, published: str
) -> None:
    found = await read_bytes(f"{front}\n\n# Heading\n\nText.".encode(), name="notes.md")
    assert (found.title, found.author, found.published) == (title, author, published)
    assert found.text == "# Heading\n\nText."


@pytest.mark.parametrize(
    "text", ["---\n\nText between two rules.\n\n---\n\nMore.", "+++\nno = toml = here\n+++\nText."]
)
async def test_what_only_looks_like_front_matter_stays(text: str) -> None:
    assert (await read_bytes(text.encode(), name="notes.md")).text == text


async def test_pasted_text_has_no_title_unless_it_has_a_heading() -> None:
    assert (await read_bytes(b"Words, and nothing else. More of them.")).title == ""
    assert (await read_bytes(b"# Rivers\n\nWords.")).title == "Rivers"


RUSSIAN = "Мост построили в 1894 году, и с тех пор его чинили семь раз. " * 6
JAPANESE = "橋は一八九四年に建てられ、それから七回直された。" * 6


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "utf-16"),
        (JAPANESE, "shift_jis"),
        ("Das Café „Zur Brücke“ öffnet um sieben – täglich.", "cp1252"),
    ],
)
async def test_the_charset_of_a_text_that_says_nothing_is_guessed(text: str, charset: str) -> None:
    found = await read_bytes(text.encode(charset), name="a.txt")
    assert found.text == text.strip()


async def test_a_text_is_whole_clean_and_in_one_spelling() -> None:
    raw = "\ufeffCafe\u0301\r\n\r\nis\u202e open\x07.\x0cNext page.\rEnd." + " And more." * 20
    found = await read_bytes(raw.encode(), name="a.txt")
    assert found.text == "Café\n\nis open.\n\nNext page.\nEnd." + " And more." * 20


def test_an_overlong_text_is_cut_and_says_so() -> None:
    found = read_plain(b"word " * (MAX_CHARACTERS // 4), charset="utf-8")
    assert len(found.text) <= MAX_CHARACTERS
    assert found.notes == ("It is so long that only its first part was read.",)


@pytest.mark.parametrize(
    ("body", "name", "says"),
    [
        (b"", "a.md", "“a.md” has no text in it"),
        (b" \n\t", "", "That file has no text in it"),
        (b"---\ntitle: x\n---\n", "a.md", "“a.md” has no text in it"),
        (b"PK\x03\x04\x00\x00\x00\x00", "a.docx", "neither a PDF, a web page nor a text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "", "That file is neither"),
        (b"x" * (MAX_BYTES + 1), "big.txt", "“big.txt” is larger than 20 MiB"),
    ],
)
async def test_what_is_nothing_to_read_is_said(body: bytes, name: str, says: str) -> None:
    with pytest.raises(ReadingError, match=says) as caught:
        await read_bytes(body, name=name)
    assert caught.value.permanent


async def test_markdown_keeps_its_shape() -> None:
    text = "# Rivers\n\nSome *words* and [a link](https://example.org)."
    text += "\n\n- one\n- two\n\n```\nx = 1\n```"
    found = await read_bytes(text.encode(), name="a.md")
    assert found.text == text
    assert sections(found.text)[0].items == ("one", "two")


LOADED = """
import sys
import bot.readings, bot.readings.documents, bot.readings.pdf, bot.readings.html
import bot.readings.plain, bot.readings.arxiv, bot.readings.confined, bot.readings.extract
heavy = {"trafilatura", "lxml", "pypdfium2", "pypdfium2_raw", "charset_normalizer", "frontmatter",
         "justext", "htmldate", "courlan", "aiohttp", "markdown_it", "yaml", "ftfy"}
print(*sorted(heavy & set(sys.modules)))
"""


def test_importing_the_readings_loads_none_of_the_libraries_they_use() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == ""
