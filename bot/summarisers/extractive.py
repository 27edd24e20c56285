"""Both summaries of a reading, quoted sentence by sentence from the reading itself: no model,
no key, no network.

It ranks the reading's sentences, takes the ones that say most without repeating each other, and for
plain readers finds easier sentences near them. It writes no word of its own except the lead, and
says so there. It neither fetches readings nor stores summaries.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.errors import SummaryError
from bot.domain.model import Audience, Point, Reading, Section, SummaryDraft, Usage
from bot.domain.ports import Progress, Sections, silent
from bot.summarisers.balance import Choice, Offer, easier_half, measured
from bot.summarisers.languages import Language, language_of, terms, word_count
from bot.summarisers.ranking import Graph, diverse, rank
from bot.summarisers.sentences import whole
from bot.summarisers.weighing import dropped, ease, section_prior, worth
from bot.summarisers.wording import Heads, abbreviations, expanded

MAX_WORDS = 40_000
"""How much of a reading is read; the lead says so when there was more."""

MIN_SENTENCES = 5
_FEWEST_POINTS, _MOST_POINTS = 5, 8
_MAX_CHARACTERS = 400_000
_MAX_PARAGRAPH = 20_000  # characters
_TITLE_WORDS = 10
_TOP = 0.6  # the share of points that plain readers must not miss
_COVERED = 1.0  # what an easier sentence is worth for being there at all
_ECHO = 0.6  # the similarity above which a sentence repeats another
_CANDIDATES = 16  # easier sentences looked at for each point


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence that can be quoted: where it stands and how much its place speaks for it."""

    text: str
    section: str
    prior: float
    leaning: bool


@dataclass(frozen=True, slots=True)
class _Prose:
    """What of a reading can be quoted. ``cut`` says where we stopped, if there was more."""

    title: str
    sentences: tuple[_Sentence, ...]
    language: Language
    long_forms: Mapping[str, str]
    cut: str


class Extractive:
    """The summariser that needs nothing but the reading (a ``Summariser``).

    ``sections`` tells the text's sections, so that headings, lists and references are known.
    """

    def __init__(self, sections: Sections) -> None:
        self._sections = sections

    @property
    def origin(self) -> str:
        return "extractive"

    async def summarise(
        self,
        reading: Reading,
        *,
        language: str = "",
        progress: Progress = silent,
        spent: Usage | None = None,
    ) -> Mapping[Audience, SummaryDraft]:
        """Both drafts, always the same for the same reading, and in its own language.

        Raises SummaryError when fewer than five sentences of the text can be quoted.
        """
        return await asyncio.to_thread(self._summarise, reading)

    def _summarise(self, reading: Reading) -> Mapping[Audience, SummaryDraft]:
        prose = _prose(reading, self._sections)
        if len(prose.sentences) < MIN_SENTENCES:
            raise SummaryError(_too_little(reading, len(prose.sentences)), permanent=True)
        return _Maker(prose, self.origin).drafts()


def _too_little(reading: Reading, found: int) -> str:
    if not reading.text.strip():
        return f"The text of “{reading.title}” is not here yet. Add it as a text or Markdown file."
    return (
        f"“{reading.title}” has too little text to quote from: {found} whole sentences, and"
        f" {MIN_SENTENCES} are needed. Add more of its text."
    )


def _prose(reading: Reading, sections: Sections) -> _Prose:
    text = reading.text[:_MAX_CHARACTERS]
    parts = list(_kept(sections(text)))
    sample = " ".join(paragraph for part in parts for paragraph in _texts(part, lists=True)[:20])[
        :20_000
    ]
    language = language_of(sample)
    sentences, used = _collected(parts, language, lists=False)
    if len(sentences) < 2 * MIN_SENTENCES:
        sentences, used = _collected(parts, language, lists=True)
    read = " ".join(paragraph for part in parts for paragraph in _texts(part, lists=True))
    return _Prose(
        title=" ".join(reading.title.split()) or "Untitled",
        sentences=_independent(sentences),
        language=language,
        long_forms=abbreviations(read),
        cut=_cut(len(reading.text), used),
    )


