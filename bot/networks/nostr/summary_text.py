"""A summary in words for Nostr: how it was made, its points, and where the reading has them.

The same words stand in an answer and in a post. A reading, a model and an imported page are
strangers' words, so all of it is inert.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Protocol

from bot.domain.model import Audience, Point, Session, Summary, SummaryStatus
from bot.domain.posts import SummaryPost
from bot.networks.nostr.plaintext import CONTENT_BYTES, fit, flat, inert, json_length

TITLES = {Audience.TECHIE: "For techies", Audience.PLAIN: "In plain words"}

_NO_AI = "quoted from the reading (no AI)"
_QUOTED = "quoted from"
_DRAFT = "a draft that no organiser has approved yet"
_NO_QUOTES = "No quotes were kept for this summary."
_NOT_KEPT = "(no quote was kept)"
_HEAD_LENGTH = 120  # characters of a point's text, where it stands for the point


class Said(Protocol):
    """What a ``SummaryDraft`` and a ``SummaryPost`` have in common."""

    @property
    def audience(self) -> Audience: ...
    @property
    def body(self) -> str: ...
    @property
    def lead(self) -> str: ...
    @property
    def points(self) -> tuple[Point, ...]: ...
    @property
    def origin(self) -> str: ...
    @property
    def answered_by(self) -> str: ...
    @property
    def edited(self) -> bool: ...
    @property
    def scope(self) -> str: ...


@lru_cache(maxsize=64)  # the same few are asked for again and again
def stored(summary: Summary) -> str:
    """A summary as an answer shows it: for whom, how it was made, the lead, the points."""
    said = summary.draft
    head, origin = TITLES[said.audience], made_by(said)
    labels = ([_DRAFT] if said.status is SummaryStatus.DRAFT else []) + scope_of(said)
    says_so = said.points and said.lead.casefold().startswith(_QUOTED) and "(no AI)" in said.lead
    if not (says_so and origin == _NO_AI):
        head = f"{head} – {origin}"
    head = "\n".join([head, *(label[0].upper() + label[1:] for label in labels)])
    if not said.points:
        return f"{head}\n\n{words(said.body)}"
    points = "\n".join(points_of(said))
    return "\n\n".join(part for part in (head, words(said.lead), points) if part)


def words(markdown: str) -> str:
    """Markdown that may be anybody's, as plain text that notifies nobody."""
    return inert(flat(markdown))


def made_by(said: Said) -> str:
    """How it came to be, as a part of a sentence."""
    edited = ", edited by the organiser" if said.edited else ""
    if said.origin == "extractive":
        return f"{_NO_AI}{edited}"
    if said.origin == "imported":
        by = f", by {inert(said.answered_by)}" if said.answered_by else ""
        return f"from the group's page{by}{edited}"
    return f"written by {inert(said.origin)}, an AI model{edited}; check it against the reading"


def scope_of(said: Said) -> list[str]:
    """Which parts of a long reading it is from, where that isn't all of it."""
    return [f"Not from all of it: {inert(' '.join(said.scope.split()))}"] if said.scope else []


def points_of(said: Said) -> list[str]:
    return [f"{number}. {_point(point)}" for number, point in enumerate(said.points, 1)]


def whole_parts(before: str, parts: Sequence[str], mark: str, room: int) -> str:
    """``before`` and as many whole parts after it, a ``mark`` between two, as ``room`` bytes of
    JSON hold; what is left out is counted."""
    text = before
    left = room - json_length(before) - 200  # for the words that say what is left out
    for count, part in enumerate(parts):
        left -= json_length(part) + json_length(mark)
        if left < 0:
            more = len(parts) - count
            points = "1 more point doesn't" if more == 1 else f"{more} more points don't"
            return f"{text}\n\n[{points} fit in one note.]"
        text += (mark if count else "\n\n") + part
    return text


def evidence_text(session: Session, summaries: Iterable[Summary]) -> str:
    """Where the reading says what these summaries say."""
    parts = [f"{session.title} – where the reading says it"]
    for summary in summaries:
        draft = [_DRAFT] if summary.draft.status is SummaryStatus.DRAFT else []
        parts += _evidence(summary.draft, draft)
    return _fitting(parts)


def posted_evidence_text(post: SummaryPost) -> str:
    """The same for a summary that was posted, as it stood in its note."""
    return _fitting([f"{post.card.title} – where the reading says it", *_evidence(post, [])])


def _fitting(parts: Sequence[str]) -> str:
    head, *rest = parts
    return whole_parts(fit(head, CONTENT_BYTES // 4), rest, "\n\n", CONTENT_BYTES)


def _evidence(said: Said, labels: Sequence[str]) -> list[str]:
    head = ", ".join([f"{TITLES[said.audience]} – {made_by(said)}", *labels])
    if not any(point.quote for point in said.points):
        return [f"{head}\n\n{_NO_QUOTES}"]
    first, *others = [f"{number}. {_where(point)}" for number, point in enumerate(said.points, 1)]
    return [f"{head}\n\n{first}", *others]


def _where(point: Point) -> str:
    """What is said, then the quote and its section; a point that is its own quote stands once."""
    quote = " ".join(inert(point.quote).split())
    said = words(point.head) or _first_of(words(point.text))
    if not quote:
        return f"{said}\n{_NOT_KEPT}"
    section = f" ({' '.join(words(point.section).split())})" if point.section else ""
    evidence = f"“{quote}”{section}"
    return evidence if quote.startswith(said.rstrip("…")) else f"{said}\n{evidence}"


def _first_of(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _HEAD_LENGTH else f"{line[: _HEAD_LENGTH - 1].rstrip()}…"


def _point(point: Point) -> str:
    head, text = words(point.head), " ".join(words(point.text).split())
    if not head or text.startswith(head):
        return text
    return f"{head}{'' if head[-1] in ':.!?' else ':'} {text}"
