"""Numbers of a text as values with units, however they are written.

1,000 = 1000 = 1k, 2.5 million = 2,500,000, twelve = 12, 40 % = 40 percent; a range hands its unit
and its scale to its first number. Nothing is rounded and no unit is converted: "about 1,900" is not
1,936, and 90 minutes are not 1.5 hours. Whether a number is true is for others to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise, takewhile

from bot.summarisers.languages import word_set
from bot.summarisers.numerals import SPELLED, WORD_RUN, ordinal_of, value_of
from bot.summarisers.sentences import is_verb
from bot.summarisers.units import SCALES, UNITS

_LETTER_SCALES = word_set("k m b mn bn tn")  # only straight after the digits: 5k, $3bn
_SUFFIXES = word_set("st nd rd th s er ère e ème os as")
_NO_THINGS = word_set(
    """
    about after also among and around because before between both during each from have into more
    most much only onto other over percent since than that their them then there these they this
    those times through under until upon when where which while with within without were will would
    that years they could almost already again less least others such both
    """
)
_LINKS = word_set("and or to und oder bis et ou à y o a e ou")
_COUNTED = word_set(
    """
    reasons points things ways parts kinds approaches questions ideas steps lessons examples options
    problems sides claims arguments changes findings results main key aspects sorts types facts
    """
)

_NUMBER = re.compile(
    r"(?<![^\W_])(?<![^\W\d_][-_.])(?<!\d[.,])"
    r"(?P<sign>(?:US\$|[$€£¥₹₿])\s?)?"
    r"(?P<number>\d{1,3}(?:[,.'’\u00a0\u202f\u2009]\d{3})+(?![\d])(?:[.,]\d{1,9}(?!\d))?"
    r"|\d{1,18}(?:[.,]\d{1,12})?)"
    r"(?!\.\d)(?P<attached>[^\W\d_]{0,6})"
)
_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){2,4}")
_PREFIX = re.compile(r"\b(mid|pre|post|early|late|sub|under|over|top|non|age|aged)-(?=\d)", re.I)
_AFTER = re.compile(
    r"[ \u00a0\u202f-]{0,2}(per cent|percentage points?|pour cent|por ciento|por cento"
    r"|kilowatt-hours?|[%‰°×](?:[CF]\b)?|[€£$₿]|[^\W\d_]{1,14})"
)
_RANGE = re.compile(
    r"\s?(?:[-\u2010-\u2015\u2212/]|to|and|or|bis|und|oder|à|et|ou|a|y|o|e|through|until"
    r"|,? (?:and|or|to))\s?"
)
_LISTED = re.compile(r",? (?:and |or |to |und |et |y |e )?")
_OUT_OF = re.compile(
    r" (?:(?:times|cases|people|members|pages|users|patients|years|days) )?"
    r"(?:out of|in|of|of every|in every|von|sur|de)"
    r"(?: (?:the|an?))? "
)
_FRACTION = re.compile(r"[ -](third|quarter|fourth|fifth|sixth|eighth|tenth|hal[fv]e)s?\b", re.I)
_DENOMINATORS = {
    "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10,
    "halve": 2, "half": 2,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as written at ``start`` to ``end``, and every value that it may have.

    ``unit`` is "" where none is known; ``maybe`` is one that a later number in a list has.
    ``after`` are up to three words that follow; a ``rank`` is an ordinal in words. A ``loose`` one
    may be the writer's own counting ("three reasons") or a share in words ("two thirds").
    """

    written: str
    values: frozenset[Fraction]
    start: int
    end: int
    unit: str = ""
    loose: bool = False
    maybe: str = ""
    after: tuple[str, ...] = ()
    rank: bool = False

    def meets(self, other: Figure) -> bool:
        """Whether both may be the same number of the same thing, ``other`` being the reading's."""
        if self.values.isdisjoint(other.values):
            return False
        if other.rank and not self.rank and self.written[0].isalpha():
            return False
        mine, its = {self.unit, self.maybe}, {other.unit, other.maybe}
        if "%" in mine | its:
            return bool((mine & its) - {""}) or ("" in mine & its and self.unit == other.unit)
        if self.unit and not other.unit:
            return other.alone or any(UNITS.get(word) == self.unit for word in other.after)
        return self.unit == other.unit or not self.unit

    @property
    def alone(self) -> bool:
        """Whether nothing that follows tells what is counted."""
        if self.written[0].isdigit():
            return not self.thing
        return not self.after or self.after[0] in _LINKS

    @property
    def things(self) -> tuple[str, ...]:
        """What is counted with what stands before it: "water pumps"."""
        if not self.thing or re.fullmatch(r"\d.*[^\W\d_]", self.written):
            return ()
        named = takewhile(lambda word: word not in _NO_THINGS and len(word) > 3, self.after)
        return tuple(word for word in named if not is_verb(word))

    @property
    def thing(self) -> str:
        """What is counted, as far as the word straight after the number tells; else ""."""
        word = self.after[0] if self.after else ""
        named = len(word) > 3 and word.islower() and not is_verb(word) and not word.endswith("ed")
        return word if named and word not in _NO_THINGS else ""

    @property
    def share(self) -> Fraction | None:
        """The part of a whole that it is: 20 % and a fifth are both 1/5."""
        value = min(self.values)
        if self.unit == "%":
            return value / 100
        worded = not any(map(str.isdigit, self.written)) or "⁄" in self.written
        return value if worded and 0 < value < 1 else None


