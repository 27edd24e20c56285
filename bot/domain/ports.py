"""The seams: what the services need from the outside, in the services' own words.

Storage, networks, summarisers and clocks implement these; nothing here knows which.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.domain.model import (
    Audience,
    Author,
    Delivery,
    Destination,
    Document,
    Finding,
    Group,
    Guild,
    Holdings,
    Network,
    OutboxState,
    Point,
    Post,
    PostKind,
    Prepared,
    Question,
    QuestionStatus,
    Reading,
    Reminder,
    ReminderState,
    RsvpAnswer,
    Rsvps,
    Section,
    Session,
    SessionView,
    Submission,
    Suggestion,
    Summary,
    SummaryDraft,
    Thread,
    Usage,
)

Now = Callable[[], datetime]
"""The time, aware and in UTC. A parameter everywhere, so that a test can say when it is."""


class Topic(StrEnum):
    """What a commit may have changed that somebody waits for."""

    OUTBOX = "outbox"
    REMINDERS = "reminders"
    SESSIONS = "sessions"
    GROUPS = "groups"


class GroupRows(Protocol):
    async def ensure(self, group: Group) -> Group:
        """Insert or update by slug; ``group.id`` is ignored. Returns the group with its id."""
        ...

    async def by_slug(self, slug: str) -> Group | None: ...

    async def by_id(self, group_id: int) -> Group: ...

    async def all(self) -> Sequence[Group]:
        """Every group, in the order in which they came."""
        ...

    async def ensure_destination(
        self, group_id: int, network: Network, address: str
    ) -> Destination: ...

    async def destinations(self, group_id: int) -> Sequence[Destination]: ...

    async def set_up(self, group: Group, at: datetime) -> Group:
        """Insert or update by slug what members of a network decided; ``group.id`` is ignored.

        From then on ``set_up_at`` has the time, and the configuration no longer counts.
        """
        ...

    async def set_up_at(self, group_id: int) -> datetime | None: ...

    async def guild(self, address: str) -> Guild | None: ...

    async def guilds(self, group_id: int) -> Sequence[Guild]: ...

    async def set_guild(self, guild: Guild) -> None:
        """Insert or update by address."""
        ...

    async def pause_destination(
        self, group_id: int, network: Network, address: str, reason: str, at: datetime
    ) -> None: ...

    async def resume_destination(self, group_id: int, network: Network, address: str) -> None: ...


class SessionRows(Protocol):
    async def add(self, session: Session, at: datetime) -> Session:
        """Insert with its readings; ``session.id`` is ignored. The slug must be free."""
        ...

    async def update(self, session: Session, at: datetime) -> None:
        """Store every field of a session that exists, its readings included."""
        ...

    async def by_id(self, session_id: int) -> Session | None: ...

    async def by_slug(self, group_id: int, slug: str) -> Session | None: ...

    async def by_slug_prefix(self, group_id: int, prefix: str) -> Sequence[Session]:
        """Sessions whose slug is ``prefix`` or starts with it, soonest first; 20 at most."""
        ...

    async def starting_after(
        self, group_id: int, moment: datetime, limit: int, *, announced_only: bool = True
    ) -> Sequence[Session]:
        """Sessions not cancelled that start after ``moment``, soonest first."""
        ...

    async def starting_before(
        self, group_id: int, moment: datetime, limit: int
    ) -> Sequence[Session]:
        """Sessions not cancelled that start at or before ``moment``, latest first."""
        ...

    async def all(self, group_id: int, limit: int, offset: int = 0) -> Sequence[Session]:
        """Every session whatever its status, latest first, without its readings' text."""
        ...

    async def rsvps(self, session_id: int) -> Rsvps: ...

    async def rsvp_of(self, session_id: int, author: Author) -> RsvpAnswer | None:
        """As it counts: what they said, or maybe where they only showed interest."""
        ...

    async def set_rsvp(
        self, session: Session, author: Author, answer: RsvpAnswer, at: datetime
    ) -> None:
        """What the person says; it replaces what they said, or showed by interest, before."""
        ...

    async def set_interest(self, session: Session, author: Author, at: datetime) -> bool:
        """A calendar entry's "interested": counts as maybe where the person has said nothing.

        Returns whether the counts changed.
        """
        ...

    async def clear_interest(self, session: Session, author: Author) -> bool:
        """Takes back what ``set_interest`` stored, never what the person said."""
        ...

    async def interested(self, session_id: int, network: Network) -> set[str]:
        """The addresses of those whose interest counts: they said nothing."""
        ...

    async def set_text(self, reading_id: int, title: str, document: Document, at: datetime) -> None:
        """Keep what was read of a reading: text, author, date and notes, under this title."""
        ...

    async def of_remote(self, network: Network, remote_ids: Sequence[str]) -> Mapping[str, int]:
        """Which session each of our own posts belongs to: remote id -> session id."""
        ...


