"""The tables of the data file, as SQLAlchemy Core. It holds no query and opens nothing.

Every table is STRICT. What hangs off a session or a question (readings, summaries, votes, RSVPs)
belongs to that session's group; every other table that members fill names its group itself.
``seen`` and ``cursors`` belong to a network as a whole, ``settings`` to the whole file.

A partial index is used only where a query repeats its condition literally, never as a bound value:
``PENDING``, ``CURRENT`` and ``NOT_SENT`` are those conditions.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.types import TypeDecorator

PENDING = text("state = 'pending'")
CURRENT = text("current = 1")
NOT_SENT = text("state <> 'sent'")


@lru_cache(maxsize=256)  # a batch brings the same few moments again and again
def moment_text(value: datetime) -> str:
    """An aware datetime as it stands in the file: ``2026-12-02T00:00:00.000000Z``."""
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


class Moment(TypeDecorator[datetime]):
    """An aware datetime as UTC text of fixed width, which sorts as it should."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else moment_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Seconds(TypeDecorator[timedelta]):
    """A timedelta as whole seconds."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.microseconds:
            raise ValueError(f"{value} is not a whole number of seconds")
        return value.days * 86_400 + value.seconds

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(seconds=value)


class JsonText(TypeDecorator[Any]):
    """A list of plain values as JSON text (a STRICT table knows no JSON column)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

groups = Table(
    "groups",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("reminders", JsonText, nullable=False),  # seconds before the start, longest first
    Column("set_up_at", Moment),  # from then on its members decide, not the configuration
    UniqueConstraint("slug"),
    sqlite_strict=True,
)