class Figures:
    """Finds the numbers of texts in one language ("en", "de", ... or "" when it isn't known)."""

    def __init__(self, language: str) -> None:
        self._comma_first = language in {"en", "zh", "ja"}
        self._known = language in {"en", "de", "fr", "es", "pt"}
        self._spelled = SPELLED.get(language, {})
        self._units = UNITS
        self._scales = {word: scale for scale, words in SCALES.items() for word in words.split()}

    def found(self, text: str) -> list[Figure]:
        """The numbers of the text in order."""
        prepared = _PREFIX.sub(r"\1 ", text)
        figures = [*self._in_digits(prepared), *self._in_words(prepared)]
        figures.sort(key=lambda figure: figure.start)
        return [
            replace(figure, after=_following(prepared, figure.end))
            for figure in _ranged(figures, prepared)
        ]

    def _in_digits(self, text: str) -> Iterator[Figure]:
        for match in _NUMBER.finditer(text):
            version = _VERSION.match(text, match.start("number"))
            if version is not None and version.end() > match.end("number"):
                continue
            if (figure := self._of_digits(text, match)) is not None:
                yield figure

    def _of_digits(self, text: str, match: re.Match[str]) -> Figure | None:
        """None where letters follow that make it a name: "3D", "4o"."""
        values = self._values(match["number"])
        attached = match["attached"].casefold()
        end, unit = match.end(), self._units.get((match["sign"] or "").strip().casefold(), "")
        if attached in _LETTER_SCALES:
            scaled = {value * self._scales[attached] for value in values}
            values = scaled | (values if attached == "m" else set())
        elif attached in self._units:
            unit = unit or self._units[attached]
            return Figure(text[match.start() : end], frozenset(values), match.start(), end, unit)
        elif attached and attached not in _SUFFIXES:
            return None
        elif attached == "s" and len(match["number"]) == 2:
            values |= {value + 1900 for value in values}  # '90s
        return self._with_what_follows(text, match.start(), end, values, unit)

    def _with_what_follows(
        self, text: str, start: int, end: int, values: set[Fraction], unit: str
    ) -> Figure:
        """Takes in a scale ("million") and a unit ("km") after the number."""
        after = _AFTER.match(text, end)
        word = after[1].casefold() if after else ""
        if after and word in self._scales and word not in _LETTER_SCALES:
            values = {value * self._scales[word] for value in values}
            end = after.end()
            after = _AFTER.match(text, end)
            word = after[1].casefold() if after else ""
        named = self._units.get(word.replace(" ", "-"), "")
        if after and named and not unit:
            unit, end = named, after.end()
        return Figure(text[start:end], frozenset(values), start, end, unit)

    def _values(self, number: str) -> set[Fraction]:
        """Where a mark may part thousands or decimals, the language decides; else it is both."""
        digits = re.sub(r"['’\u00a0\u202f\u2009]", "", number)
        thousands, decimal = (",", ".") if self._comma_first else (".", ",")
        values = {_read(digits, thousands, decimal)}
        if not self._known:
            values.add(_read(digits, decimal, thousands))
        return values

    def _in_words(self, text: str) -> Iterator[Figure]:
        if not self._spelled:
            return
        for match in WORD_RUN.finditer(text):
            for written, value, start, end in value_of(match, self._spelled):
                yield self._of_words(text, written, value, start, end)
        if self._spelled is SPELLED["en"]:
            for match, value in ordinal_of(text):
                yield _ordinal(text, match, value)

    def _of_words(self, text: str, written: str, value: int, start: int, end: int) -> Figure:
        """With the fraction or the unit that follows it."""
        fraction = _FRACTION.match(text, end)
        if fraction is not None:
            share = frozenset([Fraction(value, _DENOMINATORS[fraction[1].casefold()])])
            return Figure(written + fraction[0], share, start, fraction.end(), "", True)
        figure = self._with_what_follows(text, start, end, {Fraction(value)}, "")
        following = re.match(r"\W{0,2}([^\W\d_]+)", text[end : end + 20])
        own = following is not None and following[1].casefold() in _COUNTED
        return replace(figure, loose=own and value <= 12)


