"""Numbers as values: however they are written, in five languages."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bot.summarisers.figures import Figure, Figures


def found(text: str, language: str = "en") -> list[Figure]:
    return Figures(language).found(text)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("1,000 people", 1000, ""),
        ("1k people", 1000, ""),
        ("1’000 people", 1000, ""),
        ("one thousand people", 1000, ""),
        ("2.5 million dollars", 2_500_000, "dollar"),
        ("$2.5m", 2_500_000, "dollar"),
        ("US$ 3bn", 3_000_000_000, "dollar"),
        ("7B parameters", 7_000_000_000, ""),
        ("12 percent", 12, "%"),
        ("12 %", 12, "%"),
        ("twelve per cent", 12, "%"),
        ("twenty-five hundred", 2500, ""),
        ("a hundred and fifty", 150, ""),
        ("three hundred thousand", 300_000, ""),
        ("a dozen", 12, ""),
        ("two dozen", 24, ""),
        ("the twenty-first", 21, ""),
        ("the 21st", 21, ""),
        ("the 1990s", 1990, ""),
        ("the '90s", 1990, ""),
        ("a 3-hour walk", 3, "h"),
        ("16GB", 16, "gb"),
        ("10x", 10, "times"),
        ("mid-1871", 1871, ""),
        ("two-thirds", Fraction(2, 3), ""),
        ("a fifth of it", Fraction(1, 5), ""),
        ("٣ people", 3, ""),
    ],
)
def test_a_number_has_its_value_however_it_is_written(
    text: str, value: int | Fraction, unit: str
) -> None:
    (figure,) = found(text)
    assert Fraction(value) in figure.values
    assert figure.unit == unit


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("1.240 Mitglieder", "de", 1240),
        ("3,5 Millionen Euro", "de", 3_500_000),
        ("zwölf Läden", "de", 12),
        ("hundert Leute", "de", 100),
        ("douze villes", "fr", 12),
        ("1 500 euros".replace(" ", "\u202f"), "fr", 1500),
        ("doce casas", "es", 12),
        ("vinte casas", "pt", 20),
        ("1,5 metri", "", Fraction(3, 2)),
        ("1.500 metri", "", 1500),
        ("1.500 metri", "", Fraction(3, 2)),
    ],
)
def test_other_languages_write_numbers_their_way(
    text: str, language: str, value: int | Fraction
) -> None:
    assert Fraction(value) in found(text, language)[0].values


@pytest.mark.parametrize("text", ["GPT-4", "3D", "4o", "version 1.2.3", "hundreds", "COVID-19"])
def test_what_is_a_name_or_vague_is_no_number(text: str) -> None:
    assert found(text) == []


def test_a_range_hands_its_unit_and_scale_to_its_first_number() -> None:
    first, second = found("5 to 10 million dollars")
    assert (first.unit, second.unit) == ("dollar", "dollar")
    assert Fraction(5_000_000) in first.values
    first, second = found("$3-4bn")
    assert (first.unit, second.unit) == ("dollar", "dollar")
    assert found("2010-15")[1].values == {Fraction(15), Fraction(2015)}
    listed = found("39, 52, 41 and 76 percent")
    assert [figure.unit or figure.maybe for figure in listed] == ["%"] * 4
    assert [figure.unit or figure.maybe for figure in found("In 2019, 40% of")] == ["", "%"]


def meets(summary: str, reading: str) -> bool:
    return any(found(summary)[0].meets(figure) for figure in found(reading))


@pytest.mark.parametrize(
    ("summary", "reading", "same"),
    [
        ("40%", "40 percent", True),
        ("40", "40 percent of it", False),
        ("40%", "40 wards", False),
        ("5 kg", "5 g of it", True),  # g alone may be anything
        ("5 kg", "5 grams of it", False),
        ("three hours", "the three long hours", True),
        ("three hours", "three villages", False),
        ("three hours", "two or three or so", True),
        ("9 GB", "the model uses nine", True),
        ("two months", "in the second group", False),
        ("3 May", "the third of May", True),
        ("$5", "5 euros", False),
        ("1,000", "1k", True),
    ],
)
def test_numbers_meet_when_they_may_count_the_same(summary: str, reading: str, same: bool) -> None:
    assert meets(summary, reading) is same


def test_what_is_counted_is_the_words_after_the_number() -> None:
    assert found("nine water pumps and more")[0].things == ("water", "pumps")
    assert found("nine of them")[0].things == ()
    assert found("nine survived it")[0].things == ()
    assert found("7B model")[0].things == ()
