"""Drafting: a session's reading is read where it is only a link, and both summaries are made of it.

Reading and making take seconds to minutes and happen outside any transaction. Who may have it done,
what becomes of the drafts and what members are told is `summaries`'.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import ReadingError, SummaryError, UnknownSummaryError, UserError
from bot.domain.links import is_untitled
from bot.domain.model import (
    Audience,
    Document,
    Finding,
    Group,
    Reading,
    Session,
    Summary,
    SummaryDraft,
    SummaryStatus,
    Usage,
)
from bot.domain.ports import Gates, Now, Progress, Rows, Source, Store, Summariser, silent
from bot.domain.text import clean_name
from bot.services import posts
from bot.services.checking import findings_of, first_with_text
from bot.services.plans import TITLE_LENGTH

logger = logging.getLogger(__name__)

_QUIET_FOR = timedelta(minutes=10)  # after a failure, no member's request asks the model again


class Drafting:
    """Makes drafts by a summariser, or by ``plain``, which needs no model.

    Where both are the same, no model is configured.
    """

    def __init__(
        self,
        store: Store,
        summariser: Summariser,
        plain: Summariser,
        gates: Gates,
        read: Source | None,
        now: Now,
        language: str = "",
    ) -> None:
        self._store = store
        self._summariser = summariser
        self._plain = plain
        self._gates = gates
        self._read = read
        self._now = now
        self._language = language
        self._failed: dict[int, tuple[datetime, SummaryError]] = {}

    @property
    def by_model(self) -> bool:
        return self._summariser is not self._plain

    async def read(self, link: str) -> Document:
        """See ``Summaries.read``."""
        if self._read is None:
            raise UserError("Links can't be read here; give the reading as a file.")
        document = await self._read(Reading("", link))
        is_address = link.lower().startswith(("http://", "https://"))
        return replace(document, url=link) if is_address else document  # as readings are named

    async def stored(self, session: Session) -> Reading:
        """The first reading whose text we have. A listed session may come without the texts.

        Raises UnknownSummaryError, which says what there is instead.
        """
        whole = await self._whole(session)
        reading = first_with_text(whole.readings)
        if reading is not None:
            return reading
        url = _first_link(whole)
        raise UnknownSummaryError(
            f"No summary of “{session.title}” yet: the reading is only a link. {url}".rstrip()
            if whole.readings
            else f"No summary of “{session.title}” yet: it has no reading to make one from."
        )

    async def reading(
        self,
        group: Group,
        session: Session,
        document: Document | None = None,
        *,
        again: bool = False,
        progress: Progress = silent,
    ) -> Reading:
        """The reading that summaries are made from, its text had from its link where we lack it.

        ``again`` reads it again; a ``document`` takes the place of what its link leads to. What was
        read is stored. Raises ReadingError, and what ``stored`` raises.
        """
        whole = await self._whole(session)
        if document is not None:
            return await self._kept(group, whole, _meant(whole, document), document)
        found = first_with_text(whole.readings)
        if found is not None and not again:
            return found
        linked = found or next((each for each in whole.readings if each.url), None)
        if linked is None or self._read is None:
            return await self.stored(whole)
        if not linked.url:
            raise UserError(
                f"The text of “{linked.title}” has no link to be read from again; "
                "make the summaries from it as it is, or give the text anew."
            )
        document = await self._read(linked)
        progress("fetched")
        if document.pages is not None:
            progress("1 page" if document.pages == 1 else f"{document.pages} pages")
        return await self._kept(group, whole, linked, document)

    async def drafts(
        self,
        session: Session,
        reading: Reading,
        *,
        plain: bool = False,
        progress: Progress = silent,
    ) -> Mapping[Audience, SummaryDraft]:
        """Both: a model's wait for approval, others are approved. Raises SummaryError."""
        if self.by_model and not plain:
            return await self._by_model(session, reading, progress)
        made = await self._plain.summarise(reading, language=self._language)
        for audience in made:
            progress(audience.value)
        found = await findings_of(self._gates, made, reading)
        progress("checks")
        return {
            each: replace(
                d, status=SummaryStatus.APPROVED, findings=found[each], scope=_scope(reading, d)
            )
            for each, d in made.items()
        }

    def require_untried(self, session: Session) -> None:
        """Raises the SummaryError with which a model failed a short while ago, if it did."""
        at, error = self._failed.get(session.id, (None, None))
        if at is not None and error is not None and self._now() - at < _QUIET_FOR:
            raise SummaryError(error.reason, permanent=error.permanent)

    async def found(
        self, drafts: Mapping[Audience, SummaryDraft], reading: Reading | None
    ) -> Mapping[Audience, tuple[Finding, ...]]:
        """What the gates find in drafts that somebody changed by hand."""
        return await findings_of(self._gates, drafts, reading, quoted=False)

    async def _by_model(
        self, session: Session, reading: Reading, progress: Progress
    ) -> Mapping[Audience, SummaryDraft]:
        async with self._store.read() as view:
            spent = _spent(await view.summaries.versions(session.id))
        try:
            made = await self._summariser.summarise(
                reading, language=self._language, progress=progress, spent=spent
            )
        except SummaryError as error:
            # A member who asked isn't told of keys and servers; whoever runs the bot has to know.
            logger.warning("no summaries of “%s”: %s", session.title, error.reason)
            now = self._now()
            recent = {k: v for k, v in self._failed.items() if now - v[0] < _QUIET_FOR}
            self._failed = {**recent, session.id: (now, error)}
            raise
        self._failed.pop(session.id, None)
        return {
            each: replace(d, status=SummaryStatus.DRAFT, scope=_scope(reading, d))
            for each, d in made.items()
        }

    async def _whole(self, session: Session) -> Session:
        async with self._store.read() as view:
            return await view.sessions.by_id(session.id) or session

    async def _kept(
        self, group: Group, session: Session, reading: Reading | None, document: Document
    ) -> Reading:
        """Store what was read; a document that is none of the readings is a further one."""
        if not document.text.strip():
            raise ReadingError("There is no text in it; give another one.", permanent=True)
        title = document.title if reading is None or is_untitled(reading) else reading.title
        title = clean_name(title, TITLE_LENGTH) or (reading.title if reading else "Untitled")
        read = Reading(
            title,
            document.url if reading is None else reading.url,
            document.text,
            0 if reading is None else reading.id,
            document.author,
            document.published,
            document.notes,
        )
        async with self._store.transaction() as tx:
            before = await _still(tx, session, reading)
            if reading is None:
                after = replace(before, readings=(*before.readings, read))
                await posts.change(tx, group, before, after, self._now())
            else:
                await tx.sessions.set_text(reading.id, title, document, self._now())
        return read


