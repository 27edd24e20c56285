"""The pieces of a draft that are looked at one by one, each knowing where it stands.

What the body has beside its lead and points is a piece too: it is posted like the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.domain.model import SummaryDraft
from bot.summarisers.quotes import squeezed
from bot.summarisers.source import unified

Kind = Literal["lead", "head", "text", "body", "quote", "section"]
_LIST_MARK = re.compile(r"^\s*(?:\d{1,3}[.)]|[-*+•])\s+")
_EMPHASIS = re.compile(
    r"(?<!\w)\*{1,3}|\*{1,3}(?!\w)|\*{2,3}|(?<!\w)_{1,2}(?=\S)|(?<=\S)_{1,2}(?!\w)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a draft: its text, and its point counted from 1 (None outside of points)."""

    point: int | None
    kind: Kind
    text: str

    @property
    def where(self) -> str:
        """How the place is called in a sentence."""
        if self.point is None:
            return f"the {self.kind}"
        if self.kind == "text":
            return f"point {self.point}"
        return f"the {self.kind} of point {self.point}"


def parts_of(draft: SummaryDraft) -> Iterator[Part]:
    """The lead, each point's head and text, what else the body has; no marks of emphasis."""
    yield Part(None, "lead", _unmarked(draft.lead))
    for number, point in enumerate(draft.points, start=1):
        yield Part(number, "head", _unmarked(point.head))
        yield Part(number, "text", _unmarked(point.text))
    if rest := "\n".join(_further(draft)):
        yield Part(None, "body", _unmarked(rest))


def _further(draft: SummaryDraft) -> Iterator[str]:
    """Lines of the body that are neither in the lead nor in a point."""
    known = [squeezed(draft.lead)]
    known += [squeezed(f"{point.head} {point.text}") for point in draft.points]
    for line in draft.body.splitlines():
        bare = _LIST_MARK.sub("", line)
        piece = squeezed(bare)
        if bare.strip() and not (piece and any(piece in text for text in known)):
            yield bare.strip()


def _unmarked(text: str) -> str:
    return _EMPHASIS.sub("", unified(text))
