"""A reading, indexed once for the checks of a summary: words, names, numbers, links, quotations.

What it tells to models rather than to people is kept apart and supports nothing. It knows what
stands in the reading and where, and judges no summary.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from bot.summarisers.everyday import Everyday
from bot.summarisers.figures import Figure, Figures, shares
from bot.summarisers.instructions import parted
from bot.summarisers.languages import Language, language_of, spelled, terms
from bot.summarisers.quotes import Quotable, seen, squeezed
from bot.summarisers.sentences import split
from bot.summarisers.wording import abbreviations

TOKEN = re.compile(r"[^\W_]+(?:[’'.&_‐‑-][^\W_]+)*[+#]{0,2}")
NUMBERED = re.compile(r"\b([^\W\d_a-zß-öø-ÿ][^\W\d_]+)[ -](\d{1,3}(?:\.\d{1,3}){0,2})(?![\d,]*\w)")
_SHARES = (
    (" half ", Fraction(1, 2)),
    (" quarter ", Fraction(1, 4)),
    (" hälfte ", Fraction(1, 2)),
    (" viertel ", Fraction(1, 4)),
    (" moitié ", Fraction(1, 2)),
    (" mitad ", Fraction(1, 2)),
)
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,15}://|www\.|mailto:)[^\s<>\"“”`|\\^{}\[\]]+", re.IGNORECASE
)
_HEADING = re.compile(r"^#{1,6}\s+", re.MULTILINE)
_DATE = re.compile(r"\b(?:1\d|20)\d\d-(0[1-9]|1[0-2])(?:-\d\d)?\b")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Placed:
    """A number of the reading and the sentence that has it."""

    figure: Figure
    sentence: int


class Source:
    """The text of a reading (Markdown or plain), with its title and author where they are known."""

    def __init__(self, text: str, *about: str) -> None:
        self.raw = unified("\n\n".join([*filter(None, about), text]))
        clean, self.orders = parted(_unbroken(seen(self.raw)))
        self.language: Language = language_of(clean[:40_000])
        self.text = clean
        self.sentences = _sentences(clean)
        self._quotable = Quotable(seen(self.raw))
        self._order_pieces = [squeezed(order) for order in self.orders]

    def says(self, quote: str) -> bool:
        """Whether the quote stands in the reading, word for word."""
        return self._quotable.has(quote) or self._as_written.has(quote)

    @cached_property
    def _as_written(self) -> Quotable:
        """The text with its markup: what looks like a tag may be what is quoted."""
        return Quotable(self.raw)

    def orders_models(self, quote: str) -> bool:
        """Whether the quote is of what the reading tells to models."""
        piece = squeezed(quote)
        return bool(piece) and any(piece in order or order in piece for order in self._order_pieces)

    @cached_property
    def tokens(self) -> list[str]:
        """Its words as written, compounds and names with digits whole."""
        return TOKEN.findall(self.text)

    @cached_property
    def forms(self) -> frozenset[str]:
        """Every word folded and squeezed: whole, in parts, without 's, and joined to its number."""
        found = {form for token in set(self.tokens) for form in forms_of(token)}
        for before, token in pairwise(self.tokens):
            if token[0].isdigit() and before.isalpha():
                found.add((before + bare(token)).casefold())
        found.update(_calendar(self.text, found))
        return frozenset(found)

    @cached_property
    def names(self) -> frozenset[str]:
        """Words that never stand without a capital, folded and squeezed."""
        named: set[str] = set()
        common: set[str] = set()
        for token in set(self.tokens):
            (common if token.islower() else named).update(forms_of(token))
        return frozenset(named - common)

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Each word's places in ``tokens``."""
        found: dict[str, list[int]] = {}
        folded = {token: bare(token).casefold() for token in set(self.tokens)}
        for place, token in enumerate(self.tokens):
            found.setdefault(folded[token], []).append(place)
        return found

    @cached_property
    def everyday(self) -> Everyday:
        """Everyday English words; kept here so that they are read once for a reading."""
        return Everyday()

    @cached_property
    def sentence_stems(self) -> list[frozenset[str]]:
        return [frozenset(terms(sentence, self.language)) for sentence in self.sentences]

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset().union(*self.sentence_stems)

    @cached_property
    def order_stems(self) -> frozenset[str]:
        """What only the orders to models speak of."""
        return frozenset(terms(" ".join(self.orders), self.language)) - self.stems

    @cached_property
    def _figures(self) -> list[list[Figure]]:
        finder = Figures(self.language.code)
        return [finder.found(sentence) for sentence in self.sentences]

    @cached_property
    def figures(self) -> list[Placed]:
        return [
            Placed(figure, at) for at, figures in enumerate(self._figures) for figure in figures
        ]

    @cached_property
    def _valued(self) -> dict[Fraction, list[Placed]]:
        found: dict[Fraction, list[Placed]] = {}
        for placed in self.figures:
            for value in placed.figure.values:
                found.setdefault(value, []).append(placed)
        return found

    def meeting(self, figure: Figure) -> list[Placed]:
        """Where the reading may have this number of the same thing."""
        alike = (placed for value in figure.values for placed in self._valued.get(value, ()))
        return [placed for placed in alike if figure.meets(placed.figure)]

    @cached_property
    def shares(self) -> frozenset[Fraction]:
        """Parts of a whole, however the reading gives them: 20%, a fifth, one in five."""
        alone = {placed.figure.share for placed in self.figures}
        pairs = {
            share
            for figures, sentence in zip(self._figures, self.sentences, strict=True)
            for _, _, share in shares(figures, sentence)
        }
        words = {share for word, share in _SHARES if word in self.running}
        return frozenset(share for share in alone | pairs | words if share is not None)

    @cached_property
    def numbered(self) -> dict[str, frozenset[str]]:
        """Names that stand before a number ("Llama 2"), folded, with those numbers."""
        found: dict[str, set[str]] = {}
        for match in NUMBERED.finditer(self.text):
            found.setdefault(match[1].casefold(), set()).add(match[2])
        return {name: frozenset(numbers) for name, numbers in found.items()}

    @cached_property
    def running(self) -> str:
        """Its words, folded, with one space between: for looking phrases up."""
        words = " ".join(word.casefold() for word in spelled(self.text))
        return f" {words.replace('-', ' ')} "

    @cached_property
    def long_forms(self) -> dict[str, str]:
        return abbreviations(self.text)

    @cached_property
    def links(self) -> frozenset[str]:
        clean = parted(self.raw)[0] if self.orders else self.raw
        return frozenset(link_key(link) for link in addresses(clean))

    def near(self, sentence: int) -> frozenset[str]:
        """What the sentence and its neighbours speak of."""
        stems = self.sentence_stems
        return frozenset().union(*stems[max(0, sentence - 1) : sentence + 2])


