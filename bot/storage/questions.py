"""Queries over questions. Batches are one statement, whatever their length."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Text, and_, bindparam, func, literal_column, or_, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.sqlite import insert

from bot.domain.model import Author, Network, Question, QuestionStatus
from bot.domain.ports import NewQuestion
from bot.storage.database import Batch, Link, is_short
from bot.storage.tables import listed, moment_text, people, questions, votes

_MEET = insert(people)
_MEET = _MEET.on_conflict_do_update(
    index_elements=["network", "address", "group_id"],
    set_={"name": _MEET.excluded.name},
    # A name that is known already, or missing, costs no write.
    where=(_MEET.excluded.name != literal_column("''")) & (_MEET.excluded.name != people.c.name),
)

_MEET_ALL = Batch(_MEET, "group_id", "network", "address", "name", "first_seen_at")

_PERSON = (
    select(people.c.id)
    .where(
        people.c.network == bindparam("person_network"),
        people.c.address == bindparam("person_address"),
        people.c.group_id == bindparam("person_group"),
    )
    .scalar_subquery()
)
_ADD_ALL = Batch(
    plain_insert(questions).values(person_id=_PERSON),
    "group_id",
    "session_id",
    "number",
    "text",
    "network",
    "source_id",
    "author_hash",
    "status",
    "asked_at",
    "stored_at",
)

_VOTES = (
    select(func.count())
    .select_from(votes)
    .where(votes.c.question_id == questions.c.id)
    .scalar_subquery()
    .label("votes")
)
_QUESTIONS = select(
    questions.c.id,
    questions.c.session_id,
    questions.c.number,
    questions.c.text,
    questions.c.network,
    questions.c.source_id,
    questions.c.asked_at,
    questions.c.status,
    people.c.network.label("author_network"),
    people.c.address,
    people.c.name,
    _VOTES,
).outerjoin_from(questions, people, questions.c.person_id == people.c.id)
_BY_SOURCE = _QUESTIONS.where(
    questions.c.network == bindparam("network"),
    questions.c.source_id.in_(listed("source_ids")),
)
_BOARD = (
    _QUESTIONS.where(
        questions.c.session_id == bindparam("session_id"),
        or_(
            questions.c.status == QuestionStatus.OPEN.value,
            questions.c.status == QuestionStatus.ANSWERED.value,
        ),
    )
    .order_by(_VOTES.desc(), questions.c.number)
    .limit(bindparam("limit"))
    .offset(bindparam("offset"))
)

_wanted = func.json_each(bindparam("wanted", type_=Text)).table_valued("value")
_LAST_NUMBERS = select(
    _wanted.c.value.label("session_id"),
    select(func.max(questions.c.number))
    .where(questions.c.session_id == _wanted.c.value)
    .correlate(_wanted)
    .scalar_subquery()
    .label("found"),
)
_COUNTS = select(
    _wanted.c.value.label("session_id"),
    select(func.count())
    .select_from(questions)
    .where(questions.c.session_id == _wanted.c.value)
    .correlate(_wanted)
    .scalar_subquery()
    .label("found"),
)
_session_of_pair = func.json_extract(_wanted.c.value, "$[0]")
_hash_of_pair = func.json_extract(_wanted.c.value, "$[1]")
_COUNTS_BY_AUTHOR = select(
    _session_of_pair.label("session_id"),
    _hash_of_pair.label("author_hash"),
    select(func.count())
    .select_from(questions)
    .where(questions.c.session_id == _session_of_pair, questions.c.author_hash == _hash_of_pair)
    .correlate(_wanted)
    .scalar_subquery()
    .label("found"),
)
_ALREADY_ASKED = select(
    questions.c.session_id, questions.c.author_hash, questions.c.text, questions.c.number
).join_from(
    _wanted,
    questions,
    and_(
        questions.c.session_id == _session_of_pair,
        questions.c.author_hash == _hash_of_pair,
        questions.c.text == func.json_extract(_wanted.c.value, "$[2]"),
    ),
)


class QuestionTable:
    """``QuestionRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def add(self, questions: Sequence[NewQuestion], at: datetime) -> None:
        authors = {_author_key(new): new for new in questions if _is_signed(new)}
        moment = moment_text(at)
        await self._link.batch(
            (_MEET_ALL, [_person_values(new, moment) for new in authors.values()]),
            (_ADD_ALL, [_question_values(new, moment) for new in questions]),
        )

    async def by_source(self, network: Network, source_ids: Sequence[str]) -> Sequence[Question]:
        values = {"network": network.value, "source_ids": json.dumps(source_ids)}
        return [
            _question(row)
            for row in await self._link.rows(_BY_SOURCE, values, short=is_short(source_ids))
        ]

    async def of_session(
        self, session_id: int, limit: int = 1000, offset: int = 0
    ) -> Sequence[Question]:
        values = {"session_id": session_id, "limit": limit, "offset": offset}
        return [_question(row) for row in await self._link.rows(_BOARD, values)]

    async def last_numbers(self, session_ids: Sequence[int]) -> Mapping[int, int]:
        wanted = {"wanted": json.dumps(session_ids)}
        rows = await self._link.rows(_LAST_NUMBERS, wanted, short=is_short(session_ids))
        return {row.session_id: row.found for row in rows if row.found}

    async def counts(self, session_ids: Sequence[int]) -> Mapping[int, int]:
        wanted = {"wanted": json.dumps(session_ids)}
        rows = await self._link.rows(_COUNTS, wanted, short=is_short(session_ids))
        return {row.session_id: row.found for row in rows if row.found}

    async def counts_by_author(
        self, pairs: Sequence[tuple[int, str]]
    ) -> Mapping[tuple[int, str], int]:
        wanted = {"wanted": json.dumps(pairs)}
        rows = await self._link.rows(_COUNTS_BY_AUTHOR, wanted, short=is_short(pairs))
        return {(row.session_id, row.author_hash): row.found for row in rows if row.found}

    async def already_asked(
        self, keys: Sequence[tuple[int, str, str]]
    ) -> Mapping[tuple[int, str, str], int]:
        wanted = {"wanted": json.dumps(keys)}
        rows = await self._link.rows(_ALREADY_ASKED, wanted, short=is_short(keys))
        return {(row.session_id, row.author_hash, row.text): row.number for row in rows}


