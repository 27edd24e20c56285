"""The words around a quotation: a short head taken from it, and what its abbreviations stand for.

Nothing is invented: a head is a run of words of the sentence or the heading it stands under, and an
abbreviation is expanded only where the reading itself does so (Schwartz and Hearst, 2003).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.summarisers.languages import Language, terms, word_set
from bot.summarisers.sentences import is_verb

_MAX_HEAD_WORDS = 4
_MAX_HEADING_WORDS = 7
_PIECE = re.compile(r"[^\W_]+(?:['’.&/+-][^\W_]+)*|[^\w\s]")
_NUMBERING = re.compile(
    r"^(?:\d+(?:\.\d+)*[.:)]?|[A-Z][.:)]|[IVX]+[.:)]"
    r"|(?:[Cc]hapter|[Pp]art|[Ss]ection) \w+[.:)]?)\s+"
)
_GENERIC = re.compile(
    r"^(?:abstract|(?:executive )?summary|introduction|background|overview|motivation|preface"
    r"|methods?|methodology|results?|(?:results and )?discussion|evaluation|experiments?"
    r"|conclusions?|closing|(?:related|future) work|prologue|epilogue|notes|tl;?dr"
    r"|limitations|einleitung|fazit|résumé|introducción|conclusión|introdução|conclusão)\b.{0,24}$",
    re.IGNORECASE,
)
_EMPTY = word_set(
    """
    al et across
    along around among behind beside near nearly today tomorrow yesterday nobody everybody
    somebody anybody everyone someone anyone two three four five six seven eight nine ten eleven
    twelve twenty thirty hundred hundreds thousand thousands million millions billion dozen third
    half quarter lot lots year years month months week weeks day days hour hours minute minutes time
    times new old big small large great good better best bad worse worst real whole different orders
    previous certain rough roughly information example examples etwa rund letzten
    """
)
_ADVERB_OR_PARTICIPLE = re.compile(r"(?:ly|ed|ing)$")

_SHORT = r"(?<![\w-])((?:[A-Za-z][A-Za-z0-9&/-]{0,8}[A-Z0-9]|[A-Z][A-Z0-9&/.-]{1,9})s?)"
_SHORT_IN_BRACKETS = re.compile(r"[(\[]" + _SHORT + r"[)\]]")
_SHORT_THEN_LONG = re.compile(_SHORT + r" [(\[]([^()\[\]]{3,100})[)\]]")
_WORDS_BEFORE = 120  # characters; a long form has ten words at most


class Heads:
    """Short heads for sentences of one text. ``texts`` are all its sentences."""

    def __init__(self, texts: Iterable[str], language: Language) -> None:
        self._language = language
        self._seen: Counter[tuple[str, ...]] = Counter()
        for text in texts:
            for run in self._runs(text):
                for phrase in _phrases(run):
                    self._seen[self._key(phrase)] += 1

    def head(self, sentence: str, heading: str, used: Collection[str] = ()) -> str:
        """The sentence's key phrase, or its heading where that says more; not one of ``used``."""
        usable = specific(heading)
        ranked = self._ranked(sentence)
        if ranked and ranked[0][0] >= 4 and (fresh := _first_unused(ranked, used)):
            return fresh
        if usable and usable.casefold() not in used:
            return usable
        return _first_unused(ranked, used) or usable or "Quoted"

    def _ranked(self, sentence: str) -> list[tuple[float, str]]:
        """Phrases of the sentence, the one that says most first."""
        found: dict[str, float] = {}
        for run in self._runs(sentence):
            for phrase in _phrases(run):
                found.setdefault(" ".join(phrase), self._worth(phrase))
        return sorted(
            ((worth, text) for text, worth in found.items() if worth), key=lambda at: -at[0]
        )

    def _worth(self, phrase: Sequence[str]) -> float:
        """Longer and repeated phrases are worth more; ones that end like verbs are worth less."""
        repeated = self._seen[self._key(phrase)]
        length = (0.0, 0.75, 2.2, 2.6, 2.4)[len(phrase)]
        if repeated < 2:
            length *= 0.7
        worth: float = length * math.sqrt(min(repeated, 6))
        if len(phrase) == 1 and _ADVERB_OR_PARTICIPLE.search(phrase[0]):
            return 0.0
        if any(_ADVERB_OR_PARTICIPLE.search(word) for word in (phrase[0], phrase[-1])):
            worth *= 0.5
        if any(word[:1].isupper() for word in phrase):
            worth *= 1.15
        return worth if len(" ".join(phrase)) > 3 else worth * 0.3

    def _runs(self, text: str) -> list[list[str]]:
        """Runs of words without punctuation, empty words or verbs between them."""
        runs: list[list[str]] = [[]]
        for piece in _PIECE.findall(text):
            folded = piece.casefold().replace("’", "'")
            english = self._language.code == "en"
            if (
                not piece[0].isalnum()
                or folded in self._language.stop
                or folded in _EMPTY
                or folded.isdigit()
                or (english and is_verb(piece))
            ):
                runs.append([])
            else:
                runs[-1].append(piece)
        return [run for run in runs if run]

    def _key(self, phrase: Sequence[str]) -> tuple[str, ...]:
        return tuple(terms(" ".join(phrase), self._language))


