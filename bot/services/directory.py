"""The directory: every group's sessions by name, in memory, for what must answer as somebody types.

It is fed from committed rows and may be a moment behind. Nothing is decided on it: a name that is
chosen here is looked up again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice

from bot.domain.model import Session, SessionStatus
from bot.domain.ports import Now, Rows, Store, Topic
from bot.domain.text import clean_name
from bot.services.find import begins, ends_at, is_visible, words_of

_KEPT = 500  # the latest sessions of a group; older ones are still found by typing their name
_PAGE = 100
_LABEL = 100  # characters, what Discord shows of a choice
_SETTLE = 0.05  # seconds after a commit before a load: commits come in bursts
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_ENDINGS = {SessionStatus.PLANNED: " (not announced)", SessionStatus.CANCELLED: " (cancelled)"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """``session`` is its row, without the long texts; ``words`` what may be typed to find it."""

    session: Session
    words: tuple[str, ...]
    is_on: bool
    ends_at: datetime

    def matches(self, typed: str) -> bool:
        return typed in self.session.slug or begins(self.words, typed)


class Directory:
    """Names of sessions. Empty until ``run`` has loaded it."""

    def __init__(self, store: Store, now: Now) -> None:
        self._store = store
        self._now = now
        self._entries: dict[int, list[_Entry]] = {}  # of each group, the latest first
        self._changed = asyncio.Event()
        store.on_commit(Topic.SESSIONS, self._changed.set)

    async def run(self) -> None:
        """Load, and load again after every commit that touched sessions, until cancelled."""
        while True:
            self._changed.clear()
            async with self._store.read() as view:
                groups = await view.groups.all()
                self._entries = {group.id: await _load(view, group.id) for group in groups}
            await self._changed.wait()
            await asyncio.sleep(_SETTLE)

    def matching(
        self, group_id: int, typed: str, *, members_only: bool, limit: int = 25
    ) -> list[tuple[str, str]]:
        """(label, slug) of sessions whose name has what was typed: soonest ahead first, then the
        latest past; cancelled ones, which only organisers see, last."""
        now = self._now()
        wanted = clean_name(typed).casefold()
        found = (
            entry.session
            for entry in self._ordered(group_id, now)
            if (not members_only or is_visible(entry.session, now)) and entry.matches(wanted)
        )
        return [(_label(session, now), session.slug) for session in islice(found, limit)]

    def _ordered(self, group_id: int, now: datetime) -> Iterator[_Entry]:
        """As they are offered. It is left as soon as enough are found: usually at once."""
        latest = self._entries.get(group_id, ())
        yield from sorted(
            (entry for entry in latest if entry.is_on and entry.ends_at > now),
            key=lambda entry: entry.session.starts_at,
        )
        yield from (entry for entry in latest if entry.is_on and entry.ends_at <= now)
        yield from (entry for entry in latest if not entry.is_on)


async def _load(rows: Rows, group_id: int) -> list[_Entry]:
    """In pages: the loop has other things to do meanwhile."""
    entries: list[_Entry] = []
    while len(entries) < _KEPT:
        page = await rows.sessions.all(group_id, _PAGE, len(entries))
        entries += [_entry(session) for session in page]
        if len(page) < _PAGE:
            break
        await asyncio.sleep(0)
    return entries


def _entry(session: Session) -> _Entry:
    words = words_of(f"{_day(session)} {session.local_time[:4]} {session.title}")
    is_on = session.status is not SessionStatus.CANCELLED
    return _Entry(replace(session, topic="", readings=()), words, is_on, ends_at(session))


def _label(session: Session, now: datetime) -> str:
    """ "Wed 2 Dec · Title", in the session's own zone; with the year where it is another one."""
    year = session.local_time[:4]
    said = _day(session) if year == str(now.year) else f"{_day(session)} {year}"
    ending = "" if is_visible(session, now) else _ENDINGS[session.status]
    label, room = f"{said} · {session.title}", _LABEL - len(ending)
    return (label if len(label) <= room else f"{label[: room - 1].rstrip()}…") + ending


def _day(session: Session) -> str:
    """Never in the language of the machine that the bot runs on."""
    day = date.fromisoformat(session.local_time[:10])
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"