def _scope(reading: Reading, draft: SummaryDraft) -> str:
    """What the draft isn't made from: what was left out when the reading was read, and then."""
    return " ".join(part for part in (*reading.notes, draft.scope) if part)


async def _still(rows: Rows, session: Session, reading: Reading | None) -> Session:
    """The session as it is now. Raises UserError when the reading is none of its any more."""
    now = await rows.sessions.by_id(session.id)
    known = [(each.id, each.url) for each in now.readings] if now is not None else []
    if now is None or not (reading is None or (reading.id, reading.url) in known):
        raise UserError(
            f"The readings of “{session.title}” were changed meanwhile; make its summaries again."
        )
    return now


def _meant(session: Session, document: Document) -> Reading | None:
    """Which reading a document is the text of: the one of its link, else the first without a text,
    else the first."""
    for is_meant in (
        lambda each: bool(document.url) and each.url == document.url,
        lambda each: not each.text.strip(),
    ):
        found = next(filter(is_meant, session.readings), None)
        if found is not None:
            return found
    return next(iter(session.readings), None)


def _spent(versions: Sequence[Summary]) -> Usage | None:
    """What a model took for all of them; one go made both audiences'."""
    goes = {each.created_at: usage for each in versions if (usage := each.draft.usage)}
    usages = list(goes.values())
    if not usages:
        return None
    costs = [usage.cost for usage in usages if usage.cost is not None]
    return Usage(
        model=usages[-1].model,
        calls=sum(usage.calls for usage in usages),
        prompt_tokens=sum(usage.prompt_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        completion_tokens=sum(usage.completion_tokens for usage in usages),
        cost=sum(costs) if costs else None,
    )


def _first_link(session: Session) -> str:
    return next((reading.url for reading in session.readings if reading.url), "")