def shares(figures: list[Figure], text: str) -> Iterator[tuple[Figure, Figure, Fraction]]:
    """Parts of a whole in two numbers: "nine in ten", "28 of 31"."""
    for part, whole in pairwise(figures):
        between = text[part.end : whole.start]
        if part.end <= whole.start and _OUT_OF.fullmatch(between) and min(whole.values) > 0:
            yield part, whole, min(part.values) / min(whole.values)


def _ordinal(text: str, match: re.Match[str], value: int) -> Figure:
    """First to third are often no numbers, and loose; "a fifth" is a share."""
    part = text[max(0, match.start() - 4) : match.start()].casefold().endswith(("a ", "one "))
    values = frozenset([Fraction(1, value) if part and value > 2 else Fraction(value)])
    return Figure(match[0], values, match.start(), match.end(), "", value <= 3, rank=True)


def _following(text: str, end: int) -> tuple[str, ...]:
    """The next words up to a mark that ends the phrase."""
    phrase = re.split(r"[.;:!?()\n\[\]]", text[end : end + 60], maxsplit=1)[0]
    return tuple(re.findall(r"[^\W\d_]+", phrase)[:3])


def _ranged(figures: list[Figure], text: str) -> list[Figure]:
    """In a range or a list the last number's unit and scale may be the first one's too."""
    found = list(figures)
    for at in range(len(found) - 2, -1, -1):
        first, second = found[at], found[at + 1]
        unit = "" if second.written[0] in "$€£¥₹₿U" else second.unit
        if _LISTED.fullmatch(text[first.end : second.start]) and max(first.values) <= 100:
            found[at] = first = replace(first, maybe=second.unit or second.maybe)
        if (
            first.end > second.start
            or first.written[-2:] == "th"
            or not _RANGE.fullmatch(text[first.end : second.start])
        ):
            continue
        values = first.values
        if scale := next((s for s in sorted(SCALES) if _scaled_by(second, s)), 0):
            values = values | {value * scale for value in first.values}
        found[at] = replace(first, unit=first.unit or unit, values=values)
        found[at + 1] = _short_year(first, replace(second, unit=second.unit or _money(first)))
    return found


def _scaled_by(figure: Figure, scale: int) -> bool:
    words = figure.written.casefold().split()
    return len(words) > 1 and any(word in words for word in SCALES[scale].split())


def _money(figure: Figure) -> str:
    return figure.unit if figure.written[0] in "$€£¥₹₿" else ""


def _short_year(first: Figure, second: Figure) -> Figure:
    """2010-15: the second number is 2015 too."""
    year, short = min(first.values, default=Fraction(0)), min(second.values, default=Fraction(0))
    if 1000 <= year <= 2099 and year.denominator == 1 and 10 <= short <= 99:
        return replace(second, values=second.values | {year - year % 100 + short})
    return second


def _read(digits: str, thousands: str, decimal: str) -> Fraction:
    """The value, where ``thousands`` parts groups of three and ``decimal`` the fraction."""
    if re.fullmatch(
        rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+(?:{re.escape(decimal)}\d+)?", digits
    ):
        digits = digits.replace(thousands, "")
    whole, _, part = re.sub(r"[.,](?=.*[.,])", "", digits).replace(",", ".").partition(".")
    return Fraction(int(whole + part), 10 ** len(part))
