"""What a web page says of itself: title, author, date, language, and whether all may read it.

trafilatura knows where pages say so, but some of its patterns take minutes over a hundred thousand
odd characters, so what it is given is cut to what a title or a name can be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_LONG = 300  # characters of a title, a name or any other single value
_MOST_VALUES = 400  # meta elements, and values in structured data
_JSON_LENGTH = 200_000
_DEPTH = 12
_LD_JSON = "application/ld+json"
_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8}){0,3}")
_FREE = "isAccessibleForFree"  # https://schema.org/isAccessibleForFree


@dataclass(frozen=True, slots=True)
class Metadata:
    """ "" for what the page doesn't say. ``closed``: it says that not all may read all of it."""

    title: str = ""
    author: str = ""
    published: str = ""  # an ISO date
    language: str = ""
    closed: bool = False


def metadata(tree: Any, url: str) -> Metadata:
    """What the page ``tree`` (of lxml) says. Shortens the overlong in the tree as it goes."""
    from trafilatura import extract_metadata

    closed = _cut_structured_data(tree)
    _cut_values(tree)
    dates = {"extensive_search": False, "original_date": True}
    found = extract_metadata(tree, url or None, dates, extensive=False)
    return Metadata(
        title=found.title or "",
        author=", ".join((found.author or "").split("; ")),
        published=found.date or "",
        language=_language(tree),
        closed=closed,
    )


def _cut_values(tree: Any) -> None:
    for number, element in enumerate(list(tree.iter("meta"))):
        if number >= _MOST_VALUES:
            element.getparent().remove(element)
            continue
        for name, value in element.attrib.items():
            if len(value) > _LONG:
                element.set(name, value[:_LONG])
    for element in tree.iter("title", "h1"):
        if len(element.text or "") > _LONG:
            element.text = element.text[:_LONG]


def _cut_structured_data(tree: Any) -> bool:
    """Keeps of the page's JSON-LD what is JSON and not too long; True when it closes the page."""
    closed = False
    for element in list(tree.iter("script")):
        if (element.get("type") or "").strip().lower() != _LD_JSON:
            continue
        text = element.text or ""
        try:
            data = json.loads(text, strict=False) if len(text) <= _JSON_LENGTH else {}
            element.text = json.dumps(_cut(data, iter(range(_MOST_VALUES)), 0), ensure_ascii=False)
        except (ValueError, RecursionError):
            element.text = "{}"
            continue
        closed = closed or re.search(rf'"{_FREE}": "?(?:false|no)', element.text, re.I) is not None
    return closed


def _cut(value: Any, places: Iterator[int], depth: int) -> Any:
    """A copy with short strings, and no more values and levels than a page's data has."""
    if isinstance(value, str):
        return re.sub(r"[<>\\\s]+", " ", value[:_LONG])
    if depth >= _DEPTH:
        return None
    if isinstance(value, list):
        return [_cut(each, places, depth + 1) for each in value if next(places, None) is not None]
    if isinstance(value, dict):
        return {
            key[:_LONG]: _cut(each, places, depth + 1)
            for key, each in value.items()
            if next(places, None) is not None
        }
    return value


def _language(tree: Any) -> str:
    said = [tree.get("lang"), tree.get("{http://www.w3.org/XML/1998/namespace}lang")]
    for element in tree.iter("meta"):
        header = (element.get("http-equiv") or "").lower() == "content-language"
        if header or element.get("property") == "og:locale":
            said.append(element.get("content"))
    for word in said:
        if found := _LANGUAGE.fullmatch((word or "").strip()):
            return found[0].replace("_", "-")
    return ""
