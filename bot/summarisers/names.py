"""Proper names of a summary that its reading doesn't have.

A name is a word with a capital inside of a sentence, a word of an unusual shape anywhere (NASA,
GitHub, GPT-4), or a capitalised word at a sentence's start or in a title-case head that is no
everyday word. In German, where nouns have capitals too, and where the summary's language is not the
reading's, a lone word proves little and is only pointed out. It doesn't know who did what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from bot.summarisers.everyday import names_go_on
from bot.summarisers.figures import Figures
from bot.summarisers.languages import Language, terms, word_set
from bot.summarisers.sentences import split
from bot.summarisers.source import MONTHS, NUMBERED, TOKEN, Source, bare, forms_of
from bot.summarisers.terms import HOUSEHOLD, PEOPLE, TERMS
from bot.summarisers.wording import abbreviations

_UNNAMED = word_set("i mr mrs ms dr prof professor sir internet web earth sun moon ok vs")
_OPENING = re.compile(r"(?:^|[:“\"«„‘(\[]|[.!?…]['’”\"»)]?\s|[-–—•]\s)\W*\Z")
_INFLECTED = (
    "s", "es", "n", "en", "e", "er", "em", "ern", "ns", "nen", "in", "ia", "a", "y", "ie", "om",
    "ian", "an", "ese", "i", "ish", "ic",
)  # fmt: skip
_ADJECTIVE = ("e", "er", "es", "en", "em")
_TITLES = re.compile(r"(?:\b(?:Herrn?|Frau|Dr\.|Prof\.|Professor(?:in)?)\s)\Z")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name that the reading doesn't have. ``sure`` is False where it may be no name at all."""

    written: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a sentence. ``opens`` says that it would have its capital anyway."""

    written: str
    start: int
    end: int
    opens: bool

    @property
    def shaped(self) -> bool:
        """Whether its shape alone makes it a name: two capitals, a capital inside, digits."""
        plain = bare(self.written)
        letters = re.sub(r"[\W\d_]", "", plain)
        inner = any(part[1:] != part[1:].lower() for part in re.split(r"[\W_]+", plain))
        return (inner and len(letters) > 1) or self.coded

    @property
    def coded(self) -> bool:
        """Letters and digits in one: GPT-4, H100."""
        plain = bare(self.written)
        return any(map(str.isdigit, plain)) and re.search(r"[^\W\d_]", plain) is not None

    @property
    def capital(self) -> bool:
        return self.written[:1].isupper()


class Names:
    """Looks names up in one reading, for summaries in ``language``."""

    def __init__(self, source: Source, language: Language) -> None:
        self._source = source
        self._language = language
        self._everyday = source.everyday
        self._figures = Figures(language.code)
        self._foreign = bool(language.code) and language.code != source.language.code

    def unknown(self, text: str, *, head: bool = False) -> Iterator[Unknown]:
        """Names in the text that the reading lacks, each once. ``head``: the text is a heading."""
        spelled_out = " ".join(self._own_long_forms(text)).casefold().split()
        reported: set[str] = set()
        for sentence in [text] if head else split(text):
            words = self._words(sentence, titled=head and _title_case(sentence, self._language))
            for found in self._in_sentence(sentence, words):
                key = found.written.casefold()
                if key not in reported and key not in spelled_out:
                    reported.add(key)
                    yield found

    def _in_sentence(self, sentence: str, words: list[_Word]) -> Iterator[Unknown]:
        missing = [
            word for word in words if self._may_be_name(word, sentence) and not self.known(word)
        ]
        for word in missing:
            yield Unknown(word.written, self._is_sure(word, sentence, missing))
        yield from self._mismatched(sentence, words)

    def _words(self, sentence: str, *, titled: bool) -> list[_Word]:
        figures = self._figures.found(sentence)
        counted = {at for figure in figures for at in range(figure.start, figure.end)}
        found: list[_Word] = []
        for match in TOKEN.finditer(sentence):
            if match.start() in counted or match[0].isdigit():
                continue
            opens = titled or _OPENING.search(sentence[max(0, match.start() - 8) : match.start()])
            found.append(_Word(match[0], match.start(), match.end(), bool(opens)))
        return found

    def _may_be_name(self, word: _Word, sentence: str) -> bool:
        plain = bare(word.written).casefold()
        if plain in _UNNAMED or plain in self._language.stop or re.match(r"i['’]", plain):
            return False
        if word.shaped:
            return True
        if not word.capital or len(plain) < 2:
            return False
        if not word.opens:
            return True
        if self._language.code != "en":
            return sentence[word.end + 1 : word.end + 2].isupper()
        return not self._everyday.has(plain)

    def _is_sure(self, word: _Word, sentence: str, missing: list[_Word]) -> bool:
        """Whether it can hardly be anything but a name."""
        if word.coded:
            return True
        if self._foreign:
            return False
        if self._language.code == "en" and word.opens and not word.shaped:
            possessive = word.written != bare(word.written)
            return possessive or names_go_on(sentence[word.end : word.end + 40])
        if self._language.code == "de":
            neighbours = any(
                sentence[a.end : b.start] == " "
                for a, b in pairwise(missing)
                if word in (a, b) and not (a.opens and a.written.endswith(_ADJECTIVE))
            )
            titled = _TITLES.search(sentence[: word.start]) is not None
            return word.shaped or neighbours or titled
        return bool(self._language.code) or word.shaped

    def known(self, word: _Word) -> bool:
        """Whether the reading has the word, in some form or as a part of a longer one."""
        written = bare(word.written)
        if self._has(written):
            return True
        short = written[:-1] if written.endswith("s") else written
        if short.isupper() and short.isalpha() and self._long_form_known(short):
            return True
        parts = [part for part in re.split(r"[-‐‑/&.]", written) if part]
        if len(parts) < 2:
            return False
        if word.coded:
            whole = "-".join(part for part in parts if not part.islower())
            return self._has(whole) or self._numbered_word(parts)
        return all(part.islower() or self._has(part) or self._everyday_part(part) for part in parts)

    def _numbered_word(self, parts: list[str]) -> bool:
        """A common word and a number that the reading has apart: rank-8, level-3."""
        word, *numbers = (part.casefold() for part in parts)
        forms = self._source.forms
        return word in forms - self._source.names and all(
            number.isdigit() and number in forms for number in numbers
        )

    def _everyday_part(self, part: str) -> bool:
        return not part[1:].isupper() and self._everyday.has(part.casefold())

    def _has(self, written: str) -> bool:
        forms = self._source.forms
        folded = next(iter(forms_of(written)))
        if folded in forms or (written[:-1].isupper() and folded.removesuffix("s") in forms):
            return True
        if any(map(str.isdigit, folded)):
            return False
        if written.isupper() and len(written) > 1:
            return folded + "s" in forms or self._same_people(folded)
        return self._same_people(folded) or self._inflected(folded)

    def _inflected(self, folded: str) -> bool:
        """Whether another form of the word stands in the reading; endings only, no likeness."""
        stems = terms(folded, self._language)
        if self._language.code == "en" and stems and set(stems) <= self._source.stems:
            return True
        if len(folded) < 4:
            return False
        named, roots = self._source.names, self._roots
        if self._language.code != "en":
            return any(root in roots for root in _cut(folded)) or self._compound(folded)
        return any(root in named for root in _cut(folded) if len(root) > 3) or any(
            folded + ending in named for ending in _INFLECTED
        )

    @cached_property
    def _roots(self) -> frozenset[str]:
        return frozenset(root for form in self._source.forms for root in _cut(form))

    def _compound(self, folded: str) -> bool:
        """German makes new words of two that the reading has: Brunnen + Projekt."""
        if self._language.code != "de" or len(folded) < 8:
            return False
        roots = self._roots
        return any(
            folded[:at] in roots and any(root in roots for root in _cut(folded[at:]))
            for at in range(4, len(folded) - 3)
        )

    def _same_people(self, folded: str) -> bool:
        """A country stands for its people and the other way round."""
        for group in PEOPLE.split("|"):
            kin = group.split()
            if folded in kin and any(
                f" {other.replace('-', ' ')} " in self._source.running for other in kin
            ):
                return True
        return False

    def _long_form_known(self, short: str) -> bool:
        """Whether the reading spells out what the common abbreviation stands for."""
        long = TERMS.get(short.casefold(), "") or HOUSEHOLD.get(short.casefold(), "")
        return bool(long) and f" {long}" in self._source.running

    def _own_long_forms(self, text: str) -> Iterator[str]:
        """What the summary itself spells out beside an abbreviation that the reading has."""
        for short, long in abbreviations(text).items():
            if short.casefold() in self._source.forms:
                yield long

    def _mismatched(self, sentence: str, words: list[_Word]) -> Iterator[Unknown]:
        """A name and its number, or two names, that the reading has but never together."""
        for match in NUMBERED.finditer(sentence):
            numbers = self._source.numbered.get(match[1].casefold(), frozenset())
            if numbers and match[2] not in numbers and match[1].casefold() not in MONTHS:
                yield Unknown(match[0])
        if self._language.code == "de" or self._foreign:
            return
        for first, second in pairwise(words):
            if sentence[first.end : second.start] != " " or not (first.capital and second.capital):
                continue
            pair = (bare(first.written), bare(second.written))
            named = pair[0] == first.written and all(map(self._proper, pair))
            if named and not self._together(*pair):
                yield Unknown(f"{pair[0]} {pair[1]}")

    def _proper(self, written: str) -> bool:
        """Whether the reading has the word, and as a name alone."""
        folded = written.casefold()
        return (
            len(written) > 2
            and folded in self._source.names
            and folded in self._source.places
            and not self._everyday.lists(folded)
            and not written.isupper()
        )

    def _together(self, first: str, second: str) -> bool:
        places = self._source.places
        after = places[second.casefold()]
        return any(
            abs(one - other) <= 4 for one in places[first.casefold()][:200] for other in after[:200]
        )


def _cut(folded: str) -> Iterator[str]:
    """The word, and the word without each ending that leaves enough of it."""
    yield folded
    for ending in _INFLECTED:
        if len(folded) - len(ending) >= 3 and folded.endswith(ending):
            yield folded[: -len(ending)]


def _title_case(head: str, language: Language) -> bool:
    """Whether most words of a heading have capitals, so that a capital says nothing."""
    words = [
        word
        for word in TOKEN.findall(head)
        if word.casefold() not in language.stop and len(word) > 3 and word[0].isalpha()
    ]
    capitals = sum(word[0].isupper() for word in words)
    return len(words) > 1 and capitals > 1 and capitals * 3 >= len(words) * 2
