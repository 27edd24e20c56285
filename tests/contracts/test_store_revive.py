"""What every store must do for posts that are wanted after all, and for plans that are again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.model import (
    Group,
    Network,
    OutboxState,
    Post,
    Prepared,
    ReminderState,
    Session,
)
from bot.domain.ports import Rows, Store, Topic
from tests.rows import DAY, NOON, a_group, a_post, a_reminder

MINUTE = timedelta(minutes=1)
NOSTR = Network.NOSTR


async def ended(store: Store, post: Post, state: OutboxState) -> None:
    """Queued, claimed, prepared, and ended like that."""
    async with store.transaction() as tx:
        await tx.outbox.add([post], NOON)
        (delivery,) = await tx.outbox.claim(NOSTR, NOON, NOON + MINUTE, 1)
        await tx.outbox.set_wire([(delivery, Prepared(b"old", "id"))], NOON)
        await tx.outbox.mark_ended(delivery, state, "why", NOON)


@pytest.mark.parametrize("state", [OutboxState.FAILED, OutboxState.UNKNOWN])
async def test_what_failed_or_is_unknown_waits_again_as_it_is_now(
    store: Store, session: Session, state: OutboxState
) -> None:
    post = a_post(session, "a")
    await ended(store, post, state)
    newer = replace(post, payload='"new"', expires_at=NOON + DAY)
    woken: list[Topic] = []
    store.on_commit(Topic.OUTBOX, lambda: woken.append(Topic.OUTBOX))
    async with store.transaction() as tx:
        assert await tx.outbox.revive([newer], NOON + MINUTE) == 1
        assert await tx.outbox.failures() == []
    assert woken
    async with store.transaction() as tx:
        (delivery,) = await tx.outbox.claim(NOSTR, NOON + MINUTE, NOON + DAY, 10)
    assert delivery.post == newer  # and none of the bytes that were refused
    assert (delivery.epoch, delivery.attempts, delivery.first_tried_at) == (2, 2, NOON)


@pytest.mark.parametrize("state", [OutboxState.SKIPPED, OutboxState.SENT, OutboxState.PENDING])
async def test_no_other_row_is_revived(store: Store, session: Session, state: OutboxState) -> None:
    post = a_post(session, "a")
    if state is OutboxState.PENDING:
        async with store.transaction() as tx:
            await tx.outbox.add([post], NOON)
    else:
        await ended(store, post, state)
    async with store.transaction() as tx:
        newer = [replace(post, payload='"new"'), a_post(session, "never queued")]
        assert await tx.outbox.revive(newer, NOON) == 0
        assert await tx.outbox.revive([], NOON) == 0
        waiting = await tx.outbox.claim(NOSTR, NOON, NOON + DAY, 10)
    assert [delivery.post for delivery in waiting] == [post] * (state is OutboxState.PENDING)


async def test_a_skipped_reminder_can_wait_again(store: Store, session: Session) -> None:
    woken: list[Topic] = []
    store.on_commit(Topic.REMINDERS, lambda: woken.append(Topic.REMINDERS))
    async with store.transaction() as tx:
        await tx.reminders.plan([a_reminder(session, DAY / 2)])
        await tx.reminders.skip_pending(session.id, NOON)
    woken.clear()
    async with store.transaction() as tx:
        (row,) = await tx.reminders.of_session(session.id)
        await tx.reminders.settle([row.id], ReminderState.PENDING, NOON)
        assert await tx.reminders.next_due_at() == row.due_at
    assert woken


async def test_every_group_is_listed_in_the_order_they_came(store: Store, group: Group) -> None:
    async def slugs(rows: Rows) -> list[str]:
        return [each.slug for each in await rows.groups.all()]

    async with store.transaction() as tx:
        other = await a_group(tx, "aaa")
        assert await slugs(tx) == [group.slug, other.slug]
        assert (await tx.groups.all())[1] == other