class SummaryRows(Protocol):
    """Summaries in versions. The newest approved one of an audience is the current one."""

    async def add(self, session_id: int, draft: SummaryDraft, at: datetime) -> Summary:
        """Store the next version; an approved one is the current one from now on."""
        ...

    async def current(self, session_id: int) -> Mapping[Audience, Summary]: ...

    async def current_of(self, session_id: int, audience: Audience) -> Summary | None: ...

    async def latest(self, session_id: int) -> Mapping[Audience, Summary]:
        """The newest version of each audience, a draft or not."""
        ...

    async def approve(self, summary_ids: Sequence[int], at: datetime) -> None:
        """Approve drafts; one that is approved already stays as it is."""
        ...

    async def versions(self, session_id: int) -> Sequence[Summary]:
        """All that were ever stored, in the order in which they came."""
        ...


class NewQuestion(Protocol):
    """What ``QuestionRows.add`` needs: a submission with its session, number and author's hash."""

    @property
    def submission(self) -> Submission: ...
    @property
    def session_id(self) -> int: ...
    @property
    def number(self) -> int: ...
    @property
    def author_hash(self) -> str: ...


class QuestionRows(Protocol):
    async def add(self, questions: Sequence[NewQuestion], at: datetime) -> None:
        """Insert a batch (one statement), with its people. Anonymous ones keep no person."""
        ...

    async def by_source(
        self, network: Network, source_ids: Sequence[str]
    ) -> Sequence[Question]: ...

    async def of_session(
        self, session_id: int, limit: int = 1000, offset: int = 0, *, hidden: bool = False
    ) -> Sequence[Question]:
        """The board: open and answered ones, most votes first, then the oldest, then by number.

        With ``hidden``, as an organiser sees it: hidden ones too.
        """
        ...

    async def last_numbers(self, session_ids: Sequence[int]) -> Mapping[int, int]:
        """The highest number given in each session; a session without questions is left out."""
        ...

    async def counts(self, session_ids: Sequence[int]) -> Mapping[int, int]:
        """How many questions each session has; a session without questions is left out."""
        ...

    async def counts_by_author(
        self, pairs: Sequence[tuple[int, str]]
    ) -> Mapping[tuple[int, str], int]:
        """How many questions each (session_id, author_hash) has; those without are left out."""
        ...

    async def already_asked(
        self, keys: Sequence[tuple[int, str, str]]
    ) -> Mapping[tuple[int, str, str], int]:
        """The number of the question with each (session_id, author_hash, text); others left out."""
        ...

    async def by_number(self, session_id: int, number: int) -> Question | None:
        """Whatever its status."""
        ...

    async def by_reply(self, network: Network, remote_ids: Sequence[str]) -> Mapping[str, Question]:
        """The question that each of our own replies (by its id on the network) answered."""
        ...

    async def vote(self, question: Question, group_id: int, voter: Author, at: datetime) -> bool:
        """One a person; False when it stood already."""
        ...

    async def vote_all(self, votes: Sequence[tuple[Question, int, Author]], at: datetime) -> int:
        """The same for many, each with its group's id; how many are new."""
        ...

    async def unvote(self, question: Question, voter: Author) -> bool: ...

    async def unvote_all(self, votes: Sequence[tuple[Question, Author]]) -> int: ...

    async def voted(self, session_id: int, voter: Author) -> set[int]:
        """The numbers of a session's questions that this person votes for."""
        ...

    async def set_status(self, question: Question, status: QuestionStatus) -> None:
        """For one that was merged, this parts it again from what it went into."""
        ...

    async def merge(self, question: Question, into: Question, at: datetime) -> None:
        """Status MERGED; its voters vote for ``into``, each once; so does its author, if known and
        not the author of ``into`` as well.

        It keeps its own votes. What was merged into it before is now merged into ``into``.
        """
        ...


class PeopleRows(Protocol):
    async def known(self, network: Network, addresses: Sequence[str], before: datetime) -> set[str]:
        """Those of the addresses that we have held as people since before ``before``."""
        ...

    async def helped_at(self, group_id: int, author: Author) -> datetime | None:
        """When this person was last sent the help unasked."""
        ...

    async def set_helped(self, group_id: int, author: Author, at: datetime) -> None: ...

    async def holdings(self, author: Author, author_hash: str) -> Holdings: ...

    async def forget(self, author: Author, author_hash: str) -> Holdings:
        """Delete a person: votes, RSVPs, names; of their questions only the numbers are kept.

        Our replies to their questions are emptied, and not sent any more; those that were sent to
        anybody about the same sessions are emptied too, as they may show the words. What others
        asked and was merged into one of theirs is open again, with its own votes.
        Returns what there was.
        """
        ...


