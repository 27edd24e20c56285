"""PDFs as documents: made here, with what must be found in them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

from bot.domain.errors import ReadingError
from bot.domain.model import Document
from bot.domain.text import mended
from bot.readings import pdf_worker
from bot.readings.confined import Limits
from bot.readings.extract import sections
from bot.readings.pdf import read_pdf
from tests.adapters.made_pdfs import (
    MARGIN,
    WIDTH,
    Pdf,
    many_pages,
    one_page_of_two,
    page_loop,
    paper,
    private_letters,
    sentences,
    wrapped,
)

COLUMN = 225.0


def columns(pdf: Pdf, texts: list[str], *, row_by_row: bool) -> None:
    """Texts side by side, drawn column by column or, as some programs do, line by line."""
    width = COLUMN * 2 / len(texts)
    gap = (WIDTH - 2 * MARGIN - width * len(texts)) / (len(texts) - 1)
    drawn = [
        (number, place, line)
        for number, text in enumerate(texts)
        for place, line in enumerate(wrapped(text, width))
    ]
    if row_by_row:
        drawn.sort(key=lambda each: each[1])
    for number, place, line in drawn:
        pdf.at(MARGIN + number * (width + gap), pdf.y - 20 - place * 13, line)


def worked(body: bytes) -> Document:
    """What the worker makes of it, without the process around it."""
    return Document(text=mended(str(pdf_worker.read(body)["text"])))


def flat(document: Document) -> str:
    return " ".join(document.text.split())


@pytest.mark.parametrize("row_by_row", [True, False])
@pytest.mark.parametrize("count", [2, 3])
async def test_columns_are_read_one_after_the_other(count: int, row_by_row: bool) -> None:
    texts = [" ".join(sentences(16, seed)) for seed in range(count)]
    pdf = Pdf()
    pdf.heading("Side by Side", 20)
    pdf.paragraph(" ".join(sentences(4, 9)))
    columns(pdf, texts, row_by_row=row_by_row)
    found = flat(await read_pdf(pdf.done()))
    places = [found.index(text) for text in (" ".join(sentences(4, 9)), *texts)]
    assert places == sorted(places)


def test_a_paragraph_goes_on_in_the_next_column_and_on_the_next_page() -> None:
    pdf = Pdf()
    text = " ".join(sentences(40, 3))
    lines = wrapped(text, COLUMN)
    cut, page = len(lines) // 3, len(lines) * 2 // 3
    for place, line in enumerate(lines[:cut]):
        pdf.at(MARGIN, 700 - 13 * place, line)
    for place, line in enumerate(lines[cut:page]):
        pdf.at(MARGIN + COLUMN + 25, 700 - 13 * place, line)
    pdf.page()
    for line in lines[page:]:
        pdf.line(line)
    found = worked(pdf.done())
    assert found.text == text


def test_words_broken_at_a_lines_end_are_whole_again() -> None:
    pdf = Pdf()
    pdf.line("A reader of long papers knows how manip-")
    pdf.line("ulation of words at the end of lines hides well-")
    pdf.line("known terms. The well-known case is a compound, and GPT-")
    pdf.line("4 keeps its hyphen, while the author-")
    pdf.line("ities do not.")
    found = flat(worked(pdf.done()))
    assert "manipulation of words" in found
    assert "hides well-known terms" in found
    assert "GPT-4 keeps" in found
    assert "the authorities do not." in found


def test_ligatures_become_letters() -> None:
    import reportlab
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    folder = reportlab.__path__[0] + "/fonts"
    pdfmetrics.registerFont(TTFont("Vera", f"{folder}/Vera.ttf"))
    pdf = Pdf()
    pdf.line(
        "The of\ufb01cial \ufb01le on \ufb02oods was \ufb01nished in the of\ufb01ce.", font="Vera"
    )
    pdf.line("An e\ufb00ort with e\ufb03cient shu\ufb04ing.", font="Times-Roman")
    found = flat(worked(pdf.done()))
    assert "The official file on floods was finished in the office." in found


async def test_headings_become_sections_of_their_depth() -> None:
    pdf = Pdf()
    pdf.heading("A Study of Bridges", 22)
    pdf.line("Jane Doe and John Roe", size=13)
    pdf.paragraph("Society for Rivers, Anytown")
    for heading, size in (("Abstract", 15), ("1 Introduction", 15), ("1.1 Earlier work", 12)):
        pdf.heading(heading, size)
        pdf.paragraph(" ".join(sentences(6, len(heading))))
    pdf.heading("2 Results", 15)
    pdf.paragraph(" ".join(sentences(6, 77)))
    found = await read_pdf(pdf.done())
    levels = [(part.level, part.heading) for part in sections(found.text)]
    assert levels == [
        (1, "A Study of Bridges"),
        (2, "Abstract"),
        (2, "1 Introduction"),
        (3, "1.1 Earlier work"),
        (2, "2 Results"),
    ]
    assert found.title == "A Study of Bridges"
    assert "Jane Doe and John Roe" in found.text


def test_headings_are_told_by_number_and_name_where_all_is_of_one_size() -> None:
    pdf = Pdf()
    for heading in ("Abstract", "1. Introduction", "2. What was found", "References"):
        pdf.line(heading)
        pdf.y -= 6
        pdf.paragraph(" ".join(sentences(5, len(heading))))
    found = worked(pdf.done())
    assert [part.heading for part in sections(found.text)] == [
        "Abstract",
        "1. Introduction",
        "2. What was found",
        "References",
    ]


async def test_running_heads_and_page_numbers_are_dropped() -> None:
    found = await read_pdf(paper(5))
    assert "Proceedings of the River Society" not in found.text
    assert not any(line.strip().isdigit() for line in found.text.splitlines())
    assert found.pages == 5
    assert found.notes == ()
    assert found.text.count("\n## ") == 5


def test_every_sentence_of_a_paper_is_found_in_its_order() -> None:
    found = flat(worked(paper(3)))
    place = 0
    for page in range(3):
        for part in range(5):
            for sentence in sentences(7, seed=100 * page + part):
                place = found.index(sentence, place)


def test_paragraphs_lists_and_footnotes_are_told_apart() -> None:
    pdf = Pdf()
    first, second = " ".join(sentences(5, 4)), " ".join(sentences(5, 5))
    pdf.paragraph(first)
    for item in ("the first of them,", "the second of them,"):
        pdf.line(f"\u2022 {item}")
    pdf.y -= 6
    half = len(wrapped(second, WIDTH - 2 * MARGIN)) // 2
    lines = wrapped(second, WIDTH - 2 * MARGIN)
    for line in lines[:half]:
        pdf.line(line)
    pdf.at(MARGIN, 60, "The society has never said so in print.", 7)
    pdf.page()
    for line in lines[half:]:
        pdf.line(line)
    found = (worked(pdf.done())).text.split("\n\n")
    assert found == [
        first,
        "- the first of them,",
        "- the second of them,",
        second,
        "The society has never said so in print.",
    ]


def test_indents_alone_make_paragraphs() -> None:
    pdf = Pdf()
    texts = [" ".join(sentences(4, seed)) for seed in (11, 12, 13)]
    for text in texts:
        lines = wrapped(text, WIDTH - 2 * MARGIN - 20)
        pdf.line(lines[0], x=MARGIN + 18)
        for line in lines[1:]:
            pdf.line(line)
    assert (worked(pdf.done())).text.split("\n\n") == texts


def test_entries_of_a_bibliography_stay_apart() -> None:
    pdf = Pdf()
    pdf.heading("References")
    entries = [f"Doe, J. (19{n}). {' '.join(sentences(4, n))}" for n in (71, 82, 93)]
    for entry in entries:
        lines = wrapped(entry, WIDTH - 2 * MARGIN - 20)
        pdf.line(lines[0])
        for line in lines[1:]:
            pdf.line(line, x=MARGIN + 18)
    assert (worked(pdf.done())).text.split("\n\n")[1:] == entries


def test_a_table_beside_nothing_is_read_row_by_row() -> None:
    pdf = Pdf()
    pdf.paragraph(" ".join(sentences(5, 6)))
    rows = [("Town", "Bridges", "Year"), *((f"Town {n}", str(n), str(1890 + n)) for n in range(9))]
    for row in rows:
        for column, cell in enumerate(row):
            pdf.at(MARGIN + 120 * column, pdf.y, cell)
        pdf.y -= 13
    found = flat(worked(pdf.done()))
    assert "Town 3 3 1893" in found
    assert "Town 8 8 1898" in found


def test_exponents_stay_numbers_and_footnote_marks_do_not_become_any() -> None:
    pdf = Pdf()
    pdf.line("The river carries 10     litres, says the society    in its report.")
    y = pdf.y + 13 + 4
    pdf.at(MARGIN + 89, y, "6", 6)
    pdf.at(MARGIN + 196, y, "3", 6)
    pdf.line(" ".join(sentences(2, 3)))
    found = flat(worked(pdf.done()))
    assert "10^6 litres" in found
    assert "society in its report" in found


def test_text_that_looks_like_markdown_stays_text() -> None:
    pdf = Pdf()
    pdf.paragraph("# include the header, said the manual, and nobody did so for a year or more.")
    pdf.paragraph(" ".join(sentences(4, 3)))
    found = worked(pdf.done())
    assert all(not part.heading for part in sections(found.text))
    assert sections(found.text)[0].paragraphs[0].startswith("# include the header")


def test_stamps_written_up_the_margin_are_left_out() -> None:
    pdf = Pdf()
    pdf.paragraph(" ".join(sentences(6, 2)))
    canvas = pdf._canvas
    canvas.saveState()
    canvas.rotate(90)
    canvas.drawString(200, -30, "arXiv:2301.12345v1 [cs.CL] 1 Jan 2023")
    canvas.restoreState()
    canvas.rotate(45)
    canvas.drawString(400, 100, "CONFIDENTIAL")
    found = worked(pdf.done())
    assert found.text == " ".join(sentences(6, 2))


def test_a_page_written_on_its_side_is_read() -> None:
    pdf = Pdf()
    canvas = pdf._canvas
    canvas.rotate(90)
    lines = wrapped(" ".join(sentences(8, 2)), 500)
    for place, line in enumerate(lines):
        canvas.drawString(60, -80 - 14 * place, line)
    assert flat(worked(pdf.done())) == " ".join(sentences(8, 2))


async def test_a_flowing_document_by_reportlab_itself() -> None:
    file = io.BytesIO()
    styles = getSampleStyleSheet()
    story: list[Any] = []
    for chapter in range(1, 4):
        story.append(Paragraph(f"Chapter {chapter}", styles["Heading1"]))
        for part in range(6):
            text = " ".join(sentences(8, 10 * chapter + part))
            story += [Paragraph(text, styles["BodyText"]), Spacer(1, 6)]
    SimpleDocTemplate(file, title="untitled", author="admin").build(story)
    found = await read_pdf(file.getvalue())
    assert [part.heading for part in sections(found.text)] == [f"Chapter {n}" for n in (1, 2, 3)]
    assert " ".join(sentences(8, 24)) in found.text
    assert (found.title, found.author) == ("", "")


async def test_three_hundred_pages_are_read_to_the_end() -> None:
    found = await read_pdf(paper(300))
    assert found.pages == 300
    assert found.notes == ()
    assert sentences(7, seed=100 * 299 + 4)[-1] in found.text
    assert len(sections(found.text)) == 301


@pytest.mark.parametrize(
    ("title", "author", "expected"),
    [
        ("On Rivers", "Jane Doe", ("On Rivers", "Jane Doe")),
        ("Microsoft Word - draft7.doc", "Administrator", ("What Page One Says", "")),
        ("paper_final.tex", "x", ("What Page One Says", "")),
        ("", "", ("What Page One Says", "")),
        ("C:\\docs\\a\\b", "a@example.org", ("What Page One Says", "")),
    ],
)
async def test_what_a_pdf_says_of_itself_is_believed_when_it_makes_sense(
    title: str, author: str, expected: tuple[str, str]
) -> None:
    pdf = Pdf(title, author)
    pdf.heading("What Page One Says", 22)
    pdf.paragraph(" ".join(sentences(5, 2)))
    found = await read_pdf(pdf.done())
    assert (found.title, found.author) == expected
    assert found.published == "2000-01-01"  # reportlab's date for files without one


async def test_a_page_of_pictures_among_others_is_noted() -> None:
    pdf = Pdf()
    for number in range(3):
        if number == 1:
            pdf.picture()
        else:
            pdf.paragraph(" ".join(sentences(20, number)))
        pdf.page()
    found = await read_pdf(pdf.done())
    assert found.notes == ("1 page has pictures and no text, and could not be read.",)


def test_the_worker_stops_at_its_own_measure_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_worker, "MAX_CHARACTERS", 5000)
    found = pdf_worker.read(paper(8))
    assert found["cut"] is True
    assert 3 <= int(str(found["read"])) < 8
    assert len(str(found["text"])) <= 5000


def test_the_worker_says_why_there_is_no_text() -> None:
    assert pdf_worker.read(b"%PDF-1.7 and nothing else") == {"refused": "broken"}
    empty = Pdf()
    empty.page()
    assert pdf_worker.read(empty.done()) == {"refused": "empty"}
    assert pdf_worker.read(many_pages(0)) == {"refused": "broken"}
    assert pdf_worker.read(page_loop()) == {"refused": "broken"}
    assert pdf_worker.read(private_letters()) == {"refused": "garbled"}
    scanned = Pdf()
    scanned.picture()
    assert pdf_worker.read(scanned.done()) == {"refused": "scanned"}
    numbers = Pdf()
    numbers.line("1 2 3 4")
    assert pdf_worker.read(numbers.done()) == {"refused": "empty"}


async def test_a_missing_page_is_noted_and_the_others_are_read() -> None:
    found = await read_pdf(one_page_of_two())
    assert found.text == "Each page says that the bridge is closed today."
    assert found.notes == ("1 page is damaged and could not be read.",)


async def test_what_has_no_mark_of_a_pdf_never_reaches_the_worker() -> None:
    with pytest.raises(ReadingError, match="That PDF could not be read: it is damaged"):
        await read_pdf(b"MZ" + b"\x00" * 100, limits=Limits(wall=0))


async def test_what_takes_too_long_is_ended_by_the_clock() -> None:
    with pytest.raises(ReadingError, match="within the time and memory"):
        await read_pdf(paper(100), limits=Limits(wall=0.05))
