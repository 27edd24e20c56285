"""Web pages as documents: what must be found in each, and what must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.errors import ReadingError
from bot.domain.model import Document
from bot.readings.confined import Limits
from bot.readings.documents import read_bytes
from bot.readings.extract import sections
from bot.readings.html import MAX_BYTES, article, read_html
from bot.readings.html_worker import read
from tests.adapters.made_pdfs import sentences

WEB = Path(__file__).parent / "web"


async def page(name: str) -> Document:
    return await read_bytes((WEB / name).read_bytes(), name=name)


def html(body: str, head: str = "") -> str:
    return f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>"


def prose(paragraphs: int, seed: int = 1) -> str:
    return "".join(
        f"<p>{' '.join(sentences(5, seed + number))}</p>" for number in range(paragraphs)
    )


async def test_an_article_keeps_its_headings_and_says_who_wrote_it_when() -> None:
    found = await page("article.html")
    assert (found.title, found.author) == ("How a village bought its own mast", "Moira Kells")
    assert (found.published, found.language) == ("2024-03-05", "en-GB")
    assert [part.heading for part in sections(found.text)] == [
        "How a village bought its own mast",
        "What it cost",
        "What comes next",
    ]
    assert "sold 1,120 shares at £25 each" in found.text
    for noise in ("Sport desk", "herring", "track me", "Cookie settings", "All rights"):
        assert noise not in found.text


async def test_of_a_blog_the_post_is_read_and_neither_comments_nor_archive() -> None:
    found = await page("blog.html")
    assert (found.author, found.published) == ("Lina Okafor", "2023-11-02")
    assert "## Measuring first" in found.text
    assert "The fastest cache is the one that you can delete." in found.text
    for noise in ("greetings from Oslo", "message queue", "Archive", "love story"):
        assert noise not in found.text


async def test_a_manuals_page_keeps_its_lists_code_and_tables_apart_from_prose() -> None:
    found = await page("docs.html")
    assert "- the server answered with a status from 500 to 599," in found.text
    assert "```\nbox = Postbox(first_pause=2.0)" in found.text
    assert "| 5 | 32 s |" in found.text
    waiting = next(part for part in sections(found.text) if part.heading == "How long it waits")
    assert not any("Postbox(" in paragraph for paragraph in waiting.paragraphs)
    assert "API reference" not in found.text


async def test_a_page_whose_facts_stand_in_linked_data() -> None:
    found = await page("linked_data.html")
    assert found.title == "Tides are rising faster at the old pier"
    assert found.author == "Priya Raman, Tom Ashby"
    assert (found.published, found.language) == ("2022-07-19", "en-US")
    assert "9 centimetres above the mean" in found.text


async def test_a_page_in_german() -> None:
    found = await page("german.html")
    assert (found.title, found.author) == ("Die Brücke am Ende der Straße", "Jörg Überschär")
    assert (found.published, found.language) == ("2021-05-14", "de")
    assert "„Wir haben dafür kein Geld und keine Zeit“" in found.text
    assert "Impressum" not in found.text


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "utf-16", "utf-8"])
async def test_a_page_in_the_charset_that_it_names(charset: str) -> None:
    text = "Мост построили в 1894 году, и с тех пор его чинили семь раз. " * 9
    body = html(
        f"<article><h1>Старый мост</h1><p>{text}</p></article>", f"<meta charset={charset}>"
    )
    found = await read_bytes(body.encode(charset), name="bridge.html")
    assert "Мост построили в 1894 году" in found.text
    assert found.title == "Старый мост"


async def test_the_header_names_the_charset_where_the_page_does_not() -> None:
    body = html(f"<article><h1>橋</h1><p>{'橋は一八九四年に建てられた。' * 30}</p></article>")
    found = await read_bytes(body.encode("shift_jis"), media_type="text/html; charset=Shift_JIS")
    assert "橋は一八九四年に建てられた。" in found.text


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("paywall.html", "only to subscribers or members; open it in your browser"),
        ("consent.html", "asks about cookies"),
        ("script.html", "only in a browser"),
    ],
)
async def test_a_wall_is_not_taken_for_the_text(name: str, says: str) -> None:
    with pytest.raises(ReadingError, match=says) as caught:
        await page(name)
    assert caught.value.permanent


@pytest.mark.parametrize(
    "body", ["", "\x00", "<p>", "<div><img src=x></div>", "<p>Hello there.</p>"]
)
async def test_a_page_with_hardly_a_word_is_refused(body: str) -> None:
    with pytest.raises(ReadingError, match="hardly any text"):
        await read_html(html(body).encode())


async def test_a_banner_beside_a_short_text_does_not_hide_the_text() -> None:
    body = f"<article><h1>A note</h1>{prose(1)}</article><div>Accept all cookies</div>"
    found = await read_html(html(body).encode())
    assert sentences(1, 1)[0] in found.text


async def test_a_page_that_is_closed_further_down_says_so_in_a_note() -> None:
    gate = "<p>Subscribe to continue reading. Already a subscriber? Sign in.</p>"
    found = await read_html(html(f"<article><h1>Long</h1>{prose(12)}{gate}</article>").encode())
    assert found.notes == (
        "The page says that the rest is for subscribers; this may be its beginning.",
    )


async def test_an_overlong_page_is_cut_and_says_so() -> None:
    body = html(f"<article><h1>Long</h1>{prose(20)}</article>").encode()
    found = await read_html(body + b"<!--" + b"x" * MAX_BYTES)
    assert found.notes == ("Only the first 5 MiB of the page were read.",)
    assert sentences(1, 1)[0] in found.text


async def test_a_large_page_is_read_by_a_worker_with_the_same_result() -> None:
    text = html(f"<article><h1>Many parts</h1>{prose(60)}{'<i></i>' * 6000}</article>")
    found = await read_html(text.encode(), url="https://example.org/2020/many")
    assert found.title == "Many parts"
    assert found.text == article(text, "")["text"]
    assert read(f"\n{text}".encode())["text"] == found.text


async def test_a_tangled_page_is_given_up_in_seconds() -> None:
    text = html("<article>" + "<p><b>a</b><i>b</i>" * 200_000)
    with pytest.raises(ReadingError, match="too large or too tangled") as caught:
        await read_html(text.encode(), limits=Limits(cpu=2))
    assert caught.value.permanent


TRAPS = [
    '<script type="application/ld+json">' + '"author":' * 9_000 + "</script>",
    '<script type="application/ld+json">' + '"\\' * 40_000 + "</script>",
    '<script type="application/ld+json">{"author":"' + "<" * 80_000 + '"}</script>',
    '<script type="application/ld+json">' + "[" * 80_000 + "]" * 80_000 + "</script>",
    '<script type="application/ld+json">' + '{"a":' * 200 + "1" + "}" * 200 + "</script>",
    f'<script type="application/ld+json">[{"1," * 50_000}1]</script>',
    f'<script type="application/ld+json">"{"x" * 300_000}"</script>',
    f"<meta name=author content='{'<' * 80_000} x'>",
    f"<meta name=author content='{'@ ' * 40_000} x'>",
    "<meta name=author content='A B'>" * 2000,
    f"<title>{'a - ' * 20_000}</title>",
]


@pytest.mark.parametrize("trap", TRAPS)
def test_what_a_page_says_of_itself_cannot_take_minutes(trap: str) -> None:
    found = article(html(f"<article><h1>Bridges</h1>{prose(3)}</article>", trap), "")
    assert sentences(1, 1)[0] in found["text"]
    assert len(found["title"]) <= 200
    assert len(found["author"]) <= 200


@pytest.mark.parametrize("start", ["<!doctype " + "/" * 90_000, "<!doctype html>", "\ufeff\n "])
def test_an_odd_beginning_costs_nothing(start: str) -> None:
    text = start + html(f"<article><h1>Bridges</h1>{prose(3)}</article>")
    assert sentences(1, 1)[0] in article(text, "")["text"]


@pytest.mark.parametrize(
    ("head", "language"),
    [
        ("", ""),
        ("<meta http-equiv=Content-Language content='pt_BR'>", "pt-BR"),
        ("<meta property=og:locale content='not a language'>", ""),
    ],
)
def test_the_language_is_the_pages_own_word(head: str, language: str) -> None:
    text = html(f"<article><h1>Bridges</h1>{prose(3)}</article>", head).replace(" lang=en", "")
    assert article(text, "")["language"] == language


def test_control_and_reordering_characters_do_not_survive() -> None:
    body = f"<article><h1>Bri\u202edges</h1>{prose(3)}<p>Cafe\u0301 \u2066is\u2069 \x01open.</p>"
    found = article(html(body), "")
    assert "Café is open." in found["text"]
    assert not any(char in found["text"] + found["title"] for char in "\u202e\u2066\x01")
