"""How summaries look to the organiser who decides on them: each with where its points come from and
what the checks found, what they took, and what to do next. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.cli.frame import next_command
from bot.cli.show import one_line, say, say_prose, say_summary, say_table
from bot.domain.model import (
    Audience,
    Finding,
    Session,
    SessionStatus,
    Suggestion,
    Summary,
    SummaryDraft,
    SummaryStatus,
    Usage,
)
from bot.services.find import is_visible


def say_drafts(summaries: Mapping[Audience, Summary]) -> None:
    """Each whole, and once what they took together."""
    for audience, summary in summaries.items():
        say_summary(audience, summary)
        _say_evidence(summary.draft)
        _say_findings(summary.draft.findings)
    for usage in dict.fromkeys(each.draft.usage for each in summaries.values()):
        if usage is not None:
            say(f"\n{_taken(usage)}")


def say_next(session: Session, made: Mapping[Audience, Summary], *, by_model: bool) -> None:
    """What an organiser may do about what was just made."""
    waiting = any(each.draft.status is SummaryStatus.DRAFT for each in made.values())
    if waiting:
        say("\nDrafts: they are posted nowhere until you approve them. Next:")
    else:
        say(f"\n{members_see(session)} Next:")
    for words, what in _choices(session, waiting=waiting, by_model=by_model):
        say(f"  {next_command(words)}\n      {what}")


def members_see(session: Session) -> str:
    """Whether members see approved summaries of it, as a sentence."""
    if session.status is SessionStatus.CANCELLED:
        return "The session was cancelled: members don't see them."
    if is_visible(session, datetime.now(UTC)):
        return "Members see them now."
    return "Members see them once the session is announced."


def next_to_post(session: Session) -> Iterator[tuple[str, str]]:
    """The command that brings approved summaries to members, and what it does."""
    if is_visible(session, datetime.now(UTC)):
        yield f"summary post {session.slug}", "posts them on every network, once"
    elif session.status is SessionStatus.PLANNED:
        yield (
            f"session announce {session.slug}",
            "tells members of the session; reminders post them",
        )


def _choices(session: Session, *, waiting: bool, by_model: bool) -> Iterator[tuple[str, str]]:
    slug = session.slug
    if waiting:
        yield f"summary approve {slug}", "members see them, and reminders post them"
    else:
        yield from next_to_post(session)
    yield f"summary edit {slug} --audience plain", "changes one in your editor"
    if by_model:
        yield f"summary make {slug}", "asks the model again"
        yield f"summary make {slug} --no-ai", "quotes the reading instead"


def _say_evidence(draft: SummaryDraft) -> None:
    """Where the reading says it, but for points that are quotes themselves."""
    quoted = [
        (number, point)
        for number, point in enumerate(draft.points, 1)
        if point.quote and point.quote not in point.text
    ]
    if quoted:
        say("\nThe reading says:")
    for number, point in quoted:
        where = f" ({one_line(point.section)})" if point.section else ""
        say_prose(f"{number}. “{one_line(point.quote)}”{where}")


def _say_findings(findings: Sequence[Finding]) -> None:
    if not findings:
        say("\nThe checks found nothing.")
        return
    severe = sum(each.severe for each in findings)
    say(f"\nThe checks found ({severe} to mend, {len(findings) - severe} advice):")
    say_table(
        ("check", "weight", "what"),
        [(each.gate, "MEND" if each.severe else "advice", each.text) for each in findings],
    )


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'s'[: count != 1]}"


def _taken(usage: Usage) -> str:
    cost = "" if usage.cost is None else f", cost {usage.cost:.4f}"
    return (
        f"{one_line(usage.model)} was asked {_number(usage.calls, 'time')}: "
        f"{usage.prompt_tokens:,} tokens in ({usage.cached_tokens:,} of them cached), "
        f"{usage.completion_tokens:,} out{cost}."
    )


def suggestion_json(number: int, suggestion: Suggestion, *, accepted: bool) -> dict[str, Any]:
    return {
        "number": number,
        "text": suggestion.text,
        "quote": suggestion.quote,
        "section": suggestion.section,
        "accepted": accepted,
    }


def say_suggestion(number: int, suggestion: Suggestion, *, accepted: bool) -> None:
    """A question, and the words of the reading that it comes from."""
    where = f" ({one_line(suggestion.section)})" if suggestion.section else ""
    say_prose(f"{number}. {one_line(suggestion.text)}{'  [on the board]' if accepted else ''}")
    say_prose(f"   “{one_line(suggestion.quote)}”{where}")
