"""Where a reply stands: NIP-10 tags under notes, NIP-22 tags under comments, NIP-25 reactions.

Whatever a stranger's event claims about its thread is checked for shape before it is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.networks.nostr.events import COMMENT, NOTE, Event, Tag

_MAX_P_TAGS = 10
_MAX_VALUE = 500  # characters of a root's tag that is carried on
_is_hex64 = re.compile(r"[0-9a-f]{64}").fullmatch
_RELAY = re.compile(r"wss?://[^\s\"]{1,200}")


def reply_kind(parent: Event) -> int:
    """Notes are answered with notes, everything else with comments (NIP-22)."""
    return NOTE if parent.kind == NOTE else COMMENT


def reply_tags(parent: Event, us: str, relay: str = "") -> tuple[Tag, ...]:
    """The tags of our reply to ``parent``, which was seen at ``relay``."""
    if parent.kind == NOTE:
        return (*_note_tags(parent, relay), *_people(parent, us))
    return (*_comment_tags(parent, relay), *_people(parent, us))


def under_our_post(root: Event, relay: str = "") -> tuple[Tag, ...]:
    """The tags of a further post of ours under our own note."""
    return (("e", root.id, relay, "root", root.pubkey),)


def replied_to(event: Event) -> tuple[str, ...]:
    """Ids that the event says it answers: its parent first, then its root; mentions left out."""
    marked = [tag for tag in _e_tags(event) if _marker(tag) in ("reply", "root")]
    if marked:
        marked.sort(key=_marker)  # "reply" before "root"
        return tuple(dict.fromkeys(tag[1] for tag in marked))[:20]
    plain = [tag[1] for tag in _e_tags(event) if _marker(tag) == ""]
    roots = [value for value in event.values("E") if _is_hex64(value)]
    return tuple(dict.fromkeys([*reversed(plain), *roots]))[:20]


def reacted_to(event: Event) -> str:
    """The id of what a reaction is about (NIP-25: its last `e` tag); "" when it names none."""
    tags = _e_tags(event)
    return tags[-1][1] if tags else ""


def addresses(event: Event) -> tuple[str, ...]:
    """The coordinates ("31923:pubkey:d") that the event answers: its parent's, then its root's."""
    return tuple(dict.fromkeys([*event.values("a"), *event.values("A")]))[:20]


def _note_tags(parent: Event, relay: str) -> tuple[Tag, ...]:
    root = _root_of(parent)
    if root is None:
        return (("e", parent.id, relay, "root", parent.pubkey),)
    return (root, ("e", parent.id, relay, "reply", parent.pubkey))


def _root_of(event: Event) -> Tag | None:
    """The root that the parent names, marked or (as once was) by position."""
    tags = _e_tags(event)
    if not tags:
        return None
    found = next((tag for tag in tags if _marker(tag) == "root"), None)
    found = found or next((tag for tag in tags if _marker(tag) == "reply"), None)
    found = found or next((tag for tag in tags if _marker(tag) == ""), None)
    if found is None or found[1] == event.id:
        return None
    relay = found[2] if len(found) > 2 and _RELAY.fullmatch(found[2]) else ""
    author = found[4] if len(found) > 4 and _is_hex64(found[4]) else ""
    return ("e", found[1], relay, "root", author) if author else ("e", found[1], relay, "root")


def _comment_tags(parent: Event, relay: str) -> tuple[Tag, ...]:
    """NIP-22: the root scope in capitals, copied from the parent; then the parent itself."""
    root = _scope(parent) if parent.kind == COMMENT else None
    if root is None:
        root = (
            ("E", parent.id, relay, parent.pubkey),
            ("K", str(parent.kind)),
            ("P", parent.pubkey),
        )
    return (*root, ("e", parent.id, relay, parent.pubkey), ("k", str(parent.kind)))


def _scope(comment: Event) -> tuple[Tag, ...] | None:
    """Its root's A, E or I with K and, where there is one, P; None when it names none."""
    first: dict[str, Tag] = {}
    for tag in comment.tags:
        if tag[0] in ("A", "E", "I", "K", "P") and _is_bounded(tag):
            first.setdefault(tag[0], tag)
    scope = [first[name] for name in ("A", "E", "I") if name in first]
    if not scope or "K" not in first:
        return None
    return (*scope, *(first[name] for name in ("K", "P") if name in first))


def _is_bounded(tag: Tag) -> bool:
    return 2 <= len(tag) <= 4 and all(len(value) <= _MAX_VALUE for value in tag)


def _people(parent: Event, us: str) -> Iterable[Tag]:
    """The parent's author and whom it named already, without ourselves; ten at most."""
    named = (value for value in parent.values("p") if _is_hex64(value))
    people = [person for person in dict.fromkeys((parent.pubkey, *named)) if person != us]
    return (("p", person) for person in people[:_MAX_P_TAGS])


def _e_tags(event: Event) -> list[Tag]:
    return [tag for tag in event.tags if tag[0] == "e" and len(tag) > 1 and _is_hex64(tag[1])]


def _marker(tag: Tag) -> str:
    """NIP-10's marker; a NIP-22 `e` tag has a public key in that place, which is none."""
    return tag[3] if len(tag) > 3 and tag[3] in ("root", "reply", "mention") else ""
