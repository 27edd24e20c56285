"""What a text says of a paper on arXiv: which one is meant, where its PDF is, what its page tells.

Pure: it fetches nothing. An id is what https://info.arxiv.org/help/arxiv_identifier.html calls one.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from bot.domain.text import clean_name

_MOST = 300_000  # characters of a page that are looked at; its meta elements stand first
_LENGTH = 300  # characters of a title or a name
_AUTHORS = 20  # more than these are "and others"

_ID = (
    r"(?P<id>\d{4}\.\d{4,5}|[a-z]{1,12}(?:-[a-z]{1,8})?(?:\.[A-Z]{2})?/\d{7})(?P<version>v\d{1,3})?"
)
_BARE = re.compile(rf"(?:arxiv:\s?)?{_ID}", re.IGNORECASE)
_LINK = re.compile(
    r"(?:https?://)?(?:(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format|ps|e-print)"
    r"|ar5iv\.(?:labs\.)?(?:arxiv\.)?org/(?:abs|html)|(?:dx\.)?doi\.org/10\.48550/arxiv\.)"
    rf"[/]?{_ID}(?:\.pdf)?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_META = re.compile(r"<meta\s[^<>]{1,2000}>", re.IGNORECASE)
_NAME = re.compile(r"\bname\s*=\s*[\"']?citation_([a-z_]{1,40})", re.IGNORECASE)
_CONTENT = re.compile(r"\bcontent\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})[/-](\d{2})[/-](\d{2})")


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper's id with its version, where one is named: "2301.12345", "math.GT/0309136v2"."""

    id: str

    @property
    def pdf(self) -> str:
        return f"https://arxiv.org/pdf/{self.id}"

    @property
    def page(self) -> str:
        return f"https://arxiv.org/abs/{self.id}"


@dataclass(frozen=True, slots=True)
class About:
    """What the paper's page tells; "" for what it doesn't. ``published`` is an ISO date."""

    title: str = ""
    author: str = ""
    published: str = ""


def paper(source: str) -> Paper | None:
    """The paper that ``source`` names, by id or link; None when it names something else."""
    source = source.strip()
    found = _BARE.fullmatch(source) or _LINK.fullmatch(source)
    if found is None:
        return None
    name = found["id"] if "." in found["id"].partition("/")[0] else found["id"].lower()
    return Paper(name + (found["version"] or "").lower())


def about(page: str) -> About:
    """Title, authors and date by the page's citation elements (as Google Scholar reads them)."""
    told: dict[str, list[str]] = {}
    for element in _META.findall(page[:_MOST]):
        name, content = _NAME.search(element), _CONTENT.search(element)
        if name and content:
            words = clean_name(html.unescape(content[1] or content[2] or ""), _LENGTH)
            told.setdefault(name[1].lower(), []).append(words)
    date = _DATE.match((told.get("date") or told.get("online_date") or [""])[0])
    return About(
        title=(told.get("title") or [""])[0],
        author=_people(told.get("author", [])),
        published="-".join(date.groups()) if date else "",
    )


def _people(names: list[str]) -> str:
    """ "Doe, Jane" and others as "Jane Doe, John Roe"."""
    turned = [" ".join(part.strip() for part in reversed(name.split(",", 1))) for name in names]
    others = " and others" if len(turned) > _AUTHORS else ""
    return ", ".join(name for name in turned[:_AUTHORS] if name) + others