def _cut(characters: int, words: int) -> str:
    """What the lead says of a reading that was too long to be read to its end; else ""."""
    if words >= MAX_WORDS:
        return f", from its first {MAX_WORDS:,} words"
    return ", from the first part of a long text" if characters > _MAX_CHARACTERS else ""


def _kept(parts: Sequence[Section]) -> Iterator[Section]:
    """Sections without those of references and the like, their own subsections included."""
    below: int | None = None
    ended = False  # after the references, lettered sections are appendices
    for part in parts:
        if below is not None and part.level > below:
            continue
        below = part.level if dropped(part.heading, after_references=ended) else None
        if below is None:
            yield part
        ended = ended or below is not None


def _texts(part: Section, *, lists: bool) -> tuple[str, ...]:
    return part.paragraphs + part.items if lists else part.paragraphs


def _collected(
    parts: Sequence[Section], language: Language, *, lists: bool
) -> tuple[list[_Sentence], int]:
    """The sentences that can be quoted, each once, and how many words were read for them.

    Entries of lists are looked at only where ``lists`` says so: they are often no sentences.
    """
    found: dict[str, _Sentence] = {}
    read = 0
    for number, part in enumerate(parts):
        prior = section_prior(part.heading, number, len(parts))
        for paragraph in _texts(part, lists=lists):
            if read >= MAX_WORDS:
                break
            paragraph = paragraph[:_MAX_PARAGRAPH]
            read += word_count(paragraph)
            for order, text in enumerate(whole(paragraph, language)):
                first = 1.15 if order == 0 else 1.0
                found.setdefault(
                    text, _Sentence(text, part.heading, prior * first, language.leans(text))
                )
    return list(found.values()), read


def _independent(sentences: Sequence[_Sentence]) -> tuple[_Sentence, ...]:
    """Without sentences that lean on the one before, where enough others are left."""
    standing = tuple(sentence for sentence in sentences if not sentence.leaning)
    return standing if len(standing) >= 2 * _FEWEST_POINTS else tuple(sentences)


