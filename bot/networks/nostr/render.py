"""How a session looks on Nostr: notes, the calendar entry (NIP-52), reminders, notices, summaries.

Pure: a card goes in, text and tags come out. Signing, times of creation and sending are elsewhere,
and so are the session's article and the answers to what people ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from bot.domain.posts import Change, SessionCard, SessionPost, SummaryPost
from bot.domain.when import until
from bot.networks.nostr.events import (
    CALENDAR_EVENT,
    LONG_FORM,
    NOTE,
    PROFILE,
    RELAY_LIST,
    Event,
    Tag,
)
from bot.networks.nostr.nip19 import Coordinate, InvalidNameError, encode_naddr
from bot.networks.nostr.plaintext import (
    CONTENT_BYTES,
    first_words,
    fit,
    flat,
    inert,
    json_length,
    when,
)
from bot.networks.nostr.summary_text import (
    TITLES,
    made_by,
    points_of,
    scope_of,
    whole_parts,
    words,
)
from bot.networks.nostr.threads import under_our_post

_HOW = (
    "Reply with a question and it goes on the board. "
    "Or mention me with “summary plain”, “summary techie”, “next” or “help”."
)
_WHERE = "Reply with “evidence” to see where the reading says it."
_SUMMARY_LENGTH = 300  # characters of the calendar entry's summary tag
_HINTED_RELAYS = 2  # in an naddr; more only make it longer
_MAX_DAYS = 8


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it is dated and signed."""

    kind: int
    content: str
    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who posts: our public key in hex, and the relays where our posts are found, best first."""

    pubkey: str
    relays: tuple[str, ...]

    @property
    def hint(self) -> str:
        return self.relays[0] if self.relays else ""


def session_name(card: SessionCard) -> str:
    """The `d` of the session's calendar entry and of its article, by which they are edited."""
    return f"{card.group_slug}-{card.slug}"


def shown_title(card: SessionCard) -> str:
    """NIP-52 has no word for a cancelled event, nor NIP-23 for its page, so the title says it."""
    return f"Cancelled: {card.title}" if card.cancelled else card.title


def calendar_address(card: SessionCard, us: Identity) -> str:
    """The entry's coordinate, as `a` tags have it."""
    return f"{CALENDAR_EVENT}:{us.pubkey}:{session_name(card)}"


def article_address(card: SessionCard, us: Identity) -> str:
    return f"{LONG_FORM}:{us.pubkey}:{session_name(card)}"


def calendar_naddr(card: SessionCard, us: Identity) -> str:
    """The entry's address as clients link it (NIP-21); "" where its name is too long for that."""
    return _naddr(CALENDAR_EVENT, card, us)


def announcement(card: SessionCard, us: Identity) -> Draft:
    parts = [f"{card.title}\n{card.group}", facts(card), topic(card), _hashtags(card), _HOW]
    tail = calendar_naddr(card, us)
    body = fit("\n\n".join(part for part in parts if part))
    address: Tag = ("a", calendar_address(card, us), us.hint)
    return Draft(NOTE, f"{body}\n\n{tail}" if tail else body, (*_topic_tags(card), address))


def calendar_entry(card: SessionCard, us: Identity) -> Draft:
    """NIP-52, kind 31923."""
    start = int(card.starts_at.timestamp())
    end = start + int(card.duration.total_seconds())
    about = fit(flat(card.topic))
    tags: list[Tag] = [
        ("d", session_name(card)),
        ("title", shown_title(card)),
        ("start", str(start)),
        ("end", str(end)),
        *(("D", str(day)) for day in _days(start, end)),
        ("start_tzid", card.timezone),
        ("end_tzid", card.timezone),
    ]
    if about:
        tags.append(("summary", first_words(about, _SUMMARY_LENGTH)))
    if card.place:
        tags.append(("location", card.place))
    tags += _topic_tags(card)
    tags.append(("p", us.pubkey, us.hint, "host"))
    return Draft(CALENDAR_EVENT, about, tuple(tags))


def reminder(
    post: SessionPost, us: Identity, now: datetime, root: Event | None, *, has_article: bool = False
) -> Draft:
    """Says how long it really is until then, however late the reminder is sent."""
    card = post.card
    ahead = card.starts_at - now
    if post.offset is not None and abs(ahead - post.offset) <= post.offset / 20:
        ahead = post.offset
    head = "Tomorrow" if ahead == timedelta(days=1) else until(ahead).capitalize()
    parts = [facts(card), _page(card, us) if has_article else "", _HOW]
    return _further(card, f"{head}: {card.title}", parts, us, root)


def notice(
    post: SessionPost, us: Identity, root: Event | None, *, has_article: bool = False
) -> Draft:
    card = post.card
    page = _page(card, us) if has_article else ""
    match post.change:
        case Change.CANCELLED:
            was = when(card.starts_at, card.timezone)
            return _further(card, f"Cancelled: {card.title}", [f"It was to be on {was}."], us, root)
        case Change.MOVED:
            was = "" if post.was is None else f"It was {when(post.was, card.timezone)}."
            parts = [facts(card), was, _things("Also changed", post), page]
            return _further(card, f"New time: {card.title}", parts, us, root)
        case _:
            parts = [_things("What changed", post), facts(card), page]
            return _further(card, f"Changed: {card.title}", parts, us, root)


