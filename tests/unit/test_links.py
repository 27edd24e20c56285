"""What an organiser types as readings."""

from __future__ import annotations

import pytest

from bot.domain.errors import InvalidSessionError
from bot.domain.links import linked, readings_in, shown
from bot.domain.model import Reading

PAPER = "https://arxiv.org/abs/2001.08361"
NOTES = "http://example.org/notes/"


@pytest.mark.parametrize(
    ("typed", "readings"),
    [
        ("", ()),
        (" \n ", ()),
        (PAPER, (Reading("arxiv.org/abs/2001.08361", PAPER),)),
        (f"Scaling laws {PAPER}", (Reading("Scaling laws", PAPER),)),
        (f"Scaling laws: {PAPER}", (Reading("Scaling laws", PAPER),)),
        (f"[Scaling laws]({PAPER})", (Reading("Scaling laws", PAPER),)),
        (f"Scaling <{PAPER}>", (Reading("Scaling", PAPER),)),
        ("Gödel, Escher, Bach, ch. 3", (Reading("Gödel, Escher, Bach, ch. 3"),)),
        ("Re: what we said", (Reading("Re: what we said"),)),
        (
            f"- One {PAPER}\n2. Two {NOTES}\n* A book",
            (Reading("One", PAPER), Reading("Two", NOTES), Reading("A book")),
        ),
        (f"One {PAPER} Two {NOTES}", (Reading("One", PAPER), Reading("Two", NOTES))),
    ],
)
def test_titles_and_links_are_understood_as_people_type_them(
    typed: str, readings: tuple[Reading, ...]
) -> None:
    assert readings_in(typed) == readings


@pytest.mark.parametrize(
    "link",
    [
        "file:///etc/passwd",
        "gopher://old.example/1",
        "javascript:alert(1)",
        "https://",
        "https://user:secret@example.org/",
        "http://[::1",
        f"https://example.org/{'x' * 2000}",
    ],
)
def test_what_is_no_link_of_the_web_is_refused_in_a_sentence(link: str) -> None:
    with pytest.raises(InvalidSessionError, match="https://"):
        readings_in(f"A paper {link}")


def test_ten_readings_are_taken_and_eleven_refused() -> None:
    assert len(readings_in(f"{PAPER}\n" * 10)) == 10
    with pytest.raises(InvalidSessionError, match="10 readings"):
        readings_in(f"{PAPER}\n" * 11)


@pytest.mark.parametrize(
    "reading",
    [linked(PAPER), linked(PAPER, "Scaling laws"), linked(NOTES, "example"), Reading("A book")],
)
def test_a_reading_shown_reads_back_as_itself(reading: Reading) -> None:
    assert readings_in(shown(reading)) == (reading,)


def test_a_reading_from_elsewhere_can_be_shown_whatever_its_link() -> None:
    assert shown(Reading("Old", "ftp://example.org/a")) == "Old ftp://example.org/a"
