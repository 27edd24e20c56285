"""What a mention stands under and means: its session, whether it speaks to us, and its command.

Looked up for a whole batch at once, and not at all for mentions that answer nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.commands import Chatter, Command, Evidence, Unclear
from bot.domain.grammar import parse
from bot.domain.model import Group, Network, PostKind, Session
from bot.domain.ports import Rows, Store
from bot.domain.posts import SummaryPost
from bot.networks.nostr.events import CALENDAR_EVENT, LONG_FORM, NOTE, Event
from bot.networks.nostr.lanes import Mention
from bot.networks.nostr.nip19 import InvalidNameError, decode_nprofile, encode_npub
from bot.networks.nostr.threads import addresses, replied_to

_NPROFILE = re.compile(r"nprofile1[02-9ac-hj-np-z]{50,1000}")
_DECODED = 5  # nprofiles of one text; a checksum costs 0.1 ms


@dataclass(frozen=True, slots=True)
class Heard:
    """A mention, understood. ``session`` is the one whose thread it stands in; ``summary`` the
    posted one that it answers, where it asks for that one's evidence."""

    mention: Mention
    command: Command
    session: Session | None = None
    summary: SummaryPost | None = None

    @property
    def event(self) -> Event:
        return self.mention.event


class Listener:
    """Understands mentions of one bot, ``name`` on Nostr, for one group."""

    def __init__(self, store: Store, group: Group, pubkey: str, name: str) -> None:
        self._store = store
        self._group = group
        self._pubkey = pubkey
        self._npub = encode_npub(pubkey)
        self._names = (name, self._npub)
        self._ours = tuple(f"{kind}:{pubkey}:{group.slug}-" for kind in (CALENDAR_EVENT, LONG_FORM))

    async def hear(self, batch: Sequence[Mention]) -> list[Heard]:
        """In the order of the batch. Raises StorageError."""
        threads = [_Thread.of(mention.event, self._ours) for mention in batch]
        sessions: Mapping[str, Session] = {}
        if any(thread.ids or thread.slugs for thread in threads):
            async with self._store.read() as view:
                sessions = await self._sessions(view, threads)
        heard = [
            self._understand(mention, thread, sessions)
            for mention, thread in zip(batch, threads, strict=True)
        ]
        if not any(isinstance(each.command, Evidence) for each in heard):
            return heard
        return await self._with_summaries(heard, threads)

    async def _with_summaries(
        self, heard: Sequence[Heard], threads: Sequence[_Thread]
    ) -> list[Heard]:
        """Evidence that is asked for under a summary's note is that summary's."""
        parents = {
            each.event.id: thread.ids[0]
            for each, thread in zip(heard, threads, strict=True)
            if isinstance(each.command, Evidence) and each.session is not None and thread.ids
        }
        async with self._store.read() as view:
            posts = await view.outbox.by_remote(Network.NOSTR, list(parents.values()))
        notes = {
            remote_id: SummaryPost.from_json(post.payload)
            for remote_id, post in posts.items()
            if post.kind is PostKind.SUMMARY and post.group_id == self._group.id
        }
        return [replace(each, summary=notes.get(parents.get(each.event.id, ""))) for each in heard]

    async def _sessions(self, view: Rows, threads: Sequence[_Thread]) -> dict[str, Session]:
        """The session of each id and slug that is one's."""
        ids = list(dict.fromkeys(each for thread in threads for each in thread.ids))
        found = await view.sessions.of_remote(Network.NOSTR, ids) if ids else {}
        by_id = {each: await view.sessions.by_id(each) for each in set(found.values())}
        sessions = {remote: by_id[session_id] for remote, session_id in found.items()}
        for slug in {each for thread in threads for each in thread.slugs}:
            sessions[slug] = await view.sessions.by_slug(self._group.id, slug)
        return {
            name: session
            for name, session in sessions.items()
            if session is not None and session.group_id == self._group.id
        }

    def _understand(
        self, mention: Mention, thread: _Thread, sessions: Mapping[str, Session]
    ) -> Heard:
        event = mention.event
        parent = next((sessions[name] for name in thread.parents if name in sessions), None)
        root = next((sessions[name] for name in thread.names if name in sessions), None)
        text = self._own_names_alike(event.content)
        is_to_us = parent is not None or _parent_author(event, thread.ids) == self._pubkey
        command = parse(
            text,
            names=self._names,
            is_reply_to_session=parent is not None,
            is_reply_to_us=is_to_us,
        )
        if thread.names and not is_to_us and isinstance(command, Unclear) and not self._named(text):
            # People who talk to each other under our post carry our p tag on: none of our business.
            command = Chatter()
        return Heard(mention, command, parent or root)

    def _named(self, text: str) -> bool:
        return self._npub in text or f"@{self._names[0].casefold()}" in text.casefold()

    def _own_names_alike(self, text: str) -> str:
        """Our nprofile may be written in many ways; all become our npub."""
        if "nprofile1" not in text:
            return text
        for name in dict.fromkeys(_NPROFILE.findall(text)[:_DECODED]):
            try:
                if decode_nprofile(name).pubkey == self._pubkey:
                    text = text.replace(name, self._npub)
            except InvalidNameError:
                continue
        return text


@dataclass(frozen=True, slots=True)
class _Thread:
    """What an event answers: ids of events, slugs of sessions whose calendar entry or article it
    is; the parent first."""

    ids: tuple[str, ...]
    slugs: tuple[str, ...]
    parents: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return self.ids + self.slugs

    @classmethod
    def of(cls, event: Event, ours: tuple[str, ...]) -> _Thread:
        """``ours`` are what the addresses of our entries and articles begin with."""
        ids = replied_to(event)
        slugs = _slugs(addresses(event), ours)
        if event.kind == NOTE:
            return cls(ids, slugs, ids[:1] or slugs[:1])
        # NIP-22: a comment on the entry itself has it as `a`; a deeper one only as its root `A`.
        own = _slugs(event.values("a")[:20], ours)
        return cls(ids, slugs, own or tuple(event.values("e"))[:1])


def _slugs(addresses: Sequence[str], ours: tuple[str, ...]) -> tuple[str, ...]:
    found = (
        address.removeprefix(prefix)
        for address in addresses
        for prefix in ours
        if address.startswith(prefix)
    )
    return tuple(dict.fromkeys(found))


def _parent_author(event: Event, ids: Sequence[str]) -> str:
    """Who wrote what is answered, as far as the event says (NIP-10's and NIP-22's last item)."""
    for tag in event.tags:
        if tag[0] == "e" and len(tag) > 3 and tag[1] in ids[:1]:
            return tag[4] if len(tag) > 4 else tag[3]
    return ""
