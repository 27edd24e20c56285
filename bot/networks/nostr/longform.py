"""A session's page as an article (NIP-23, kind 30023), and Markdown that can do no harm in one.

Pure, like `render`. What the page says is the services' own; here it is only made safe to show.
"""

from __future__ import annotations

import re
from datetime import datetime

from bot.domain.posts import ArticlePost, SessionCard
from bot.networks.nostr.events import LONG_FORM, Event, Tag
from bot.networks.nostr.plaintext import (
    CONTENT_BYTES,
    first_words,
    fit,
    flat,
    inert,
    json_length,
    unhostile,
    when,
    without_names,
)
from bot.networks.nostr.render import (
    Draft,
    Identity,
    calendar_address,
    calendar_naddr,
    session_name,
    shown_title,
    tag_names,
)

_HOW = "Comment with a question, and it goes on the board of the session."
_CUT = "\n\n*[Cut here: the rest is too long for one article.]*"
_SUMMARY_LENGTH = 300  # characters

_WEB_LINK = re.compile(r"https?://[^\s<>()\"']{1,2000}", re.I)
_TAG = re.compile(r"<(?=[A-Za-z/!?])(?!https?://[^\s<>]{1,2000}>)", re.I)
_PICTURE = re.compile(r"!(?=\[)")
_ENTITY = re.compile(r"&(?=#?\w{1,40};)(?!(?:amp|lt|gt|quot|nbsp);)")
_SCHEME = re.compile(r"(nostr|javascript|vbscript|data|file)(\\*:)", re.I)
_INDEXED = re.compile(r"#(\\*\[)(?=\d)")  # NIP-08, which pings the n-th tag
_AT = re.compile(r"(?<![\w@/])@(?=\w)")


def article(post: ArticlePost, us: Identity, now: datetime, previous: Event | None) -> Draft:
    """Its address is the session's for ever; ``previous`` is the version that it replaces."""
    card = post.card
    published_at = str(int(now.timestamp())) if previous is None else _published_at(previous)
    about = first_words(inert(flat(card.topic)), _SUMMARY_LENGTH)
    tags: tuple[Tag, ...] = (
        ("d", session_name(card)),
        ("title", shown_title(card)),
        ("summary", about or f"{card.group}, {when(card.starts_at, card.timezone)}"),
        ("published_at", published_at),
        *(("t", tag) for tag in tag_names(card)),
        ("a", calendar_address(card, us), us.hint),
    )
    return Draft(LONG_FORM, _content(card, post.page, us), tags)


def tame(markdown: str) -> str:
    """Anybody's Markdown, which NIP-23's clients render: no HTML, no picture loaded from
    elsewhere, no mention, no link but to the web. A reader sees the same words."""
    text = _TAG.sub("<\u200b", unhostile(markdown))
    text = _PICTURE.sub("!\u200b", text)
    text = _ENTITY.sub("&amp;", text)
    text = _SCHEME.sub("\\1\u200b\\2", text)
    text = _INDEXED.sub("#\u200b\\1", text)
    return _outside_links(text)


def _content(card: SessionCard, page: str, us: Identity) -> str:
    facts = ["- **Cancelled**"] if card.cancelled else []
    facts.append(f"- **When:** {when(card.starts_at, card.timezone)}")
    if card.place:
        facts.append(f"- **Where:** {card.place}")
    head = tame("\n\n".join((f"*{card.group}*", "\n".join(facts))))
    naddr = calendar_naddr(card, us)
    how = "" if card.cancelled else _HOW
    tail = "\n\n".join(part for part in ("---", how, naddr) if part)
    room = CONTENT_BYTES - json_length(head) - json_length(tail)
    return f"{head}\n\n{fit(tame(page).strip(), room, _CUT)}\n\n{tail}"


def _published_at(previous: Event) -> str:
    """When the first version was published, as every later one says."""
    said = next(iter(previous.values("published_at")), "")
    return said if said.isascii() and said.isdigit() else str(previous.created_at)


def _outside_links(text: str) -> str:
    """Names made inert, but for those that are part of a link's address, which leads there."""
    parts, at = [], 0
    for link in _WEB_LINK.finditer(text):
        kept = link[0] if "nsec1" not in link[0].lower() else without_names(link[0])
        parts += [_nameless(text[at : link.start()]), kept]
        at = link.end()
    return "".join([*parts, _nameless(text[at:])])


def _nameless(text: str) -> str:
    return _AT.sub("@\u200b", without_names(text))
