"""The gates of summaries: rules that find what is wrong in two drafts against their reading.

They compare words, and no more: a summary that passes can still be a poor one, or say with the
reading's words what the reading doesn't mean. They change nothing and stop nothing; what follows
from a finding is decided elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.domain.model import Audience, Finding, SummaryDraft
from bot.summarisers.balance import measured
from bot.summarisers.evidence import duplicated, number_faults, quote_faults, quoted_inside
from bot.summarisers.intrusions import intrusions, shown
from bot.summarisers.jargon import Jargon
from bot.summarisers.languages import Language, language_of, terms, word_count, word_set
from bot.summarisers.names import Names
from bot.summarisers.parts import Part, parts_of
from bot.summarisers.sentences import split
from bot.summarisers.source import Source, unified

LEAST_SHARE, MOST_SHARE = 0.40, 0.60
"""The share of the techie summary's words that the plain one may have."""

SENTENCE_WORDS = 20
"""How many words a plain summary's sentences have on average, at most."""

_MOST_FINDINGS = 12  # of one gate in one draft; the rest are counted
_MOST_WORDS = 8  # of the trade, named in one finding
_REPORTED_ONLY = frozenset({"extractive", "imported"})
_EMPTY = word_set(
    """
    article author blog book chapter discuss document essay explain follow idea key main overview
    page paper piece point post present read report say section story summar summari summary talk
    text topic write writer written reading artikel text autor zusammenfassung
    """
)


def check(drafts: Mapping[Audience, SummaryDraft], source: str | Source) -> tuple[Finding, ...]:
    """All that is wrong in the drafts, severe things and advice, draft by draft in their order.

    ``source`` is the reading's text, with its title and author above it where a summary may name
    them; give a ``Source`` to check against the same reading again. In drafts that no model wrote
    (quoted or imported ones) everything is advice.
    """
    reading = source if isinstance(source, Source) else Source(source)
    found = [*_length(drafts)]
    for audience, draft in drafts.items():
        found += _capped(_of_draft(replace(draft, audience=audience), reading))
    return tuple(
        replace(finding, severe=False)
        if drafts[finding.audience].origin in _REPORTED_ONLY
        else finding
        for finding in found
    )


def words(draft: SummaryDraft) -> int:
    """The words of all that is posted, as the length gate counts them: between spaces, or two
    characters a word in scripts without spaces."""
    return measured(draft.body)


def _length(drafts: Mapping[Audience, SummaryDraft]) -> Iterator[Finding]:
    if not {Audience.TECHIE, Audience.PLAIN} <= drafts.keys():
        return
    plain, techie = words(drafts[Audience.PLAIN]), words(drafts[Audience.TECHIE])
    share = plain / max(1, techie)
    if not LEAST_SHARE <= share <= MOST_SHARE:
        fault = "long" if share > MOST_SHARE else "short"
        least, most = round(techie * LEAST_SHARE + 0.499), int(techie * MOST_SHARE)
        yield Finding(
            "length",
            Audience.PLAIN,
            f"The plain summary is too {fault}: {plain} words to the techie one's {techie}"
            f" ({share:.2f}); it should have {least} to {most}.",
        )


@dataclass(frozen=True, slots=True)
class _Desk:
    """A draft on the desk: its parts, its language, and how a finding in it is made."""

    draft: SummaryDraft
    parts: tuple[Part, ...]
    language: Language
    source: Source

    @property
    def foreign(self) -> bool:
        return self.language.code != self.source.language.code

    def finding(self, gate: str, part: Part, what: str, *, severe: bool = True) -> Finding:
        audience = self.draft.audience
        where = f"{part.where} of the {audience.value} summary"
        return Finding(gate, audience, f"In {where}, {what}.", part.point, severe)


def _of_draft(draft: SummaryDraft, source: Source) -> Iterator[Finding]:
    parts = tuple(parts_of(draft))
    own = " ".join(part.text for part in parts)
    language = language_of(own)
    if not language.code and len(own.split()) < 60:
        language = source.language
    desk = _Desk(draft, parts, language, source)
    yield from _lead(desk)
    yield from _quotes(desk)
    yield from _numbers_and_names(desk)
    yield from _intruded(desk)
    yield from _duplicates(desk)
    if draft.audience is Audience.PLAIN:
        yield from _sentences(desk)
        yield from _jargon(desk)


def _lead(desk: _Desk) -> Iterator[Finding]:
    draft, audience = desk.draft, desk.draft.audience
    said = set(terms(unified(draft.lead), desk.language)) - _EMPTY
    if len(said) < 2:
        text = f"The lead of the {audience.value} summary says nothing of the reading."
        yield Finding("lead", audience, text)
    if not draft.points:
        yield Finding("lead", audience, f"The {audience.value} summary has no points.")
    for number, point in enumerate(draft.points, start=1):
        if not point.head.strip() or not point.text.strip():
            text = f"Point {number} of the {audience.value} summary has no head or no text."
            yield Finding("lead", audience, text, number)