class _Maker:
    """Makes both drafts of one reading's prose."""

    def __init__(self, prose: _Prose, origin: str) -> None:
        self._prose = prose
        self._origin = origin
        texts = [sentence.text for sentence in prose.sentences]
        self._graph = Graph([terms(text, prose.language) for text in texts])
        priors = _placed([sentence.prior for sentence in prose.sentences])
        central = rank(self._graph, priors)
        self._scores = _to_one(
            [
                score**0.7 * prior * worth(sentence.text) * (0.3 if sentence.leaning else 1.0)
                for score, prior, sentence in zip(central, priors, prose.sentences, strict=True)
            ]
        )
        self._ease = [ease(text, prose.long_forms) for text in texts]
        self._heads = Heads(texts, prose.language)

    def drafts(self) -> Mapping[Audience, SummaryDraft]:
        """The best pair over the lengths that suit the text, the most suitable length first."""
        best: tuple[tuple[bool, int], SummaryDraft, SummaryDraft] | None = None
        ranked = diverse(self._graph, self._scores, range(len(self._scores)), _MOST_POINTS)
        for count in self._lengths():
            points = ranked[:count]
            techie = self._draft(Audience.TECHIE, points)
            plain, choice = self._plain(points, techie)
            quality = (choice.fits, -choice.missed)
            if best is None or quality > best[0]:
                best = (quality, techie, plain)
            if quality == (True, 0):
                break
        if best is None:  # the lengths are never empty, since enough sentences were found
            raise SummaryError("There is nothing to quote.", permanent=True)
        return {Audience.TECHIE: best[1], Audience.PLAIN: best[2]}

    def _lengths(self) -> list[int]:
        """How many points suit the text: seven typically, five of a short one, eight of a long."""
        sentences = len(self._scores)
        typical = 5 if sentences < 12 else 6 if sentences < 24 else 7 if sentences < 400 else 8
        possible = range(_FEWEST_POINTS, min(_MOST_POINTS, sentences) + 1)
        return sorted(possible, key=lambda count: (abs(count - typical), count))

    def _plain(self, points: Sequence[int], techie: SummaryDraft) -> tuple[SummaryDraft, Choice]:
        """The easier half: one easy sentence near each point, as the balance of words allows."""

        def made(picks: Sequence[int]) -> SummaryDraft:
            return self._draft(Audience.PLAIN, picks)

        needed = math.ceil(len(points) * _TOP)
        offers = [self._offers(point) for point in points]
        choice = easier_half(offers, needed, techie.body, lambda picks: made(picks).body)
        return made(choice.picks), choice

    def _offers(self, point: int) -> list[Offer]:
        """The sentences that could say a point more easily, best first."""
        section = self._prose.sentences[point].section
        valued = sorted(
            (-self._suits(point, index, section), index)
            for index in range(len(self._scores))
            if self._near(point, index, section)
        )
        return [
            Offer(index, self._cost(index), _COVERED - value, self._alike(index))
            for value, index in valued[:_CANDIDATES]
        ]

    def _near(self, point: int, index: int, section: str) -> bool:
        same = self._prose.sentences[index].section == section
        return index == point or same or index in self._graph.edges[point]

    def _suits(self, point: int, index: int, section: str) -> float:
        alike = 0.8 if index == point else min(0.6, self._graph.edges[point].get(index, 0.0))
        same = 0.1 if self._prose.sentences[index].section == section else 0.0
        return alike + same + 1.6 * self._ease[index] + self._scores[index]

    def _alike(self, index: int) -> frozenset[int]:
        """The sentence and those that say nearly the same."""
        edges = self._graph.edges[index].items()
        return frozenset([index, *(other for other, alike in edges if alike > _ECHO)])

    def _cost(self, index: int) -> int:
        """About how many words the sentence takes in a body: number, head, text, long forms."""
        sentence = self._prose.sentences[index]
        head = self._heads.head(sentence.text, self._heading(sentence))
        text = expanded(sentence.text, self._prose.long_forms, set())
        return measured(f"1. **{head}:** {text}")

    def _draft(self, audience: Audience, picks: Sequence[int]) -> SummaryDraft:
        """The draft that quotes these sentences, in the reading's order."""
        points = tuple(self._points(audience, sorted(picks)))
        lead = self._lead(audience, len(points))
        lines = [f"{n}. **{point.head}:** {point.text}" for n, point in enumerate(points, start=1)]
        return SummaryDraft(
            audience=audience,
            body="\n".join([lead, "", *lines]),
            lead=lead,
            points=points,
            origin=self._origin,
        )

    def _points(self, audience: Audience, picks: Sequence[int]) -> Iterator[Point]:
        used: set[str] = set()
        explained: set[str] = set()
        for index in picks:
            sentence = self._prose.sentences[index]
            head = self._heads.head(sentence.text, self._heading(sentence), used)
            used.add(head.casefold())
            text = sentence.text
            if audience is Audience.PLAIN:
                text = expanded(text, self._prose.long_forms, explained)
            yield Point(head=head, text=text, quote=sentence.text, section=sentence.section)

    def _heading(self, sentence: _Sentence) -> str:
        """The sentence's heading, unless that is the reading's own title."""
        same = sentence.section.casefold() == self._prose.title.casefold()
        return "" if same else sentence.section

    def _lead(self, audience: Audience, count: int) -> str:
        words = self._prose.title.split()
        title = " ".join(words[:_TITLE_WORDS])[:120] + ("…" if len(words) > _TITLE_WORDS else "")
        title = re.sub("[“”]", '"', title)
        easy = "easier " if audience is Audience.PLAIN else ""
        sentences = f"{count} {easy}sentence{'' if count == 1 else 's'}"
        return f"Quoted from “{title}” (no AI): {sentences}{self._prose.cut}."


def _placed(priors: Sequence[float]) -> list[float]:
    """The priors, raised where a text opens and closes."""
    last = max(1, len(priors) - 1)
    return [
        prior * (1.25 if at / last < 0.12 else 1.12 if at / last > 0.9 else 1.0)
        for at, prior in enumerate(priors)
    ]


def _to_one(scores: Sequence[float]) -> list[float]:
    best = max(scores, default=0.0) or 1.0
    return [score / best for score in scores]
