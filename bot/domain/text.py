"""Strangers' text made safe to keep: what is removed, what is refused, what stays as it was said.

Pure rules about characters. Markup, mentions and links are text here; whoever shows them escapes
them for its own medium.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

from bot.domain.errors import InvalidSubmissionError

_MARKS_IN_A_ROW = 4
_NAME_LENGTH = 80
_SLUG_LENGTH = 60
_MEANT_BY_TIME = frozenset({"next", "last"})
"""What `services.find` takes for the session that it is just then."""

_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")
_BREAKS = re.compile("\r\n?|[\u2028\u2029]")
# Every control character but newline, and the marks that reorder what stands around them: the bidi
# embeddings, overrides and isolates (Unicode TR9). LRM, RLM, ZWJ and ZWNJ are for scripts and stay.
_REMOVED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONG_RUN = re.compile("[^\x00-\u02ff]{5,}")  # no shorter one can hold too many combining marks
_BLANK_LETTERS = frozenset(
    "\u115f\u1160\u2800\u3164\uffa0"
)  # letters and symbols that show nothing


def clean_text(text: str, limit: int) -> str:
    """What a person wrote, NFC, without reordering and control characters, at most ``limit`` long.

    Combining marks are capped at four in a row; everything else stays as it is. Raises
    InvalidSubmissionError for NUL or a lone surrogate, for nothing visible, and for too much.
    """
    if len(text) > 4 * limit:  # before any work on it
        raise _too_long(limit)
    if _NOT_TEXT.search(text):
        raise InvalidSubmissionError(
            "That has characters that are not text; write it again without them."
        )
    text = _mend(text).strip()
    if not _is_visible(text):
        raise InvalidSubmissionError("There is nothing to read in that; write your question out.")
    if len(text) > limit:
        raise _too_long(limit)
    return text


def clean_name(text: str, limit: int = _NAME_LENGTH) -> str:
    """A name or title on one line, cut to ``limit`` characters; empty when nothing of it shows."""
    text = " ".join(_mend(_NOT_TEXT.sub("", text[: 4 * limit])).split())[:limit].rstrip()
    return text if _is_visible(text) else ""


def mended(text: str) -> str:
    """The text without what is no text, control and reordering characters; marks are capped.

    For showing what may never have gone through ``clean_text``: imported pages, models' answers.
    """
    return _mend(_NOT_TEXT.sub("", text))


def slug_of(title: str) -> str:
    """An ASCII name for addresses and commands: ``"Llama, 2nd part"`` -> ``"llama-2nd-part"``.

    At most 60 characters, cut between words where it can be; ``"session"`` when nothing is left.
    """
    plain = unicodedata.normalize("NFKD", title[:1000]).encode("ascii", "ignore").decode()
    slug = "-".join(re.findall("[a-z0-9]+", plain.lower().replace("'", "")))
    if len(slug) > _SLUG_LENGTH:
        cut = slug[: _SLUG_LENGTH + 1].rpartition("-")[0]
        slug = cut or slug[:_SLUG_LENGTH]
    return slug or "session"


def possible_slugs(slug: str) -> Iterator[str]:
    """What a session of that name may be called, until one is free: ``"llama"``, ``"llama-2"``.

    A session called "Next" is ``"next-2"``, as "next" means whichever comes next.
    """
    return (numbered(slug, n) for n in count(1 + (slug in _MEANT_BY_TIME)))


def numbered(slug: str, number: int) -> str:
    """The ``number``-th slug of that name in a group: ``"llama"``, ``"llama-2"``; 60 at most."""
    if number == 1:
        return slug
    ending = f"-{number}"
    return slug[: _SLUG_LENGTH - len(ending)].rstrip("-") + ending


def _too_long(limit: int) -> InvalidSubmissionError:
    return InvalidSubmissionError(
        f"That is too long: a question may have {limit} characters at most."
    )


def _mend(text: str) -> str:
    text = _BREAKS.sub("\n", text).replace("\t", " ")
    text = _REMOVED.sub("", text)
    if text.isascii():
        return text
    # Capped before normalising too, whose time grows with the square of a run of marks.
    text = unicodedata.normalize("NFC", _LONG_RUN.sub(_cap_marks, text))
    return _LONG_RUN.sub(_cap_marks, text)


def _cap_marks(run: re.Match[str]) -> str:
    """Keep four combining marks in a row; invisible format characters between them don't count."""
    kept, marks = [], 0
    for char in run[0]:
        category = unicodedata.category(char)
        if category[0] == "M":
            marks += 1
            if marks > _MARKS_IN_A_ROW:
                continue
        elif category != "Cf":
            marks = 0
        kept.append(char)
    return "".join(kept)


def _is_visible(text: str) -> bool:
    return any(_shows(char) for char in text)


def _shows(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] not in "ZM" and category not in ("Cc", "Cf") and char not in _BLANK_LETTERS
