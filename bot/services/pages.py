"""A session page into the data file: which session it is, when that was, and what of it is new.

Works on the caller's transaction, so that nothing of a page is half stored. Reading and writing the
page's format is `bot.readings`' own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.errors import InvalidPageError, InvalidSessionError, InvalidSubmissionError
from bot.domain.model import (
    Audience,
    Author,
    Finding,
    Group,
    Network,
    Question,
    Session,
    SessionPage,
    SessionStatus,
    Submission,
)
from bot.domain.ports import Gates, Rows, Store
from bot.domain.text import clean_text, possible_slugs, slug_of
from bot.domain.when import USUAL, resolve
from bot.services import posts
from bot.services.batch import NewQuestion
from bot.services.checking import findings_of, first_with_text
from bot.services.plans import with_texts

_QUESTION_LENGTH = 4000  # the organiser's own pages may say more than a stranger may send
_BOARD_PAGE = 500
_REPORTED = 3  # findings of the gates that are told at once
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Imported:
    """``notes`` say, a sentence each, what was mended, assumed or not taken."""

    session: Session
    created: bool
    changed: bool
    notes: tuple[str, ...]


class PageImport:
    """One page for one group. Finds out when it is at once; raises InvalidPageError if it can't."""

    def __init__(
        self,
        group: Group,
        page: SessionPage,
        now: datetime,
        at: str = "",
        timezone: str = "",
        start_time: str = "19:00",
    ) -> None:
        self._group = group
        self._page = page
        self._now = now
        self._notes = list(page.notes)
        self._zone = timezone or page.timezone or group.timezone
        self._findings: Mapping[Audience, tuple[Finding, ...]] = {}
        self._hour_is_assumed = False
        self._starts_at, self._local_time = self._when(at, start_time)

    async def check(self, store: Store, gates: Gates) -> None:
        """Find out what the gates say of the page's summaries, before anything is stored."""
        async with store.read() as view:
            session, _ = await self._session(view)
        reading = None if session is None else first_with_text(session.readings)
        drafts = {draft.audience: draft for draft in self._page.summaries}
        self._findings = await findings_of(gates, drafts, reading, quoted=False)

    async def store(self, rows: Rows) -> Imported:
        """Insert or update the page's session with all that belongs to it."""
        before, slug = await self._session(rows)
        if before is None:
            session = await rows.sessions.add(self._new(slug), self._now)
        elif before.status is SessionStatus.CANCELLED:
            note = f"“{before.title}” was cancelled, so nothing of the page was taken."
            return Imported(before, created=False, changed=False, notes=(*self._notes, note))
        else:
            session = await self._update(rows, before)
        if self._hour_is_assumed and before is None:
            self._notes.append(
                f"The page gives no hour, so {self._local_time[-5:]} was assumed; give the "
                f"option “at” ({self._local_time[:10]} HH:MM) to say another."
            )
        summaries = await self._add_summaries(rows, session)
        questions = await self._add_questions(rows, session)
        changed = session != before or summaries or questions
        return Imported(session, before is None, changed, tuple(self._notes))

    def _when(self, at: str, start_time: str) -> tuple[datetime, str]:
        at = at.strip()
        date, time = self._page.date.strip(), self._page.time.strip()
        if at and not _DATE.fullmatch(at):
            return resolve(at, self._zone, self._now)
        if not (at or date):
            raise InvalidPageError(
                "The page has no date; give the option “at” (YYYY-MM-DD HH:MM) to say when it was."
            )
        self._hour_is_assumed = not time
        try:
            return resolve(f"{at or date} {time or start_time}", self._zone)
        except InvalidSessionError as error:
            raise InvalidPageError(
                f"{error} Or import the page with the options “at” and “timezone”."
            ) from error

    async def _session(self, rows: Rows) -> tuple[Session | None, str]:
        """The session that this page is of (same name, same local date), else a free slug."""
        names = possible_slugs(slug_of(self._page.slug or self._page.title))
        while session := await rows.sessions.by_slug(self._group.id, name := next(names)):
            if session.local_time[:10] == self._local_time[:10]:
                return session, session.slug
        return None, name

    def _new(self, slug: str) -> Session:
        page = self._page
        return Session(
            id=0,
            group_id=self._group.id,
            slug=slug,
            title=page.title,
            starts_at=self._starts_at,
            local_time=self._local_time,
            timezone=self._zone,
            place=page.place,
            topic=page.topic,
            tags=page.tags,
            readings=page.readings,
            duration=page.duration or USUAL,
        )

    async def _update(self, rows: Rows, before: Session) -> Session:
        """What the page says replaces what is stored; what it doesn't say stays."""
        page = self._page
        after = replace(
            before,
            title=page.title,
            place=page.place or before.place,
            duration=page.duration or before.duration,
            topic=page.topic or before.topic,
            tags=page.tags or before.tags,
            readings=with_texts(before.readings, page.readings) or before.readings,
        )
        if not self._hour_is_assumed:
            after = replace(
                after,
                starts_at=self._starts_at,
                local_time=self._local_time,
                timezone=self._zone,
            )
        if after == before:
            return before
        stored, _ = await posts.change(rows, self._group, before, after, self._now)
        return stored

    async def _add_summaries(self, rows: Rows, session: Session) -> bool:
        """Store the page's summaries that differ from the current ones as new versions."""
        current = await rows.summaries.current(session.id)
        added = False
        for draft in self._page.summaries:
            stored = current.get(draft.audience)
            if stored and (stored.draft.body, stored.draft.prompt) == (draft.body, draft.prompt):
                continue
            findings = self._findings.get(draft.audience, ())
            await rows.summaries.add(session.id, replace(draft, findings=findings), self._now)
            self._notes += _report(findings)
            added = True
        return added

    async def _add_questions(self, rows: Rows, session: Session) -> bool:
        """Put the page's questions on the board, without those that stand there already."""
        texts = list(self._clean_questions())
        if not texts:
            return False
        sources = {f"page:{session.slug}:{_digest(text)}": text for text in texts}
        stored = await rows.questions.by_source(Network.LOCAL, list(sources))
        known = {question.source_id for question in stored}
        on_board = {question.text for question in await _board(rows, session.id)}
        last = (await rows.questions.last_numbers([session.id])).get(session.id, 0)
        new = [
            (source, text)
            for source, text in sources.items()
            if source not in known and text not in on_board
        ]
        await rows.questions.add(
            [
                NewQuestion(self._submission(session, source, text), session.id, number, "")
                for number, (source, text) in enumerate(new, last + 1)
            ],
            self._now,
        )
        return bool(new)

    def _clean_questions(self) -> Iterable[str]:
        for text in self._page.questions:
            try:
                yield clean_text(text, _QUESTION_LENGTH)
            except InvalidSubmissionError as error:
                self._notes.append(f"A question was not taken: {error}")

    def _submission(self, session: Session, source: str, text: str) -> Submission:
        return Submission(
            group_id=self._group.id,
            author=Author(Network.LOCAL, ""),
            source_id=source,
            text=text,
            submitted_at=self._now,
            session_id=session.id,
            anonymous=True,
        )


async def _board(rows: Rows, session_id: int) -> list[Question]:
    board: list[Question] = []
    while True:
        page = await rows.questions.of_session(session_id, _BOARD_PAGE, len(board))
        board += page
        if len(page) < _BOARD_PAGE:
            return board


def _report(findings: Sequence[Finding]) -> Iterable[str]:
    """The first of what was found, for the organiser; all of it stays with the summary."""
    yield from (finding.text for finding in findings[:_REPORTED])
    if len(findings) > _REPORTED:
        audience, more = findings[0].audience, len(findings) - _REPORTED
        yield f"The checks found {more} more in the {audience} summary, which are kept with it."


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
