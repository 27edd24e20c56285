"""Which papers on arXiv a text names, and what a paper's page tells."""

from __future__ import annotations

import pytest

from bot.readings.arxiv import About, about, paper


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("2301.12345", "2301.12345"),
        ("0704.0001v3", "0704.0001v3"),
        (" arXiv: 2301.12345V2 ", "2301.12345v2"),
        ("math.GT/0309136", "math.GT/0309136"),
        ("hep-th/9901001v1", "hep-th/9901001v1"),
        ("https://arxiv.org/abs/2301.12345", "2301.12345"),
        ("arxiv.org/pdf/2301.12345v1.pdf", "2301.12345v1"),
        ("https://export.arxiv.org/pdf/hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/html/2301.12345v1?x=1#S2", "2301.12345v1"),
        ("https://ar5iv.labs.arxiv.org/html/2301.12345", "2301.12345"),
        ("https://ar5iv.org/abs/2301.12345", "2301.12345"),
        ("https://doi.org/10.48550/arXiv.2301.12345", "2301.12345"),
    ],
)
def test_an_id_or_a_link_names_a_paper(source: str, name: str) -> None:
    found = paper(source)
    assert found is not None
    assert found.id == name
    assert found.pdf == f"https://arxiv.org/pdf/{name}"
    assert found.page == f"https://arxiv.org/abs/{name}"


@pytest.mark.parametrize(
    "source",
    [
        "",
        "2301.123",
        "2301.1234567",
        "https://example.org/abs/2301.12345",
        "https://arxiv.org.example.org/abs/2301.12345",
        "https://arxiv.org@example.org/abs/2301.12345",
        "https://arxiv.org/list/cs.CL/recent",
        "https://arxiv.org/abs/../../2301.12345",
        "see arXiv:2301.12345 for more",
        "https://arxiv.org/abs/2301.12345\nhttp://127.0.0.1/",
    ],
)
def test_anything_else_names_none(source: str) -> None:
    assert paper(source) is None


def test_a_page_tells_title_authors_and_date_in_any_order_of_attributes() -> None:
    page = (
        "<META content='A &quot;title&quot;' name='citation_title'>"
        '<meta name="citation_author" content="Doe, Jane">'
        '<meta name="citation_author" content="Plato">'
        '<meta name="citation_online_date" content="2023/02/01">'
        '<meta name="description" content="x"><meta name="citation_pdf_url">'
    )
    assert about(page) == About('A "title"', "Jane Doe, Plato", "2023-02-01")


def test_a_page_that_tells_nothing_is_no_error() -> None:
    assert about("<html><meta name=citation_date content='soon'>") == About()


def test_a_crowd_of_authors_is_cut() -> None:
    page = '<meta name="citation_author" content="Doe, J">' * 3000
    assert about(page).author == ", ".join(["J Doe"] * 20) + " and others"
