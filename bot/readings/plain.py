"""A text or a Markdown file becomes a document: its front matter is taken off and understood, the
rest stays as it is.

``extract`` makes sections of it later; this only says what the text and its title are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.errors import ReadingError
from bot.domain.model import Document
from bot.domain.text import clean_name, mended
from bot.readings.extract import title_of

MAX_CHARACTERS = 3_000_000
_SAMPLE = 64 * 1024  # bytes that an encoding is guessed by
_LENGTH = 200  # characters of a title or a name
_FRONT = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.{0,64000}?)\n\1[ \t]*(?:\n|\Z)", re.DOTALL)
_YAML_LINE = re.compile(r"[\w-]+[ \t]*:.*|[ \t]+.*|- .*|#.*|[\]}]?[ \t]*")
_PAIR = re.compile(r"^([\w-]+)[ \t]*:[ \t]*(\S.*)$", re.MULTILINE)
_DATE = re.compile(r"(?:19|20)\d{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)")
# Encodings whose texts can't be taken for another's: those of other scripts than Latin.
_OTHER_SCRIPT = re.compile(
    r"cp125[1356]|koi8_[ru]|mac_cyrillic|iso8859_[5-8]|cp8(?:55|66)|gb18030|gbk|gb2312|big5"
    r"|shift_jis|cp932|euc_jp|euc_kr|cp949|johab"
)


def read_plain(body: bytes, *, charset: str, name: str = "") -> Document:
    """The text ``body``. ``charset`` is what it seems to be in; cp1252 is taken for a guess.

    Raises ReadingError when there is no text.
    """
    text = _decoded(body, charset)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\x0c", "\n\n")
    front = _FRONT.match(text)
    said = _front_matter(front[1], front[2]) if front else {}
    rest = text[front.end() :] if front and said else text
    kept = mended(rest[:MAX_CHARACTERS]).strip()
    if not kept:
        called = f"“{name}”" if name else "That text"
        raise ReadingError(
            f"{called} has no text in it. Check the file and try again.", permanent=True
        )
    cut = len(rest) > MAX_CHARACTERS
    named = _said(said, "title")
    return Document(
        text=kept,
        title=clean_name(named or title_of(kept, name), _LENGTH) if named or name else _title(kept),
        author=clean_name(_said(said, "author", "authors", "by"), _LENGTH),
        published=_date(_said(said, "date", "published", "created")),
        notes=("It is so long that only its first part was read.",) if cut else (),
        language=_said(said, "lang", "language")[:20],
    )


def _title(text: str) -> str:
    """Pasted text has no name to be called by: its first heading, or nothing."""
    title = title_of(text, "")
    return "" if title == "Untitled" else clean_name(title, _LENGTH)


def _decoded(body: bytes, charset: str) -> str:
    return body.decode(_guessed(body) or charset if charset == "cp1252" else charset, "replace")


def _guessed(body: bytes) -> str:
    """The encoding of a text in another script than Latin; "" for none and for a doubtful one.

    Half of the bytes of such a text are no ASCII; of one in Windows-1252 it is one in ten.
    """
    sample = body[:_SAMPLE]
    if sum(byte >= 0x80 for byte in sample) * 3 < len(sample):
        return ""
    from charset_normalizer import from_bytes  # 30 ms, and only odd texts need it

    best = from_bytes(sample).best()
    return best.encoding if best and _OTHER_SCRIPT.fullmatch(best.encoding) else ""


def _front_matter(fence: str, lines: str) -> Mapping[str, Any]:
    """What it says; empty for what only looks like one, such as text between two rules."""
    if fence == "---":
        from bot.readings.page.front_matter import front_matter  # YAML and its library

        if not all(_YAML_LINE.fullmatch(line) for line in lines.split("\n")):
            return {}
        # Titles with a colon in them are no YAML, and common.
        return front_matter(f"---\n{lines}\n---\n")[0] or dict(_PAIR.findall(lines))
    import tomllib

    try:
        return tomllib.loads(lines)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _said(front: Mapping[str, Any], *names: str) -> str:
    """The first of these keys that says something, on one line; a list's entries with commas."""
    for name in names:
        value = next((front[key] for key in front if str(key).lower() == name), None)
        entries = value if isinstance(value, list) else [value]
        words = ", ".join(_entry(each) for each in entries[:20] if each is not None)
        if words:
            return words
    return ""


def _entry(value: Any) -> str:
    return str(value.get("name", "")) if isinstance(value, dict) else str(value)


def _date(words: str) -> str:
    found = _DATE.match(words)
    return found[0] if found else ""
