"""A summary's part of a session page: who asked what, the lead, the points.

``read_summary`` takes the lines under a summary's heading, ``written_summary`` makes them. What the
summary says is left as it is; only its shape is put in order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from bot.domain.model import Audience, Point, SummaryDraft
from bot.readings.markdown import SPEAKER, Block, blocks, from_page, items, to_page

IMPORTED = "imported"
EXTRACTIVE = "extractive"
QUOTED = "*Quoted from the reading (no AI).*"
EDITED = "*Edited by the organiser.*"
_MADE_BY = re.compile(r"\*Made by (?P<model>[^\n]+)\.\*")
_SCOPE = re.compile(r"\*Not from all of it: (?P<scope>[^\n]+)\*")
_SPEAKER = re.compile(rf"(?:{SPEAKER})[ \t]*")
_ASKERS = frozenset(["me", "i", "we", "us", "user", "human", "prompt", "question", "q", "asked"])
_NO_ASKER, _NO_ANSWERER = "Prompt", "Answer"
_KEY_POINTS = "Key points include:"
_INTRODUCES = re.compile(
    r"(?:(?:here are|these are) )?(?:the |its )?(?:key|main) (?:points|takeaways)\b[^.?!\n]{0,60}:",
    re.IGNORECASE,
)
_HEAD = re.compile(
    r"\*\*(?P<head>[^*\n]{1,200}?)(?:[ ]?:\*\*|\*\*[ ]?:|\*\*[ ]+[–—-](?=[ ]))[ \t]*"
)


@dataclass(frozen=True, slots=True)
class Parts:
    """A summary's body, taken apart. ``tail`` is what follows the points.

    ``introduced`` says whether words such as "Key points include:" stand before them.
    """

    lead: str
    points: tuple[Point, ...] = ()
    tail: str = ""
    introduced: bool = True

    def body(self, indent: str = "") -> str:
        """The Markdown of all of it, the points numbered, each line of them after ``indent``."""
        if not self.points:
            return self.lead
        listed = "\n".join(
            _numbered(number, point, indent) for number, point in enumerate(self.points, 1)
        )
        introduction = _KEY_POINTS if self.introduced else ""
        return "\n\n".join(part for part in (self.lead, introduction, listed, self.tail) if part)


def _numbered(number: int, point: Point, indent: str) -> str:
    marker = f"{indent}{number}. "
    head = f"**{point.head}:**" if point.head else ""
    first, *rest = " ".join(part for part in (head, point.text) if part).split("\n")
    deeper = (" " * len(marker) + line if line.strip() else "" for line in rest)
    return "\n".join((marker + first, *deeper))


def taken_apart(body: str) -> Parts:
    """The lead, the points and the tail of a body; without a list, all of it is the lead."""
    found = blocks(body)
    place = _points_place(found)
    if place is None:
        return Parts(body)
    listed = list(takewhile(_is_list, found[place:]))  # lists in a row are one list of points
    lines = body.split("\n")
    introduced = place > 0 and _introduces(found[place - 1])
    lead = "\n".join(lines[: found[place - introduced].start]).strip()
    tail = "\n".join(lines[listed[-1].end :]).strip()
    points = tuple(_point(item) for block in listed for item in items(body, block) if item)
    return Parts(lead, points, tail, introduced) if points else Parts(body)


def summary_parts(body: str) -> tuple[str, tuple[Point, ...]]:
    """The lead and the points of a summary's Markdown; what follows the points is neither."""
    parts = taken_apart(body)
    return parts.lead, parts.points


def _points_place(found: Sequence[Block]) -> int | None:
    lists = [place for place, block in enumerate(found) if _is_list(block)]
    named = [i for i in lists if i > 0 and _introduces(found[i - 1])]
    return named[-1] if named else next(iter(lists), None)


def _is_list(block: Block) -> bool:
    return block.kind in ("ordered_list", "bullet_list")


def _introduces(block: Block) -> bool:
    return block.kind == "paragraph" and bool(_INTRODUCES.fullmatch(block.text))


def _point(source: str) -> Point:
    found = _HEAD.match(source)
    return Point(found["head"], source[found.end() :].strip()) if found else Point("", source)