guilds = Table(
    "guilds",
    metadata,
    Column("address", Text, nullable=False),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("organiser_role", Text, nullable=False),
    Column("set_up_by", Text, nullable=False),
    Column("set_up_at", Moment, nullable=False),
    PrimaryKeyConstraint("address"),
    Index(None, "group_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

destinations = Table(
    "destinations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("network", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("paused_at", Moment),
    Column("paused_reason", Text, nullable=False, server_default=""),
    UniqueConstraint("group_id", "network", "address"),
    sqlite_strict=True,
)

people = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("network", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    Column("helped_at", Moment),
    # The group stands last so that the same index finds an address in whatever group.
    UniqueConstraint("network", "address", "group_id"),
    sqlite_strict=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("slug", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("local_time", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("duration", Seconds, nullable=False),
    Column("place", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("tags", JsonText, nullable=False),
    Column("status", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("announced_at", Moment),
    Column("cancelled_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("group_id", "slug"),
    Index(None, "group_id", "starts_at"),
    sqlite_strict=True,
)

readings = Table(
    "readings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("author", Text, nullable=False, server_default=""),
    Column("published", Text, nullable=False, server_default=""),  # an ISO date or its beginning
    Column("notes", JsonText, nullable=False, server_default="[]"),  # sentences
    Column("text_hash", Text, nullable=False, server_default=""),  # SHA-256 in hex; "": no text
    UniqueConstraint("session_id", "position"),
    sqlite_strict=True,
)

summaries = Table(
    "summaries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("audience", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("current", Integer, nullable=False),  # 1 for the newest approved version, else 0
    Column("created_at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Column("lead", Text, nullable=False),
    Column("points", JsonText, nullable=False),  # [[head, text, quote, section], ...]
    Column("origin", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("prompt", Text, nullable=False),
    Column("answered_by", Text, nullable=False),
    Column("status", Text, nullable=False),
    # [[gate, audience, text, point, severe], ...]
    Column("findings", JsonText, nullable=False, server_default="[]"),
    # [model, calls, prompt, cached and completion tokens, cost]; NULL where no model was asked
    Column("usage", JsonText),
    Column("scope", Text, nullable=False, server_default=""),
    Column("edited", Integer, nullable=False, server_default=text("0")),
    Column("approved_at", Moment),
    UniqueConstraint("session_id", "audience", "version"),
    Index("uq_summaries_current", "session_id", "audience", unique=True, sqlite_where=CURRENT),
    sqlite_strict=True,
)

questions = Table(
    "questions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("session_id", ForeignKey("sessions.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("network", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("person_id", ForeignKey("people.id")),  # NULL: asked anonymously, or by nobody known
    Column("author_hash", Text, nullable=False),  # an HMAC, for limits and for "delete mine"
    Column("status", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("stored_at", Moment, nullable=False),
    Column("merged_into", ForeignKey("questions.id")),  # with status merged, else NULL
    # An insert pays for every index: what is asked seldom (a person's questions) scans instead.
    UniqueConstraint("network", "source_id"),
    UniqueConstraint("session_id", "number"),
    Index(None, "session_id", "author_hash"),
    sqlite_strict=True,
)

votes = Table(
    "votes",
    metadata,
    Column("question_id", ForeignKey("questions.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("voted_at", Moment, nullable=False),
    PrimaryKeyConstraint("question_id", "person_id"),
    Index(None, "person_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

rsvps = Table(
    "rsvps",
    metadata,
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("answer", Text, nullable=False),  # yes, maybe or no
    Column("answered_at", Moment, nullable=False),
    # 1: they said nothing, but marked a calendar entry; 0: they said so
    Column("interested", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("session_id", "person_id"),
    Index(None, "person_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

reminders = Table(
    "reminders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("offset", Seconds, nullable=False),  # before the session's start
    Column("revision", Integer, nullable=False),  # of the session that it was planned for
    Column("due_at", Moment, nullable=False),
    Column("state", Text, nullable=False),
    Column("settled_at", Moment),
    UniqueConstraint("session_id", "offset", "revision"),
    Index("ix_reminders_pending", "due_at", sqlite_where=PENDING),
    sqlite_strict=True,
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("network", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("session_id", ForeignKey("sessions.id")),
    Column("payload", Text, nullable=False),
    Column("wire", LargeBinary),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("lease_until", Moment),
    # When the row can next be claimed: the time of its next attempt, the end of its lease while it
    # is being sent, NULL once it has ended. So one small index serves every claim.
    Column("next_attempt_at", Moment),
    Column("expires_at", Moment),
    Column("created_at", Moment, nullable=False),
    Column("first_tried_at", Moment),
    Column("sent_at", Moment),
    Column("remote_id", Text),
    Column("last_error", Text, nullable=False, server_default=""),
    UniqueConstraint("key"),
    Index(
        "ix_outbox_claim",
        "network",
        "next_attempt_at",
        sqlite_where=text("next_attempt_at IS NOT NULL"),
    ),
    Index("ix_outbox_state", "network", "state", sqlite_where=NOT_SENT),
    Index(
        "ix_outbox_remote_id",
        "network",
        "remote_id",
        sqlite_where=text("remote_id IS NOT NULL"),
    ),
    Index(None, "session_id", "kind"),
    sqlite_strict=True,
)

seen = Table(
    "seen",
    metadata,
    Column("network", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("seen_at", Moment, nullable=False),
    PrimaryKeyConstraint("network", "source_id"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", Text, nullable=False),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    PrimaryKeyConstraint("id"),
    sqlite_strict=True,
)

settings = Table(
    "settings",
    metadata,
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("name"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

cursors = Table(
    "cursors",
    metadata,
    Column("place", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("moved_at", Moment, nullable=False),
    PrimaryKeyConstraint("place"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)


def listed(name: str) -> Select[tuple[Any]]:
    """The values of a JSON array that is bound as ``name``: for ``IN`` with a list of any length.

    The statement stays the same whatever the list holds, and SQLite's limit on bound values is
    never met.
    """
    return select(func.json_each(bindparam(name, type_=Text)).table_valued("value").c.value)
