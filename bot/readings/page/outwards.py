"""A group's session page, written in the shape that ``inwards`` reads.

Nobody's name is written: a question stands there without who asked it (the Chatham House Rule).
Hidden questions and summaries that wait for approval stay off the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain.model import (
    Audience,
    Question,
    QuestionStatus,
    Reading,
    SessionView,
    SummaryDraft,
    SummaryStatus,
)
from bot.domain.when import USUAL, show_offset
from bot.readings.markdown import escaped, normal, to_page
from bot.readings.page.front_matter import VERBATIM, written
from bot.readings.page.inwards import parse_page, topic_reading
from bot.readings.page.summary import written_summary

_HEADINGS = {Audience.TECHIE: "Techie Summary", Audience.PLAIN: "Non-techie Summary"}


def write_page(view: SessionView) -> str:
    """The Markdown page of a session, ending in a newline.

    Should the page read back as anything else, because a text looks like damage that a reader
    mends, it says `verbatim: true` in its front matter and is read to the letter.
    """
    page = _page(view, verbatim=False)
    return page if _reads_back(page, view) else _page(view, verbatim=True)


def write_article(view: SessionView) -> str:
    """The page for being published as an article: the topic, the readings and the summaries.

    Title, date and place are told beside it. Questions stay off: the board goes on, and what was
    asked among friends isn't published.
    """
    topic = normal(view.session.topic)
    parts = [to_page(topic), *_reading_part(topic, view.session.readings)]
    return "\n\n".join(part for part in [*parts, *_summary_parts(view)] if part) + "\n"


def _reads_back(page: str, view: SessionView) -> bool:
    again, session, drafts = parse_page(page), view.session, _drafts(view)
    return (
        (again.duration or USUAL) == session.duration
        and (again.title, again.place) == (_one_line(session.title), _one_line(session.place))
        and (again.topic, again.tags) == (normal(session.topic), session.tags)
        and _pairs(again.readings) == _pairs(session.readings)
        and [_said(draft) for draft in again.summaries] == [_said(draft) for draft in drafts]
        and again.questions == tuple(normal(q.text) for q in _questions(view))
    )


def _said(draft: SummaryDraft) -> tuple[str, ...]:
    edited = "edited" if draft.edited else ""
    made = (draft.origin, " ".join(draft.scope.split()), edited)
    texts = (draft.body, draft.prompt, draft.asked_by, draft.answered_by, *made)
    return tuple(normal(text) for text in texts)


def _page(view: SessionView, *, verbatim: bool) -> str:
    session = view.session
    date, _, time = session.local_time.partition(" ")
    front = {
        "date": date,
        "title": _one_line(session.title),
        "type": "Doc",
        "time": time,
        "timezone": session.timezone,
        "duration": "" if session.duration == USUAL else show_offset(session.duration),
        "slug": session.slug,
        "place": _one_line(session.place),
        "tags": session.tags,
        VERBATIM: "true" if verbatim else "",
    }
    topic = normal(session.topic)
    parts = [
        f"{written(front)}\n# {_heading(session.title)}",
        to_page(topic),
        *_reading_part(topic, session.readings),
    ]
    parts += _summary_parts(view, verbatim=verbatim)
    if questions := _questions(view):
        parts += ["## Questions to consider", _list([escaped(normal(q.text)) for q in questions])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _summary_parts(view: SessionView, *, verbatim: bool = False) -> list[str]:
    parts = []
    for draft in _drafts(view):
        summary = written_summary(draft, verbatim=verbatim)
        parts += [f"## {_HEADINGS[draft.audience]}", summary]
    return parts


def _one_line(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", normal(text))


def _heading(title: str) -> str:
    return re.sub(r"(?<!\\)#", r"\\#", escaped(_one_line(title)))


def _drafts(view: SessionView) -> list[SummaryDraft]:
    drafts = (view.summaries[a].draft for a in Audience if a in view.summaries)
    return [draft for draft in drafts if draft.status is SummaryStatus.APPROVED and draft.body]


def _questions(view: SessionView) -> list[Question]:
    return [q for q in view.questions if q.status is not QuestionStatus.HIDDEN]


def _pairs(readings: Sequence[Reading]) -> list[tuple[str, str]]:
    return [(" ".join(normal(reading.title).split()), reading.url) for reading in readings]


def _reading_part(topic: str, readings: Sequence[Reading]) -> list[str]:
    """The list of readings, unless the topic's first link says it all."""
    if _pairs(topic_reading(topic)) == _pairs(readings):
        return []
    listed = _list([_reading(reading) for reading in readings])
    return ["## Readings", listed or "None yet."]


def _reading(reading: Reading) -> str:
    title = escaped(_one_line(reading.title))
    if not reading.url:
        return title
    url = re.sub(r"([\\<>]|&(?=#?\w{1,40};))", r"\\\1", reading.url)
    return f"[{title}]({url})" if re.fullmatch(r"[^\s()\\<>]+", url) else f"[{title}](<{url}>)"


def _list(texts: Sequence[str]) -> str:
    return "\n".join(_item(number, text) for number, text in enumerate(texts, 1))


def _item(number: int, text: str) -> str:
    marker = f"  {number}. "
    first, *rest = text.split("\n")
    return "\n".join((marker + first, *(" " * len(marker) + line if line else "" for line in rest)))