class ProposalRows(Protocol):
    """Changes that were shown to an organiser and wait for a yes. ``payload`` is JSON."""

    async def add(self, id: str, group_id: int, payload: str, at: datetime) -> None:
        """Also drops those that are older than a day."""
        ...

    async def take(self, id: str, group_id: int) -> str | None:
        """Its payload, and it is gone; None when it isn't there (any more)."""
        ...

    async def get(self, id: str, group_id: int) -> str | None:
        """Its payload, and it stays."""
        ...


class SettingRows(Protocol):
    """Small facts that outlive a start, such as the hash of what was last registered."""

    async def get(self, name: str) -> str | None: ...

    async def put(self, name: str, value: str) -> None: ...


class ReminderRows(Protocol):
    async def plan(self, reminders: Sequence[Reminder]) -> None:
        """Insert; one that exists already (session, offset, revision) is left as it is."""
        ...

    async def due(self, moment: datetime, limit: int) -> Sequence[Reminder]:
        """Pending ones with ``due_at <= moment``, ordered by session, then by due time.

        The last session of a full answer may be cut; the caller takes the rest next time round.
        """
        ...

    async def next_due_at(self) -> datetime | None: ...

    async def settle(self, ids: Sequence[int], state: ReminderState, at: datetime) -> None:
        """Sent or skipped; or pending again, where one that was skipped is wanted after all."""
        ...

    async def skip_pending(self, session_id: int, at: datetime) -> int: ...

    async def of_session(self, session_id: int) -> Sequence[Reminder]: ...


class OutboxRows(Protocol):
    async def add(self, posts: Sequence[Post], at: datetime) -> int:
        """Queue; a key that exists already is left as it is. Returns how many were new."""
        ...

    async def add_claimed(
        self, posts: Sequence[Post], at: datetime, lease_until: datetime
    ) -> Sequence[Delivery]:
        """Queue and claim in one step, for posts that this process sends as soon as it commits.

        Returns only the new ones, epoch 1.
        """
        ...

    async def claim(
        self, network: Network, at: datetime, lease_until: datetime, limit: int
    ) -> Sequence[Delivery]:
        """Take due rows (pending and due, or sending with a lease that ran out), epoch + 1.

        Rows of a paused destination stay where they are.
        """
        ...

    async def set_wire(self, prepared: Sequence[tuple[Delivery, Prepared]], at: datetime) -> int:
        """Keep the exact bytes before the first send, and when that first send is tried.

        Only for rows that are still ours; returns how many.
        """
        ...

    async def thread_of(self, post: Post) -> Thread: ...

    async def mark_sent(self, sent: Sequence[tuple[Delivery, str]], at: datetime) -> int:
        """(delivery, remote id) pairs; those whose epoch is still ours. Returns how many."""
        ...

    async def mark_retry(
        self, delivery: Delivery, error: str, next_attempt_at: datetime
    ) -> bool: ...

    async def mark_ended(
        self, delivery: Delivery, state: OutboxState, error: str, at: datetime
    ) -> bool:
        """FAILED, SKIPPED or UNKNOWN, for good; False when the epoch is no longer ours."""
        ...

    async def supersede(
        self,
        session_id: int,
        kinds: Sequence[PostKind],
        why: str,
        *,
        keep: Collection[str] = (),
    ) -> int:
        """Skip what waits or is tried of a session, because something newer is told in its place.

        One that is on its way just now may still arrive; those with a key of ``keep`` stay.
        Returns how many were ended.
        """
        ...

    async def revive(self, posts: Sequence[Post], at: datetime) -> int:
        """Rows of these keys that failed or are unknown wait again, with these payloads.

        Their epoch and when they were first tried are kept, so that one which did arrive is found.
        Returns how many.
        """
        ...

    async def release(self, network: Network, deliveries: Sequence[Delivery] | None = None) -> int:
        """Give claimed rows back, pending and due now: these, or (at start) all."""
        ...

    async def next_due_at(self, network: Network) -> datetime | None:
        """When the next row can be claimed; None when there is none."""
        ...

    async def by_remote(self, network: Network, remote_ids: Sequence[str]) -> Mapping[str, Post]:
        """Our own posts that a network knows by these ids: remote id -> post."""
        ...

    async def sent(
        self, session_id: int, network: Network, kind: PostKind
    ) -> Sequence[tuple[str, str]]:
        """Where a session's posts of that kind stand: (destination, remote id), oldest first."""
        ...

    async def count(self, network: Network) -> Mapping[OutboxState, int]:
        """How many rows stand in each state but ``sent`` (which only grows)."""
        ...

    async def failures(self, limit: int = 10) -> Sequence[tuple[Post, str]]:
        """The newest rows that failed or are unknown, with their error."""
        ...