def _is_signed(new: NewQuestion) -> bool:
    """Whether it keeps its author: not an anonymous one, nor one that a page brought along."""
    return not new.submission.anonymous and new.submission.author.address != ""


def _author_key(new: NewQuestion) -> tuple[int, str, str]:
    author = new.submission.author
    return new.submission.group_id, author.network.value, author.address


def _person_values(new: NewQuestion, at: str) -> dict[str, Any]:
    author = new.submission.author
    return {
        "group_id": new.submission.group_id,
        "network": author.network.value,
        "address": author.address,
        "name": author.name,
        "first_seen_at": at,
    }


def _question_values(new: NewQuestion, at: str) -> dict[str, Any]:
    submission = new.submission
    return {
        "group_id": submission.group_id,
        "session_id": new.session_id,
        "number": new.number,
        "text": submission.text,
        "network": submission.author.network.value,
        "source_id": submission.source_id,
        "person_network": submission.author.network.value,
        "person_address": submission.author.address if _is_signed(new) else None,
        "person_group": submission.group_id,
        "author_hash": new.author_hash,
        "status": QuestionStatus.OPEN.value,
        "asked_at": moment_text(submission.submitted_at),
        "stored_at": at,
    }


def _question(row: Row[Any]) -> Question:
    author = None
    if row.address is not None:
        author = Author(Network(row.author_network), row.address, row.name)
    return Question(
        id=row.id,
        session_id=row.session_id,
        number=row.number,
        text=row.text,
        network=Network(row.network),
        source_id=row.source_id,
        asked_at=row.asked_at,
        author=author,
        votes=row.votes,
        status=QuestionStatus(row.status),
    )
