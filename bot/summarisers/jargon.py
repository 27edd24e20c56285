"""Abbreviations and words of the trade that a summary for plain readers leaves unexplained.

An explanation may stand before or after the word, once, anywhere in the summary: the long form, a
bracket, or a phrase such as "which means". Whether the explanation is right is not judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.summarisers.everyday import Everyday
from bot.summarisers.languages import Language, spelled
from bot.summarisers.source import TOKEN, bare
from bot.summarisers.terms import HOUSEHOLD, JARGON, TERMS
from bot.summarisers.wording import abbreviations

_ACRONYM = re.compile(r"(?:[A-Z][A-Z0-9]{1,7}|(?:[A-Z]\.){2,6}|[A-Z]{1,4}&[A-Z]{1,4})s?")
_MIXED = re.compile(r"[A-Z]?[a-z]{0,3}[A-Z][A-Za-z]{0,4}[A-Z]s?")
_ROMAN = re.compile(r"(?=[IVXL]{2,})(?:XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_SHOUTED = re.compile(r"^\W*(?:[A-ZÄÖÜ]{2,}\W+){3,}")
_AFTER = re.compile(
    r"['’]?s?\W{0,2}\s?(?:[(\[]\s?(?:[^\W\d_]+[\s,-]+){1,}[^\W\d_]+|[—–:]\s?[^\W\d_]+\s[^\W\d_]+"
    r"|-\s[^\W\d_]+\s[^\W\d_]+|,?\s?which (?:is|are|means?|stands?)\b"
    r"|,?\s?that (?:means?|stands?)\b"
    r"|,?\s?(?:is|are|was) (?:an?|the|short for)\b|,?\s?(?:short for|meaning|stands? for"
    r"|means|i\.e\.|that is,|in other words|or (?:an?|the)?\s?[^\W\d_]+\s?[^\W\d_]*,)"
    r"|,\s(?:an?|the|one|where|software|programs?|das heißt|d\.\s?h\.|also"
    r"|c'est-à-dire|es decir)\b)",
    re.IGNORECASE,
)
_NAMING = re.compile(
    r"\b(?:called|named|known as|termed|dubbed|nicknamed|abbreviated(?: as| to)?|genannt)\s?"
    r"(?:an?|the)?\s?[“\"'‘]?\Z|[^\W\d_]+\s[^\W\d_]+\s?[(\[]\Z|,\s?or\s[“\"'‘]?\Z",
    re.IGNORECASE,
)


class Jargon:
    """What of a plain summary's text isn't plain. ``text`` is all of it."""

    def __init__(self, text: str, language: Language, everyday: Everyday) -> None:
        self._text = text
        self._language = language
        self._everyday = everyday
        self._long_forms = abbreviations(text)
        self._running = f" {' '.join(spelled(text.casefold()))} "

    def acronyms(self, text: str) -> Iterator[str]:
        """Abbreviations in a part of the summary that the summary explains nowhere, each once."""
        if _SHOUTED.match(text):
            return
        reported: set[str] = set()
        for token in TOKEN.findall(text):
            short = bare(token)
            for part in [short] if "&" in short else re.split(r"[-‐‑/_]", short):
                key = _singular(part)
                if key not in reported and self._is_acronym(part) and not self._explained(key):
                    reported.add(key)
                    yield key

    def words(self) -> list[str]:
        """Words of the trade in the whole summary that it doesn't explain, each once."""
        found: dict[str, None] = {}
        for token in TOKEN.findall(self._text):
            word = bare(token)
            if self._is_jargon(word) and not self._explained(word):
                found.setdefault(word if word.isupper() else word.lower())
        return list(found)

    def _is_acronym(self, part: str) -> bool:
        single = _singular(part)
        folded = single.casefold()
        return (
            bool(_ACRONYM.fullmatch(part) or _MIXED.fullmatch(part))
            and sum(map(str.isupper, single)) > 1
            and folded.replace(".", "") not in HOUSEHOLD
            and folded not in HOUSEHOLD
            and folded not in self._language.stop
            and not _ROMAN.fullmatch(single)
            and not self._emphasised(single)
        )

    def _emphasised(self, word: str) -> bool:
        """An everyday word in capitals: NOT, NEVER."""
        return len(word) > 3 and word.isupper() and self._everyday.has(word.casefold())

    def _is_jargon(self, word: str) -> bool:
        folded = word.casefold()
        if folded in JARGON or folded.removesuffix("s") in JARGON:
            return True
        if "_" in word and len(word) > 3:
            return True
        if re.search(r"[a-z][A-Z]", word) and not self._is_acronym(word):
            return True
        if re.search(r"\d", word) and re.match(r"[^\W\d_]", word):
            return True
        return self._rare_compound(folded)

    def _rare_compound(self, folded: str) -> bool:
        """A hyphenated compound with a part that isn't everyday English."""
        parts = [part for part in folded.split("-") if part]
        return (
            self._language.code == "en"
            and len(parts) > 1
            and not all(
                part in self._language.stop or part.isdigit() or self._everyday.has(part)
                for part in parts
            )
        )

    def _explained(self, word: str) -> bool:
        if word in self._long_forms or self._spelled_out(word):
            return True
        for match in re.finditer(rf"(?<![\w-]){re.escape(word)}s?(?![\w-])", self._text, re.I):
            after = self._text[match.end() : match.end() + 80]
            before = self._text[max(0, match.start() - 60) : match.start()]
            if _AFTER.match(after) or _NAMING.search(before):
                return True
        return False

    def _spelled_out(self, word: str) -> bool:
        """Whether the words that a field's abbreviation stands for are in the summary."""
        long = TERMS.get(word.casefold(), "")
        return bool(long) and f" {long}" in self._running


def _singular(part: str) -> str:
    return part[:-1] if part.endswith("s") and part[:-1].isupper() else part
