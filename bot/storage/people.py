"""Queries over people: who was met in which group, what is held on one of them, and forgetting it.

A person is one row in each group. Votes and RSVPs hang off that row, signed questions name it, and
anonymous questions keep only a hash.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, delete, func, literal_column, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bot.domain.model import Author, Holdings, Network, OutboxState, PostKind, QuestionStatus
from bot.storage.link import Link
from bot.storage.statements import Batch
from bot.storage.tables import listed, outbox, people, questions, rsvps, votes

_MEET = insert(people)
_MEET = _MEET.on_conflict_do_update(
    index_elements=["network", "address", "group_id"],
    set_={"name": _MEET.excluded.name},
    # A name that is known already, or missing, costs no write.
    where=(_MEET.excluded.name != literal_column("''")) & (_MEET.excluded.name != people.c.name),
)
MEET_ALL = Batch(_MEET, "group_id", "network", "address", "name", "first_seen_at")
"""Makes the rows of people who aren't known yet, and takes a new name of those who are."""

PERSONS = select(people.c.id).where(
    people.c.network == bindparam("person_network"),
    people.c.address == bindparam("person_address"),
)
"""The rows of one person in all groups; ``named`` has its values."""

PERSON = PERSONS.where(people.c.group_id == bindparam("person_group")).scalar_subquery()
"""The row of one person in the group ``person_group``."""

_KNOWN = (
    select(people.c.address)
    .distinct()
    .where(
        people.c.network == bindparam("network"),
        people.c.address.in_(listed("addresses")),
        people.c.first_seen_at < bindparam("before"),
    )
)
_NAMES = select(people.c.name).where(people.c.id.in_(PERSONS)).order_by(people.c.id)
# Scans the questions: an index would make every insert dearer for what is asked once in a while.
_QUESTIONS = select(
    questions.c.id,
    questions.c.session_id,
    questions.c.network,
    questions.c.source_id,
    questions.c.person_id,
).where(
    or_(
        questions.c.person_id.in_(PERSONS),
        and_(
            questions.c.author_hash == bindparam("author_hash"),
            questions.c.author_hash != literal_column("''"),
        ),
    )
)
_VOTES = (
    select(func.count())
    .join_from(votes, questions, votes.c.question_id == questions.c.id)
    # What a merged one got was handed over, and counts there.
    .where(votes.c.person_id.in_(PERSONS), questions.c.status != QuestionStatus.MERGED.value)
)
_RSVPS = select(func.count()).select_from(rsvps).where(rsvps.c.person_id.in_(PERSONS))

_EMPTY = update(outbox).values(
    payload="{}",
    wire=None,
    state=case(
        (outbox.c.state == OutboxState.SENT.value, outbox.c.state),
        else_=OutboxState.SKIPPED.value,
    ),
    lease_until=None,
    next_attempt_at=None,
    last_error="",  # it may quote what it was about
)
_EMPTY_REPLIES = _EMPTY.where(outbox.c.key.in_(listed("keys")))
# Whoever asked for a board on which their question stood was answered with its words. Who still
# waits for an answer gets it: it may be about something else.
_EMPTY_BOARDS = _EMPTY.where(
    outbox.c.session_id.in_(listed("sessions")),
    outbox.c.kind == PostKind.REPLY.value,
    outbox.c.state == OutboxState.SENT.value,
)
_REOPEN = (
    update(questions)
    .where(questions.c.merged_into.in_(listed("ids")), questions.c.id.not_in(listed("ids")))
    .values(status=QuestionStatus.OPEN.value, merged_into=None)
)
_BLANK = (
    update(questions)
    .where(questions.c.id.in_(listed("ids")))
    .values(
        text="",
        source_id=literal_column("'forgotten:'").concat(questions.c.id),
        person_id=None,
        author_hash="",
        status=QuestionStatus.FORGOTTEN.value,
        merged_into=None,
    )
)
_DROP_VOTES_FOR = delete(votes).where(votes.c.question_id.in_(listed("ids")))
_DROP_OWN = (
    delete(votes).where(votes.c.person_id.in_(PERSONS)),
    delete(rsvps).where(rsvps.c.person_id.in_(PERSONS)),
    delete(people).where(
        people.c.network == bindparam("person_network"),
        people.c.address == bindparam("person_address"),
    ),
)


def named(person: Author) -> dict[str, Any]:
    """What ``PERSONS`` is bound to; ``PERSON`` needs ``person_group`` as well."""
    return {"person_network": person.network.value, "person_address": person.address}


def met(group_id: int, person: Author, at: str) -> dict[str, Any]:
    """A row of ``MEET_ALL``, for whoever was met at ``at`` (as text)."""
    return {**_values(group_id, person), "first_seen_at": at}


class PeopleTable:
    """``PeopleRows`` over one link."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def known(self, network: Network, addresses: Sequence[str], before: datetime) -> set[str]:
        values = {"network": network.value, "addresses": json.dumps(addresses), "before": before}
        return {row.address for row in await self._link.rows(_KNOWN, values)}

    async def helped_at(self, group_id: int, author: Author) -> datetime | None:
        moment: datetime | None = await self._link.scalar(
            select(people.c.helped_at).where(
                people.c.network == author.network.value,
                people.c.address == author.address,
                people.c.group_id == group_id,
            )
        )
        return moment

    async def set_helped(self, group_id: int, author: Author, at: datetime) -> None:
        statement = insert(people).values(
            **_values(group_id, author), first_seen_at=at, helped_at=at
        )
        await self._link.run(
            statement.on_conflict_do_update(
                index_elements=["network", "address", "group_id"], set_={"helped_at": at}
            )
        )

    async def holdings(self, author: Author, author_hash: str) -> Holdings:
        return await self._holdings(author, await self._questions(author, author_hash))

    async def forget(self, author: Author, author_hash: str) -> Holdings:
        asked = await self._questions(author, author_hash)
        held = await self._holdings(author, asked)
        keys = [f"reply:{row.network}:{row.source_id}" for row in asked]
        await self._link.run(_EMPTY_REPLIES, {"keys": json.dumps(keys)}, short=False)
        sessions = json.dumps(sorted({row.session_id for row in asked}))
        await self._link.run(_EMPTY_BOARDS, {"sessions": sessions}, short=False)
        ids = {"ids": json.dumps([row.id for row in asked])}
        for statement in (_REOPEN, _DROP_VOTES_FOR, _BLANK):
            await self._link.run(statement, ids, short=False)
        for statement in _DROP_OWN:
            await self._link.run(statement, named(author), short=False)
        return held

    async def _questions(self, author: Author, author_hash: str) -> Sequence[Row[Any]]:
        return await self._link.rows(_QUESTIONS, {"author_hash": author_hash, **named(author)})

    async def _holdings(self, author: Author, asked: Sequence[Row[Any]]) -> Holdings:
        person = named(author)
        names = [row.name for row in await self._link.rows(_NAMES, person)]
        return Holdings(
            questions=len(asked),
            anonymous=sum(row.person_id is None for row in asked),
            votes=int(await self._link.scalar(_VOTES, person)),
            rsvps=int(await self._link.scalar(_RSVPS, person)),
            names=tuple(dict.fromkeys(name for name in names if name)),
        )


def _values(group_id: int, person: Author) -> dict[str, Any]:
    return {
        "group_id": group_id,
        "network": person.network.value,
        "address": person.address,
        "name": person.name,
    }