def unified(text: str) -> str:
    """One way to write each character (NFKC); 3½ and 10⁶ stay two numbers."""
    return unicodedata.normalize("NFKC", re.sub(r"(?<=\w)(?=[¼-¾⅐-⅞¹²³⁰-⁹])", " ", text))


def addresses(text: str) -> list[str]:
    """The links of a text as they are written, without what merely follows them."""
    found: list[str] = []
    for match in _ADDRESS.finditer(text):
        link = match[0].rstrip(".,;:!?'’*_")
        while link.endswith(")") and link.count(")") > link.count("("):
            link = link[:-1].rstrip(".,;:!?'’*_")
        found.append(link)
    return found


def link_key(link: str) -> str:
    """How links are compared: host folded, without scheme, "www." and a last slash."""
    rest = re.sub(r"^(?:https?://)?(?:www\.)?", "", link.strip(), flags=re.IGNORECASE)
    host, slash, path = rest.partition("/")
    return (host.casefold() + slash + path).rstrip("/")


def bare(token: str) -> str:
    """Without a possessive ending."""
    if token[-1:] in "sS" and token[-2:-1] in ("'", "’"):
        return token[:-2]
    return token.rstrip("'’")


def forms_of(token: str) -> Iterable[str]:
    """How a word may be looked up: squeezed whole, and each part of a compound."""
    plain = bare(token).casefold()
    if plain.isalnum():
        yield plain
        return
    yield "".join(filter(str.isalnum, plain)) + re.sub(r"[^+#]", "", plain)
    yield from filter(None, re.split(r"[\W_]+", plain))


def _calendar(text: str, found: set[str]) -> set[str]:
    """Months that stand as numbers or shortened, days that stand shortened."""
    months = {MONTHS[int(match[1]) - 1] for match in _DATE.finditer(text)}
    for name in (*MONTHS, *_DAYS):
        if name in found or name[:3] in found:
            months.update((name, name[:3]))
    return months


def _sentences(text: str) -> list[str]:
    blocks = re.split(
        r"\n[ \t]*\n|\n(?=[ \t]*(?:[-*+•#|]|\d{1,3}[.)])[ \t])", _HEADING.sub("", text)
    )
    return [sentence for block in blocks for sentence in split(" ".join(block.split()))]


def _unbroken(text: str) -> str:
    """Words that a line's end or a soft hyphen broke are whole; a compound may lose its hyphen."""
    text = re.sub("[\u00ad\x02][ \t]*\n?[ \t]*", "", text)
    return re.sub(r"(?<=[^\W\d_]{2})[-\u2010][ \t]*\n[ \t]*(?=[a-zß-öø-ÿ])", "", text)
