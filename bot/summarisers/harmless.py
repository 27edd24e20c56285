"""Takes out of a model's words what would do something once they are posted: images, links that the
reading doesn't have, HTML, mentions, characters that hide or turn text.

It says what it took, so that nobody is left unaware of it. What words mean is not its business, and
networks escape what they show all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.domain.text import mended
from bot.summarisers.source import addresses, link_key

_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_IMAGE = re.compile(
    r"!\[[^\[\]]{0,500}\](?:\([^()]{0,2000}\)|\[[^\[\]]{0,200}\])?|<img\b[^<>]*>?", re.I
)
_LINK = re.compile(r"\[([^\[\]]{0,500})\]\(\s*<?([^()<>\s]{0,2000})>?(?:\s[^()]{0,300})?\)")
_REFERENCE = re.compile(r"\[([^\[\]]{1,500})\]\[[^\[\]]{0,200}\]|^\s*\[[^\[\]]{1,200}\]:\s*", re.M)
_AUTOLINK = re.compile(r"<([a-z][a-z0-9+.-]{1,20}:[^<>\s]{1,2000})>", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.{0,2000}?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"</?([a-z][a-z0-9-]{0,30})(?:[\s/][^<>]{0,1000})?>", re.IGNORECASE)
_ELEMENTS = re.compile(
    r"a|abbr|audio|b|base|blockquote|body|br|button|canvas|center|code|details|div|em|embed|font|form"
    r"|frame|h[1-6]|head|hr|html|i|iframe|img|input|ins|li|link|mark|math|meta|object|ol|option|p"
    r"|picture|pre|s|script|select|small|source|span|strong|style|sub|summary|sup|svg|table|tbody|td"
    r"|template|textarea|th|tr|u|ul|video",
    re.IGNORECASE,
)
_ODD = re.compile(r"\b(?:javascript|vbscript|data):\S+", re.IGNORECASE)
_BROADCAST = re.compile(r"@(?=(?:everyone|here)\b)", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w.@/])@(?=[A-Za-z_]\w{2,30}\b)")
_MENTION = re.compile(
    r"<(?:@[!&]?|\#|a?:\w{1,32}:)\d{1,25}>|<id:\w{1,20}>"
    r"|\bnostr:[a-z0-9]{4,200}|\b(?:npub|nsec|note|nevent|naddr|nprofile)1[a-z0-9]{20,200}",
    re.IGNORECASE,
)
_MOST_PASSES = 5


class Harmless:
    """Makes texts about one reading harmless. ``taken`` says, once each, what was taken out."""

    def __init__(self, reading: str) -> None:
        self._reading = reading
        self._folded = reading.casefold()
        self._links = frozenset(link_key(link) for link in addresses(reading))
        self.taken: dict[str, None] = {}

    def text(self, text: str) -> str:
        """The text on one line without what would act."""
        text = _INVISIBLE.sub("", mended(text))
        for _ in range(_MOST_PASSES):  # taking one thing out may join up another
            before, text = text, self._once(text)
            if text == before:
                break
        else:
            text = re.sub(r"[<>\[\]@]|://", " ", text)
        return " ".join(text.split())

    def _once(self, text: str) -> str:
        text = self._sub(_COMMENT, "HTML", "", self._sub(_IMAGE, "an image", "", text))
        text = self._sub(_LINK, "a link", self._linked, text)
        text = self._sub(_REFERENCE, "a link", lambda found: found[1] or "", text)
        text = self._sub(_AUTOLINK, "a link", self._address, text)
        text = self._sub(_MENTION, "a mention", "", text)
        text = self._sub(_TAG, "HTML", self._tag, text)
        for link in sorted(addresses(text), key=len, reverse=True):
            if link_key(link) not in self._links:
                self.taken["a link"] = None
                text = text.replace(link, "")
        text = self._sub(_ODD, "a link", "", text)
        text = self._sub(_BROADCAST, "a mention", "", text)
        return self._sub(_HANDLE, "a mention", self._handle, text)

    def _sub(
        self,
        pattern: re.Pattern[str],
        what: str,
        by: str | Callable[[re.Match[str]], str],
        text: str,
    ) -> str:
        changed = pattern.sub(by, text)
        if changed != text:
            self.taken[what] = None
        return changed

    def _linked(self, found: re.Match[str]) -> str:
        return found[0] if self._known(found[2]) else found[1]

    def _address(self, found: re.Match[str]) -> str:
        return found[0] if self._known(found[1]) else ""

    def _known(self, link: str) -> bool:
        web = re.match(r"https?://", link, re.IGNORECASE) is not None
        return web and link_key(link) in self._links

    def _tag(self, found: re.Match[str]) -> str:
        """What only looks like HTML stays where the reading has it: a type such as `list<int>`."""
        element = _ELEMENTS.fullmatch(found[1])
        return found[0] if not element and found[0] in self._reading else " "

    def _handle(self, found: re.Match[str]) -> str:
        name = re.match(r"@\w+", found.string[found.start() :])
        return "@" if name and name[0].casefold() in self._folded else ""
