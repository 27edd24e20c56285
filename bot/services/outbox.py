"""The outbox of one network: what must be posted is claimed, made into bytes, sent, and marked.

At least once, with idempotent sends: the exact bytes are stored before the first send, and a row
whose sender died is sent again, the same, once its lease ends. How a post looks and how it travels
is the courier's own.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import DeliveryError
from bot.domain.model import Delivery, OutboxState, Prepared
from bot.domain.ports import Backoff, Courier, Now, Rows, Store, Topic
from bot.services.marks import Mark, Marks, log_failure
from bot.services.places import pause
from bot.services.warnings import tell_ended, tell_paused

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
SENDING = 32
"""Posts under way at once on one network."""

_CLAIMED = 50  # rows in one claim
_PREPARED = 10  # rows made into bytes in one transaction: a millisecond each, others wait meanwhile
_POLL = timedelta(seconds=30)
_SETTLE = 0.005  # seconds after a commit before we look: what was claimed in it is sent first
_STALLED = timedelta(seconds=1)  # between looks at rows that are due and can't be claimed
_BUG_TRIES = 10
_SHORTEST, _LONGEST = 2.0, 600.0  # seconds


def backoff(attempt: int) -> timedelta:
    """The wait after the n-th failed attempt: up to 2 s, 4 s ... 10 min, with full jitter."""
    ceiling = min(_LONGEST, _SHORTEST * 2.0 ** min(attempt - 1, 10))
    return timedelta(seconds=random.uniform(0, ceiling))  # noqa: S311 (jitter, not a secret)


class Outbox:
    """Everything that one process posts to one network."""

    def __init__(
        self,
        store: Store,
        courier: Courier,
        now: Now,
        backoff: Backoff = backoff,
        lease: timedelta = LEASE,
    ) -> None:
        self._store = store
        self._courier = courier
        self._now = now
        self._backoff = backoff
        self._lease = lease
        self._network = courier.network
        self._wake = asyncio.Event()
        self._room = asyncio.Event()  # while fewer are under way or waiting than may be
        self._room.set()
        self._turn = asyncio.Lock()
        self._stopping = False
        self._waiting: deque[Delivery] = deque()
        self._held: dict[tuple[int, int], Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._marks = Marks(store, courier.network, now, backoff, self._wake.set)
        store.on_commit(Topic.OUTBOX, self._wake.set)

    async def take_over(self) -> int:
        """Give back what a process that died had claimed, and return how much that was.

        For the start, before anything is sent, where nobody else runs on this data file.
        """
        async with self._store.transaction() as tx:
            return await tx.outbox.release(self._network)

    async def run(self) -> None:
        """Post what is due, until stopped or cancelled. No failing row or store ends it."""
        failures = 0
        while not self._stopping:
            self._wake.clear()
            try:
                due_at = await self._turn_once()
                failures = 0
            except Exception as error:
                failures += 1
                due_at = self._now() + self._backoff(failures)
                log_failure(self._network, error)
            await self._sleep_until(due_at)

    def wake(self) -> None:
        """Look at the rows now."""
        self._wake.set()

    def send_now(self, deliveries: Sequence[Delivery]) -> None:
        """Send what the caller's transaction claimed, bytes included. Returns at once."""
        for delivery in deliveries:
            self._start(delivery)

    async def stop(self, drain: timedelta = timedelta(seconds=20)) -> None:
        """Claim nothing more, let what is under way finish within ``drain``, release the rest."""
        self._stopping = True
        self._wake.set()
        self._room.set()
        async with self._turn:  # the loop's last claim is in
            pass
        self._waiting.clear()  # given back below, with all that is still held
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=drain.total_seconds())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._give_back(list(self._held.values()))
        await self._marks.close()

    # The loop

    async def _turn_once(self) -> datetime | None:
        """Send all that is due; when to look again."""
        while True:
            async with self._turn:
                async with self._store.read() as view:
                    due_at = await view.outbox.next_due_at(self._network)
                now = self._now()
                if self._stopping or due_at is None or due_at > now:
                    return due_at
                await self._marks.flush()  # what is sent but not marked isn't to be claimed again
                claimed = await self._claim(now)
                if not claimed:
                    return now + _STALLED
                await self._prepare_and_start(claimed)
            await self._room.wait()

    async def _claim(self, now: datetime) -> list[Delivery]:
        async with self._store.transaction() as tx:
            claimed = await tx.outbox.claim(self._network, now, now + self._lease, _CLAIMED)
        for delivery in claimed:
            self._held[delivery.id, delivery.epoch] = delivery
        return list(claimed)

    async def _prepare_and_start(self, claimed: Sequence[Delivery]) -> None:
        for start in range(0, len(claimed), _PREPARED):
            try:
                ready = await self._prepare(claimed[start : start + _PREPARED])
            except Exception:
                self._give_back(claimed[start:])
                raise
            for delivery in ready:
                self._start(delivery)

    async def _prepare(self, claimed: Sequence[Delivery]) -> list[Delivery]:
        """Those that can go out, with their bytes, stored; the rest is marked."""
        current = [delivery for delivery in claimed if not self._skip_expired(delivery)]
        bare = [delivery for delivery in current if delivery.post.wire is None]
        ready = [delivery for delivery in current if delivery.post.wire is not None]
        if bare:
            async with self._store.transaction() as tx:
                made = [await self._prepare_one(tx, delivery) for delivery in bare]
            ready += [delivery for delivery in made if delivery is not None]
        return ready

    async def _prepare_one(self, tx: Rows, delivery: Delivery) -> Delivery | None:
        """One after the other: a post's thread may be the one that was prepared before it."""
        await asyncio.sleep(0)  # a short query may not yield, nor does signing
        thread = await tx.outbox.thread_of(delivery.post)
        try:
            prepared = self._courier.prepare(delivery.post, thread)
        except DeliveryError as error:
            self._failed(delivery, error)
            return None
        except Exception:
            logger.exception("%s could not be made into a post", delivery.post.key)
            self._failed_by_a_bug(delivery, "it could not be made into a post")
            return None
        if not await tx.outbox.set_wire([(delivery, prepared)], self._now()):
            self._let_go(delivery)  # superseded since it was claimed
            return None
        return _with_wire(delivery, prepared)

    def _skip_expired(self, delivery: Delivery) -> bool:
        expires_at = delivery.post.expires_at
        if expires_at is None or expires_at > self._now():
            return False
        logger.info("%s skipped: of no use since %s", delivery.post.key, expires_at)
        self._end(delivery, OutboxState.SKIPPED, f"of no use since {expires_at.isoformat()}")
        return True

    async def _sleep_until(self, due_at: datetime | None) -> None:
        wait = _POLL if due_at is None else min(_POLL, due_at - self._now())
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, wait.total_seconds())):
                await self._wake.wait()
        await asyncio.sleep(_SETTLE)

    # Sending

    def _start(self, delivery: Delivery) -> None:
        self._held[delivery.id, delivery.epoch] = delivery
        self._waiting.append(delivery)
        self._send_waiting()

    def _send_waiting(self, finished: asyncio.Task[None] | None = None) -> None:
        """As many at once as may be; also when one of them has finished."""
        if finished is not None:
            self._tasks.discard(finished)
        while self._waiting and len(self._tasks) < SENDING:
            task = asyncio.create_task(self._send(self._waiting.popleft()))
            self._tasks.add(task)
            task.add_done_callback(self._send_waiting)
        if self._waiting or len(self._tasks) >= SENDING:
            self._room.clear()
        else:
            self._room.set()

    async def _send(self, delivery: Delivery) -> None:
        patience = self._lease / 2
        if self._stopping or delivery.lease_until - self._now() < patience:
            self._give_back([delivery])
            return
        try:
            async with asyncio.timeout(patience.total_seconds()):
                remote_id = await self._courier.send(delivery)
        except DeliveryError as error:
            self._failed(delivery, error)
        except TimeoutError:
            self._failed(delivery, DeliveryError(f"no answer within {patience}"))
        except Exception:
            logger.exception("%s could not be sent", delivery.post.key)
            self._failed_by_a_bug(delivery, "sending it went wrong")
        else:
            self._let_go(delivery)
            self._marks.sent(delivery, remote_id)

    def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        if error.permanent or error.unknown:
            self._give_up(delivery, error)
            return
        wait = max(self._backoff(delivery.attempts), error.retry_after or timedelta(0))
        logger.info("%s failed, again in %s: %s", delivery.post.key, wait, error.reason)
        self._retry(delivery, error.reason, self._now() + wait)

    def _failed_by_a_bug(self, delivery: Delivery, reason: str) -> None:
        """Not the network's fault, so trying again rarely helps: bounded, where the rest isn't."""
        last = delivery.attempts >= _BUG_TRIES
        self._failed(delivery, DeliveryError(f"{reason} (see the log)", permanent=last))

    # What became of a row

    def _end(self, delivery: Delivery, state: OutboxState, error: str) -> None:
        at = self._now()
        self._settle(delivery, lambda tx: tx.outbox.mark_ended(delivery, state, error, at))

    def _retry(self, delivery: Delivery, error: str, at: datetime) -> None:
        self._settle(delivery, lambda tx: tx.outbox.mark_retry(delivery, error, at))

    def _give_up(self, delivery: Delivery, error: DeliveryError) -> None:
        """End the row, and tell the organisers in the same transaction."""
        state = OutboxState.UNKNOWN if error.unknown else OutboxState.FAILED
        post, at = delivery.post, self._now()
        logger.warning("%s ended as %s: %s", post.key, state, error.reason)

        async def mark(tx: Rows) -> None:
            is_ours = await tx.outbox.mark_ended(delivery, state, error.reason, at)
            if error.pause and await pause(tx, post, error.reason, at):
                logger.warning("%s %s is paused: %s", post.network, post.destination, error.reason)
                await tell_paused(tx, delivery, error.reason, at)
            elif is_ours and not (error.pause and error.permanent):
                await tell_ended(tx, delivery, error, at)

        self._settle(delivery, mark)

    def _give_back(self, deliveries: Sequence[Delivery]) -> None:
        """Release those that are still ours, for whoever claims next."""
        ours = [delivery for delivery in deliveries if self._let_go(delivery)]
        if ours:
            self._marks.add(lambda tx: tx.outbox.release(self._network, ours))

    def _settle(self, delivery: Delivery, mark: Mark) -> None:
        self._let_go(delivery)
        self._marks.add(mark)

    def _let_go(self, delivery: Delivery) -> bool:
        return self._held.pop((delivery.id, delivery.epoch), None) is not None


def _with_wire(delivery: Delivery, prepared: Prepared) -> Delivery:
    post = replace(delivery.post, wire=prepared.wire, remote_id=prepared.remote_id or None)
    return replace(delivery, post=post)
