"""Summaries: members get the approved one at once, a missing one is made once however many ask;
organisers have drafts made, and approve, change and post them.

Reading and making are `drafting`'s, posts `posting`'s, suggested questions `suggestions`'. What of
all that is shown to whom is decided here. ``by`` is who calls, as in `sessions`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from weakref import WeakValueDictionary

from bot.domain.errors import SummaryError, UnknownSummaryError, UserError
from bot.domain.model import (
    Audience,
    Caller,
    Document,
    Group,
    Question,
    Session,
    Summary,
    SummaryDraft,
    SummaryStatus,
)
from bot.domain.ports import (
    Gates,
    Now,
    Progress,
    Rows,
    Source,
    Store,
    Suggest,
    Summariser,
    TakesApart,
    WritesPage,
    silent,
)
from bot.services import find, posting, shown
from bot.services.checking import first_with_text, no_gates
from bot.services.drafting import Drafting
from bot.services.editing import all_lead, edited, findings_of_edit
from bot.services.memory import Memory
from bot.services.posting import Posted
from bot.services.rights import require_organiser
from bot.services.suggestions import Suggesting, Suggestions

__all__ = ["Posted", "Suggestions", "Summaries"]


class Summaries:
    """The summaries of all sessions.

    ``plain`` is the summariser that needs no model; without it ``summariser`` is that. ``read``
    reads links, ``suggest`` suggests questions, ``parse`` takes an edited summary apart and
    ``article`` writes a session's page; what isn't given isn't done. ``language`` is what a model
    answers in ("" for the reading's own).
    """

    def __init__(
        self,
        store: Store,
        summariser: Summariser,
        now: Now,
        *,
        plain: Summariser | None = None,
        gates: Gates = no_gates,
        read: Source | None = None,
        suggest: Suggest | None = None,
        parse: TakesApart = all_lead,
        article: WritesPage | None = None,
        language: str = "",
    ) -> None:
        self._store = store
        self._memory = Memory(store)
        self._now = now
        self._parse = parse
        self._article = article
        self._drafting = Drafting(
            store, summariser, plain or summariser, gates, read, now, language
        )
        self._suggesting = Suggesting(store, suggest, now, language)
        # One a session, as one go makes both audiences'; gone when nobody holds it.
        self._locks: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._claimed: set[int] = set()

    @property
    def by_model(self) -> bool:
        """Whether a model is asked, and its drafts wait for approval."""
        return self._drafting.by_model

    async def session(self, group: Group, name: str) -> Session:
        """The session that a member means by ``name``, as `sessions` finds it; what ``get`` shows
        of it comes with the same read. Raises UnknownSessionError."""
        async with self._memory.reading() as (view, keep):
            session = await find.find(view, group, name, self._now())
            keep(session.id, await view.summaries.current(session.id))
        return session

    async def get(self, session: Session, audience: Audience) -> Summary:
        """What a member is shown: the approved one; else a draft in which nothing severe was found;
        made now if there is neither. Its ``draft.status`` says which it is.

        Raises UnknownSummaryError when a draft waits for the organiser, when there is nothing to
        make it from, or it can't be made.
        """
        found = await self._shown(session, audience)
        if found is not None:
            return found
        async with self._lock(session):
            found = await self._shown(session, audience)
            if found is not None:  # somebody else asked first
                return found
            try:
                await self._make_missing(session)
            except SummaryError as error:
                raise UnknownSummaryError(_why_not(session, error)) from error
            found = await self._shown(session, audience)
        if found is None:
            raise UnknownSummaryError(
                f"There is no {audience} summary of “{session.title}”; ask for the other one."
            )
        return found

    async def current(self, session: Session) -> Mapping[Audience, Summary]:
        """Those that are approved, without making any."""
        return await self._memory.get(session.id, lambda view: view.summaries.current(session.id))

    async def latest(self, group: Group, name: str, *, by: Caller) -> Mapping[Audience, Summary]:
        """The newest of each audience, a draft or not.

        Raises NotPermittedError, UnknownSessionError; so does everything that takes ``by``.
        """
        async with self._store.read() as view:
            session = await self._organised(view, group, name, by)
            return await view.summaries.latest(session.id)

    async def versions(self, group: Group, name: str, *, by: Caller) -> Sequence[Summary]:
        """All that were ever stored, in the order in which they came."""
        async with self._store.read() as view:
            session = await self._organised(view, group, name, by)
            return await view.summaries.versions(session.id)

    async def version(
        self, group: Group, session_id: int, audience: Audience, number: int, *, by: Caller
    ) -> tuple[Session, Summary]:
        """The version that a post or a button is about, with its session; where the caller may not
        see that one, what members see.

        Raises UnknownSessionError, UnknownSummaryError.
        """
        async with self._store.read() as view:
            return await shown.version(view, group, session_id, audience, number, by, self._now())

    async def read(self, link: str) -> Document:
        """What a link leads to, or an arXiv paper's number: a ``document`` to make summaries from.

        Raises ReadingError, and UserError where no links are read.
        """
        return await self._drafting.read(link)

    @contextmanager
    def claimed(self, session: Session) -> Iterator[None]:
        """While it is held, nobody else who claims has summaries of the session made.

        Raises UserError when somebody has, or when a member's request or questions are on.
        """
        lock = self._locks.get(session.id)
        if session.id in self._claimed or (lock is not None and lock.locked()):
            raise UserError(
                f"Summaries of “{session.title}” are being made just now; look again in a while."
            )
        self._claimed.add(session.id)
        try:
            yield
        finally:
            self._claimed.discard(session.id)

    async def make(
        self,
        group: Group,
        name: str,
        *,
        by: Caller,
        progress: Progress = silent,
        reread: bool = False,
        plain: bool = False,
        document: Document | None = None,
    ) -> Mapping[Audience, Summary]:
        """New versions for both audiences, with what the gates find in them.

        A model's are drafts; those of ``plain`` (no AI) are approved at once. A reading that is
        only a link is read first, with ``reread`` it is read again, and a ``document`` is taken in
        its place. ``progress`` hears "fetched", "12 pages", "techie", "plain", "checks". Raises
        ReadingError, SummaryError, and UnknownSummaryError without anything to make them from.
        """
        async with self._store.read() as view:
            session = await self._organised(view, group, name, by)
        async with self._lock(session):
            reading = await self._drafting.reading(
                group, session, document, again=reread, progress=progress
            )
            drafts = await self._drafting.drafts(session, reading, plain=plain, progress=progress)
            return await self._add(group, session, drafts)

    async def approve(
        self,
        group: Group,
        name: str,
        *,
        by: Caller,
        audiences: Collection[Audience] = tuple(Audience),
        versions: Mapping[Audience, int] | None = None,
    ) -> Mapping[Audience, Summary]:
        """Let members see the newest versions; twice is once. Returns what they see now.

        ``versions`` are those that the organiser looked at. Raises UserError when there are newer
        ones by now, and UnknownSummaryError when there is nothing to approve.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            session = await self._organised(tx, group, name, by)
            latest = await tx.summaries.latest(session.id)
            chosen = [latest[audience] for audience in audiences if audience in latest]
            if not chosen:
                raise UnknownSummaryError(
                    f"There is no summary of “{session.title}” to approve; make one first."
                )
            for each in chosen:
                seen = (versions or {}).get(each.draft.audience, each.version)
                if seen != each.version:
                    raise UserError(
                        f"There is a newer {each.draft.audience} summary of “{session.title}”; "
                        "look at that one and approve it."
                    )
            await tx.summaries.approve([each.id for each in chosen], now)
            await posting.update_page(tx, group, session, self._article, now)
            return await tx.summaries.current(session.id)

    async def edit(
        self, group: Group, name: str, audience: Audience, body: str, *, by: Caller
    ) -> Summary:
        """A new version of the newest one, in an organiser's words: Markdown. It is approved if
        that one was, and checked as that one was; the same words are no new version.

        Raises UnknownSummaryError without one to edit, UserError for words that can't be kept.
        """
        async with self._store.read() as view:
            session = await self._organised(view, group, name, by)
            latest = dict(await view.summaries.latest(session.id))
            versions = await view.summaries.versions(session.id)
            session = await view.sessions.by_id(session.id) or session
        if audience not in latest:
            raise UnknownSummaryError(
                f"There is no {audience} summary of “{session.title}” to edit; make one first."
            )
        earlier = [each.draft for each in reversed(versions) if each.draft.audience is audience]
        draft = edited(earlier, body, self._parse)
        if draft is earlier[0]:
            return latest[audience]
        drafts = {each: summary.draft for each, summary in latest.items()} | {audience: draft}
        found = await self._drafting.found(drafts, first_with_text(session.readings))
        draft = replace(draft, findings=findings_of_edit(found, audience))
        return (await self._add(group, session, {audience: draft}))[audience]

    async def post(self, group: Group, name: str, *, by: Caller) -> Posted:
        """Post what is approved everywhere; twice is once, but for what failed.

        Raises UnknownSummaryError when nothing is approved, InvalidSessionError when members don't
        see the session or there is nowhere to post.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            session = await self._organised(tx, group, name, by)
            return Posted(session, await posting.post(tx, group, session, self._article, now))

    async def suggestions(self, group: Group, name: str, *, by: Caller) -> Suggestions | None:
        """Questions that the model suggests for the approved summaries' discussion, made if there
        are none yet; kept for a day.

        None without a model, an approved summary or the reading's text. Raises SummaryError.
        """
        async with self._store.read() as view:
            session = await self._organised(view, group, name, by)
        async with self._lock(session):
            return await self._suggesting.of(group, session)

    async def accept_suggestion(
        self, group: Group, id: str, number: int, *, by: Caller
    ) -> Question:
        """Put one (from 1) on the board as the group's own question; twice is once.

        Raises NotPermittedError, and UserError when there is none such any more.
        """
        async with self._store.read() as view:
            await require_organiser(view, group, by)
        return await self._suggesting.accept(group, id, number)

    async def _shown(self, session: Session, audience: Audience) -> Summary | None:
        """What is stored for members to see; None when nothing is stored."""
        current = await self.current(session)
        if audience in current:
            return current[audience]
        found = (await self._latest(session)).get(audience)
        if found is not None and any(each.severe for each in found.draft.findings):
            raise UnknownSummaryError(
                f"The {audience} summary is a draft that waits for the organiser; ask again later."
            )
        return found

    async def _latest(self, session: Session) -> Mapping[Audience, Summary]:
        return await self._memory.get(
            ("latest", session.id), lambda view: view.summaries.latest(session.id)
        )

    async def _make_missing(self, session: Session) -> None:
        """What a member's request makes. Raises SummaryError, UnknownSummaryError."""
        reading = await self._drafting.stored(session)
        self._drafting.require_untried(session)
        drafts = await self._drafting.drafts(session, reading)
        async with self._store.transaction() as tx:
            stored = await tx.summaries.latest(session.id)
            for audience, draft in drafts.items():
                if audience not in stored:
                    await tx.summaries.add(session.id, draft, self._now())

    async def _add(
        self, group: Group, session: Session, drafts: Mapping[Audience, SummaryDraft]
    ) -> Mapping[Audience, Summary]:
        now = self._now()
        async with self._store.transaction() as tx:
            made = {
                audience: await tx.summaries.add(session.id, draft, now)
                for audience, draft in drafts.items()
            }
            if any(draft.status is SummaryStatus.APPROVED for draft in drafts.values()):
                session = await tx.sessions.by_id(session.id) or session
                await posting.update_page(tx, group, session, self._article, now)
        return made

    async def _organised(self, rows: Rows, group: Group, name: str, by: Caller) -> Session:
        await require_organiser(rows, group, by)
        return await find.find(rows, group, name, self._now(), members_only=False)

    def _lock(self, session: Session) -> asyncio.Lock:
        return self._locks.setdefault(session.id, asyncio.Lock())


def _why_not(session: Session, error: SummaryError) -> str:
    if error.permanent:
        return f"No summary of “{session.title}” yet: it can't be made from the reading's text."
    return f"The summary of “{session.title}” can't be made just now; ask again in a while."
