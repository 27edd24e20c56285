"""Text for Nostr clients, most of which show it raw: Markdown flattened, strangers' words inert.

Inert means that nobody is notified, nothing is embedded and every link shows where it leads. What
may be stored at all is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import orjson

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip

CONTENT_BYTES = 56_000
"""Room for a content's JSON in an event of 65,536 bytes, with its tags and signature."""

_CUT = "\n\n[Cut here: the rest is too long for one note.]"

# A name a client would turn into a mention or an embedded note. nsec is there to be hidden.
_NAME = re.compile(
    r"(?:nostr:)?(npub|nprofile|note|nevent|naddr|nsec)1([02-9ac-hj-np-z]{20,5000}+)", re.I
)
_SCHEME = re.compile(r"(nostr|javascript|data)(:)", re.I)
_AT = re.compile(r"(?<![\w@/])@(?=\w)")  # after a slash it is part of a link
_INDEXED = re.compile(r"#\[(?=\d)")  # NIP-08, which pings the n-th tag
_LINK = re.compile(
    r"!?\[([^\[\]\n]{0,500})\]\(\s?<?([^\s()<>]{1,2000})>?(?:\s+\"[^\"\n]{0,200}\")?\s?\)"
)
_EMPHASIS = re.compile(
    r"https?://\S++"  # left alone: an underscore of a link is no emphasis
    r"|(?<![\w*_`])(\*\*\*|\*\*|\*|___|__|_)(?=\S)([^*_\n]{1,500})(?<=\S)\1(?![\w*_`])"
)
_HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ \t]+", re.M)
_BULLET = re.compile(r"^([ ]{0,8})[*+-][ \t]+", re.M)
_BREAKS = re.compile(r"\n{3,}")
_HOSTILE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def inert(text: str) -> str:
    """A stranger's words: read as they are, but they notify nobody and hide no link."""
    text = without_names(_LINK.sub(_link_shown, unhostile(text)))
    text = _SCHEME.sub("\\1\u200b\\2", text)
    text = _INDEXED.sub("#\u200b[", text)
    return _AT.sub("@\u200b", text)


def unhostile(text: str) -> str:
    """Without control characters and those that reorder what stands around them."""
    return _HOSTILE.sub("", text.replace("\t", " "))


def without_names(text: str) -> str:
    """Nostr names shortened, so that no client takes them for a mention or an embedded note."""
    return _NAME.sub(_name_shortened, text)


def flat(markdown: str, told: Collection[str] = ()) -> str:
    """An organiser's Markdown as plain text: links spelled out, marks gone, bullets as dots.

    Of a link to an address that the reader is ``told`` beside it, only its words are left.
    """
    text = _LINK.sub(
        lambda link: (link[2] in told and link[1].strip()) or _link_shown(link), markdown
    )
    text = _EMPHASIS.sub(lambda found: found[2] or found[0], text)
    text = _HEADING.sub("", text)
    text = _BULLET.sub(r"\1• ", text)
    return _BREAKS.sub("\n\n", text).strip()


def first_words(text: str, length: int) -> str:
    """On one line, of ``length`` characters at most."""
    one_line = " ".join(text.split())
    if len(one_line) <= length:
        return one_line
    return one_line[: length - 1].rsplit(" ", 1)[0].rstrip(",;:–—-") + "…"


def fit(text: str, room: int = CONTENT_BYTES, cut: str = _CUT) -> str:
    """The text, or as much of it as ``room`` bytes of JSON hold, cut at sense and saying so."""
    if json_length(text) <= room:
        return text
    low, high = 0, min(len(text), room)
    while low < high:  # the longest start that fits
        middle = (low + high + 1) // 2
        if json_length(text[:middle]) <= room - len(cut) - 8:
            low = middle
        else:
            high = middle - 1
    return _cut_at_sense(text[:low]) + cut


def json_length(text: str) -> int:
    """Bytes of the text in an event."""
    return len(orjson.dumps(text))


def when(starts_at: datetime, timezone: str, *, year: bool = True) -> str:
    """``Wed 2 Dec 2026, 19:00 EST (Thu 00:00 UTC)``: local time first, then everybody's."""
    local = starts_at.astimezone(ZoneInfo(timezone))
    said = f"{_day(local, year=year)}, {local:%H:%M} {zone_name(local)}"
    if local.utcoffset() == timedelta(0):
        return said
    utc = starts_at.astimezone(UTC)
    day = "" if utc.date() == local.date() else f"{_DAYS[utc.weekday()]} "
    return f"{said} ({day}{utc:%H:%M} UTC)"


@lru_cache(maxsize=256)
def short_when(starts_at: datetime, timezone: str, *, year: bool = False) -> str:
    """``Wed 2 Dec, 19:00 EST``."""
    local = starts_at.astimezone(ZoneInfo(timezone))
    return f"{_day(local, year=year)}, {local:%H:%M} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """The zone's abbreviation; zones that have none (``-03``) get ``UTC-03``."""
    name = local.tzname() or "UTC"
    return f"UTC{name}" if name[:1] in "+-" else name


def _day(moment: datetime, *, year: bool) -> str:
    day = f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]}"
    return f"{day} {moment.year}" if year else day


def _link_shown(link: re.Match[str]) -> str:
    text, url = link[1].strip(), link[2]
    return url if text in ("", url) else f"{text} ({url})"


def _name_shortened(name: re.Match[str]) -> str:
    if name[1].lower() == "nsec":
        return "nsec1…"  # a secret that somebody let slip isn't repeated
    return f"{name[1]}1{name[2][:4]}…{name[2][-4:]}"


def _cut_at_sense(text: str) -> str:
    """Without its broken last paragraph, sentence or word, whichever costs a tenth at most."""
    for mark in ("\n\n", "\n", ". ", " "):
        at = text.rfind(mark)
        if at >= len(text) * 9 // 10:
            return text[:at].rstrip() + ("." if mark == ". " else "")
    return text
