"""Numbers written in words: in English up to trillions, in four other languages up to twelve and
the round ones. It reads words only; digits and units are read elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

_EN = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
sixteen seventeen eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_DE = "null - zwei drei vier fünf sechs sieben acht neun zehn elf zwölf"
_FR = "zéro - deux trois quatre cinq six sept huit neuf dix onze douze"
_ES = "cero - dos tres cuatro cinco seis siete ocho nueve diez once doce"
_PT = "zero - dois três quatro cinco seis sete oito nove dez onze doze"
_DE_ROUND = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig hundert tausend"
_FR_ROUND = "vingt trente quarante cinquante soixante - - - cent mille"
_ES_ROUND = "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien mil"
_PT_ROUND = "vinte trinta quarenta cinquenta sessenta setenta oitenta noventa cem mil"
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_VAGUE = frozenset({*_SCALES, "trillion"})
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
    " thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ORDINAL = re.compile(
    rf"\b(?:({'|'.join(_TENS.split())})-)?({'|'.join(_ORDINALS.split())})\b", re.IGNORECASE
)

WORD_RUN: Final = re.compile(r"[^\W\d_]{2,14}(?:(?:[ -]|-and-| and )[^\W\d_]{2,14}){0,80}")
"""Words in a row; numbers are looked for inside of it."""

_JOINER = re.compile(r"[ -]|-and-| and ")


def _numbered(small: str, round_numbers: str) -> dict[str, int]:
    found = {word: number for number, word in enumerate(small.split()) if word != "-"}
    values = (*range(20, 100, 10), 100, 1000)
    pairs = zip(round_numbers.split(), values, strict=False)
    return found | {word: number for word, number in pairs if word != "-"}


SPELLED: Final[Mapping[str, Mapping[str, int]]] = {
    "en": _numbered(_EN, _TENS) | _SCALES | {"trillion": 10**12, "dozen": 12},
    "de": _numbered(_DE, _DE_ROUND) | {"dreitausend": 3000, "zweitausend": 2000},
    "fr": _numbered(_FR, _FR_ROUND),
    "es": _numbered(_ES, _ES_ROUND),
    "pt": _numbered(_PT, _PT_ROUND),
}


def value_of(run: re.Match[str], words: Mapping[str, int]) -> Iterator[tuple[str, int, int, int]]:
    """The numbers in a row of words: as written, value, start and end in the text.

    A lone "hundred" is vague and not given, but "a hundred" is.
    """
    text, base = run[0], run.start()

    def article(at: int) -> bool:
        return run.string[max(0, at - 2) : at].casefold() == "a "

    group: list[tuple[str, int, int]] = []
    for match in re.finditer(r"[^\W\d_]+", text):
        word = match[0].casefold()
        joined = not group or _JOINER.fullmatch(text, group[-1][2], match.start())
        if word in words and joined and _continues(group, words, word):
            group.append((word, match.start(), match.end()))
            continue
        if word == "and":
            continue
        yield from _closed(text, base, group, words, article)
        group = [(word, match.start(), match.end())] if word in words else []
    yield from _closed(text, base, group, words, article)


def _continues(group: list[tuple[str, int, int]], words: Mapping[str, int], word: str) -> bool:
    """Whether the word goes on with the number before it: "twenty" + "five", "two" + "million"."""
    if not group:
        return True
    last, value = words[group[-1][0]], words[word]
    if word in _SCALES or word in {"trillion", "dozen"}:
        return last < value or last < 100
    return last >= 100 or (20 <= last < 100 and last % 10 == 0 and 0 < value < 10)


def _closed(
    text: str,
    base: int,
    group: list[tuple[str, int, int]],
    words: Mapping[str, int],
    article: Callable[[int], bool],
) -> Iterator[tuple[str, int, int, int]]:
    if not group:
        return
    spelled = [word for word, _, _ in group]
    start, end = group[0][1], group[-1][2]
    if _ORDINAL.match(text, start):  # "twenty-first" is read as an ordinal
        return
    vague = len(spelled) == 1 and spelled[0] in _VAGUE
    if vague and not article(base + start):
        return
    yield text[start:end], _sum(spelled, words), base + start, base + end


def _sum(spelled: list[str], words: Mapping[str, int]) -> int:
    total, part = 0, 0
    for word in spelled:
        value = words[word]
        if value >= 1000:
            total, part = total + max(1, part) * value, 0
        elif word in {"hundred", "dozen"}:
            part = max(1, part) * value
        else:
            part += value
    return total + part


def ordinal_of(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """English ordinals up to the twentieth, with their values."""
    tens = SPELLED["en"]
    for match in _ORDINAL.finditer(text):
        small = _ORDINALS.split().index(match[2].casefold()) + 1
        yield match, tens.get((match[1] or "").casefold(), 0) + small
