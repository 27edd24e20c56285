"""Text for Discord: strangers' words inert, organisers' Markdown as Discord shows it, links open.

Inert means that it is read as it was written: it notifies nobody, formats nothing, and every link
shows its host. What may be stored at all is not decided here; nor is how much fits where (see
`splitting`).
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from bot.domain.text import mended
from bot.networks.discord.limits import units

_LONGEST_URL = 1000  # units; a longer one is no link, but its host is still told
_WRAPPED = 55  # characters: a line of that length was broken for its width, not for its sense

_URL = re.compile(r"https?://[^\s<>]+", re.I)
_MARKUP = re.compile(r"[\\*_~`|<\[\]]")
_PING = re.compile(r"@(?=everyone|here|[!&]?\d)", re.I)
_NO_PING = "@\u200b"
_SECRET = re.compile(r"nsec1[02-9ac-hj-np-z]{20,}", re.I)
_BLOCK = re.compile(r"^( *)(#{1,3}|-#|>{1,3}|[-+])(?=\s|$)")
_NUMBERED = re.compile(r"^( *\d{1,9})([.)])(?=\s|$)")
_UNSAFE_IN_URL = re.compile(r"[\\*~`|\[\]]")
_HOST = re.compile(r"[a-z0-9.:-]+")

_INLINE = re.compile(
    r"(?P<image>!?)\[(?P<words>[^\[\]]{0,500})\]"
    r"\(\s?<?(?P<url>[^\s()<>]{1,2000})>?(?:\s+\"[^\"\n]{0,200}\")?\s?\)"
    r"|<(?P<auto>https?://[^\s<>]{1,2000})>"
    r"|(?P<bare>https?://[^\s<>]+)"
    r"|`(?P<code>[^`\n]{1,200})`"
    r"|(?<![\w*_])(?P<mark>\*\*\*|\*\*|\*|___|__|_)(?=\S)(?P<stressed>[^*_`\[\]<>\n]{1,200})"
    r"(?<=\S)(?P=mark)(?![\w*_])",
    re.I,
)
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*$")
_BULLET = re.compile(r"^( {0,8})[*+-]\s+")
_QUOTE = re.compile(r"^ {0,3}>\s?")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~).*$", re.M)
_STARTS_ANEW = re.compile(r"^\s*(?:[*+>#|-]|\d{1,9}[.)]\s|$)")


def inert(text: str) -> str:
    """A stranger's words, several lines maybe, to stand where Discord reads Markdown."""
    return "\n".join(_line_start(_escaped(line)) for line in _tame(text).split("\n"))


def one_line(text: str) -> str:
    """A name or title, inert, its white space collapsed."""
    return inert(" ".join(text.split()))


def plain(text: str) -> str:
    """A name or title for where Discord reads no Markdown: footers, authors, labels, names."""
    return _PING.sub(_NO_PING, " ".join(_tame(text).split()))


def prose(markdown: str) -> str:
    """An organiser's or a model's Markdown: stress, bullets and links are kept, all else is text.

    Headings turn bold, images into their words, and a masked link is followed by its host.
    """
    lines = _unwrapped(_FENCE.sub("", _tame(markdown)))
    text = "\n".join(_prose_line(line) for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def link(words: str, url: str) -> str:
    """``[words](url) (host)``; where that can't be, the words and the address, or its host."""
    host, words = host_of(url), " ".join(_tame(words).split())
    if not host:
        return one_line(f"{words} ({url})" if words and url and words != url else words or url)
    safe = _safe_url(url)
    if units(safe) > _LONGEST_URL:
        return f"{one_line(words)} ({host})" if words and words != url else host
    if words in ("", url):
        return safe
    if re.search(r"[\[\]]|https?:", words, re.I):  # Discord makes no masked link of such words
        return f"{one_line(words)} {safe}"
    shown = f"[{one_line(words)}]({safe})"
    return shown if words.casefold() == host else f"{shown} ({host})"


def host_of(url: str) -> str:
    """The host that a web address leads to, in ASCII; empty for what is no web address."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode().lower()
    except ValueError:  # UnicodeError is one
        return ""
    is_web = parts.scheme in ("http", "https") and not re.search(r"\s", url)
    return host if is_web and _HOST.fullmatch(host) else ""


def _tame(text: str) -> str:
    return _SECRET.sub("nsec1…", mended(text))  # a secret that somebody let slip isn't repeated


def _escaped(line: str) -> str:
    """Without effect within a line; web addresses stay as they are, so that they lead there."""
    parts, end = [], 0
    for url in _URL.finditer(line):
        parts += [_escaped_words(line[end : url.start()]), _harmless_url(url[0])]
        end = url.end()
    return "".join([*parts, _escaped_words(line[end:])])


def _escaped_words(text: str) -> str:
    return _PING.sub(_NO_PING, _MARKUP.sub(r"\\\g<0>", text))


def _harmless_url(url: str) -> str:
    """With everything that could be markup, should Discord not see a link here, percent-encoded."""
    url = _UNSAFE_IN_URL.sub(lambda char: quote(char[0], safe="").replace("~", "%7E"), url)
    return _PING.sub("%40", url)


def _safe_url(url: str) -> str:
    """To stand between the brackets of a masked link."""
    return _harmless_url(re.sub(r"[()<>\"\s\x00-\x1f]", lambda char: f"%{ord(char[0]):02X}", url))


def _line_start(line: str) -> str:
    line = _BLOCK.sub(r"\1\\\2", line)
    return _NUMBERED.sub(r"\1\\\2", line)


def _unwrapped(markdown: str) -> list[str]:
    """Its lines, those joined again that were broken only for their width."""
    lines: list[str] = []
    for line in _joined_links(markdown).split("\n"):
        before = lines[-1] if lines else ""
        if len(before) > _WRAPPED and not _STARTS_ANEW.match(line):
            lines[-1] = f"{before.rstrip()} {line.lstrip()}"
        else:
            lines.append(line.rstrip())
    return lines


def _joined_links(markdown: str) -> str:
    """A link's words may run over a line's end."""
    return re.sub(r"\[[^\[\]]{0,500}\](?=\()", lambda words: words[0].replace("\n", " "), markdown)


def _prose_line(line: str) -> str:
    if heading := _HEADING.match(line):
        words = _prose_inline(heading[1].replace("*", ""))
        return f"**{words}**" if words and "](" not in words else words
    line = _QUOTE.sub("", line)
    if bullet := _BULLET.match(line):
        return f"{bullet[1]}• {_prose_inline(line[bullet.end() :])}"
    return _line_start(_prose_inline(line))


def _prose_inline(text: str) -> str:
    parts, end = [], 0
    for found in _INLINE.finditer(text):
        parts += [_escaped_words(text[end : found.start()]), _kept(found)]
        end = found.end()
    return "".join([*parts, _escaped_words(text[end:])])


def _kept(found: re.Match[str]) -> str:
    """What of Markdown is shown as such."""
    if found["image"]:
        return one_line(found["words"])
    if found["url"] is not None:
        return link(found["words"], found["url"])
    if found["code"] is not None:
        return f"`{_PING.sub(_NO_PING, found['code'])}`"
    if found["stressed"] is not None:
        mark = "*" * len(found["mark"])
        return f"{mark}{_escaped_words(found['stressed'])}{mark}"
    return _harmless_url(found["auto"] or found["bare"])
