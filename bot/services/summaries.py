"""Summaries: the stored one at once, a missing one made once however many ask for it.

Making takes seconds and happens outside any transaction. How a summary is made is the summariser's
own; which reading it is made from, and what is said when there is none, is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from weakref import WeakValueDictionary

from bot.domain.errors import SummaryError, UnknownSummaryError
from bot.domain.model import Audience, Reading, Session, Summary, SummaryDraft
from bot.domain.ports import Now, Store, Summariser
from bot.services.memory import Memory


class Summaries:
    """The summaries of all sessions, by one summariser."""

    def __init__(self, store: Store, summariser: Summariser, now: Now) -> None:
        self._store = store
        self._memory = Memory(store)
        self._summariser = summariser
        self._now = now
        # One a session, as one go makes both audiences'; gone when nobody holds it.
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def get(self, session: Session, audience: Audience) -> Summary:
        """The current one, made now if there is none yet.

        Raises UnknownSummaryError when there is nothing to make it from, or it can't be made.
        """
        stored = await self._stored(session, audience)
        if stored is not None:
            return stored
        async with self._locks.setdefault(session.id, asyncio.Lock()):
            stored = await self._stored(session, audience)
            if stored is not None:  # somebody else asked first
                return stored
            try:
                drafts = await self._drafts(session)
            except SummaryError as error:
                raise UnknownSummaryError(_why_not(session, error)) from error
            made = await self._add(session, drafts, only_missing=True)
        if audience not in made:
            raise UnknownSummaryError(
                f"There is no {audience} summary of “{session.title}”; ask for the other one."
            )
        return made[audience]

    async def make(self, session: Session) -> Mapping[Audience, Summary]:
        """New versions for both audiences, which become the current ones.

        Raises UnknownSummaryError without a text to make them from, SummaryError when it fails.
        """
        async with self._locks.setdefault(session.id, asyncio.Lock()):
            return await self._add(session, await self._drafts(session), only_missing=False)

    async def current(self, session: Session) -> Mapping[Audience, Summary]:
        """Those that are stored, without making any."""
        return await self._memory.get(session.id, lambda view: view.summaries.current(session.id))

    async def _stored(self, session: Session, audience: Audience) -> Summary | None:
        async with self._store.read() as view:
            return await view.summaries.current_of(session.id, audience)

    async def _drafts(self, session: Session) -> Mapping[Audience, SummaryDraft]:
        return await self._summariser.summarise(await self._reading(session))

    async def _reading(self, session: Session) -> Reading:
        """The first reading whose text we have. A listed session may come without the texts."""
        async with self._store.read() as view:
            whole = await view.sessions.by_id(session.id)
        readings = (whole or session).readings
        for reading in readings:
            if reading.text.strip():
                return reading
        if not readings:
            raise UnknownSummaryError(
                f"No summary of “{session.title}” yet: it has no reading to make one from."
            )
        url = next((reading.url for reading in readings if reading.url), "")
        raise UnknownSummaryError(
            f"No summary of “{session.title}” yet: the reading is only a link. {url}".rstrip()
        )

    async def _add(
        self, session: Session, drafts: Mapping[Audience, SummaryDraft], *, only_missing: bool
    ) -> dict[Audience, Summary]:
        async with self._store.transaction() as tx:
            made = dict(await tx.summaries.current(session.id)) if only_missing else {}
            for audience, draft in drafts.items():
                if audience not in made:
                    made[audience] = await tx.summaries.add(session.id, draft, self._now())
        return made


def _why_not(session: Session, error: SummaryError) -> str:
    if error.permanent:
        return f"No summary of “{session.title}” yet: it can't be made from the reading's text."
    return f"The summary of “{session.title}” can't be made just now; ask again in a while."