def _quotes(desk: _Desk) -> Iterator[Finding]:
    for number, point in enumerate(desk.draft.points, start=1):
        part = Part(number, "quote", point.quote)
        for gate, what, severe in quote_faults(point, desk.source):
            yield desk.finding(gate, part, what, severe=severe)
    for part in desk.parts:
        for quote in quoted_inside(part.text, desk.source):
            what = f"the reading doesn't have the words “{shown(quote)}”"
            yield desk.finding("quote", part, what, severe=not desk.foreign)


def _numbers_and_names(desk: _Desk) -> Iterator[Finding]:
    names = Names(desk.source, desk.language)
    unsure: dict[str, None] = {}
    for part in desk.parts:
        if part.kind == "lead" and desk.draft.origin == "extractive":
            continue  # says how the summary was made, not what the reading says
        context = _context(desk, part)
        for what, severe in number_faults(part.text, context, desk.source, desk.language):
            yield desk.finding("number", part, what, severe=severe)
        for name in names.unknown(part.text, head=part.kind == "head"):
            if name.sure:
                what = f"the reading has no “{shown(name.written)}”"
                yield desk.finding("name", part, what)
            else:
                unsure.setdefault(name.written)
    if unsure:
        audience = desk.draft.audience
        listed = _listed(list(unsure))
        text = (
            f"If these words of the {audience.value} summary are names,"
            f" the reading has none of them: {listed}."
        )
        yield Finding("name", audience, text, severe=False)


def _context(desk: _Desk, part: Part) -> frozenset[str]:
    """What the whole point speaks of, its quotation included."""
    near = [other.text for other in desk.parts if other.point == part.point]
    if part.point is not None:
        near.append(desk.draft.points[part.point - 1].quote)
    return frozenset(terms(unified(" ".join(near)), desk.source.language))


def _intruded(desk: _Desk) -> Iterator[Finding]:
    found: dict[tuple[str, str], Finding] = {}
    for part in desk.parts:
        for intrusion in intrusions(part.text, desk.source, opens=part.kind != "head"):
            finding = desk.finding(intrusion.gate, part, intrusion.text)
            found.setdefault((intrusion.gate, intrusion.text), finding)
    for number, point in enumerate(desk.draft.points, start=1):
        part = Part(number, "section", point.section)
        for intrusion in intrusions(unified(point.section), desk.source):
            finding = desk.finding(intrusion.gate, part, intrusion.text)
            found.setdefault((intrusion.gate, intrusion.text), finding)
    yield from found.values()


def _duplicates(desk: _Desk) -> Iterator[Finding]:
    for first, second, what, severe in duplicated(desk.draft.points, desk.language):
        text = f"Points {first} and {second} of the {desk.draft.audience.value} summary {what}."
        yield Finding("duplicate", desk.draft.audience, text, second, severe)


def _sentences(desk: _Desk) -> Iterator[Finding]:
    sentences = [
        word_count(sentence)
        for part in desk.parts
        if part.kind in {"lead", "text"}
        for line in part.text.splitlines()
        for sentence in split(line)
    ]
    average = sum(sentences) / max(1, len(sentences))
    if average > SENTENCE_WORDS:
        yield Finding(
            "sentences",
            Audience.PLAIN,
            f"The sentences of the plain summary have {average:.1f} words on average;"
            f" {SENTENCE_WORDS} are enough.",
        )


def _jargon(desk: _Desk) -> Iterator[Finding]:
    text = " ".join(part.text for part in desk.parts)
    jargon = Jargon(text, desk.language, desk.source.everyday)
    named: set[str] = set()
    for part in desk.parts:
        for short in jargon.acronyms(part.text):
            if short not in named:
                named.add(short)
                yield desk.finding("acronym", part, f"“{short}” is not explained")
    if found := jargon.words():
        text = f"The plain summary doesn't explain these words of the trade: {_listed(found)}."
        yield Finding("jargon", Audience.PLAIN, text, severe=False)


def _listed(found: list[str]) -> str:
    more = f" and {len(found) - _MOST_WORDS} more" if len(found) > _MOST_WORDS else ""
    return ", ".join(shown(word) for word in found[:_MOST_WORDS]) + more


def _capped(findings: Iterable[Finding]) -> Iterator[Finding]:
    """At most a dozen findings a gate, the severe ones first, and how many more there are."""
    counts: Counter[str] = Counter()
    left: dict[str, Finding] = {}
    for finding in sorted(findings, key=lambda finding: not finding.severe):
        counts[finding.gate] += 1
        if counts[finding.gate] <= _MOST_FINDINGS:
            yield finding
        else:
            left.setdefault(finding.gate, finding)
    for gate, finding in left.items():
        more = counts[gate] - _MOST_FINDINGS
        yield replace(
            finding,
            text=f"The {finding.audience.value} summary has {more} more such faults ({gate}).",
            point=None,
        )
