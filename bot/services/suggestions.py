"""Questions that a model suggests for the discussion, kept until an organiser takes some of them.

They are made from the reading after its summaries were approved. What is taken stands on the board
as the group's own; nothing goes there by itself.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.domain.errors import InvalidSubmissionError, UserError
from bot.domain.model import Audience, Group, Network, Question, Session, Suggestion, Summary
from bot.domain.ports import Now, Rows, Store, Suggest
from bot.domain.text import clean_text
from bot.services.batch import put
from bot.services.checking import first_with_text

_KIND = "suggestions"
_LONGEST = 1000  # characters
_ID_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Suggestions:
    """``questions`` are numbered from 1; ``accepted`` are the numbers that the board has already.

    ``id`` is 20 characters of the URL-safe alphabet (RFC 4648, section 5).
    """

    id: str
    session: Session
    questions: tuple[Suggestion, ...]
    accepted: frozenset[int] = frozenset()


class Suggesting:
    """Has questions suggested by ``suggest``; without it there are none."""

    def __init__(self, store: Store, suggest: Suggest | None, now: Now, language: str = "") -> None:
        self._store = store
        self._suggest = suggest
        self._now = now
        self._language = language

    async def of(self, group: Group, session: Session) -> Suggestions | None:
        """Those for the approved summaries of a session, made if there are none yet.

        None without a model, an approved summary or the reading's text. Raises SummaryError.
        """
        if self._suggest is None:
            return None
        async with self._store.read() as view:
            current = await view.summaries.current(session.id)
            whole = await view.sessions.by_id(session.id) or session
            wanted = _id(session, current)
            payload = await view.proposals.get(wanted, group.id)
        reading = first_with_text(whole.readings)
        if not current or reading is None:
            return None
        if payload is None:
            drafts = {audience: each.draft for audience, each in current.items()}
            made = list(_kept(await self._suggest(reading, drafts, language=self._language)))
            if not made:
                return None
            payload = await self._stored(wanted, group, _payload(session, made))
        async with self._store.read() as view:
            return await _read(view, wanted, whole, payload)

    async def _stored(self, id: str, group: Group, payload: str) -> str:
        """What is stored now; another process may have been quicker."""
        async with self._store.transaction() as tx:
            stored = await tx.proposals.get(id, group.id)
            if stored is None:
                await tx.proposals.add(id, group.id, payload, self._now())
            return stored or payload

    async def accept(self, group: Group, id: str, number: int) -> Question:
        """See ``Summaries.accept_suggestion``; whether somebody may is asked before."""
        async with self._store.transaction() as tx:
            payload = await tx.proposals.get(id, group.id)
            data = {} if payload is None else json.loads(payload)
            session = await tx.sessions.by_id(data.get("session") or 0)
            if payload is None or data.get("kind") != _KIND or session is None:
                raise UserError(
                    "Those questions were suggested more than a day ago; have new ones suggested."
                )
            found = (await _read(tx, id, session, payload)).questions
            if not 1 <= number <= len(found):
                raise UserError(f"Choose one of the questions 1 to {len(found)}.")
            text = found[number - 1].text
            source = _source(session, text)
            return await put(tx, session, text, source, self._now())


def _kept(made: Sequence[Suggestion]) -> Iterator[Suggestion]:
    """Those that can stand on a board."""
    for each in made:
        with suppress(InvalidSubmissionError):
            yield replace(each, text=clean_text(each.text, _LONGEST))


def _id(session: Session, current: Mapping[Audience, Summary]) -> str:
    """The same for the same summaries, so that asking again gives what was suggested."""
    ids = sorted(summary.id for summary in current.values())
    return hashlib.sha256(f"{_KIND}:{session.id}:{ids}".encode()).hexdigest()[:_ID_LENGTH]


def _source(session: Session, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"suggestion:{session.id}:{digest}"


def _payload(session: Session, made: Sequence[Suggestion]) -> str:
    data = {
        "kind": _KIND,
        "session": session.id,
        "questions": [[each.text, each.quote, each.section] for each in made],
    }
    return json.dumps(data, ensure_ascii=False)


async def _read(rows: Rows, id: str, session: Session, payload: str) -> Suggestions:
    questions = tuple(Suggestion(*parts) for parts in json.loads(payload)["questions"])
    sources = [_source(session, each.text) for each in questions]
    stored = await rows.questions.by_source(Network.LOCAL, sources)
    taken = {question.source_id for question in stored}
    accepted = frozenset(n for n, source in enumerate(sources, 1) if source in taken)
    return Suggestions(id, session, questions, accepted)
