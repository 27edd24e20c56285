"""`--reading`: files are read at once and told, links are kept, and what can't be read stores
nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.made_pdfs import Pdf, paper
from tests.e2e.group_of_ada import AHEAD, Desk

PAGE = f"""<!doctype html><html lang="en"><head><title>Bridges of the town</title>
<meta name="author" content="Jane Doe"></head><body><article><h1>Bridges of the town</h1>
<p>{"The river carries what the town has forgotten. " * 30}</p></article></body></html>"""
ADD = ("session", "add", "--title", "Reading night", "--at", AHEAD, "--reading")


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Desk:
    monkeypatch.chdir(tmp_path)
    for name in ("NOSTR_NSEC", "DISCORD_TOKEN", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    desk = Desk(tmp_path, capsys)
    desk.configure()
    return desk


async def test_a_pdf_is_read_at_once_and_told(desk: Desk) -> None:
    (desk.folder / "paper.pdf").write_bytes(paper(3))
    done = await desk(*ADD, "paper.pdf")
    assert "Read “On Rivers and Bridges” from paper.pdf: 3 pages, " in done.out
    assert " words." in done.out
    shown = (await desk("session", "show", "next", "--format", "json")).json
    (reading,) = shown["readings"]
    assert reading["title"] == "On Rivers and Bridges"
    assert reading["author"] == "Jane Doe"
    assert reading["has_text"]
    assert reading["words"] > 500


async def test_a_web_page_that_was_saved_is_a_reading_too(desk: Desk) -> None:
    (desk.folder / "page.html").write_text(PAGE, encoding="utf-8")
    done = await desk(*ADD, "page.html", "--format", "json")
    (reading,) = done.json["readings"]
    assert (reading["title"], reading["author"]) == ("Bridges of the town", "Jane Doe")
    assert reading["pages"] is None
    assert reading["words"] > 200


@pytest.mark.parametrize("named", ["2001.08361", "arXiv:2001.08361v2", "math.GT/0309136"])
async def test_an_arxiv_id_is_kept_as_its_link(desk: Desk, named: str) -> None:
    done = await desk(*ADD, named, "--format", "json")
    (reading,) = done.json["readings"]
    assert reading["url"] == f"https://arxiv.org/abs/{named.removeprefix('arXiv:')}"
    assert not reading["has_text"]


async def test_a_file_that_is_called_like_a_paper_is_the_file(desk: Desk) -> None:
    (desk.folder / "2001.08361").write_text("# Notes\n\nOf our own.", encoding="utf-8")
    (reading,) = (await desk(*ADD, "2001.08361", "--format", "json")).json["readings"]
    assert (reading["title"], reading["url"]) == ("Notes", "")


async def test_of_a_link_it_is_said_when_it_will_be_read(desk: Desk) -> None:
    done = await desk(*ADD, "https://example.org/a")
    assert "The link is read when its summaries are made: readalong summary make" in done.out
    (desk.folder / "a.md").write_text("# A\n\nText.", encoding="utf-8")
    edited = await desk("session", "edit", "reading-night", "--reading", "a.md")
    assert "Read “A” from a.md: 3 words." in edited.out


def locked() -> bytes:
    pdf = Pdf("Secret", password="pass")
    pdf.paragraph("Nobody may read this.")
    pdf.page()
    return pdf.done()


def scanned() -> bytes:
    pdf = Pdf("Scanned")
    pdf.picture()
    pdf.page()
    return pdf.done()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no text in it"),
        (b"%PDF-1.7 broken", "could not be read"),
        (b"\x00\x01\x02\x03" * 100, "neither a PDF, a web page nor a text"),
        (b"x" * (20 * 2**20 + 1), "larger than 20 MiB"),
        (locked(), "password"),
        (scanned(), "scanned"),
    ],
    ids=["empty", "broken", "binary", "large", "locked", "scanned"],
)
async def test_what_cannot_be_read_is_refused_and_nothing_is_stored(
    desk: Desk, content: bytes, reason: str
) -> None:
    (desk.folder / "odd.pdf").write_bytes(content)
    assert reason in (await desk(*ADD, "odd.pdf")).refusal
    assert not (desk.folder / "data").exists()
