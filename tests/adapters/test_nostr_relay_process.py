"""Against PyPI's `nostr-relay`: another author's relay, in another process, on real storage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pynostr.filters import Filters

from bot.domain.errors import DeliveryError
from bot.networks.nostr import events
from bot.networks.nostr.feed import Subscription
from bot.networks.nostr.keys import Signer
from bot.networks.nostr.pool import Pool
from bot.networks.nostr.probe import probe
from bot.networks.nostr.relay import Timing
from tests.adapters.nostr_relay_process import running_nostr_relay
from tests.waiting import until

BOT = Signer(bytes(31) + b"\x01")
MEMBER = Signer(bytes(31) + b"\x02")
QUICK = Timing(answer=5.0, backoff=lambda attempt: timedelta(milliseconds=20))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_nostr_relay(tmp_path_factory.mktemp("nostr-relay")) as address:
        yield address


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_mention_arrives_and_its_reply_comes_back(url: str) -> None:
    heard: list[object] = []
    answered: list[object] = []

    def following(name: str, signer: Signer) -> list[Subscription]:
        wanted = [Filters(kinds=[1], pubkey_refs=[signer.public_key])]
        return [Subscription(name, wanted, lambda relay: int(time.time()))]

    async with (
        Pool(
            [url],
            BOT,
            now,
            subscriptions=following("bot", BOT),
            receive=lambda raw, size, relay: heard.append(raw),
            timing=QUICK,
        ) as bot,
        Pool(
            [url],
            MEMBER,
            now,
            subscriptions=following("member", MEMBER),
            receive=lambda raw, size, relay: answered.append(raw),
            timing=QUICK,
        ) as member,
    ):
        await until(lambda: bot.caught_up(url) and member.caught_up(url), timeout=10)
        tags = [["p", BOT.public_key]]
        mention = events.sign(MEMBER, 1, "next é 😀", tags, int(time.time()))
        await member.publish(mention)
        await until(lambda: heard, timeout=10)
        assert events.parse(heard[0]) == mention
        assert events.verify(mention)
        tags = [["e", mention.id, url, "root"], ["p", MEMBER.public_key]]
        reply = events.sign(BOT, 1, "soon", tags, int(time.time()))
        await bot.publish(reply)
        await until(lambda: answered, timeout=10)
        assert events.parse(answered[0]) == reply
        assert await bot.fetch([Filters(ids=[reply.id])], 5.0) == [reply]
        await bot.publish(reply)  # `duplicate:` or true, as the relay likes


async def test_a_forged_event_is_refused_and_not_only_unanswered(url: str) -> None:
    forged = replace(events.sign(BOT, 1, "x", [], int(time.time())), content="y")
    async with Pool([url], BOT, now, timing=QUICK) as bot:
        assert await bot.wait_connected(5.0)
        with pytest.raises(DeliveryError) as caught:
            await bot.publish(forged)
    assert "no answer" not in caught.value.reason


async def test_the_relay_says_what_it_is(url: str) -> None:
    report = await probe(url, BOT.public_key)
    assert report.ok
    assert not report.auth
    assert report.information is not None
    assert report.information.name == "test relay"
    assert 1 in report.information.nips
