"""A summary that a model wrote as a list, where it should have been JSON.

Reads a lead and points with their quotation and section out of Markdown or plain lines, as small
models write them. What can't be told apart is left out; nothing is made up.
"""

from __future__ import annotations

import re
from typing import Any

_FENCE = re.compile(r"^\s*(?:```.*|-{3,}|\*{3,})$")
_POINT = re.compile(r"^\s*(?:\(?\d{1,2}[.):]|[-*•+]|(?:#+\s*)?point\s+\d{1,2}[.:)]?)\s+(.*)$", re.I)
_LABEL = re.compile(
    r"^\s*(?:[-*•>+]\s+)*[*_]{0,2}(lead|summary|head|heading|title|text|quote|quotation|section)"
    r"[*_]{0,2}\s*:\s*[*_]{0,2}\s*(.*)$",
    re.IGNORECASE,
)
_HEAD = re.compile(r"^(?:\*\*|__)(.{1,200}?)(?:\*\*|__)\s*[:.–—-]?\s*(.*)$")
_PLAIN_HEAD = re.compile(r"^([^:.!?]{2,80}):\s+(.*)$")
_QUOTED = re.compile(r"^\s*(?:>\s*)?[“\"«„](.{3,2000})[”\"»“]\s*(?:\(([^()]{1,300})\))?[.]?\s*$")
_NAMES = {"summary": "lead", "heading": "head", "title": "head", "quotation": "quote"}


def read(content: str) -> dict[str, Any] | None:
    """``{"lead", "points": [{"head", "text", "quote", "section"}]}``, or None without points."""
    lead: list[str] = []
    points: list[dict[str, str]] = []
    for line in content.splitlines():
        if not line.strip() or _FENCE.match(line):
            continue
        if not _labelled(line, lead, points) and not _quoted(line, points):
            _written(line, lead, points)
    points = [point for point in points if point["text"]]
    return {"lead": " ".join(lead), "points": points} if lead and points else None


def _labelled(line: str, lead: list[str], points: list[dict[str, str]]) -> bool:
    """A line such as "Quote: ..."; a second head or text starts another point."""
    match = _LABEL.match(line)
    if match is None:
        return False
    name, text = match[1].casefold(), match[2].strip()
    name = _NAMES.get(name, name)
    if name == "lead":
        lead.append(text)
        return True
    if not points or (name in ("head", "text") and points[-1][name]):
        points.append(_point())
    points[-1][name] = _unquoted(text) if name == "quote" else text
    return True


def _quoted(line: str, points: list[dict[str, str]]) -> bool:
    """A line that is nothing but a quotation, perhaps with its section in brackets."""
    match = _QUOTED.match(line)
    if match is None or not points or points[-1]["quote"]:
        return False
    points[-1]["quote"] = match[1].strip()
    points[-1]["section"] = points[-1]["section"] or (match[2] or "").strip()
    return True


def _written(line: str, lead: list[str], points: list[dict[str, str]]) -> None:
    entry = _POINT.match(line)
    text = (entry[1] if entry else line).strip()
    headed = _HEAD.match(text) or (_PLAIN_HEAD.match(text) if entry else None)
    if entry or headed:
        head, rest = (headed[1].strip(" :*_"), headed[2]) if headed else ("", text)
        points.append(_point(head, rest.strip()))
    elif points:
        points[-1]["text"] = f"{points[-1]['text']} {text}".strip()
    else:
        lead.append(text.lstrip("# "))


def _point(head: str = "", text: str = "") -> dict[str, str]:
    return {"head": head, "text": text, "quote": "", "section": ""}


def _unquoted(text: str) -> str:
    match = _QUOTED.match(text)
    return match[1] if match else text
