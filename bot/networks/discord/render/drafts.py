"""How the organiser's look at new summaries is: both with the checks beside them, and what can be
done; the questions that are suggested afterwards.

Pure. What was found, and who may do what, is the services'.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import discord

from bot.domain.model import (
    Audience,
    Finding,
    Session,
    Suggestion,
    Summary,
    SummaryStatus,
    Usage,
)
from bot.networks.discord import limits
from bot.networks.discord.ids import Verb, custom_id
from bot.networks.discord.render.evidence import quoted
from bot.networks.discord.render.message import Button, Message, Row, packed
from bot.networks.discord.render.parts import AMBER, BLUE, GREEN, GREY, RED, title_of
from bot.networks.discord.render.summaries import LOOKS, evidence_row, summary_embeds
from bot.networks.discord.splitting import cut, split
from bot.networks.discord.text import inert, one_line, plain

_QUOTE = 400  # units of a suggested question's quote
_GREEN = discord.ButtonStyle.success


def drafts(
    session: Session, latest: Mapping[Audience, Summary], *, by_model: bool, said: str = ""
) -> list[Message]:
    """The newest summaries, each followed by what the checks found; the buttons stand last.

    ``by_model``: a model made them or could, so that doing without one is offered. ``said`` is a
    sentence above it all. Which of them are drafts is said in the content of the last message
    alone: a press on its buttons can draw no other one again.
    """
    made = [latest[audience] for audience in Audience if audience in latest]
    embeds = []
    for summary in made:
        embeds += summary_embeds(session, summary.draft, as_draft=False)
        embeds += _checks(summary)
    embeds += _about_reading(session)
    messages = packed(embeds)
    messages[0] = replace(messages[0], content=said)
    content = "\n".join(filter(None, (messages[-1].content, _status(made))))
    rows = draft_rows(session, latest, by_model=by_model)
    messages[-1] = replace(messages[-1], content=content, rows=rows)
    return messages


def draft_rows(
    session: Session, latest: Mapping[Audience, Summary], *, by_model: bool
) -> tuple[Row, ...]:
    """What can be done with these versions."""
    made = [latest[audience] for audience in Audience if audience in latest]
    waits = any(summary.draft.status is SummaryStatus.DRAFT for summary in made)
    versions = [latest[each].version if each in latest else 0 for each in Audience]
    approve = Button(
        "Approve", custom_id(Verb.APPROVE, session.slug, *versions), _GREEN, disabled=not waits
    )
    edits = [
        Button(f"Edit {audience}", custom_id(Verb.REWRITE, session.slug, audience, each.version))
        for audience, each in sorted(latest.items(), key=lambda item: list(Audience).index(item[0]))
    ]
    post = Button("Post now", custom_id(Verb.POST, session.slug), disabled=waits, emoji="📣")
    row = (_again(session), *[_without_ai(session)] * by_model, post)
    return (approve, *edits), row, evidence_row(made)


def undone(session: Session, cause: str, *, again: bool, without_ai: bool) -> Message:
    """Why no summaries were made, and what can be done instead."""
    row = (*[_without_ai(session)] * without_ai, *[_again(session)] * again)
    return Message(content=cut(inert(cause), limits.CONTENT), rows=(row,) if row else ())


def suggested(
    id: str, session: Session, questions: Sequence[Suggestion], accepted: Collection[int]
) -> list[Message]:
    """Questions for the discussion, each with the words that it comes from and a button."""
    embeds = [
        discord.Embed(description=piece, colour=BLUE)
        for number, each in enumerate(questions, 1)
        for piece in split(_suggestion(number, each), limits.EMBED_DESCRIPTION)
    ]
    embeds[0].title = title_of(f"Questions that could be asked: {session.title}")
    embeds[-1].set_footer(
        text="Suggested by the model. A press puts one on the board as the group's own."
    )
    buttons = [
        Button(
            str(number),
            custom_id(Verb.SUGGESTED, id, number),
            emoji="✅" if number in accepted else "➕",
            disabled=number in accepted,
        )
        for number in range(1, len(questions) + 1)
    ]
    rows = [
        tuple(buttons[at : at + limits.BUTTONS]) for at in range(0, len(buttons), limits.BUTTONS)
    ]
    messages = packed(embeds)
    messages[-1] = messages[-1].with_rows(*rows[: limits.ROWS])
    return messages


def _status(made: Sequence[Summary]) -> str:
    """Which of them wait for approval; "" where none does."""
    drafts = [each.draft for each in made if each.draft.status is SummaryStatus.DRAFT]
    if not drafts:
        return ""
    which = " and ".join(f"the {draft.audience}" for draft in drafts).capitalize()
    are = "is a draft" if len(drafts) == 1 else "are drafts"
    return f"_{which} summary {are} that no organiser has approved yet._"


def _checks(summary: Summary) -> list[discord.Embed]:
    """What is severe first; that nothing was found, where nothing was."""
    draft = summary.draft
    severe = [each for each in draft.findings if each.severe]
    advice = [each for each in draft.findings if not each.severe]
    lines = [_finding("❌", each) for each in severe] + [_finding("💡", each) for each in advice]
    colour = RED if severe else AMBER if advice else GREEN
    pieces = split("\n".join(lines), limits.EMBED_DESCRIPTION) or ["✅ All checks passed."]
    embeds = [discord.Embed(description=piece, colour=colour) for piece in pieces]
    embeds[0].title = f"{LOOKS[draft.audience][0]}: {_verdict(len(severe), len(advice))}"
    costs = f" · {_usage(draft.usage)}" if draft.usage is not None else ""
    embeds[-1].set_footer(
        text=f"{draft.words:,} word{'s'[: draft.words != 1]} · version {summary.version}{costs}"
    )
    return embeds


def _verdict(severe: int, advice: int) -> str:
    parts = [f"{severe} to mend"] * bool(severe) + [f"{advice} to look at"] * bool(advice)
    return ", ".join(parts) or "checked"


def _finding(sign: str, finding: Finding) -> str:
    where = f"**point {finding.point}:** " if finding.point is not None else ""
    return f"{sign} {where}{one_line(finding.text)}"


def _usage(usage: Usage) -> str:
    """What both summaries took together."""
    tokens = usage.prompt_tokens + usage.completion_tokens
    cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
    cost = f", cost {usage.cost:.4f}" if usage.cost is not None else ""
    calls = f"{usage.calls} call{'s'[: usage.calls != 1]}"
    return f"both: {cut(plain(usage.model), 100)}, {calls}, {tokens:,} tokens{cached}{cost}"


def _about_reading(session: Session) -> list[discord.Embed]:
    """What was left out of the reading, or mended in it, when it was read."""
    notes = [note for reading in session.readings if reading.text for note in reading.notes]
    if not notes:
        return []
    text = cut("\n".join(f"• {one_line(note)}" for note in notes), limits.EMBED_DESCRIPTION)
    return [discord.Embed(title="About the reading", description=text, colour=GREY)]


def _suggestion(number: int, suggestion: Suggestion) -> str:
    quote = cut(suggestion.quote, _QUOTE)
    return f"**{number}.** {inert(suggestion.text)}\n{quoted(quote, suggestion.section)}"


def _again(session: Session) -> Button:
    return Button("Again", custom_id(Verb.AGAIN, session.slug), emoji="🔄")


def _without_ai(session: Session) -> Button:
    return Button("Use the no-AI ones", custom_id(Verb.NO_AI, session.slug))
