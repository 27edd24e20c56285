"""What an organiser types as a session's readings: titles and links, understood.

Pure rules about text. Whether a link leads anywhere is not decided here, and nothing is fetched.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from bot.domain.errors import InvalidSessionError
from bot.domain.model import Reading
from bot.domain.text import clean_name

MOST = 10
_TITLE_LENGTH = 200
_URL_LENGTH = 2000
_MARKDOWN = re.compile(r"\[([^\[\]]*)\]\(\s*<?([^\s()<>]+)>?\s*\)")
_LIST_MARK = re.compile(r"^\s*(?:[-*•]|[0-9]{1,2}[.)])\s+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:/*", re.IGNORECASE)
_WEB = re.compile(r"https?://", re.IGNORECASE)


def readings_in(text: str) -> tuple[Reading, ...]:
    """``"Scaling laws https://arxiv.org/abs/2001.08361"``: a title, then its link; one a line, or
    one after another. A title alone is a reading too, and so is a link alone.

    Raises InvalidSessionError for a link that is none of the web's, and for more than ten readings.
    """
    readings: list[Reading] = []
    for line in _MARKDOWN.sub(r"\1 \2 ", text).splitlines():
        words: list[str] = []
        for word in _LIST_MARK.sub("", line).split():
            if _is_link(word):
                readings.append(linked(word.strip("<>"), " ".join(words)))
                words = []
            else:
                words.append(word)
        if title := _title(" ".join(words)):
            readings.append(Reading(title))
    if len(readings) > MOST:
        raise InvalidSessionError(f"A session has {MOST} readings at most; give the main ones.")
    return tuple(readings)


def linked(url: str, title: str = "") -> Reading:
    """A reading that is a link; without a title it is called by its address.

    Raises InvalidSessionError for anything but http and https, and for a user name in the link.
    """
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and not parts.username and not parts.password
    except ValueError:
        usable = False
    if (
        not usable
        or not _WEB.match(url)
        or not url.isprintable()
        or " " in url
        or len(url) > _URL_LENGTH
    ):
        raise InvalidSessionError(
            f"“{clean_name(url)}” can't be read; give a link that starts with https:// or http://, "
            "carries no user name and has no spaces (write %20)."
        )
    return Reading(_title(title) or _called(url), url)


def is_untitled(reading: Reading) -> bool:
    """Whether nobody gave it a title, and it is called by its address."""
    return reading.title in ("", reading.url, _called(reading.url))


def shown(reading: Reading) -> str:
    """The line that ``readings_in`` reads back as the same reading."""
    return (
        reading.url
        if reading.title == _called(reading.url)
        else f"{reading.title} {reading.url}".strip()
    )


def _is_link(word: str) -> bool:
    """Whether a word is meant as a link; ``file:///etc`` is, and is refused then. "Re:" is not."""
    word = word.strip("<>")
    found = _SCHEME.match(word)
    return found is not None and ("//" in found[0] or word.lower().startswith("javascript:"))


def _called(url: str) -> str:
    """What a link is called that nobody gave a title: its host and path."""
    return clean_name(url.split("//", 1)[-1].split("?")[0].split("#")[0].rstrip("/"), _TITLE_LENGTH)


def _title(text: str) -> str:
    return clean_name(text, _TITLE_LENGTH).strip(" -–—|,;:")
