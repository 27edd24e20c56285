"""What every extractive summary must keep to, checked from the outside: only the reading and the
two drafts are looked at, none of the summariser's own parts are used."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.domain.model import Audience, Point, Reading, SummaryDraft

_REFERENCE = re.compile(r"\bpp\. \d|\bIn Proceedings\b|\bvol\. \d|^\[\d|https?://|\bdoi\b", re.I)


def normalised(text: str) -> str:
    """Letters and digits only, folded: marks, line breaks and hyphens don't matter."""
    return "".join(filter(str.isalnum, text.casefold()))


def check(reading: Reading, drafts: Mapping[Audience, SummaryDraft]) -> None:
    """Fails where either draft breaks a rule that all of them keep."""
    techie, plain = drafts[Audience.TECHIE], drafts[Audience.PLAIN]
    source = normalised(reading.text)
    for audience, draft in drafts.items():
        assert draft.audience is audience
        assert draft.origin == "extractive"
        assert "(no AI)" in draft.lead
        assert draft.body.startswith(draft.lead + "\n\n1. **")
        assert len(draft.body.splitlines()) == 2 + len(draft.points)
        for number, point in enumerate(draft.points, start=1):
            assert f"{number}. **{point.head}:** {point.text}" in draft.body.splitlines()
            _check_point(point, source)
    assert 5 <= len(techie.points) <= 8
    assert 1 <= len(plain.points) <= len(techie.points)
    assert 0.45 <= plain.words / techie.words <= 0.55, f"{plain.words}/{techie.words}"
    assert all(point.text == point.quote for point in techie.points)


def _check_point(point: Point, source: str) -> None:
    assert normalised(point.quote) in source, point.quote
    assert re.sub(r" \[[^\]]+\]", "", point.text) == re.sub(r" \[[^\]]+\]", "", point.quote)
    assert point.head
    assert normalised(point.head) in source, point.head
    assert normalised(point.section) in source
    assert point.quote.rstrip('”"’)）」').endswith((".", "!", "?", "。", "！", "？"))
    assert not point.quote.lstrip('“"‘(「')[0].islower()
    assert point.quote.count("“") == point.quote.count("”")
    assert point.quote.count("(") == point.quote.count(")")
    assert point.quote.count('"') % 2 == 0
    assert not _REFERENCE.search(point.quote), point.quote
    assert "|" not in point.quote
    assert "`" not in point.quote