def read_summary(source: str, audience: Audience, *, verbatim: bool = False) -> SummaryDraft | None:
    """The summary that stands under a heading, or None where there is nothing.

    ``verbatim`` keeps the body's shape to the letter.
    """
    origin, source = _origin(source.strip("\n"))
    scope, source = _scope(source)
    edited, source = _edited(source)
    asked_by, prompt, answered_by, source = _speakers(source)
    text = from_page(source)
    parts = taken_apart(text)
    body = text if verbatim else parts.body()
    if not body:
        return None
    return SummaryDraft(
        audience,
        body,
        parts.lead,
        parts.points,
        origin,
        asked_by,
        prompt,
        answered_by,
        scope=scope,
        edited=edited,
    )


def _origin(source: str) -> tuple[str, str]:
    first, _, rest = source.partition("\n")
    if first.strip() == QUOTED:
        return EXTRACTIVE, rest.strip("\n")
    made = _MADE_BY.fullmatch(first.strip())
    return (made["model"], rest.strip("\n")) if made else (IMPORTED, source)


def _scope(source: str) -> tuple[str, str]:
    first, _, rest = source.partition("\n")
    said = _SCOPE.fullmatch(first.strip())
    return (said["scope"], rest.strip("\n")) if said else ("", source)


def _edited(source: str) -> tuple[bool, str]:
    first, _, rest = source.partition("\n")
    return (True, rest.strip("\n")) if first.strip() == EDITED else (False, source)


def _speakers(source: str) -> tuple[str, str, str, str]:
    """Who asked, what, who answered, and the lines of the answer."""
    found = [b for b in blocks(source) if b.kind == "paragraph"]
    lines = source.split("\n")
    said = [(block.start, m) for block in found if (m := _SPEAKER.match(lines[block.start]))]
    if not said or said[0][0] != 0:
        return "", "", "", source
    first = _name(said[0][1])
    lines[0] = lines[0][said[0][1].end() :]
    if len(said) == 1 and first.casefold() not in _ASKERS:
        return "", "", _unless(first, _NO_ANSWERER), "\n".join(lines).strip("\n")
    answer = said[1][0] if len(said) > 1 else found[1].start if len(found) > 1 else len(lines)
    prompt = from_page("\n".join(lines[:answer]))
    answered_by = ""
    if len(said) > 1:
        answered_by = _unless(_name(said[1][1]), _NO_ANSWERER)
        lines[answer] = lines[answer][said[1][1].end() :]
    return _unless(first, _NO_ASKER), prompt, answered_by, "\n".join(lines[answer:]).strip("\n")


def _name(said: re.Match[str]) -> str:
    return (said["inside"] or said["outside"]).strip()


def _unless(name: str, nobody: str) -> str:
    return "" if name == nobody else name


def written_summary(draft: SummaryDraft, *, verbatim: bool = False) -> str:
    """The lines under a summary's heading; ``read_summary`` makes the same summary of them."""
    parts = taken_apart(draft.body)
    ordered = parts.points and not verbatim and parts.body() == draft.body
    body = to_page(parts.body("  ") if ordered else draft.body)
    labels = _labels(draft)
    asked = _asked(draft)
    answered_by = draft.answered_by or (_NO_ANSWERER if asked else "")
    if answered_by:
        body = f"**{answered_by}:**{_gap(body)}{body}"
    return "\n\n".join(part for part in (*labels, asked, body) if part)


def _labels(draft: SummaryDraft) -> Iterator[str]:
    """Where it comes from, a line each."""
    if draft.origin == EXTRACTIVE:
        yield QUOTED
    elif draft.origin != IMPORTED:
        yield f"*Made by {draft.origin}.*"
    if draft.scope:
        yield f"*Not from all of it: {' '.join(draft.scope.split())}*"
    if draft.edited:
        yield EDITED


def _asked(draft: SummaryDraft) -> str:
    if not (draft.asked_by or draft.prompt or draft.answered_by.casefold() in _ASKERS):
        return ""
    prompt = to_page(draft.prompt)
    return f"**{draft.asked_by or _NO_ASKER}:**{_gap(prompt)}{prompt}".strip()


def _gap(source: str) -> str:
    """What stands between a speaker's name and the words: only a paragraph follows on its line."""
    first = next(iter(blocks(source)), None)
    return " " if first is not None and first.kind == "paragraph" and first.start == 0 else "\n\n"
