"""One conversation with a model: the key points for people of the field, then the same for
everybody else, then at most one corrective turn for each.

What opens it stays the same to the byte through all turns, so that the server's prompt cache serves
it. It knows no server and decides on no budget; what a draft keeps to is for the gates to say.
"""

from __future__ import annotations

import asyncio
import logging
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.model import (
    Audience,
    Finding,
    Point,
    Reading,
    Suggestion,
    SummaryDraft,
    SummaryStatus,
)
from bot.domain.ports import Gates, Progress
from bot.summarisers import prompts
from bot.summarisers.answers import Answer, Questions
from bot.summarisers.balance import LEAST, MOST, measured
from bot.summarisers.budget import Budget
from bot.summarisers.faults import AnswerError, ModelError
from bot.summarisers.harmless import Harmless
from bot.summarisers.ladder import Message, Model

logger = logging.getLogger(__name__)

_SUGGESTED = 5
_ASKS = re.compile(  # how a question ends: Latin and CJK, Arabic, Greek, Japanese without a mark
    r"(?:[?？؟]|[\u0370-\u03ff\u1f00-\u1fff][;\u037e]|か。?)[\s\"'”’»」』)）*_.…]*$|՞"
)
_MOST_WORDS, _LEAST_WORDS = 350, 80  # of the techie summary
_TELLING = 20_000  # characters that tell whether a text is a short one
_MOST_FINDINGS, _FINDING = 12, 400  # told in one corrective turn, and characters of one
_DISPROVED = frozenset({"quote", "instruction", "link", "mention", "markup"})

Drafts = dict[Audience, SummaryDraft]


@dataclass(frozen=True, slots=True)
class Material:
    """What the model is given: a reading's text, or ``notes`` on one that is too long for it.

    ``scope`` says which parts of the reading were noted, "" for all; ``mend`` what an organiser can
    do about that, if anything.
    """

    reading: Reading
    text: str
    notes: bool = False
    scope: str = ""
    mend: str = ""

    @property
    def checked(self) -> str:
        """What the gates look things up in: always the whole reading."""
        return f"{self.reading.title}\n\n{self.reading.text}"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is asked, within which budget, what checks it, and the language of the answers."""

    model: Model
    budget: Budget
    gates: Gates
    language: str = ""

    def opening(self, material: Material, ask: str) -> list[Message]:
        """The system's word, and the material with what is asked about it."""
        mark = prompts.mark_for(material.text)
        framed = prompts.framed(mark, material.reading.title, material.text)
        system = prompts.system(mark, self.language, notes=material.notes)
        return [
            {"role": "system", "content": system},
            {"role": "user", "content": f"{framed}\n\n{ask}"},
        ]

    async def checked(self, drafts: Mapping[Audience, SummaryDraft], text: str) -> list[Finding]:
        """What the gates find; in a thread, since a long reading keeps them busy."""
        return list(await asyncio.to_thread(self.gates, drafts, text))


