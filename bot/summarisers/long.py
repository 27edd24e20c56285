"""Readings that are too long for one conversation: noted part by part, then summarised from the
notes.

A part is some sections, or a piece of a big one. Each note carries words quoted from its part; a
note whose words don't stand there is dropped. What is beyond the bounds of parts and budget is left
out, and said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.domain.model import Point, Reading, Section
from bot.domain.ports import Progress, Sections
from bot.summarisers import prompts
from bot.summarisers.answers import Answer
from bot.summarisers.budget import Budget, Hold, tokens_of
from bot.summarisers.conversation import Asker, Material, points_of, proven
from bot.summarisers.faults import AnswerError, BudgetError, ModelError
from bot.summarisers.harmless import Harmless

_PART_TOKENS = 12_000  # a model's attention thins out over more
_ASKING_TOKENS = 900  # the system's word and the request, around a part
_NOTES_TOKENS = 1_000  # the notes on a part, about
_SUMMARY_TOKENS = 1_500  # an answer of the conversation that follows, about
_TURNS = 3  # of that conversation, usually
_LEAST_TOKENS = 200  # the notes on a part when they are cut to a point
_SHOWN = 80  # characters of a heading
_PAID_FOR = (
    "Parts of the reading were left out, as all summaries of a session together may take no more"
    " ({limits}); raise that and make them again."
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a reading, with the heading that it begins under."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class _Notes:
    about: str
    points: tuple[Point, ...]


def parts_of(found: Sequence[Section], size: int) -> list[Part]:
    """The sections in parts of about ``size`` tokens at most: small ones together, big ones split.

    A part that begins within a section begins with its heading again.
    """
    parts: list[Part] = []
    heading, lines, taken = "", list[str](), 0
    for section in found:
        title = f"{'#' * section.level} {section.heading}" if section.heading else ""
        pending = title
        for piece in _pieces(section, size):
            cost = tokens_of(piece) + tokens_of(title)
            if lines and taken + cost > size:
                parts.append(Part(heading, "\n\n".join(lines)))
                lines, taken, pending = [], 0, title
            heading = heading if lines else section.heading
            lines += [pending, piece] if pending else [piece]
            pending, taken = "", taken + cost
    return [*parts, Part(heading, "\n\n".join(lines))] if lines else parts


async def noted(
    asker: Asker, sections: Sections, reading: Reading, room: int, progress: Progress
) -> Material:
    """Notes on the reading, of ``room`` tokens at most. Raises ModelError."""
    settings = asker.model.settings
    size = min(_PART_TOKENS, room)
    found = await asyncio.to_thread(lambda: parts_of(sections(reading.text), size))
    found = found or parts_of([Section("", tuple(reading.text.split("\n\n")))], size)
    most = min(len(found), settings.most_parts, max(1, room // _LEAST_TOKENS))
    count, reserved = _affordable(asker.budget, found[:most])
    progress(f"{len(found)} parts")
    try:
        harmless = await asyncio.to_thread(Harmless, reading.text)
        taken = await _Reader(asker, reading, found, harmless, progress).read(count)
    finally:
        reserved.free()
    if not any(notes and notes.points for notes in taken):
        raise AnswerError(
            "The model noted nothing that stands in the reading; use the no-AI summary or name"
            " another model.",
            permanent=False,
        )
    return Material(
        reading=reading,
        text=_fitted(found, taken, room),
        notes=True,
        scope=_scope(found, taken),
        mend=_PAID_FOR.format(limits=asker.budget.limits) if count < most else "",
    )


class _Reader:
    """Has the parts noted, a few at a time."""

    def __init__(
        self,
        asker: Asker,
        reading: Reading,
        parts: Sequence[Part],
        harmless: Harmless,
        progress: Progress,
    ) -> None:
        self._asker = asker
        self._title = reading.title
        self._parts = parts
        self._progress = progress
        self._mark = prompts.mark_for(reading.text)
        self._harmless = harmless
        self._places = asyncio.Semaphore(asker.model.settings.at_once)
        self._done = 0

    async def read(self, count: int) -> list[_Notes | None]:
        """The notes on the first ``count`` parts; None for one that gave none."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._noted(number)) for number in range(count)]
        except ExceptionGroup as failed:
            if not all(isinstance(error, ModelError) for error in failed.exceptions):
                raise
            raise failed.exceptions[0] from failed
        return [task.result() for task in tasks]

    async def _noted(self, number: int) -> _Notes | None:
        async with self._places:
            try:
                return await self._asked(number)
            except (AnswerError, BudgetError):
                return None  # said in the scope
            finally:
                self._done += 1
                self._progress(f"part {self._done} of {len(self._parts)}")

    async def _asked(self, number: int) -> _Notes:
        part, asker = self._parts[number], self._asker
        framed = prompts.framed(self._mark, self._title, part.text)
        ask = prompts.notes(number + 1, len(self._parts))
        messages = [
            {"role": "system", "content": prompts.system(self._mark, asker.language)},
            {"role": "user", "content": f"{framed}\n\n{ask}"},
        ]
        answer, _ = await asker.model.ask(messages, Answer, asker.budget)
        points = await proven(asker, points_of(answer, self._harmless), part.text)
        return _Notes(self._harmless.text(answer.lead), tuple(points))


