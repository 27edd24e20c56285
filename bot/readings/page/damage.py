"""What a page has suffered on its way: wrong encodings, mojibake, broken links, bits of HTML.

``decoded`` turns bytes into text or refuses what is no page; ``mended`` repairs the text. Neither
looks at what the page says.
"""

from __future__ import annotations

import json
import re

import ftfy

from bot.domain.errors import InvalidPageError
from bot.readings.markdown import normal

MAX_BYTES = 1024 * 1024

_CHARACTERS = ftfy.TextFixerConfig(
    unescape_html=False,  # Markdown has its own references, and decodes them itself
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    normalization=None,
    explain=False,
)
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_BINARY = ("%PDF-", "PK\x03\x04", "\x89PNG", "GIF8")
# Every repetition is bounded, so that a page of brackets can't take minutes.
_BROKEN_LINK = re.compile(
    r"\]\((https?:[^()<>]{1,2000}(?:\([^()<>]{0,200}\)[^()<>]{0,2000})?)\)", re.IGNORECASE
)
_BROKEN_TEXT = re.compile(r"\[([^\[\]]{1,500})\](\n[ \t]*)?(?=\(https?:)", re.IGNORECASE)
_LINE_BREAK = re.compile(r"[ \t]*\n[ \t]*")
_COMMENT = re.compile(r"<!--.{0,2000}?-->", re.DOTALL)
_ANCHOR = re.compile(
    r"<a\s([^>]{0,200}?\s)?href\s{0,9}=\s{0,9}(\"[^\"]{0,2000}\"|'[^']{0,2000}'|[^\s\"'>]{1,2000})"
    r"[^>]{0,200}>(.{0,500}?)</a\s{0,9}>",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,1000}>")
_DEFINITION = re.compile(
    r"^ {0,3}\[([^\[\]\n]{1,100})\]:[ \t]{0,9}<?(https?://[^\s<>]{1,2000})>?.{0,300}$", re.M
)
_REFERENCE = re.compile(r"\[([^\[\]]{1,500})\]\[([^\[\]\n]{0,100})\]")


def decoded(data: bytes | str, called: str) -> tuple[str, list[str]]:
    """The text of a page, with plain line ends, and what was odd about its encoding.

    Raises InvalidPageError when it is too large, empty or not text; ``called`` names it there.
    """
    size = len(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise InvalidPageError(
            f"{called} has {size / MAX_BYTES:.1f} MiB; a session page may have 1 MiB at most."
        )
    text, notes = (_whole(data), []) if isinstance(data, str) else _text(data, called)
    if _noise(text):
        raise InvalidPageError(f"{called} is not text; a session page is a Markdown file.")
    clean = normal(text.removeprefix("\ufeff"))
    if "\x00" in text:
        notes.append("Left out NUL characters.")
    if not clean:
        raise InvalidPageError(f"{called} is empty; a session page has a title at least.")
    _refuse_other_formats(clean, called)
    return clean, notes


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _text(data: bytes, called: str) -> tuple[str, list[str]]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data[len(bom) :].decode(encoding, "replace"), _read_as(encoding)
    half = len(data) / 2
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(data) > 3 and data[first::2].count(0) > 0.8 * half:
            return data.decode(encoding, "replace"), _read_as(encoding)
    try:
        return data.decode(), []
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), _read_as("windows-1252")


def _read_as(encoding: str) -> list[str]:
    return [] if encoding == "utf-8" else [f"Read it as {encoding.upper()}, not as UTF-8."]


def _noise(text: str) -> bool:
    """Whether this is no text: a twentieth can't be printed, or it opens as a known binary."""
    odd = sum((c < " " and c not in "\t\n\r\f") or c == "\ufffd" for c in text)
    return odd > max(2, len(text) / 20) or text.startswith(
        ("%PDF-", "PK\x03\x04", "\x89PNG", "GIF8")
    )


def _refuse_other_formats(text: str, called: str) -> None:
    start = _COMMENT.sub("", text[:4000]).lstrip()[:100].lower()
    if start.startswith(("<!doctype", "<html", "<head", "<?xml")):
        raise InvalidPageError(f"{called} is an HTML or XML document; save the page as Markdown.")
    if start.startswith(("{", "[")):
        try:
            json.loads(text)
        except RecursionError:
            pass
        except ValueError:
            return
        raise InvalidPageError(f"{called} is JSON; a session page is a Markdown file.")


def mended(text: str) -> tuple[str, list[str]]:
    """``text`` repaired, and a sentence for each kind of repair.

    Curly quotes stay as they are: only what a wrong decoding made of them is mended.
    """
    notes = []
    fixed = normal(ftfy.fix_text(text, _CHARACTERS))
    if fixed != text:
        notes.append("Mended broken characters.")
    fixed, broken = _rejoined(fixed)
    if broken:
        links = "1 link that was" if broken == 1 else f"{broken} links that were"
        notes.append(f"Re-joined {links} broken over two lines.")
    fixed = _with_definitions(_COMMENT.sub("", fixed))
    before = fixed.count("](")
    fixed = _ANCHOR.sub(_anchor, fixed)
    anchors = fixed.count("](") - before
    if anchors:
        notes.append(f"Took {anchors} HTML link{'s'[: anchors != 1]} as Markdown.")
    return fixed, notes


def _rejoined(text: str) -> tuple[str, int]:
    broken = 0

    def address(found: re.Match[str]) -> str:
        nonlocal broken
        if "\n" not in found[1] or re.search(r"\n\s*(?:\n|[\"'])", found[1]):
            return found[0]
        broken += 1
        return f"]({_LINE_BREAK.sub('', found[1])})"

    def words(found: re.Match[str]) -> str:
        if re.search(r"\n[ \t]*\n", found[1]):
            return found[0]
        return f"[{_LINE_BREAK.sub(' ', found[1])}]"

    return _BROKEN_LINK.sub(address, _BROKEN_TEXT.sub(words, text)), broken


def _with_definitions(text: str) -> str:
    """``[words][1]`` with its ``[1]: address`` put in, wherever on the page that stands."""
    known = {found[1].casefold(): found[2] for found in _DEFINITION.finditer(text)}
    if not known:
        return text

    def inline(found: re.Match[str]) -> str:
        url = known.get((found[2] or found[1]).casefold())
        return found[0] if url is None else f"[{found[1]}]({url})"

    return _REFERENCE.sub(inline, _DEFINITION.sub("", text))


def _anchor(found: re.Match[str]) -> str:
    url = found[2].strip("\"'").strip()
    words = " ".join(_TAG.sub("", found[3]).split()) or url
    if not re.match(r"https?://[^\s<>]+$", url, re.IGNORECASE):
        return words
    shown = re.sub(r"([\[\]])", r"\\\1", words)
    return f"[{shown}](<{url}>)"
