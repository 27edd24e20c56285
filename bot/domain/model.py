"""The nouns of a reading group, as frozen data.

Conventions: ``_at`` is an aware UTC datetime, ``_id`` a key of the data file, ``address`` how a
network names a person or a place (a Nostr public key in hex, a Discord snowflake as text).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Network(StrEnum):
    """Where people are. ``LOCAL`` is the operator's own command line and imported pages."""

    NOSTR = "nostr"
    DISCORD = "discord"
    LOCAL = "local"


class Audience(StrEnum):
    """Whom a summary is for."""

    TECHIE = "techie"
    PLAIN = "plain"


class SessionStatus(StrEnum):
    """A planned session is the organiser's own until it is announced or has begun."""

    PLANNED = "planned"
    ANNOUNCED = "announced"
    CANCELLED = "cancelled"


class SummaryStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"


class QuestionStatus(StrEnum):
    """Members see open and answered ones. A merged one's votes count for the one it went into; of a
    forgotten one only the number is left, so that it is never given again."""

    OPEN = "open"
    HIDDEN = "hidden"
    ANSWERED = "answered"
    MERGED = "merged"
    FORGOTTEN = "forgotten"


class RsvpAnswer(StrEnum):
    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class ReminderState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    SKIPPED = "skipped"


class PostKind(StrEnum):
    """What an outbox row posts.

    ``CALENDAR`` is the network's own calendar entry for a session, edited in place. ``UPDATE``
    brings a session's announcement up to date where a network can edit it. ``SUMMARY`` is one
    approved summary of a session, ``ARTICLE`` its page with both, edited in place (NIP-23).
    ``WARNING`` tells a group's organisers what doesn't work. ``PROFILE`` and ``RELAY_LIST`` tell a
    Nostr network who the bot is (NIP-01 kind 0, NIP-65 kind 10002).
    """

    ANNOUNCEMENT = "announcement"
    CALENDAR = "calendar"
    REMINDER = "reminder"
    NOTICE = "notice"
    UPDATE = "update"
    SUMMARY = "summary"
    ARTICLE = "article"
    WARNING = "warning"
    REPLY = "reply"
    PROFILE = "profile"
    RELAY_LIST = "relay_list"


class OutboxState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Group:
    """One reading group. ``reminders`` are offsets before a session's start, longest first."""

    id: int
    slug: str
    name: str
    timezone: str
    reminders: tuple[timedelta, ...]


@dataclass(frozen=True, slots=True)
class Guild:
    """A Discord guild that is set up, and the one group it belongs to.

    Snowflakes are decimal text. ``channel`` gets the group's posts; whoever has ``organiser_role``
    ("" for none) is an organiser; ``set_up_by`` is told what can't be told in the channel.
    """

    address: str
    group_id: int
    channel: str
    set_up_by: str
    set_up_at: datetime
    organiser_role: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a group's posts go: on Nostr the bot's own identity (a public key in hex), on Discord a
    channel ("guild/channel", two snowflakes)."""

    id: int
    group_id: int
    network: Network
    address: str
    paused_at: datetime | None = None
    paused_reason: str = ""


@dataclass(frozen=True, slots=True)
class Author:
    """Who sent a submission, as its network tells it. ``name`` is for show and may be empty."""

    network: Network
    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for something, and what their network says they may do.

    ``guild``, ``roles``, ``manages_events`` and ``manages_guild`` are Discord's word on the member
    who calls, in the guild where they call. Whether that makes an organiser is the services' rule.
    """

    author: Author
    guild: str = ""
    roles: frozenset[str] = frozenset()
    manages_events: bool = False
    manages_guild: bool = False


OPERATOR = Caller(Author(Network.LOCAL, ""))
"""Whoever has the data folder: the command line. May do everything."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read for a session. ``text`` is kept where the bot has it, as Markdown or plain.

    ``author``, ``published`` and ``notes`` are a ``Document``'s, where the text came from one.
    ``text_hash`` is the SHA-256 of the text as it is stored, in hex; "" without a text.
    """

    title: str
    url: str = ""
    text: str = ""
    id: int = 0
    author: str = ""
    published: str = ""
    notes: tuple[str, ...] = ()
    text_hash: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a reading under one heading ("" before the first): its prose, marks removed.

    ``items`` are the entries of its lists, which are often no sentences. ``level`` is the heading's
    depth, 1 for the outermost.
    """

    heading: str
    paragraphs: tuple[str, ...]
    items: tuple[str, ...] = ()
    level: int = 1


@dataclass(frozen=True, slots=True)
class Session:
    """One scheduled meeting.

    ``starts_at`` is UTC; ``local_time`` ("2026-12-02 19:00") and the IANA ``timezone`` keep what
    the organiser said. ``revision`` grows with every change that members must hear of. ``topic`` is
    Markdown. ``duration`` is how long the meeting is meant to last.
    """

    id: int
    group_id: int
    slug: str
    title: str
    starts_at: datetime
    local_time: str
    timezone: str
    duration: timedelta = timedelta(hours=2)
    place: str = ""
    topic: str = ""
    tags: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    status: SessionStatus = SessionStatus.PLANNED
    revision: int = 1
    announced_at: datetime | None = None
    cancelled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a summary; ``quote`` and ``section`` say where the reading has it."""

    head: str
    text: str
    quote: str = ""
    section: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What was read from a page, a PDF or a text.

    ``text`` is Markdown: ``# heading`` lines and paragraphs between blank lines. ``published`` is
    an ISO date, perhaps only its year. ``url`` is where it was found in the end. ``pages`` is how
    many a PDF has. ``notes`` say, a sentence each, what was left out or mended. ``language`` is the
    source's own word ("en", "pt-BR"; BCP 47), "" where it doesn't say.
    """

    text: str
    title: str = ""
    author: str = ""
    published: str = ""
    url: str = ""
    pages: int | None = None
    notes: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a gate found in a summary: one sentence for the organiser that names what and where.

    ``gate`` is which one ("length", "quote", "number", ...); ``point`` counts from 1. A finding
    that isn't ``severe`` is advice.
    """

    gate: str
    audience: Audience
    text: str
    point: int | None = None
    severe: bool = True


