"""The order of lines on pages, from places alone."""

from __future__ import annotations

import time

from bot.readings.pdf_layout import Flow, Piece, flows, lines
from bot.readings.pdf_paragraphs import markdown

LINE = "words that fill the column to its edge"


def column(x: float, count: int, name: str, *, top: float = 700, width: float = 200) -> list[Piece]:
    return [
        Piece(f"{name}{number} {LINE}", x, x + width, top - 12 * number, 10)
        for number in range(count)
    ]


def names(found: list[Flow]) -> list[str]:
    return [line.text.split()[0] for flow in found for line in flow.lines]


def test_what_stands_across_columns_divides_them() -> None:
    above = [*column(50, 6, "a"), *column(280, 6, "b")]
    across = Piece("Table across both columns of the page", 50, 480, 610, 10)
    below = [*column(50, 6, "c", top=590), *column(280, 6, "d", top=590)]
    found = names(flows([[*below, across, *above]]))
    order = [f"{name}{n}" for name in "ab" for n in range(6)]
    order += ["Table", *(f"{name}{n}" for name in "cd" for n in range(6))]
    assert found == order


def test_a_page_without_a_gutter_is_one_flow() -> None:
    page = column(50, 20, "a", width=430)
    assert len(flows([page])) == 1


def test_stacked_blocks_at_different_indents_are_no_columns() -> None:
    page = [*column(50, 6, "a"), *column(280, 6, "b", top=500)]
    assert len(flows([page])) == 1


def test_an_empty_page_and_a_page_of_one_word_are_no_trouble() -> None:
    found = flows([[], [Piece("word", 50, 80, 700, 10)], []])
    assert names(found) == ["word"]
    assert markdown([], 100) == ("", "", False)


def test_numbers_in_columns_are_rows() -> None:
    page = [Piece(str(n), x, x + 20, 700 - 12 * n, 10) for n in range(10) for x in (50, 150, 250)]
    assert [line.text for line in flows([page])[0].lines] == [f"{n} {n} {n}" for n in range(10)]


def test_pieces_far_apart_in_height_are_different_lines() -> None:
    given = [("b", 10, 90), ("a", 10, 100), ("c", 30, 90)]
    found = lines(Piece(text, x, x + 10, y, 10) for text, x, y in given)
    assert [line.text for line in found] == ["a", "b c"]


def test_the_text_is_cut_between_paragraphs() -> None:
    page = [Piece(f"Paragraph {n} ends here.", 50, 400, 700 - 40 * n, 10) for n in range(9)]
    text, title, cut = markdown(flows([page]), 60)
    assert cut
    assert title == ""
    assert text.split("\n\n") == ["Paragraph 0 ends here.", "Paragraph 1 ends here."]


def test_a_page_of_single_letters_is_read_in_no_time() -> None:
    page = [Piece("a", 50 + 20 * n, 56 + 20 * n, 700, 10) for n in range(50_000)]
    began = time.monotonic()
    assert len(flows([page])) == 1
    assert time.monotonic() - began < 10


def test_absurd_coordinates_cost_nothing() -> None:
    page = [Piece("far away it is", -1e30 * n, 1e30 * n, 700 - n, 10) for n in range(40)]
    assert flows([page])
