"""What is read in the benchmark of summaries: a paper of twelve pages, and a page of ten thousand
words, both with the sample reading in them, so that the sample's summaries hold for them.
"""

from __future__ import annotations

from html import escape

from tests.adapters.made_pdfs import Pdf, sentences
from tests.model_answers import SAMPLE

PAGES = 12
WORDS = 10_000
TITLE = "The Case for the Small Relay"
_BOTTOM = 120.0  # points; a page is full below


def paper() -> bytes:
    pdf = Pdf(TITLE, "Ada Marsh")
    page = 1
    for part in [*SAMPLE.split("\n\n"), *_more(200)]:
        text = " ".join(part.lstrip("#").split())
        if part.startswith("#"):
            pdf.heading(text)
        else:
            pdf.paragraph(text)
        if pdf.y < _BOTTOM:
            if page == PAGES:
                break
            pdf.page()
            page += 1
    pdf.page()
    return pdf.done()


def page() -> str:
    blocks = []
    words = 0
    for part in [*SAMPLE.split("\n\n"), *_more(300)]:
        text = escape(" ".join(part.lstrip("#").split()))
        blocks.append(f"<h2>{text}</h2>" if part.startswith("#") else f"<p>{text}</p>")
        words += len(text.split())
        if words > WORDS * 1.02:
            break
    body = "\n".join(blocks)
    return (
        f"<!doctype html><html lang=en><head><title>{TITLE}</title></head><body>"
        f"<nav><a href=/>Home</a></nav><article><h1>{TITLE}</h1>\n{body}\n</article></body></html>"
    )


def _more(paragraphs: int) -> list[str]:
    return [" ".join(sentences(6, seed=number)) for number in range(1, paragraphs + 1)]
