"""A member and a probe against a real relay: what they hear, wait for and refuse."""

from __future__ import annotations

import asyncio

import pytest

from bot.networks.nostr.keys import Signer
from bot.networks.nostr.local_relay import LocalRelay
from bot.networks.nostr.member import MemberError, joined
from bot.networks.nostr.probe import probe
from tests.adapters.scripted_relay import Scripted

ALICE, BOT = Signer(bytes([1] * 32)), Signer(bytes([2] * 32))


async def test_a_member_hears_the_answer_to_her_own_note_only() -> None:
    async with (
        LocalRelay() as relay,
        joined(ALICE, relay.url) as alice,
        joined(BOT, relay.url) as bot,
    ):
        await alice.follow("answers", {"authors": [BOT.public_key], "kinds": [1]})
        await bot.follow("mentions", {"#p": [ALICE.public_key, BOT.public_key]})
        asked = await alice.mention(BOT.public_key, "next")
        heard = await bot.until(lambda event: event.id == asked.id, 5)
        assert heard is not None
        assert heard.content == f"nostr:{BOT.npub} next"
        await bot.note("something else")
        answer = await bot.note("tomorrow", (("e", asked.id, "", "root"),))
        found = await alice.reply_to(asked, BOT.public_key, 5)
        assert found is not None
        assert found.id == answer.id
        assert await alice.until(lambda event: event.content == "never", 0.05) is None


async def test_a_member_authenticates_where_the_relay_wants_it() -> None:
    async with LocalRelay(auth=True) as relay, joined(ALICE, relay.url) as alice:
        await alice.follow("own", {"authors": [ALICE.public_key]})
        sent = await alice.note("hello")
        assert await alice.until(lambda event: event.id == sent.id, 5) is not None


async def test_a_text_that_is_not_unicode_is_refused_before_it_is_sent() -> None:
    async with LocalRelay() as relay, joined(ALICE, relay.url) as alice:
        with pytest.raises(MemberError, match="can't be sent"):
            await alice.note("\ud800")


async def test_a_relay_that_is_not_there_is_said() -> None:
    with pytest.raises(MemberError, match="can't be reached"):
        async with joined(ALICE, "ws://127.0.0.1:9"):
            pass


async def test_a_refusal_is_told_in_the_relays_words_even_without_the_id() -> None:
    script = ("not json", "[]", '["OK","",false,"blocked: not you"]')
    async with Scripted(*script) as relay, joined(ALICE, relay.url) as alice:
        with pytest.raises(MemberError, match="blocked: not you"):
            await alice.note("hello")


async def test_a_relays_words_can_not_steer_the_terminal() -> None:
    script = ("not json", "[]", '["OK","",false,"blocked: \\u001b[2J\\u202egone"]')
    async with Scripted(*script) as relay, joined(ALICE, relay.url) as alice:
        with pytest.raises(MemberError) as refused:
            await alice.note("hello")
    assert str(refused.value).isprintable()


async def test_waiting_ends_when_the_relay_hangs_up() -> None:
    async with Scripted(hangs_up=True) as relay, joined(ALICE, relay.url) as alice:
        await alice.follow("own", {"authors": [ALICE.public_key]})
        with pytest.raises(MemberError, match="closed the connection"):
            await asyncio.wait_for(alice.until(lambda event: False, 5), 5)


async def test_the_probe_measures_and_sees_whether_auth_is_wanted() -> None:
    async with LocalRelay() as relay, LocalRelay(auth=True) as members_only:
        open_to_all = await probe(relay.url, BOT.public_key)
        closed = await probe(members_only.url, BOT.public_key)
    assert (open_to_all.ok, open_to_all.auth) == (True, False)
    assert open_to_all.rtt_ms is not None
    assert open_to_all.rtt_ms > 0
    assert "no AUTH needed" in open_to_all.detail
    assert (closed.ok, closed.auth) == (True, True)
    assert "wants AUTH" in closed.detail


async def test_the_probe_names_what_is_wrong_with_a_relay() -> None:
    down = await probe("ws://127.0.0.1:9", BOT.public_key)
    assert not down.ok
    assert "can't be reached" in down.detail
    async with Scripted() as silent:
        assert "no answer within" in (await probe(silent.url, BOT.public_key, 0.1)).detail
    async with Scripted(hangs_up=True) as rude:
        assert "closed the connection" in (await probe(rude.url, BOT.public_key)).detail
        wrong_path = await probe(f"{rude.url}nowhere", BOT.public_key)
        assert "not as a relay (HTTP 404)" in wrong_path.detail
    async with Scripted("{") as babbling:
        assert not (await probe(babbling.url, BOT.public_key, 0.1)).ok


async def test_the_probe_passes_on_what_a_relay_says_of_itself() -> None:
    document = {
        "limitation": {
            "max_message_length": 5000,
            "max_content_length": 4000,
            "max_event_tags": 30,
            "max_subscriptions": 7,
            "payment_required": True,
            "restricted_writes": True,
        }
    }
    async with Scripted('["EOSE","probe"]', document=document) as relay:
        report = await probe(relay.url, BOT.public_key)
    assert report.ok
    for words in ("5000 bytes", "4000 characters", "30 tags", "7 sub", "payment", "may refuse"):
        assert words in report.detail