def _things(head: str, post: SessionPost) -> str:
    return f"{head}: {', '.join(post.changed)}." if post.changed else ""


def summary(post: SummaryPost, us: Identity, root: Event | None) -> Draft:
    """One summary under the announcement, in as many whole points as a note holds."""
    card = post.card
    origin = made_by(post)
    head = [f"{TITLES[post.audience]}: {words(post.title) or card.title}", _sentence(origin)]
    lead = words(post.lead if post.points else post.body)
    before = "\n\n".join(part for part in ("\n".join([*head, *scope_of(post)]), lead) if part)
    before = fit(before, CONTENT_BYTES // 2 if post.points else CONTENT_BYTES)
    has_quotes = any(point.quote for point in post.points)
    tail = "\n\n".join(part for part in (_WHERE if has_quotes else "", _page(card, us)) if part)
    body = whole_parts(before, points_of(post), "\n", CONTENT_BYTES - json_length(tail))
    tags = () if root is None else under_our_post(root, us.hint)
    addresses: tuple[Tag, ...] = (
        ("a", article_address(card, us), us.hint),
        ("a", calendar_address(card, us), us.hint),
    )
    named = (("t", tag) for tag in tag_names(card))
    return Draft(NOTE, f"{body}\n\n{tail}" if tail else body, (*tags, *named, *addresses))


def profile(name: str, about: str, picture: str = "") -> Draft:
    """NIP-01 kind 0, and NIP-24's word that we are a bot."""
    fields: dict[str, str | bool] = {"name": name, "about": about, "bot": True}
    if picture:
        fields["picture"] = picture
    return Draft(PROFILE, orjson.dumps(fields).decode(), ())


def relay_list(relays: Iterable[str]) -> Draft:
    """NIP-65: where we read and write."""
    return Draft(RELAY_LIST, "", tuple(("r", relay) for relay in relays))


def facts(card: SessionCard) -> str:
    """When, where and what to read, a line each."""
    lines = [f"When: {when(card.starts_at, card.timezone)}"]
    if card.place:
        lines.append(f"Where: {card.place}")
    readings = [_reading(title, url) for title, url in card.readings]
    if len(readings) == 1:
        lines.append(f"Reading: {readings[0]}")
    elif readings:
        lines += ["Readings:", *(f"• {reading}" for reading in readings)]
    return "\n".join(lines)


def topic(card: SessionCard) -> str:
    """What it is about, to stand beside its facts, which have the readings' addresses."""
    return flat(card.topic, [url for _, url in card.readings])


def _further(
    card: SessionCard, head: str, parts: Sequence[str], us: Identity, root: Event | None
) -> Draft:
    """A later post about a session: under its announcement, or alone where there is none."""
    content = fit("\n\n".join(part for part in (head, *parts) if part))
    tags = () if root is None else under_our_post(root, us.hint)
    if root is None and (address := calendar_naddr(card, us)):
        content = f"{content}\n\n{address}"
    return Draft(
        NOTE, content, (*tags, *_topic_tags(card), ("a", calendar_address(card, us), us.hint))
    )


def _page(card: SessionCard, us: Identity) -> str:
    """Where the session's article is."""
    address = _naddr(LONG_FORM, card, us)
    return f"The session's page, with its summaries: {address}" if address else ""


def _sentence(part: str) -> str:
    return f"{part[0].upper()}{part[1:]}."


def _reading(title: str, url: str) -> str:
    title = inert(title)  # it may be what a page of a stranger calls itself
    if not url or title == url:
        return title
    return f"{title} {url}" if title else url


def _naddr(kind: int, card: SessionCard, us: Identity) -> str:
    place = Coordinate(kind, us.pubkey, session_name(card), us.relays[:_HINTED_RELAYS])
    try:
        return f"nostr:{encode_naddr(place)}"
    except InvalidNameError:  # a name or relay longer than NIP-19 can say
        return ""


def _hashtags(card: SessionCard) -> str:
    return " ".join(f"#{tag}" for tag in tag_names(card))


def _topic_tags(card: SessionCard) -> list[Tag]:
    links = dict.fromkeys(url for _, url in card.readings if url)
    return [*(("t", tag) for tag in tag_names(card)), *(("r", url) for url in links)]


def tag_names(card: SessionCard) -> list[str]:
    """One word each, as clients link them; capitals and spaces would break the link."""
    names = ("-".join(tag.lower().split()) for tag in card.tags)
    return list(dict.fromkeys(name for name in names if name))


def _days(start: int, end: int) -> range:
    """NIP-52's `D`: every day since 1970 that the event touches."""
    first = start // 86_400
    last = max(first, (end - 1) // 86_400)
    return range(first, min(last, first + _MAX_DAYS - 1) + 1)
