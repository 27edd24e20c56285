"""Text and Markdown files as readings, and readings as sections."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.domain.errors import ReadingError
from bot.domain.model import Section
from bot.readings.extract import MAX_BYTES, read_text_file, sections, shown

READINGS = Path(__file__).parent / "readings"


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ('---\ntitle: "From the front"\n---\n# A heading\n\nText.', "a.md", "From the front"),
        ("+++\ntitle = 'From TOML'\n+++\nText.", "a.md", "From TOML"),
        ("---\ndate: 2024-01-01\n---\n# A *heading*\n\nText.", "a.md", "A heading"),
        ("Some text.\n\n## Later\n\nMore.", "a.md", "Later"),
        ("no heading at all, only text.", "the_long-road.txt", "the long road"),
        ("only text here.", "", "Untitled"),
    ],
)
def test_title_is_the_front_matters_then_the_first_headings_then_the_files(
    text: str, name: str, title: str
) -> None:
    reading = read_text_file(text.encode(), name)
    assert reading.title == title
    assert reading.text == text


def test_a_very_long_title_is_cut() -> None:
    reading = read_text_file(b"# " + b"word " * 100 + b"\n\ntext", "a.md")
    assert len(reading.title) <= 200
    assert reading.title.endswith("…")


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"", "a.md", "no text"),
        (b" \n\t\n", "a.md", "no text"),
        (b"%PDF-1.7 ...", "paper", "PDF"),
        (b"text", "paper.PDF", "PDF"),
        (b"<!DOCTYPE html><p>Hi", "page", "web page"),
        (b"\n <html><p>Hi", "page.txt", "web page"),
        (b"text", "page.html", "web page"),
        (b"PK\x03\x04\x00\x00", "a.docx", "not a text file"),
        (b"\xff\xfea", "a.txt", "not a text file"),
        (b"x" * (MAX_BYTES + 1), "a.txt", "larger than 2 MiB"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(data: bytes, name: str, says: str) -> None:
    with pytest.raises(ReadingError, match=says) as caught:
        read_text_file(data, name)
    assert caught.value.permanent


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_usual_encodings_are_read(codec: str) -> None:
    assert (
        read_text_file("Café “au lait”\r\nnow.".encode(codec), "a").text == "Café “au lait”\nnow."
    )


def test_markdown_keeps_prose_and_drops_code_tables_images_and_footnotes() -> None:
    text = (
        "Before.\n\n# One\n\nFirst *line*\nof `a_b` text[^1].\n\n```\ncode\n```\n\n"
        "    indented code\n\n"
        "| a | b |\n|---|---|\n| c | d |\n\n![alt](x.png)\n\n<div>raw</div>\n\n"
        "- item **one**\n- two\n\n"
        "Under\n-----\n\n> Said.\n\n[^1]: A note.\n[ref]: http://example.org\n"
    )
    assert sections(text) == [
        Section("", ("Before.",)),
        Section("One", ("First line of a_b text.",), ("item one", "two"), 1),
        Section("Under", ("Said.",), (), 2),
    ]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("a [link](http://x.org/a_(b)) here", "a link here"),
        ("a [link][ref] and [another][]", "a link and another"),
        ("[![badge](a.png)](b) text", "text"),
        ("**bold**, _slanted_ and ~~gone~~", "bold, slanted and gone"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("`__init__` and \\*star\\*", "__init__ and *star*"),
        ("<b>x</b> &amp; <https://x.org>", "x & https://x.org"),
        ("line one\nline two", "line one line two"),
        ("stray \ue0000\ue001", "stray 0"),
    ],
)
def test_inline_marks_are_taken_off(markup: str, text: str) -> None:
    assert shown(markup) == text


def test_plain_text_headings_are_told_from_prose() -> None:
    text = (
        "ABSTRACT\nWe study things.\n\n1. Introduction\n\nIt begins.\n\n2.1 Finer matters\n\n"
        "More.\n\n"
        "- a point\n- another\n  that goes on\n\nA title-like line\n\n"
        "The end is near,\n\nisn't it?\n"
    )
    assert sections(text) == [
        Section("ABSTRACT", ("We study things.",)),
        Section("1. Introduction", ("It begins.",)),
        Section("2.1 Finer matters", ("More.",), ("a point", "another that goes on"), 2),
        Section("A title-like line", ("The end is near,", "isn't it?")),
    ]


def test_broken_words_are_joined_as_the_text_writes_them_elsewhere() -> None:
    plain = "The swim-\nming club is well-\nknown. Nobody well-known swims con\u00ad\ntent."
    assert sections(plain)[0].paragraphs == (
        "The swimming club is well-known. Nobody well-known swims content.",
    )
    joined = "A data-\nbase. The database."
    assert sections(joined)[0].paragraphs == ("A database. The database.",)
    markdown = "# T\n\nA first-\nclass thing."
    assert sections(markdown)[0].paragraphs == ("A first-class thing.",)


def test_empty_text_has_no_sections() -> None:
    assert sections("") == []
    assert sections("\n" * 100_000) == []


@pytest.mark.parametrize(
    "bomb",
    [
        "# T\n\n" + "> " * 50_000 + "x",
        "# T\n\n" + "- " * 50_000 + "x",
        "# T\n\n" + "[" * 200_000,
        "# T\n\n" + "[a](" * 50_000,
        "# T\n\n" + "*a " * 60_000 + "_b " * 60_000,
        "# T\n\n" + "[a]: b\n" * 30_000,
        "# T\n\n" + "`" * 100_000 + "a" + "`a" * 50_000,
        "# T\n\n" + "<" * 100_000 + "<a " * 50_000,
        "# T\n\n" + "|a" * 50_000 + "\n" + "|-" * 50_000 + "\n",
        "a-\nb" * 100_000,
        "---\n" * 50_000,
    ],
)
def test_hostile_markdown_ends(bomb: str) -> None:
    assert isinstance(sections(bomb), list)


@pytest.mark.parametrize("path", sorted(READINGS.iterdir()), ids=lambda path: path.name)
def test_every_sample_has_sections_with_prose(path: Path) -> None:
    found = sections(read_text_file(path.read_bytes(), path.name).text)
    assert sum(len(part.paragraphs) for part in found) >= 4
    prose = [text for part in found for text in part.paragraphs]
    assert not any("\n" in text or text.startswith("#") or "```" in text for text in prose)
