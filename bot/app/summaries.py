"""The summaries, built as the configuration says: by a model or by quoting, with what reads links
and what checks drafts.

Nothing of a model's, a page's or a PDF's libraries is imported before it is first used.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bot.app.first_used import Checks, summary_parts, write_article
from bot.config import Config
from bot.domain.model import Audience, Document, Reading, Suggestion, SummaryDraft, Usage
from bot.domain.ports import Gates, Now, Progress, Store, silent
from bot.readings.extract import sections
from bot.services.summaries import Summaries
from bot.summarisers.extractive import Extractive

if TYPE_CHECKING:
    from bot.readings.fetch import Fetcher
    from bot.summarisers.openai_api import ModelSummariser


@asynccontextmanager
async def open_summaries(
    config: Config, store: Store, now: Now, fetcher: Fetcher | None = None
) -> AsyncIterator[Summaries]:
    """The service, whose connections to a model's server are closed at the end.

    ``fetcher`` is by default one that reads the public internet alone.
    """
    quoting = Extractive(sections)
    check = Checks()
    model = _Model(config, check) if config.summaries.by_model else None
    try:
        yield Summaries(
            store,
            model or quoting,
            now,
            plain=quoting,
            gates=check,
            read=_Links(fetcher).read,
            suggest=model.suggest_questions if model else None,
            parse=summary_parts,
            article=write_article,
            language=config.summaries.language,
        )
    finally:
        if model is not None:
            await model.aclose()


class _Links:
    """Reads what a reading links to; its ``Fetcher`` is made with the first."""

    def __init__(self, fetcher: Fetcher | None) -> None:
        self._fetcher = fetcher

    async def read(self, reading: Reading) -> Document:
        """The ``Source``. Raises ReadingError."""
        from bot.readings.documents import read_source
        from bot.readings.fetch import Fetcher

        if self._fetcher is None:
            self._fetcher = Fetcher()
        return await read_source(reading.url, self._fetcher)


class _Model:
    """The ``Summariser`` that asks the configured model; made with the first reading."""

    def __init__(self, config: Config, gates: Gates) -> None:
        self._config = config
        self._gates = gates
        self._making = asyncio.Lock()
        self._summariser: ModelSummariser | None = None

    @property
    def origin(self) -> str:
        return self._config.summaries.model

    async def summarise(
        self,
        reading: Reading,
        *,
        language: str = "",
        progress: Progress = silent,
        spent: Usage | None = None,
    ) -> Mapping[Audience, SummaryDraft]:
        model = await self._made()
        return await model.summarise(reading, language=language, progress=progress, spent=spent)

    async def suggest_questions(
        self, reading: Reading, drafts: Mapping[Audience, SummaryDraft], *, language: str = ""
    ) -> Sequence[Suggestion]:
        """The ``Suggest``."""
        model = await self._made()
        return await model.suggest_questions(reading, drafts, language=language)

    async def aclose(self) -> None:
        if self._summariser is not None:
            await self._summariser.aclose()

    async def _made(self) -> ModelSummariser:
        async with self._making:
            if self._summariser is None:
                self._summariser = await asyncio.to_thread(_summariser, self._config, self._gates)
            return self._summariser


def _summariser(config: Config, gates: Gates) -> ModelSummariser:
    from bot.summarisers.openai_api import ModelSettings, ModelSummariser

    table = config.summaries
    settings = ModelSettings(
        model=table.model,
        base_url=table.base_url,
        timeout=table.timeout,
        request_timeout=table.request_timeout,
        context_tokens=table.context_tokens,
        answer_tokens=table.answer_tokens,
        max_tokens=table.max_tokens or None,
        max_cost=table.max_cost or None,
        price_in=table.price_in or None,
        price_out=table.price_out or None,
        price_cached=table.price_cached or None,
    )
    return ModelSummariser(settings, gates, config.model_key, sections)
