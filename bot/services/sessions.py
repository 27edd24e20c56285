"""Sessions: planned, changed, announced, called off, found and shown.

Everything one call does is one transaction: whether the caller may, the session, its reminders and
what must be posted of it. ``by`` is who calls; OPERATOR on the command line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.errors import InvalidPageError, NoUpcomingSessionError
from bot.domain.model import Caller, Group, Network, Session, SessionPage, SessionView
from bot.domain.ports import Gates, Now, Rows, Store, WritesPage
from bot.domain.text import clean_name, slug_of
from bot.services import changes as doing
from bot.services import find, posting, posts, proposals
from bot.services.changes import Announced
from bot.services.checking import no_gates
from bot.services.memory import Memory
from bot.services.pages import Imported, PageImport
from bot.services.plans import (
    TITLE_LENGTH,
    SessionChanges,
    SessionPlan,
    changed,
    drafted,
    tags_of,
    title_of,
)
from bot.services.proposals import Change, Proposal, SessionCancel, SessionEdit
from bot.services.rights import is_organiser, known_organiser, require_organiser

__all__ = [
    "Announced",
    "Change",
    "Imported",
    "Proposal",
    "SessionCancel",
    "SessionChanges",
    "SessionEdit",
    "SessionPlan",
    "Sessions",
]

_BOARD = 1000


class Sessions:
    """The sessions of all groups of this data file.

    ``gates`` check imported summaries; ``article`` writes the page that is published.
    """

    def __init__(
        self,
        store: Store,
        now: Now,
        gates: Gates = no_gates,
        article: WritesPage | None = None,
    ) -> None:
        self._store = store
        self._gates = gates
        self._article = article
        self._memory = Memory(store)
        self._now = now

    async def add(self, group: Group, plan: SessionPlan, *, by: Caller) -> Session:
        """Plan a session; nobody is told yet. Raises NotPermittedError, InvalidSessionError."""
        now = self._now()
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            return await doing.add(tx, drafted(group, plan, now), now)

    async def edit(
        self, group: Group, name: str, changes: SessionChanges, *, by: Caller
    ) -> Session:
        """Change a session, and tell members who were told of it; the same edit twice is one.

        Raises NotPermittedError, UnknownSessionError, InvalidSessionError.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            before = await find.find(tx, group, name, now, members_only=False)
            after = changed(before, changes, now)
            if after != before:
                after, _ = await posts.change(tx, group, before, after, now)
                await self._renew(tx, group, after)
            return after

    async def cancel(self, group: Group, name: str, *, by: Caller) -> Session:
        """Call a session off, and tell members who were told of it; twice is once.

        Raises NotPermittedError, UnknownSessionError.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            session = await find.find(tx, group, name, now, members_only=False)
            session = await doing.cancel(tx, group, session, now)
            await self._renew(tx, group, session)
            return session

    async def announce(self, group: Group, name: str, *, by: Caller) -> Announced:
        """Tell members of a session everywhere, and plan its reminders; twice is once.

        Said again, it posts what failed for good, and to destinations that came since.
        Raises NotPermittedError, UnknownSessionError, and InvalidSessionError when it is off or has
        begun.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            session = await find.find(tx, group, name, now, members_only=False)
            return await doing.announce(tx, group, session, now)

    async def propose(self, group: Group, change: Change, *, by: Caller) -> Proposal:
        """Check a change and keep it, so that it can be shown first. Nothing else is stored.

        Raises NotPermittedError, UnknownSessionError, InvalidSessionError.
        """
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            return await proposals.propose(tx, group, change, self._now())

    async def accept(
        self, group: Group, proposal_id: str, *, by: Caller, announce: bool = False
    ) -> Announced:
        """Store what was shown, and announce it if wished: all of it or nothing.

        Raises NotPermittedError, InvalidSessionError, and UserError when that was done before.
        """
        now = self._now()
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            done = await proposals.accept(tx, group, proposal_id, now)
            queued = done.posts + await self._renew(tx, group, done.session)
            if not announce:
                return Announced(done.session, queued)
            told = await doing.announce(tx, group, done.session, now)
            return Announced(told.session, queued + told.posts)

    async def discard(self, group: Group, proposal_id: str, *, by: Caller) -> None:
        """Drop what was shown; twice is once. Raises NotPermittedError."""
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            await tx.proposals.take(proposal_id, group.id)

    async def next(self, group: Group) -> Session:
        """The earliest announced session that isn't over. Raises NoUpcomingSessionError."""
        session = await self._upcoming(group)
        if session is None:
            raise NoUpcomingSessionError
        return session

    async def find(self, group: Group, name: str = "", *, members_only: bool = True) -> Session:
        """By slug, the start of one, words of the title, "next", "last", or "" (next, else last).

        Raises UnknownSessionError, with names that exist.
        """
        known = await self._known(group, name)
        if known is not None:
            return known
        async with self._store.read() as view:
            return await find.find(view, group, name, self._now(), members_only=members_only)

    async def by_id(self, group: Group, session_id: int) -> Session:
        """What a button of an earlier post is about: a session that members see, or were told of.

        Raises UnknownSessionError, also for a session of another group.
        """
        known = await self._memory.get(session_id, lambda view: view.sessions.by_id(session_id))
        if known is not None and find.was_told(known, group):
            return known
        async with self._store.read() as view:
            return await find.told(view, group, session_id, self._now())

    async def is_organiser(self, group: Group, caller: Caller) -> bool:
        """Whether the caller may plan and change the group's sessions."""
        return await known_organiser(self._memory, group.id, caller)

    async def listing(self, group: Group) -> Sequence[Session]:
        """What members are shown: 5 ahead at most, soonest first, then the 3 latest past."""
        async with self._store.read() as view:
            return await find.listing(view, group.id, self._now())

    async def all(
        self, group: Group, *, by: Caller, limit: int = 100, offset: int = 0
    ) -> Sequence[Session]:
        """Every session whatever its status, latest first. Raises NotPermittedError."""
        async with self._store.read() as view:
            await require_organiser(view, group, by)
            return await view.sessions.all(group.id, limit, offset)

    async def require_organiser(self, group: Group, *, by: Caller) -> None:
        """Before work that only organisers may start, such as filling in a form.

        Raises NotPermittedError.
        """
        async with self._store.read() as view:
            await require_organiser(view, group, by)

    async def show(self, group: Group, name: str, *, by: Caller) -> SessionView:
        """Everything that is shown of one session; planned ones only to organisers.

        Raises UnknownSessionError.
        """
        async with self._store.read() as view:
            members_only = not await is_organiser(view, group, by)
            session = await find.find(view, group, name, self._now(), members_only=members_only)
            return SessionView(
                session=session,
                summaries=dict(await view.summaries.current(session.id)),
                questions=tuple(await view.questions.of_session(session.id, _BOARD)),
                rsvps=await view.sessions.rsvps(session.id),
            )

    async def import_page(
        self,
        group: Group,
        page: SessionPage,
        *,
        by: Caller,
        at: str = "",
        timezone: str = "",
        start_time: str = "19:00",
    ) -> Imported:
        """Store a session page whole, or nothing of it; the same page twice changes nothing.

        ``at`` ("2023-07-05 19:00" or only the date) wins over the page's own date, ``timezone``
        over the page's and the group's; ``start_time`` stands in where nobody gives an hour.
        Raises NotPermittedError, InvalidPageError, InvalidSessionError.
        """
        if not clean_name(page.title, TITLE_LENGTH):
            raise InvalidPageError("The page has no title; give it one and import it again.")
        page = replace(page, title=title_of(page.title), tags=tags_of(page.tags))
        plan = PageImport(group, page, self._now(), at, timezone, start_time)
        await self.require_organiser(group, by=by)
        await plan.check(self._store, self._gates)
        async with self._store.transaction() as tx:
            await require_organiser(tx, group, by)
            imported = await plan.store(tx)
            await self._renew(tx, group, imported.session)
            return imported

    async def _renew(self, rows: Rows, group: Group, session: Session) -> int:
        """Its published page says what it says now; how many posts were queued."""
        return await posting.renew_page(rows, group, session, self._article, self._now())

    async def _known(self, group: Group, name: str) -> Session | None:
        """What ``find`` finds, where a choice that was offered was taken as it is."""
        if name in ("", "next"):
            return await self._upcoming(group)
        if name == "last" or slug_of(name) != name:
            return None
        found = await self._memory.get(
            ("slug", group.id, name), lambda view: view.sessions.by_slug(group.id, name)
        )
        return found if found is not None and find.is_visible(found, self._now()) else None

    async def _upcoming(self, group: Group) -> Session | None:
        """The earliest announced one that isn't over."""
        now = self._now()
        known = await self._memory.get(
            ("next", group.id), lambda view: find.upcoming(view, group.id, now)
        )
        if known is None or find.ends_at(known) > now:  # the clock alone brings no new one
            return known
        async with self._store.read() as view:
            return await find.upcoming(view, group.id, now)

    async def of_posts(self, network: Network, remote_ids: Sequence[str]) -> Mapping[str, int]:
        """Which session each of our own posts belongs to: the network's id -> session id."""
        async with self._store.read() as view:
            return await view.sessions.of_remote(network, remote_ids)
