"""Both summaries of a reading by a model, at any server that speaks the OpenAI API (a
``Summariser``).

It decides how a reading is given to the model: whole, or part by part where it is too long. Talking
to the server, reading answers and checking them are other modules'. Nothing is stored or posted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from bot.domain.errors import SummaryError
from bot.domain.model import Audience, Reading, Suggestion, SummaryDraft, Usage
from bot.domain.ports import Backoff, Gates, Progress, Sections, silent
from bot.summarisers import faults, ladder
from bot.summarisers.balance import measured
from bot.summarisers.budget import Budget, ModelSettings, tokens_of
from bot.summarisers.conversation import Asker, Conversation, Material, suggested
from bot.summarisers.long import noted

__all__ = ["ModelSettings", "ModelSummariser"]

logger = logging.getLogger(__name__)

_LEAST_WORDS = 40  # fewer are no text to summarise
_TELLING = 10_000  # characters that tell whether there are enough


async def _summarised(
    asker: Asker, material: Material, progress: Progress
) -> Mapping[Audience, SummaryDraft]:
    conversation = await Conversation.about(asker, material, progress)
    return await conversation.drafts()


class ModelSummariser:
    """Asks the model of the settings. ``gates`` check what it says; ``sections`` part a long
    reading. Nothing is opened before the first request; ``aclose`` closes it again."""

    def __init__(
        self,
        settings: ModelSettings,
        gates: Gates,
        key: str,
        sections: Sections,
        backoff: Backoff = ladder.backoff,
    ) -> None:
        self._settings = settings
        self._gates = gates
        self._sections = sections
        self._model = ladder.Model(settings, key, backoff)

    @property
    def origin(self) -> str:
        return self._settings.model

    async def summarise(
        self,
        reading: Reading,
        *,
        language: str = "",
        progress: Progress = silent,
        spent: Usage | None = None,
    ) -> Mapping[Audience, SummaryDraft]:
        """Both drafts, with what the gates find in them and what both together took.

        ``language`` is a name or a code, "" for the reading's own; ``spent`` is what the session
        took before, which counts against its limits. Raises SummaryError: nothing was made.
        """
        words = measured(reading.text[:_TELLING])
        if words < _LEAST_WORDS:
            raise SummaryError(
                f"“{reading.title}” has too little text to summarise ({words} words); add more.",
                permanent=True,
            )
        async with self._asking(language, spent) as asker:
            return await self._drafts(asker, reading, progress)

    async def suggest_questions(
        self,
        reading: Reading,
        drafts: Mapping[Audience, SummaryDraft],
        *,
        language: str = "",
    ) -> Sequence[Suggestion]:
        """Up to five questions for the discussion, each with words that stand in the reading.

        What the drafts took counts against the session's limits. A reading that is too long is
        given by the drafts' points. Raises SummaryError.
        """
        spent = next((draft.usage for draft in drafts.values() if draft.usage), None)
        material = Material(reading, reading.text)
        if tokens_of(reading.text) > self._settings.room:
            points = [point for draft in drafts.values() for point in draft.points]
            text = "\n".join(
                f"- {p.text}\n  quote: {p.quote}\n  section: {p.section}" for p in points
            )
            material = Material(reading, text, notes=True)
        async with self._asking(language, spent) as asker:
            return await suggested(asker, material)

    async def aclose(self) -> None:
        await self._model.aclose()

    async def _drafts(
        self, asker: Asker, reading: Reading, progress: Progress
    ) -> Mapping[Audience, SummaryDraft]:
        room = self._settings.room
        if tokens_of(reading.text) <= room:
            try:
                return await _summarised(asker, Material(reading, reading.text), progress)
            except faults.TooLongError:
                room = min(room, tokens_of(reading.text)) // 2
                logger.warning("The model holds less than context_tokens says; reading by parts")
        material = await noted(asker, self._sections, reading, room, progress)
        return await _summarised(asker, material, progress)

    @asynccontextmanager
    async def _asking(self, language: str, spent: Usage | None) -> AsyncIterator[Asker]:
        """Who asks, within the time that all of it may take; says in the log what it took."""
        deadline = asyncio.get_running_loop().time() + self._settings.timeout
        budget = Budget(self._settings, deadline, spent)
        try:
            async with asyncio.timeout_at(deadline):
                yield Asker(self._model, budget, self._gates, language)
        except TimeoutError as error:
            raise faults.out_of_time(self._settings.timeout) from error
        finally:
            usage = budget.usage
            logger.info(
                "Asked %s %s times: %s tokens in (%s of them cached), %s out",
                usage.model,
                usage.calls,
                usage.prompt_tokens,
                usage.cached_tokens,
                usage.completion_tokens,
            )
