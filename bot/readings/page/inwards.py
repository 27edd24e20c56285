"""A group's session page, read: title, topic, readings, summaries, questions.

Takes a page as people keep it, with the damage it has, and says in notes what was mended and what
was not taken. It decides nothing about the session: an impossible date is handed on as it stands.
``outwards`` writes the same shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.errors import InvalidPageError
from bot.domain.model import Audience, Reading, SessionPage, SummaryDraft
from bot.domain.when import LONGEST, SHORTEST, parse_offset
from bot.readings.markdown import (
    FOOTER,
    Block,
    blocks,
    from_page,
    items,
    links,
    plain_text,
)
from bot.readings.page.damage import decoded, mended
from bot.readings.page.front_matter import (
    VERBATIM,
    first,
    front_matter,
    line,
    split_tags,
    tags,
    when,
)
from bot.readings.page.summary import read_summary

_SUMMARY = re.compile(r"summar|tl;?dr|recap|overview|key points|in plain words|for techies")
_PLAIN = re.compile(
    r"non[- –—]?tech|\bplain|everyone|everybody|simpl|layman|layperson|beginner|general"
    r"|non[- ]?expert|newcomer|eli5|\beasy|less technical"
)
_QUESTIONS = re.compile(r"question|\bdiscuss")
_READINGS = re.compile(r"(?:the |further |our )?(?:readings?|reading list|links?)")
_FOOTER = re.compile(FOOTER)
_TAG_ADDRESS = re.compile(r"(?:^|/)tags?/[^/]+(?:/|$)")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_TAG_LINE = re.compile(r"tags?:(.*)", re.IGNORECASE | re.DOTALL)


@dataclass
class _Parts:
    """The lines of a page by what they are for."""

    topic: list[str] = field(default_factory=list)
    summaries: dict[Audience, str] = field(default_factory=dict)
    questions: str = ""
    readings: str | None = None
    tags: list[str] = field(default_factory=list)
    heading: str = ""
    notes: list[str] = field(default_factory=list)


def parse_page(data: bytes | str, name: str = "") -> SessionPage:
    """Read a session page; ``name`` (a file's) stands in the errors.

    Raises InvalidPageError for what is no session page: too large, not text, another format, or
    without a title.
    """
    called = f"“{name}”" if name else "The page"
    text, notes = decoded(data, called)
    metadata, body, problem = front_matter(text)
    verbatim = metadata.get(VERBATIM) == "true"
    if not verbatim:
        text, repairs = mended(text)
        metadata, body, problem = front_matter(text)
        notes += repairs
    notes += problem
    title = line(metadata.get("title"))
    parts = _taken_apart(body, title)
    title = title or parts.heading
    if not title:
        missing = "has no title; begin it with `# Title`, or `title:` in its front matter."
        raise InvalidPageError(" ".join((called, missing, *problem)))
    return _page(title, metadata, parts, notes + parts.notes, verbatim=verbatim)


def _page(
    title: str, metadata: dict[str, object], parts: _Parts, notes: list[str], *, verbatim: bool
) -> SessionPage:
    date, time = when(metadata)
    topic = from_page("\n".join(parts.topic))
    summaries = _summaries(parts, verbatim=verbatim)
    readings, left_out = _readings(topic, parts.readings)
    lasts, odd = _duration(metadata)
    return SessionPage(
        title=title,
        date=date,
        time=time,
        timezone=first(metadata, "timezone", "tz"),
        slug=first(metadata, "slug"),
        place=first(metadata, "place", "location"),
        topic=topic,
        tags=tags(metadata.get("tags"), parts.tags),
        readings=readings,
        summaries=summaries,
        questions=_questions(parts.questions),
        notes=(*notes, *left_out, *odd, *_missing(date, summaries)),
        duration=lasts,
    )


def _duration(metadata: dict[str, object]) -> tuple[timedelta | None, list[str]]:
    """How long it lasts, "2h" or "1h30m", where the page says so; and a note where it can't be."""
    said = first(metadata, "duration")
    if not said:
        return None, []
    try:
        lasts = parse_offset(said)
    except ValueError:
        lasts = timedelta(0)
    if SHORTEST <= lasts <= LONGEST:
        return lasts, []
    return None, ["The duration was not taken; write it like 2h or 1h30m, 24h at most."]


def _taken_apart(body: str, title: str) -> _Parts:
    """Give each line of the page to the part that it stands in. ``title`` may be empty."""
    parts = _Parts()
    lines = body.split("\n")
    found = blocks(body)
    for block in found:
        if _is_footer(block, lines):
            parts.tags += _footer_tags("\n".join(lines[block.start : block.end]), block)
    kept = _content(found, lines, parts)
    heading = _title_block(kept, title)
    parts.heading = "" if heading is None else heading.text
    for name, stretch in _stretches([block for block in kept if block is not heading]):
        _assign(parts, name, "\n".join(_lines_of(stretch, lines)))
    return parts


def _is_footer(block: Block, lines: Sequence[str]) -> bool:
    return block.kind == "paragraph" and bool(_FOOTER.match(lines[block.start]))


def _title_block(kept: Sequence[Block], title: str) -> Block | None:
    """The heading that is the page's title: the one that says so, else the first of any other use.

    A first heading of the first level is the title of a page that has no other.
    """
    headings = [block for block in kept if block.kind == "heading"]
    if not headings:
        return None
    same = " ".join(title.split())
    if (headings[0].tag == "h1" and headings[0].text == same) or (
        not title and headings[0].tag == "h1"
    ):
        return headings[0]
    free = (block for block in headings if _purpose(block.text) is None)
    return next((block for block in free if not title or block.tag == "h1"), None)


def _content(found: Sequence[Block], lines: Sequence[str], parts: _Parts) -> list[Block]:
    """The blocks that say something: no footers, no pictures alone, no empty headings."""
    kept = []
    for block in found:
        if block.kind == "heading" and not block.text:
            parts.notes.append("Left out a heading without text.")
        elif not _is_footer(block, lines) and not _picture(block):
            kept.append(block)
    return kept


def _picture(block: Block) -> bool:
    """Whether there is nothing but pictures, linked or not."""
    if block.kind != "paragraph" or not block.source.startswith(("![", "[![")):
        return False
    marks = ("image", "softbreak", "hardbreak", "link_open", "link_close")
    return all(child.type in marks or not child.content.strip() for child in block.children)


def _stretches(kept: Sequence[Block]) -> Iterator[tuple[str, list[Block]]]:
    """Pairs of heading and blocks. The topic has none, and keeps headings of no known use."""
    heading, level, stretch = "", "h7", list[Block]()
    for block in kept:
        known = block.kind == "heading" and _purpose(block.text) is not None
        ends = block.kind == "heading" and bool(heading) and block.tag <= level
        if (known and (not heading or block.tag <= level or _purpose(heading) is None)) or ends:
            yield heading, stretch
            heading, level, stretch = block.text, block.tag, []
        else:
            stretch.append(block)
    yield heading, stretch


def _lines_of(stretch: Sequence[Block], lines: Sequence[str]) -> Iterator[str]:
    """The lines of the blocks, with the blank ones between neighbours as they are."""
    end = None
    for block in stretch:
        if end is not None:
            gap = lines[end : block.start]
            yield from gap if all(not line.strip() for line in gap) else [""]
        yield from lines[block.start : block.end]
        end = block.end


def _purpose(heading: str) -> Audience | str | None:
    """What a heading is for: a summary's audience, "questions", "readings", or nothing we know."""
    words = heading.casefold().strip(" :#")
    if _SUMMARY.search(words) and len(words) <= 80:
        return Audience.PLAIN if _PLAIN.search(words) else Audience.TECHIE
    if _READINGS.fullmatch(words):
        return "readings"
    return "questions" if _QUESTIONS.search(words) and len(words) <= 60 else None


def _assign(parts: _Parts, heading: str, source: str) -> None:
    purpose = _purpose(heading) if heading else "topic"
    match purpose:
        case "topic":
            parts.topic.append(source)
        case "questions":
            parts.questions += f"\n\n{source}"
        case "readings":
            parts.readings = f"{parts.readings or ''}\n\n{source}".strip()
        case Audience() if purpose not in parts.summaries:
            parts.summaries[purpose] = source
        case _:
            parts.notes.append(f"Left out the part “{heading}”.")


def _footer_tags(source: str, block: Block) -> list[str]:
    tags = [link.text or link.url for link in links(source) if _TAG_ADDRESS.search(link.url)]
    line = _TAG_LINE.match(block.text)
    return tags if tags or not line else split_tags(line[1].strip())


def _summaries(parts: _Parts, *, verbatim: bool) -> tuple[SummaryDraft, ...]:
    drafts = (
        read_summary(parts.summaries[audience], audience, verbatim=verbatim)
        for audience in Audience
        if audience in parts.summaries
    )
    return tuple(draft for draft in drafts if draft is not None)


def topic_reading(topic: str) -> tuple[Reading, ...]:
    """The reading that a topic names: its first link to the web, where it has one."""
    web = (link for link in links(topic) if link.web)
    return tuple(Reading(link.text or link.url, link.url) for link in web)[:1]


def _readings(topic: str, listed: str | None) -> tuple[tuple[Reading, ...], list[str]]:
    """The readings, and a note on links that are none."""
    source = topic if listed is None else listed
    odd = sum(
        re.match(r"[a-z]+:", link.url, re.I) is not None and not link.web for link in links(source)
    )
    notes = [f"Left out {odd} link{'s'[: odd != 1]} that lead{'s'[: odd == 1]} to no web page."]
    if listed is None:
        return topic_reading(topic), notes[: bool(odd)]
    found = [
        _listed(item)
        for block in blocks(listed)
        if block.kind.endswith("_list")
        for item in items(listed, block)
    ]
    return tuple(reading for reading in found if reading.title), notes[: bool(odd)]


def _listed(item: str) -> Reading:
    web = next((link for link in links(item) if link.web), None)
    if web is None:
        return Reading(" ".join(plain_text(item).split()))
    return Reading(web.text or web.url, web.url)


def _questions(source: str) -> tuple[str, ...]:
    """The items of the lists, or, where there is no list, the paragraphs that ask something."""
    found = blocks(source)
    asked = [
        plain_text(item)
        for block in found
        if block.kind.endswith("_list")
        for item in items(source, block)
    ]
    paragraphs = [b.text for b in found if b.kind == "paragraph" and b.text.endswith("?")]
    return tuple(question for question in asked or paragraphs if question)


def _missing(date: str, summaries: Sequence[SummaryDraft]) -> Iterator[str]:
    if not date:
        yield "No date on the page."
    there = {draft.audience for draft in summaries}
    if not there:
        yield "No summary on the page."
    elif len(there) == 1:
        yield f"No {next(a for a in Audience if a not in there).value} summary on the page."