class Conversation:
    """Both drafts of one material."""

    def __init__(
        self, asker: Asker, material: Material, harmless: Harmless, progress: Progress
    ) -> None:
        self._asker = asker
        self._material = material
        self._progress = progress
        self._harmless = harmless
        self._messages: list[Message] = []

    @classmethod
    async def about(cls, asker: Asker, material: Material, progress: Progress) -> Conversation:
        """With the material looked through first; in a thread, since it may be long."""
        harmless = await asyncio.to_thread(Harmless, material.checked)
        return cls(asker, material, harmless, progress)

    async def drafts(self) -> Mapping[Audience, SummaryDraft]:
        """Both, with what the gates still find in them. Raises ModelError."""
        ask = prompts.techie(self._target())
        self._messages = self._asker.opening(self._material, ask)
        techie = await self._turn(Audience.TECHIE, ask)
        self._progress("techie")
        ask = prompts.plain(measured(techie.body), *_range(techie))
        self._say(ask)
        plain = await self._turn(Audience.PLAIN, ask)
        self._progress("plain")
        drafts = {Audience.TECHIE: techie, Audience.PLAIN: plain}
        found = await self._checked(drafts)
        self._progress("checks")
        for audience in Audience:  # the techie one first: the other's length depends on it
            if any(finding.severe for finding in _of(found, audience)):
                drafts, found = await self._corrected(audience, drafts, found)
        return {audience: self._finished(draft, found) for audience, draft in drafts.items()}

    def _target(self) -> int:
        """About how many words suit the techie summary of so much text and of such a model."""
        longest = min(_MOST_WORDS, int(self._asker.model.settings.answer * 0.4))
        return max(
            min(_LEAST_WORDS, longest), min(longest, measured(self._material.text[:_TELLING]) // 3)
        )

    def _say(self, content: str) -> None:
        self._messages.append({"role": "user", "content": content})

    async def _turn(self, audience: Audience, ask: str) -> SummaryDraft:
        answer, content = await self._asker.model.ask(self._messages, Answer, self._asker.budget)
        self._messages.append({"role": "assistant", "content": content})
        return self._draft(audience, answer, ask)

    def _draft(self, audience: Audience, answer: Answer, ask: str) -> SummaryDraft:
        self._harmless.taken.clear()
        lead = self._harmless.text(answer.lead)
        points = points_of(answer, self._harmless)
        if not lead or not points:
            raise AnswerError(
                "The model's answer has nothing in it that can be shown; use the no-AI summary or"
                " name another model.",
                permanent=False,
            )
        lines = [f"{n}. {_line(point)}" for n, point in enumerate(points, start=1)]
        name = self._asker.model.settings.model
        return SummaryDraft(
            audience=audience,
            body="\n".join([lead, "", *lines]),
            lead=lead,
            points=points,
            origin=name,
            prompt=prompts.stored(ask),
            answered_by=name,
            status=SummaryStatus.DRAFT,
            findings=tuple(self._advice(audience)),
            scope=self._material.scope,
        )

    def _advice(self, audience: Audience) -> Iterator[Finding]:
        if self._material.mend:
            yield Finding("scope", audience, self._material.mend, severe=False)
        yield from (_taken_out(what, audience) for what in self._harmless.taken)

    async def _checked(self, drafts: Drafts) -> list[Finding]:
        return await self._asker.checked(drafts, self._material.checked)

    async def _corrected(
        self, audience: Audience, drafts: Drafts, found: list[Finding]
    ) -> tuple[Drafts, list[Finding]]:
        """With this audience's draft given again, if it came out better. Never asked twice."""
        kept, ask = drafts[audience], self._correction(audience, drafts, found)
        said = len(self._messages)
        self._say(ask)
        try:
            better = replace(await self._turn(audience, ask), prompt=kept.prompt)
        except ModelError as error:
            logger.warning("The %s summary was not corrected: %s", audience, error.reason)
            del self._messages[said:]
            return {**drafts, audience: _uncorrected(kept, error)}, found
        changed = {**drafts, audience: better}
        after = await self._checked(changed)
        if _severe(after, audience) > _severe(found, audience):
            return drafts, found
        return changed, after

    def _correction(self, audience: Audience, drafts: Drafts, found: list[Finding]) -> str:
        words = {each: measured(draft.body) for each, draft in drafts.items()}
        least, most = _range(drafts[Audience.TECHIE])
        counts = prompts.counts(words, audience, least, most)
        severe = [finding for finding in _of(found, audience) if finding.severe]
        texts = [finding.text[:_FINDING] for finding in severe[:_MOST_FINDINGS]]
        return prompts.correct(audience, words[audience], counts, texts)

    def _finished(self, draft: SummaryDraft, found: list[Finding]) -> SummaryDraft:
        findings = (*_of(found, draft.audience), *draft.findings)
        return replace(draft, findings=findings, usage=self._asker.budget.usage)


async def suggested(asker: Asker, material: Material) -> Sequence[Suggestion]:
    """Up to five questions whose quotations stand in the reading, and none that is a statement.

    Raises ModelError.
    """
    messages = asker.opening(material, prompts.questions())
    answer, _ = await asker.model.ask(messages, Questions, asker.budget)
    harmless = await asyncio.to_thread(Harmless, material.checked)
    points = tuple(
        Point(
            head="",
            text=text,
            quote=harmless.text(asked.quote),
            section=harmless.text(asked.section),
        )
        for asked in answer.questions
        if _ASKS.search(text := harmless.text(asked.question))
    )
    standing = await proven(asker, points, material.checked)
    return [Suggestion(point.text, point.quote, point.section) for point in standing[:_SUGGESTED]]


async def proven(asker: Asker, points: Sequence[Point], text: str) -> list[Point]:
    """Those points whose quotations stand in the text and that hide nothing, as the gates say."""
    if not points:
        return []
    draft = SummaryDraft(Audience.TECHIE, "", "", tuple(points), asker.model.settings.model)
    found = await asker.checked({Audience.TECHIE: draft}, text)
    fallen = {finding.point for finding in found if finding.severe and finding.gate in _DISPROVED}
    return [point for number, point in enumerate(points, start=1) if number not in fallen]


def points_of(answer: Answer, harmless: Harmless) -> tuple[Point, ...]:
    """The answer's points, made harmless; those of which nothing is left are gone."""
    points = (
        Point(
            head=re.sub(r"[*#`]+", "", harmless.text(point.head)).strip("_: "),
            text=harmless.text(point.text),
            quote=harmless.text(point.quote).strip('“”"«» '),
            section=harmless.text(point.section).strip("# "),
        )
        for point in answer.points
    )
    return tuple(point for point in points if point.text)


def _line(point: Point) -> str:
    return f"**{point.head}:** {point.text}" if point.head else point.text


def _range(techie: SummaryDraft) -> tuple[int, int]:
    words = measured(techie.body)
    return math.ceil(words * LEAST), int(words * MOST)


def _of(found: Sequence[Finding], audience: Audience) -> list[Finding]:
    return [finding for finding in found if finding.audience is audience]


def _severe(found: Sequence[Finding], audience: Audience) -> int:
    return sum(finding.severe for finding in _of(found, audience))


def _taken_out(what: str, audience: Audience) -> Finding:
    gate = {"a mention": "mention", "HTML": "markup"}.get(what, "link")
    text = f"The model had put {what} into the {audience.value} summary; it was taken out."
    return Finding(gate, audience, text, severe=False)


def _uncorrected(draft: SummaryDraft, error: ModelError) -> SummaryDraft:
    text = f"The {draft.audience.value} summary could not be corrected: {error.reason}"
    finding = Finding("correction", draft.audience, text, severe=False)
    return replace(draft, findings=(*draft.findings, finding))
