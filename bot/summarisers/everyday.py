"""Everyday English words, so that a word that opens a sentence or a title-case head is not taken
for a name, and a compound of such words not for jargon.

The list holds base forms; common endings and prefixes are taken off before looking a word up. It is
no dictionary: a word that isn't in it only has to stand in the reading instead.
"""

from __future__ import annotations

import re
from importlib.resources import files

from bot.summarisers.languages import word_set
from bot.summarisers.sentences import is_verb

_ENDINGS = (
    ("iest", "y"), ("ier", "y"), ("ily", "y"), ("ied", "y"), ("ies", "y"), ("iness", "y"),
    ("ingly", ""), ("edly", ""), ("ness", ""), ("ment", ""), ("less", ""), ("able", ""),
    ("ing", ""), ("est", ""), ("ers", ""), ("ors", ""), ("ed", ""), ("er", ""), ("or", ""),
    ("es", ""), ("ly", ""), ("en", ""), ("al", ""), ("ic", ""), ("ful", ""), ("y", ""), ("s", ""),
    ("d", ""), ("r", ""), ("ity", ""), ("ive", ""), ("ion", ""),
    ("ure", ""), ("age", ""), ("ance", ""), ("ence", ""), ("ery", ""), ("ory", ""), ("ics", ""),
    ("dom", ""), ("ship", ""), ("hood", ""), ("ee", ""), ("ees", ""), ("ation", ""), ("ition", ""),
)  # fmt: skip
_PREFIXES = ("un", "re", "non", "over", "under", "mis", "out", "pre", "self", "dis", "in", "im")
_COMPOUNDED = (
    "people",
    "folk",
    "work",
    "works",
    "place",
    "places",
    "time",
    "keeper",
    "keepers",
    "holder",
    "holders",
    "maker",
    "makers",
    "owner",
    "owners",
    "line",
    "lines",
    "mates",
    "goers",
    "owner",
    "owners",
    "side",
    "proof",
    "fold",
    "making",
    "keeping",
    "holding",
    "wide",
    "like",
)
_DERIVED = re.compile(
    r".{3,}(?:tions?|sions?|ments?|ness|ities|ity|ships?|hoods?|isms?|ists?|ably|ible|fulness|less"
    r"|fully|ously|ively|ically|ization|isation|izing|ising|ized|ised|ingly|ward|wards|wise|ology"
    r"|ologist|graphy|ancy|ency|ances?|ences?)$"
)

_NAMED = re.compile(
    r" (?:[A-Z]|(?:and|et) [A-Z]|al\b|[a-z]{2,}ed\b|(?:is|was|has|had|did|will|would|and|who|whose"
    r"|argue|say|note|claim|warn|explain|describe|suggest|believe|think|write|show|report|want|build"
    r"|offer|use|sell|propose|recommend|expect|say|tell|plan|doubt|admit|add|agree|conclude|insist"
    r"|make|find|lead|run|give|take|see|call|keep)s?\b"
    r"|(?:wrote|said|found|told|thought|made|built|led|began|took|gave|ran|won|held|saw|kept|rose"
    r"|brought|fell|sold|bought|lost|became)\b)"
    r"|, (?:who|whose|an?|the|now|then|also|formerly|head|author)\b| \("
)
_NOUNS_TOO = word_set(
    """
    answers calls causes changes claims closes controls costs covers cuts demands designs drives
    drops ends faces falls fits holds includes leads limits looks marks matters measures moves names
    needs notices offers places plans plays points pulls raises reads releases replies reports
    results returns rises rules runs saves shares shifts shows starts stops stores studies supports
    talks tests thanks touches tries turns uses visits waits walks wants wins wishes works cost cut
    set hit read cover move plan test work need use store share point
    """
)


class Everyday:
    """The list, ready to look words up in."""

    def __init__(self) -> None:
        self._words = word_set((files("bot.summarisers") / "everyday.txt").read_text("utf-8"))

    def has(self, word: str) -> bool:
        """Whether the folded word, or what it is made from, is an everyday one."""
        word = word.replace("’", "'").removesuffix("'s").rstrip("'")
        if "-" in word:
            return all(self.has(part) for part in word.split("-") if part)
        if self._made(word) or _DERIVED.fullmatch(word):
            return True
        if any(word.endswith(last) and self._made(word.removesuffix(last)) for last in _COMPOUNDED):
            return True
        return any(
            word.startswith(prefix)
            and len(word) - len(prefix) >= 3
            and self._made(word[len(prefix) :])
            for prefix in _PREFIXES
        )

    def lists(self, word: str) -> bool:
        """Whether the list has this very word."""
        return word in self._words

    def _made(self, word: str) -> bool:
        """Whether the word is in the list once an ending, or two, are off."""
        return (
            word in self._words
            or is_verb(word)
            or any(
                root in self._words or any(again in self._words for again in _roots(root))
                for root in _roots(word)
            )
        )


def _roots(word: str) -> list[str]:
    """What the word may have been before its ending: "planning" -> plann, plan, planne."""
    found: list[str] = []
    for ending, instead in _ENDINGS:
        if len(word) - len(ending) < 3 or not word.endswith(ending):
            continue
        root = word[: -len(ending)] + instead
        found += [root, root + "e"]
        if len(root) > 3 and root[-1] == root[-2]:
            found.append(root[:-1])
    return found


def names_go_on(after: str) -> bool:
    """Whether what follows a word goes with a name rather than with a noun: "argues", ", who"."""
    if _NAMED.match(after):
        return True
    following = re.match(r" ([a-z]+)\b", after)
    return following is not None and is_verb(following[1]) and following[1] not in _NOUNS_TOO
