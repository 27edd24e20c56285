"""Mentions in, replies out: what was admitted is understood, handed to a service, answered once.

What a mention asked for, its being handled and the signed reply commit together; then the reply is
sent. Questions and votes go in batches; a summary may take seconds and holds nobody up. A reaction
gets no reply. The rules are the services', what commands say is the responder's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from bot.domain.commands import Ask, Chatter, Evidence, SummaryOf, Vote
from bot.domain.errors import StorageError
from bot.domain.model import Author, Delivery, Group, Network
from bot.domain.ports import Backoff, Now, Rows, Store
from bot.networks.nostr import answers
from bot.networks.nostr.acquaintances import LookUpKnown
from bot.networks.nostr.admission import Admission
from bot.networks.nostr.boards import Boards
from bot.networks.nostr.context import Heard, Listener
from bot.networks.nostr.cursors import CaughtUp, Cursors
from bot.networks.nostr.events import REACTION
from bot.networks.nostr.lanes import Mention
from bot.networks.nostr.replies import Replies
from bot.networks.nostr.responder import Answer, Responder
from bot.services.outbox import LEASE, Outbox, backoff
from bot.services.questions import Questions

logger = logging.getLogger(__name__)

_BATCH = 1000  # in one transaction; half of what a lane holds
_HELP_AGAIN = timedelta(days=1)
_KNOWN_SINCE = timedelta(hours=1)  # who came with a flood isn't known yet
_OF_SUMMARIES = (SummaryOf, Evidence)  # they may have to be made first
_BUSY = "Many people ask for a summary just now; ask again in a minute."


class Mentions:
    """``open``, then ``run`` until it is cancelled, then ``close``.

    ``receive``, ``seen_until`` and ``wait_room`` are for the subscription at the relays.
    """

    def __init__(
        self,
        admission: Admission,
        listener: Listener,
        responder: Responder,
        replies: Replies,
        questions: Questions,
        outbox: Outbox,
        store: Store,
        group: Group,
        now: Now,
        *,
        caught_up: CaughtUp = lambda relay: True,
        backoff: Backoff = backoff,
        report_every: float = 60.0,
        summaries_at_once: int = 500,
    ) -> None:
        self._admission = admission
        self._listener = listener
        self._responder = responder
        self._replies = replies
        self._boards = Boards(questions, replies, group)
        self._outbox = outbox
        self._store = store
        self._group = group
        self._now = now
        self._backoff = backoff
        self._report_every = report_every  # seconds
        self._summaries_at_once = summaries_at_once
        self._cursors = Cursors(store, now, admission.oldest_under_way, caught_up)
        self._summaries: set[asyncio.Task[None]] = set()
        self._handled = 0
        self._replied = 0

    def receive(self, raw: object, size: int, relay: str) -> None:
        """One event from a relay's frame of ``size`` bytes, decoded from JSON and not checked."""
        known_already = self._admission.receive(raw, size, relay)
        if known_already is not None:
            self._cursors.passed(known_already)

    def seen_until(self, relay: str) -> int | None:
        """The Unix second up to which this relay was read; None when it never was."""
        return self._cursors.position(relay)

    async def wait_room(self) -> None:
        """Until there is room for another page of stored events."""
        await self._admission.wait_room()

    async def open(self) -> None:
        """Read where an earlier run stopped. Raises StorageError."""
        await self._cursors.load()

    async def run(self) -> None:
        """Until cancelled. What isn't answered by then comes again from the relays."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._admission.run())
                tasks.create_task(self._cursors.run())
                tasks.create_task(self._report())
                tasks.create_task(self._answer_all())
        finally:
            for task in self._summaries:
                task.cancel()
            await asyncio.gather(*self._summaries, return_exceptions=True)

    async def close(self) -> None:
        """Store how far the relays were read."""
        try:
            await self._cursors.flush()
        except StorageError as error:
            logger.warning("can't store how far the relays were read: %s", error)

    def stats(self) -> dict[str, int]:
        """Counts since the start: received, admitted, refused by reason, handled, replied."""
        counts = dict(self._admission.stats())
        return {**counts, "handled": self._handled, "replied": self._replied}

    async def _answer_all(self) -> None:
        while True:
            batch = await self._admission.take(_BATCH)
            await self._persist(partial(self._handle, batch), batch)

    async def _persist(
        self, work: Callable[[], Awaitable[None]], mentions: Sequence[Mention]
    ) -> None:
        """Do it, however long the data file can't be written: late, but nothing is lost."""
        attempt = 0
        while True:
            try:
                await work()
                return
            except StorageError as error:
                attempt += 1
                logger.warning("mentions wait for the data file (%s): %s", attempt, error)
            except Exception:
                logger.exception("mentions given up: %s", [each.event.id for each in mentions])
                for mention in mentions:
                    self._admission.done(mention)
                return
            await asyncio.sleep(self._backoff(attempt).total_seconds())

    async def _handle(self, batch: Sequence[Mention]) -> None:
        """May be done again after a failure: what was committed before is found handled."""
        asks: list[Heard] = []
        votes: list[Heard] = []
        summaries: list[Heard] = []
        others: list[Heard] = []
        room = self._summaries_at_once - len(self._summaries)
        for heard in await self._hear([each for each in batch if each.event.kind != REACTION]):
            match heard.command:
                case Ask():
                    asks.append(heard)
                case Vote():
                    votes.append(heard)
                case SummaryOf() | Evidence() if room > len(summaries):
                    summaries.append(heard)
                case _:
                    others.append(heard)
        if asks:
            await self._in_one(self._boards.ask, sorted(asks, key=_said_at))
        if votes:
            await self._in_one(self._boards.vote, votes)
        if others:
            await self._commit([await self._answer(heard) for heard in others])
        for heard in summaries:
            self._start_summary(heard)
        await self._react([each for each in batch if each.event.kind == REACTION])

    async def _hear(self, batch: Sequence[Mention]) -> list[Heard]:
        """What a fault of ours keeps us from understanding is answered so, and holds up nobody."""
        try:
            return await self._listener.hear(batch)
        except StorageError:
            raise
        except Exception:
            logger.exception("can't understand one of %s mentions", len(batch))
        if len(batch) > 1:
            return [heard for mention in batch for heard in await self._hear([mention])]
        heard = Heard(batch[0], Chatter())
        await self._commit([Answer(heard, answers.SORRY)])
        return []

    # The board

    async def _in_one(
        self,
        work: Callable[[Sequence[Heard]], Awaitable[Sequence[Delivery]]],
        batch: Sequence[Heard],
    ) -> None:
        """One transaction for all of them; after a failure that isn't the data file's one by one,
        so that only one is told sorry."""
        try:
            deliveries = await work(batch)
        except StorageError:
            raise
        except Exception:
            logger.exception("a batch of %s mentions failed", len(batch))
        else:
            self._finish(batch, deliveries)
            return
        if len(batch) == 1:
            await self._commit([Answer(batch[0], answers.SORRY, batch[0].session)])
            return
        for heard in batch:
            await self._in_one(work, [heard])

    async def _react(self, reactions: Sequence[Mention]) -> None:
        """One by one: few of them are votes, and those that aren't cost no transaction."""
        for mention in reactions:
            try:
                await self._boards.react(mention.event)
            except StorageError:
                raise
            except Exception:
                logger.exception("a reaction is dropped: %s", mention.event.id)
            self._passed(mention)

    # Commands

    async def _answer(self, heard: Heard) -> Answer:
        if isinstance(heard.command, _OF_SUMMARIES):
            return Answer(heard, _BUSY, heard.session)
        if isinstance(heard.command, Chatter):
            return Answer(heard)
        return await self._responder.answer(heard)

    def _start_summary(self, heard: Heard) -> None:
        task = asyncio.create_task(self._persist(partial(self._summarise, heard), [heard.mention]))
        self._summaries.add(task)
        task.add_done_callback(self._summaries.discard)

    async def _summarise(self, heard: Heard) -> None:
        await self._commit([await self._responder.answer(heard)])

    async def _commit(self, made: Sequence[Answer]) -> None:
        """Mark them as handled and queue their replies, all at once; then send."""
        now = self._now()
        async with self._store.transaction() as tx:
            ids = [answer.heard.event.id for answer in made]
            new = await tx.seen.add(Network.NOSTR, ids, now)
            posts = []
            for answer in made:
                if answer.heard.event.id in new and await self._is_wanted(tx, answer, now):
                    mention = answer.heard.mention
                    posts.append(self._replies.post(mention, answer.text, answer.session))
            deliveries = await tx.outbox.add_claimed(posts, now, now + LEASE) if posts else ()
        self._finish([answer.heard for answer in made], deliveries)

    async def _is_wanted(self, rows: Rows, answer: Answer, now: datetime) -> bool:
        """Help that nobody asked for is given once a day a person."""
        if not answer.text or not answer.unasked:
            return bool(answer.text)
        author = Author(Network.NOSTR, answer.heard.event.pubkey)
        helped_at = await rows.people.helped_at(self._group.id, author)
        if helped_at is not None and now - helped_at < _HELP_AGAIN:
            return False
        await rows.people.set_helped(self._group.id, author, now)
        return True

    def _finish(self, heard: Iterable[Heard], deliveries: Sequence[Delivery]) -> None:
        """All is committed: send, and don't look at these events again."""
        self._outbox.send_now(deliveries)
        self._replied += len(deliveries)
        for each in heard:
            self._passed(each.mention)

    def _passed(self, mention: Mention) -> None:
        self._handled += 1
        self._admission.done(mention)
        self._cursors.passed(mention)

    async def _report(self) -> None:
        before = self.stats()
        while True:
            await asyncio.sleep(self._report_every)
            counts = self.stats()
            grown = {name: n - before.get(name, 0) for name, n in counts.items()}
            said = ", ".join(f"{name} {n}" for name, n in grown.items() if n)
            if said:
                logger.info("mentions in the last %.0f s: %s", self._report_every, said)
            before = counts


def _said_at(heard: Heard) -> tuple[int, str]:
    """Numbers follow the order of asking, though relays send what they had stored newest first."""
    return heard.event.created_at, heard.event.id


def known_people(store: Store, now: Now) -> LookUpKnown:
    """Ask the store who of these public keys was with us before."""

    async def look_up(pubkeys: Sequence[str]) -> set[str]:
        async with store.read() as view:
            return await view.people.known(Network.NOSTR, pubkeys, now() - _KNOWN_SINCE)

    return look_up