def _pieces(section: Section, size: int) -> Iterator[str]:
    """The section's paragraphs and entries, those that are too long in pieces."""
    for text in (*section.paragraphs, *section.items):
        tokens = tokens_of(text)
        length = len(text) if tokens <= size else max(1, len(text) * size // tokens)
        at = 0
        while at < len(text):
            end = at + length
            if end < len(text):
                space = text.rfind(" ", at + length // 2, end)
                end = space if space > 0 else end
            if piece := text[at:end].strip():
                yield piece
            at = end


def _affordable(budget: Budget, parts: Sequence[Part]) -> tuple[int, Hold]:
    """How many of the parts the budget allows, and what is kept back to summarise their notes.

    Raises BudgetError when it is none.
    """
    prompt, count, keep = 0, 0, (0, 0)
    for number, part in enumerate(parts, start=1):
        prompt += tokens_of(part.text) + _ASKING_TOKENS
        later = _TURNS * (number * _NOTES_TOKENS + _ASKING_TOKENS + _SUMMARY_TOKENS)
        answers = number * _NOTES_TOKENS + _TURNS * _SUMMARY_TOKENS
        if budget.answers_left(prompt + later) < answers:
            break
        count, keep = number, (later, _TURNS * _SUMMARY_TOKENS)
    if not count:
        raise budget.beyond()
    return count, budget.reserve(*keep)


def _fitted(parts: Sequence[Part], taken: Sequence[_Notes | None], room: int) -> str:
    """All notes, with as many points of each part as there is room for."""
    most = max(len(notes.points) for notes in taken if notes)
    for points in range(most, 0, -1):
        text = "\n\n".join(
            _written(number, part, notes, points)
            for number, (part, notes) in enumerate(zip(parts, taken, strict=False), start=1)
            if notes and notes.points
        )
        if tokens_of(text) <= room:
            break
    return text


def _written(number: int, part: Part, notes: _Notes, most: int) -> str:
    lines = [f"# Notes on part {number}: {part.heading}".rstrip(": "), notes.about]
    for point in notes.points[:most]:
        lines += [f"- {point.head}: {point.text}", f"  quote: {point.quote}"]
        lines += [f"  section: {point.section}"] if point.section else []
    return "\n".join(lines)


def _scope(parts: Sequence[Part], taken: Sequence[_Notes | None]) -> str:
    """Which parts the summaries are made from, as a sentence; "" when it is all of them."""
    left = [
        number
        for number in range(1, len(parts) + 1)
        if number > len(taken) or taken[number - 1] is None
    ]
    if not left:
        return ""
    where = parts[left[0] - 1].heading[:_SHOWN]
    begins = f", from “{where}” on" if where and left == _to_the_end(left[0], parts) else ""
    return (
        f"{len(parts) - len(left)} of the reading's {len(parts)} parts were read; left out:"
        f" {_numbers(left)}{begins}."
    )


def _to_the_end(first: int, parts: Sequence[Part]) -> list[int]:
    return list(range(first, len(parts) + 1))


def _numbers(numbers: Sequence[int]) -> str:
    """Part numbers with runs drawn together: "part 3", "parts 3, 9 to 12"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    return f"part{'' if len(numbers) == 1 else 's'} {', '.join(texts)}"