def specific(heading: str) -> str:
    """The heading without its number, if it is short and says what it is about; else ""."""
    bare = _NUMBERING.sub("", heading).strip(" .:*#\"“”'")
    if not bare or _GENERIC.match(bare) or len(bare.split()) > _MAX_HEADING_WORDS or len(bare) > 60:
        return ""
    return bare.rstrip("?!")


def _phrases(run: Sequence[str]) -> list[Sequence[str]]:
    sizes = range(1, min(_MAX_HEAD_WORDS, len(run)) + 1)
    return [run[at : at + size] for size in sizes for at in range(len(run) - size + 1)]


def _first_unused(ranked: Sequence[tuple[float, str]], used: Collection[str]) -> str:
    for _, phrase in ranked:
        if not any(phrase.casefold() in other or other in phrase.casefold() for other in used):
            return _opened(phrase)
    return _opened(ranked[0][1]) if ranked and ranked[0][1].casefold() not in used else ""


def _opened(phrase: str) -> str:
    """With a capital, unless its first word keeps a shape of its own ("iPhone")."""
    return phrase if any(map(str.isupper, phrase.split()[0])) else phrase[0].upper() + phrase[1:]


def abbreviations(text: str) -> dict[str, str]:
    """What the text itself says its abbreviations stand for: short form -> long form."""
    found: dict[str, tuple[int, str]] = {}
    for match in _SHORT_IN_BRACKETS.finditer(text):
        before = text[max(0, match.start() - _WORDS_BEFORE) : match.start()]
        clause = re.split(r"[.,;:!?()\[\]“”\"]", before.rstrip())[-1]
        _note(found, match[1], clause, match.start())
    for match in _SHORT_THEN_LONG.finditer(text):
        _note(found, match[1], match[2], match.start())
    return {short: long for short, (_, long) in found.items()}


def _note(found: dict[str, tuple[int, str]], short: str, long: str, at: int) -> None:
    bare = short.removesuffix("s") if short[:-1].isupper() else short
    if sum(map(str.isupper, bare)) < 2:
        return
    best = _long_form(bare, long)
    if best and (bare not in found or at < found[bare][0]):
        found[bare] = (at, best)


def _long_form(short: str, text: str) -> str:
    """The end of ``text`` whose letters spell ``short``, the first one at a word's start; or ""."""
    letters = [letter for letter in short.casefold() if letter.isalnum()]
    folded = text.casefold()
    place = len(folded) - 1
    for number, letter in enumerate(reversed(letters), start=1):
        first = number == len(letters)
        while place >= 0 and (
            folded[place] != letter or (first and place > 0 and folded[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return ""
        place -= 1
    long = text[place + 1 :].strip()
    words = len(re.findall(r"[^\W_]+", long))
    most = min(len(letters) + 5, len(letters) * 2)
    return long if 2 <= words <= most and len(long) > len(short) + 2 else ""


def expanded(sentence: str, known: Mapping[str, str], already: set[str]) -> str:
    """The sentence with each abbreviation's long form in square brackets at its first use.

    ``already`` holds those explained so far and grows. Only the bracketed words are not the
    reading's at this place, so taking them away gives the sentence back.
    """
    for short, long in known.items():
        if short in already:
            continue
        match = re.search(rf"(?<![\w-]){re.escape(short)}s?(?![\w-])(?!['’]s)", sentence)
        if match is None:
            continue
        already.add(short)
        if long.casefold() not in sentence.casefold():
            sentence = f"{sentence[: match.end()]} [{long}]{sentence[match.end() :]}"
    return sentence
