"""Queries over questions. Batches are one statement, whatever their length."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Text,
    and_,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    true,
    union,
    update,
)
from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.sqlite import insert

from bot.domain.model import Author, Network, PostKind, Question, QuestionStatus
from bot.domain.ports import NewQuestion
from bot.storage.link import Link
from bot.storage.people import MEET_ALL, PERSON, PERSONS, met, named
from bot.storage.statements import Batch, Query, is_short
from bot.storage.tables import Moment, listed, moment_text, outbox, people, questions, votes

_NETWORKS = {network.value: network for network in Network}
_STATUSES = {status.value: status for status in QuestionStatus}
"""Looking them up takes a tenth of what the enumerations' own call does."""

_ADD_ALL = Batch(
    plain_insert(questions).values(person_id=PERSON),
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
_into = questions.alias("the_other")
_INTO = (
    select(_into.c.number)
    .where(_into.c.id == questions.c.merged_into)
    .scalar_subquery()
    .label("into_number")
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
    _INTO,
).outerjoin_from(questions, people, questions.c.person_id == people.c.id)
_BY_SOURCE = Query(
    _QUESTIONS.where(
        questions.c.network == bindparam("network"),
        questions.c.source_id.in_(listed("source_ids")),
    )
)
_BY_NUMBER = Query(
    _QUESTIONS.where(
        questions.c.session_id == bindparam("session_id"), questions.c.number == bindparam("number")
    )
)
# A reply's key is "reply:", the network, ":" and the source: see ``reply_key``.
_BY_REPLY = Query(
    _QUESTIONS.add_columns(outbox.c.remote_id)
    .join_from(
        questions,
        outbox,
        and_(
            questions.c.network == outbox.c.network,
            questions.c.source_id
            == func.substr(outbox.c.key, func.length(outbox.c.network) + literal_column("8")),
        ),
    )
    .where(
        outbox.c.network == bindparam("network"),
        outbox.c.remote_id.in_(listed("remote_ids")),
        outbox.c.kind == literal_column(f"'{PostKind.REPLY.value}'"),
    )
)


def _board(*shown: QuestionStatus) -> Query:
    return Query(
        _QUESTIONS.where(
            questions.c.session_id == bindparam("session_id"),
            questions.c.status.in_([literal_column(f"'{status.value}'") for status in shown]),
        )
        .order_by(literal_column("votes").desc(), questions.c.asked_at, questions.c.number)
        .limit(bindparam("limit"))
        .offset(bindparam("offset"))
    )


_BOARD = _board(QuestionStatus.OPEN, QuestionStatus.ANSWERED)
_WHOLE_BOARD = _board(QuestionStatus.OPEN, QuestionStatus.ANSWERED, QuestionStatus.HIDDEN)

_wanted = func.json_each(bindparam("wanted", type_=Text)).table_valued("value")
_LAST_NUMBERS = Query(
    select(
        _wanted.c.value.label("session_id"),
        select(func.max(questions.c.number))
        .where(questions.c.session_id == _wanted.c.value)
        .correlate(_wanted)
        .scalar_subquery()
        .label("found"),
    )
)
_COUNTS = Query(
    select(
        _wanted.c.value.label("session_id"),
        select(func.count())
        .select_from(questions)
        .where(questions.c.session_id == _wanted.c.value)
        .correlate(_wanted)
        .scalar_subquery()
        .label("found"),
    )
)
_session_of_pair = func.json_extract(_wanted.c.value, literal_column("'$[0]'"))
_hash_of_pair = func.json_extract(_wanted.c.value, literal_column("'$[1]'"))
_COUNTS_BY_AUTHOR = Query(
    select(
        _session_of_pair.label("session_id"),
        _hash_of_pair.label("author_hash"),
        select(func.count())
        .select_from(questions)
        .where(questions.c.session_id == _session_of_pair, questions.c.author_hash == _hash_of_pair)
        .correlate(_wanted)
        .scalar_subquery()
        .label("found"),
    )
)
_ALREADY_ASKED = Query(
    select(
        questions.c.session_id, questions.c.author_hash, questions.c.text, questions.c.number
    ).join_from(
        _wanted,
        questions,
        and_(
            questions.c.session_id == _session_of_pair,
            questions.c.author_hash == _hash_of_pair,
            questions.c.text == func.json_extract(_wanted.c.value, literal_column("'$[2]'")),
        ),
    )
)

_VOTE = Batch(
    insert(votes).values(person_id=PERSON).on_conflict_do_nothing().inline(),
    "question_id",
    "voted_at",
)
_UNVOTE = Batch(
    delete(votes).where(
        votes.c.question_id == bindparam("question_id"), votes.c.person_id.in_(PERSONS)
    )
)
_VOTED = Query(
    select(questions.c.number)
    .join_from(votes, questions, votes.c.question_id == questions.c.id)
    .where(votes.c.person_id.in_(PERSONS), questions.c.session_id == bindparam("session_id"))
)
_of_into = select(_into.c.person_id).where(_into.c.id == bindparam("into")).scalar_subquery()
_supporters = union(
    select(votes.c.person_id).where(votes.c.question_id == bindparam("question")),
    select(questions.c.person_id).where(
        questions.c.id == bindparam("question"),
        questions.c.person_id.is_not(None),
        questions.c.person_id.is_distinct_from(_of_into),
    ),
).subquery()
_HAND_OVER = (
    insert(votes)
    .from_select(
        ["question_id", "person_id", "voted_at"],
        # SQLite takes ON CONFLICT for part of the FROM unless a WHERE stands between them.
        select(bindparam("into"), _supporters.c.person_id, bindparam("at", type_=Moment)).where(
            true()
        ),
    )
    .on_conflict_do_nothing()
)


class QuestionTable:
    """``QuestionRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def add(self, questions: Sequence[NewQuestion], at: datetime) -> None:
        authors = {_author_key(new): new for new in questions if _is_signed(new)}
        moment = moment_text(at)
        await self._link.batch(
            (MEET_ALL, [_person_values(new, moment) for new in authors.values()]),
            (_ADD_ALL, [_question_values(new, moment) for new in questions]),
        )

    async def by_source(self, network: Network, source_ids: Sequence[str]) -> Sequence[Question]:
        values = {"network": network.value, "source_ids": json.dumps(source_ids)}
        return [
            _question(row)
            for row in await self._link.found(_BY_SOURCE, values, short=is_short(source_ids))
        ]

    async def of_session(
        self, session_id: int, limit: int = 1000, offset: int = 0, *, hidden: bool = False
    ) -> Sequence[Question]:
        values = {"session_id": session_id, "limit": limit, "offset": offset}
        rows = await self._link.found(_WHOLE_BOARD if hidden else _BOARD, values, short=False)
        return [_question(row) for row in rows]

    async def by_number(self, session_id: int, number: int) -> Question | None:
        rows = await self._link.found(_BY_NUMBER, {"session_id": session_id, "number": number})
        return _question(rows[0]) if rows else None

    async def by_reply(self, network: Network, remote_ids: Sequence[str]) -> Mapping[str, Question]:
        values = {"network": network.value, "remote_ids": json.dumps(remote_ids)}
        rows = await self._link.found(_BY_REPLY, values, short=is_short(remote_ids))
        return {row[-1]: _question(row) for row in rows}

    async def last_numbers(self, session_ids: Sequence[int]) -> Mapping[int, int]:
        wanted = {"wanted": json.dumps(session_ids)}
        rows = await self._link.found(_LAST_NUMBERS, wanted, short=is_short(session_ids))
        return {session_id: found for session_id, found in rows if found}

    async def counts(self, session_ids: Sequence[int]) -> Mapping[int, int]:
        wanted = {"wanted": json.dumps(session_ids)}
        rows = await self._link.found(_COUNTS, wanted, short=is_short(session_ids))
        return {session_id: found for session_id, found in rows if found}

    async def counts_by_author(
        self, pairs: Sequence[tuple[int, str]]
    ) -> Mapping[tuple[int, str], int]:
        wanted = {"wanted": json.dumps(pairs)}
        rows = await self._link.found(_COUNTS_BY_AUTHOR, wanted, short=is_short(pairs))
        return {(session_id, author): found for session_id, author, found in rows if found}

    async def already_asked(
        self, keys: Sequence[tuple[int, str, str]]
    ) -> Mapping[tuple[int, str, str], int]:
        wanted = {"wanted": json.dumps(keys)}
        rows = await self._link.found(_ALREADY_ASKED, wanted, short=is_short(keys))
        return {(session_id, author, text): number for session_id, author, text, number in rows}

    async def vote(self, question: Question, group_id: int, voter: Author, at: datetime) -> bool:
        return await self.vote_all([(question, group_id, voter)], at) > 0

    async def vote_all(self, votes: Sequence[tuple[Question, int, Author]], at: datetime) -> int:
        if not votes:
            return 0
        moment = moment_text(at)
        people = [met(group_id, voter, moment) for _, group_id, voter in votes]
        rows = [
            {
                "question_id": question.id,
                "voted_at": moment,
                "person_group": group_id,
                **named(voter),
            }
            for question, group_id, voter in votes
        ]
        return await self._link.batch((MEET_ALL, people), (_VOTE, rows))

    async def unvote(self, question: Question, voter: Author) -> bool:
        return await self.unvote_all([(question, voter)]) > 0

    async def unvote_all(self, votes: Sequence[tuple[Question, Author]]) -> int:
        rows = [{"question_id": question.id, **named(voter)} for question, voter in votes]
        return await self._link.batch((_UNVOTE, rows)) if rows else 0

    async def voted(self, session_id: int, voter: Author) -> set[int]:
        values = {"session_id": session_id, **named(voter)}
        return {number for (number,) in await self._link.found(_VOTED, values)}

    async def set_status(self, question: Question, status: QuestionStatus) -> None:
        statement = update(questions).where(questions.c.id == question.id)
        await self._link.run(statement.values(status=status.value, merged_into=None))

    async def merge(self, question: Question, into: Question, at: datetime) -> None:
        values = {"question": question.id, "into": into.id, "at": at}
        await self._link.run(_HAND_OVER, values)
        merged = update(questions).values(merged_into=into.id)
        await self._link.run(  # what went into it before goes on with it
            merged.where(
                questions.c.session_id == question.session_id,
                questions.c.merged_into == question.id,
            )
        )
        merged = merged.values(status=QuestionStatus.MERGED.value)
        await self._link.run(merged.where(questions.c.id == question.id))


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


def _question(row: Sequence[Any]) -> Question:
    """From the columns of ``_QUESTIONS``, as SQLite has them; a board has hundreds."""
    id_, session_id, number, text, network, source_id, asked_at, status, *rest = row
    author_network, address, name, votes, into, *_ = rest
    author = None if address is None else Author(_NETWORKS[author_network], address, name)
    return Question(
        id=id_,
        session_id=session_id,
        number=number,
        text=text,
        network=_NETWORKS[network],
        source_id=source_id,
        asked_at=datetime.fromisoformat(asked_at),
        author=author,
        votes=votes,
        status=_STATUSES[status],
        merged_into=into,
    )