@dataclass(frozen=True, slots=True)
class Usage:
    """What a model was asked for one reading: tokens as the server counted them, and their cost in
    the currency of the configured prices (None without prices)."""

    model: str
    calls: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class SummaryDraft:
    """A summary before it is stored.

    ``body`` is Markdown and all that is posted; ``lead`` and ``points`` are its parts. ``origin``
    is ``"extractive"``, ``"imported"`` or a model's name. An imported page also says who asked
    (``asked_by``), what (``prompt``) and which model answered (``answered_by``); so does a model's
    own draft. ``findings`` are what the gates still find in it, ``usage`` what both audiences'
    drafts took together, and ``scope`` which parts of a long reading were read ("" for all).
    ``edited``: an organiser changed what the origin had made.
    """

    audience: Audience
    body: str
    lead: str
    points: tuple[Point, ...]
    origin: str
    asked_by: str = ""
    prompt: str = ""
    answered_by: str = ""
    status: SummaryStatus = SummaryStatus.APPROVED
    findings: tuple[Finding, ...] = ()
    usage: Usage | None = None
    scope: str = ""
    edited: bool = False

    @property
    def words(self) -> int:
        return len(self.body.split())


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A discussion question that a reading suggests, and the words of the reading it comes from."""

    text: str
    quote: str
    section: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A stored summary. Every version is kept, counted from 1 in its session and audience.

    ``current`` marks the newest approved one, which members see; a draft never is.
    """

    id: int
    session_id: int
    version: int
    current: bool
    created_at: datetime
    draft: SummaryDraft
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A raw inbound question, before any check.

    ``source_id`` names it on its network for ever (a Nostr event id, a Discord interaction id), so
    that a replay stores nothing twice. ``session_id`` is set when it answers that session's post;
    otherwise it is for the next session.
    """

    group_id: int
    author: Author
    source_id: str
    text: str
    submitted_at: datetime
    session_id: int | None = None
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """An accepted submission on a session's board. ``number`` counts from 1 in its session.

    ``author`` is None when it was asked anonymously or came from a page.
    """

    id: int
    session_id: int
    number: int
    text: str
    network: Network
    source_id: str
    asked_at: datetime
    author: Author | None = None
    votes: int = 0
    status: QuestionStatus = QuestionStatus.OPEN
    merged_into: int | None = None  # the number of the question that it went into


@dataclass(frozen=True, slots=True)
class Rsvps:
    yes: int = 0
    maybe: int = 0
    no: int = 0


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the data file holds on one person: counts, of all groups together.

    ``anonymous`` questions are among ``questions``; they are found by the author's hash.
    """

    questions: int = 0
    anonymous: int = 0
    votes: int = 0
    rsvps: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reminder:
    """A planned post before a session. Its row is the truth; schedulers only look at it."""

    id: int
    group_id: int
    session_id: int
    offset: timedelta
    revision: int
    due_at: datetime
    state: ReminderState = ReminderState.PENDING


@dataclass(frozen=True, slots=True)
class Post:
    """Something to be posted once, as it is written to the outbox.

    ``key`` is unique for ever and names the thing (not the attempt). ``payload`` is JSON for the
    network's renderer. Where the bytes are known already, ``wire`` and ``remote_id`` have them.
    ``destination`` is a destination's address; a warning's may be one person ("@" and a snowflake).
    After ``expires_at`` the post is of no use and is skipped.
    """

    key: str
    group_id: int
    network: Network
    destination: str
    kind: PostKind
    payload: str
    session_id: int | None = None
    expires_at: datetime | None = None
    wire: bytes | None = None
    remote_id: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed outbox row: ours to send until ``lease_until``, fenced by ``epoch``."""

    id: int
    epoch: int
    attempts: int
    post: Post
    lease_until: datetime
    first_tried_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """The exact bytes of a post, and its id on the network (empty if not yet known)."""

    wire: bytes
    remote_id: str


@dataclass(frozen=True, slots=True)
class Thread:
    """What a post of a session stands in: the wire bytes of that session's announcement, and of the
    newest earlier post of the same kind at the same destination. ``has_article``: its page was
    posted there as well."""

    announcement: bytes | None = None
    previous: bytes | None = None
    has_article: bool = False


@dataclass(frozen=True, slots=True)
class SessionView:
    """Everything that is shown of one session."""

    session: Session
    summaries: dict[Audience, Summary] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    rsvps: Rsvps = Rsvps()


@dataclass(frozen=True, slots=True)
class SessionPage:
    """A group's session page, as read.

    ``date`` ("2023-07-05") and ``time`` ("19:00") are the page's own words and may be empty.
    ``duration`` is None where the page doesn't say how long it lasts.
    ``questions`` are the items under a heading such as "Questions to consider". ``notes`` say, a
    sentence each, what was mended and what was not taken.
    """

    title: str
    date: str = ""
    time: str = ""
    timezone: str = ""
    slug: str = ""
    place: str = ""
    topic: str = ""
    tags: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    summaries: tuple[SummaryDraft, ...] = ()
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    duration: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much strangers may put on us. Questions count for a session and person."""

    questions_per_person: int = 5
    questions_per_session: int = 200
    question_length: int = 1000  # characters
    mentions_per_minute: int = 10  # from one author
    strangers_per_minute: int = 120  # from all authors together whom we never met before
