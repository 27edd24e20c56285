"""The corpus of readings and summaries under ``tests/corpus``, as drafts.

A pair of summaries is written in TOML; a planted fault is one replacement in one field of a pair.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.domain.model import Audience, Point, SummaryDraft

ROOT = Path(__file__).parent.parent.parent
CORPUS = ROOT / "tests" / "corpus"


@dataclass(frozen=True, slots=True)
class Pair:
    """Both summaries of one reading by one writer."""

    name: str
    reading: str
    drafts: Mapping[Audience, SummaryDraft]


@dataclass(frozen=True, slots=True)
class Planted:
    """An honest pair with one fault, and the gate that must stop it."""

    name: str
    kind: str
    gate: str
    pair: Pair


def drafted(audience: Audience, lead: str, points: list[Point], body: str = "") -> SummaryDraft:
    lines = [f"{n}. **{point.head}:** {point.text}" for n, point in enumerate(points, start=1)]
    return SummaryDraft(
        audience, body or "\n".join([lead, "", *lines]), lead, tuple(points), "a-model"
    )


def readings() -> dict[str, str]:
    """The corpus's own readings, the ones of other tests, and the one that comes with the demo."""
    folders = (ROOT / "tests" / "unit" / "readings", CORPUS / "readings")
    files = [path for folder in folders for path in sorted(folder.iterdir())]
    relays = ROOT / "bot" / "samples" / "why-small-relays-matter.reading.md"
    return {path.stem: path.read_text("utf-8") for path in files} | {
        "relays": relays.read_text("utf-8")
    }


def honest() -> list[Pair]:
    texts = readings()
    return [
        Pair(f"{path.stem}/{raw['name']}", texts[path.stem], _drafts(raw))
        for path in sorted((CORPUS / "honest").iterdir())
        for raw in tomllib.loads(path.read_text("utf-8"))["pair"]
    ]


def planted() -> list[Planted]:
    pairs = {pair.name: pair for pair in honest()}
    raw = tomllib.loads((CORPUS / "planted.toml").read_text("utf-8"))
    return [_planted(fault, pairs[fault["pair"]]) for fault in raw["fault"]]


def _drafts(raw: Mapping[str, Any]) -> dict[Audience, SummaryDraft]:
    return {
        audience: drafted(
            audience,
            raw[audience]["lead"],
            [Point(head, text, quote) for head, text, quote in raw[audience]["points"]],
        )
        for audience in Audience
    }


def _planted(fault: Mapping[str, Any], pair: Pair) -> Planted:
    audience = Audience(fault["audience"])
    changed = _changed(pair.drafts[audience], fault)
    drafts = {**pair.drafts, audience: changed}
    name = f"{fault['kind']}: {pair.name} {fault['new'][:40]!r}"
    return Planted(name, fault["kind"], fault["gate"], replace(pair, drafts=drafts))


def _changed(draft: SummaryDraft, fault: Mapping[str, Any]) -> SummaryDraft:
    """The draft with ``old`` replaced by ``new`` in its field; "" as ``old`` means its end."""
    points = list(draft.points)
    if fault["field"] == "lead":
        return drafted(draft.audience, _put(draft.lead, fault), points)
    if fault["field"] == "body":
        return drafted(draft.audience, draft.lead, points, _put(draft.body, fault))
    at = fault["point"] - 1
    field = fault["field"]
    points[at] = replace(points[at], **{field: _put(getattr(points[at], field), fault)})
    return drafted(draft.audience, draft.lead, points)


def _put(text: str, fault: Mapping[str, Any]) -> str:
    old, new = str(fault.get("old", "")), str(fault["new"])
    if not old:
        return f"{new}{text}" if fault.get("first") else f"{text}{new}"
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {text!r}"
    return text.replace(old, new)