class SeenRows(Protocol):
    async def add(self, network: Network, source_ids: Sequence[str], at: datetime) -> set[str]:
        """Mark as handled. Returns those that were new."""
        ...

    async def which(self, network: Network, source_ids: Sequence[str]) -> set[str]:
        """Those that were handled before."""
        ...


class CursorRows(Protocol):
    async def all(self) -> Mapping[str, str]:
        """Every place's position: place -> position, in its network's own terms."""
        ...

    async def move(self, positions: Mapping[str, str], at: datetime) -> None: ...


class Rows(Protocol):
    """All tables, over one connection: a transaction that writes, or a view that only reads."""

    @property
    def groups(self) -> GroupRows: ...
    @property
    def sessions(self) -> SessionRows: ...
    @property
    def summaries(self) -> SummaryRows: ...
    @property
    def questions(self) -> QuestionRows: ...
    @property
    def people(self) -> PeopleRows: ...
    @property
    def proposals(self) -> ProposalRows: ...
    @property
    def settings(self) -> SettingRows: ...
    @property
    def reminders(self) -> ReminderRows: ...
    @property
    def outbox(self) -> OutboxRows: ...
    @property
    def seen(self) -> SeenRows: ...
    @property
    def cursors(self) -> CursorRows: ...


class Store(Protocol):
    """The data file."""

    def transaction(self) -> AbstractAsyncContextManager[Rows]:
        """The one way to write: one at a time, all or nothing, committed on a clean exit.

        No network or model call belongs inside. Cancelling the task never leaves half of it.
        """
        ...

    def read(self) -> AbstractAsyncContextManager[Rows]:
        """A consistent view that sees what is committed and can't write."""
        ...

    def on_commit(self, topic: Topic, callback: Callable[[], None]) -> None:
        """Call back after each commit, ours or another process's, that may concern ``topic``."""
        ...

    def version(self) -> object:
        """What is unlike every earlier one as soon as anybody has committed anything.

        It is had in microseconds, and raises nothing.
        """
        ...


class Courier(Protocol):
    """One network's way to post. It holds no state that a restart would miss."""

    @property
    def network(self) -> Network: ...

    def prepare(self, post: Post, thread: Thread) -> Prepared:
        """Fix the exact bytes of a post. Pure but for time and key; a millisecond at most."""
        ...

    async def send(self, delivery: Delivery) -> str:
        """Post ``delivery.post.wire`` once; returns the network's id for it.

        Sending the same bytes again is harmless. Raises DeliveryError.
        """
        ...


Sections = Callable[[str], Sequence[Section]]
"""How a reading's text (Markdown or plain) falls into sections of prose."""


Gates = Callable[[Mapping[Audience, SummaryDraft], str], Sequence[Finding]]
"""What is wrong in the drafts of a reading, whose title and text are the second argument."""

Progress = Callable[[str], None]
"""Told one short line for each step of something that takes a while: "fetched", "techie"."""


def silent(_: str) -> None:
    """The ``Progress`` that nobody watches."""


Source = Callable[[Reading], Awaitable[Document]]
"""Reads the reading's link. Raises ReadingError."""

TakesApart = Callable[[str], tuple[str, tuple[Point, ...]]]
"""The lead and the points of a summary that is Markdown."""

WritesPage = Callable[[SessionView], str]
"""A session's page as Markdown."""


class Summariser(Protocol):
    """Makes both summaries of one reading."""

    @property
    def origin(self) -> str: ...

    async def summarise(
        self,
        reading: Reading,
        *,
        language: str = "",
        progress: Progress = silent,
        spent: Usage | None = None,
    ) -> Mapping[Audience, SummaryDraft]:
        """Both, in ``language`` ("" for the reading's own).

        ``spent`` is what the session took before, where its means are limited. Raises SummaryError
        when the text gives too little to summarise, or it can't be done.
        """
        ...


class Suggest(Protocol):
    """Makes questions for the discussion of a reading."""

    async def __call__(
        self,
        reading: Reading,
        drafts: Mapping[Audience, SummaryDraft],
        *,
        language: str = "",
    ) -> Sequence[Suggestion]:
        """Raises SummaryError when it can't be done."""
        ...


Backoff = Callable[[int], timedelta]
"""How long to wait after the n-th failed attempt (from 1), jitter included."""
