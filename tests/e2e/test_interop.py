"""Others' clients over others' relays: nostr-sdk and nostr-tools, LocalRelay and nostr-relay."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nostr_sdk as sdk
import pytest
import pytest_asyncio

from bot.networks.nostr.local_relay import LocalRelay
from tests.adapters.nostr_relay_process import running_nostr_relay
from tests.e2e.member import Found, member
from tests.e2e.processes import Bot
from tests.interop import nostr_tools

pytestmark = pytest.mark.slow

PROFILE, NOTE, RELAY_LIST, CALENDAR = 0, 1, 10002, 31923
needs_node = pytest.mark.skipif(bool(nostr_tools.why_not()), reason=nostr_tools.why_not())


@dataclass(frozen=True)
class Place:
    """A bot that runs, the only relay it knows, and its announcements by session."""

    bot: Bot
    relay: str
    notes: dict[str, str]

    def board(self, session: str) -> dict[str, int]:
        """A session's questions by the event they came in, with their numbers."""
        query = (
            "SELECT source_id, number FROM questions WHERE session_id = "
            "(SELECT id FROM sessions WHERE slug = ?)"
        )
        return dict(self.bot.rows(query, session))


@asynccontextmanager
async def _relay(kind: str, folder: Path) -> AsyncIterator[str]:
    if kind == "LocalRelay":
        async with LocalRelay() as relay:
            yield relay.url
    else:
        with running_nostr_relay(folder) as url:
            yield url


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["LocalRelay", "nostr-relay"], ids=str
)
async def place(
    request: pytest.FixtureRequest, planned: Bot, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    async with _relay(request.param, folder) as url, member(url) as reader:
        bot = planned.copied(folder / "bot", [url])
        moats = ("--title", "Moats", "--tag", "ai", "--place", "Room 4")
        link = ("--reading", "https://example.org/moats")
        bot.command("session", "add", *moats, *link, "--at", "2036-12-09 19:00", "--announce")
        with bot.running():
            notes = {
                slug: (await reader.one(authors=[bot.pubkey], kinds=[NOTE], tag_t=[tag])).id
                for slug, tag in (("relays", "nostr"), ("moats", "ai"))
            }
            yield Place(bot, url, notes)


@pytest.fixture(scope="module")
def _nostr_tools() -> None:
    nostr_tools.install()


# nostr-sdk


async def test_nostr_sdk_mentions_the_bot_and_gets_a_reply_in_her_thread(place: Place) -> None:
    async with member(place.relay) as her:
        mention = await her.mention(place.bot.pubkey, f"nostr:{place.bot.npub} next")
        reply = await her.reply_to(mention, place.bot.pubkey)
    assert reply.content.startswith("Relays")
    assert [(tag[1], tag[3]) for tag in reply.tagged("e")] == [(mention, "root")]
    assert reply.tagged("p") == [["p", her.pubkey]]


async def test_nostr_sdk_asks_by_reply_and_it_counts_for_that_session(place: Place) -> None:
    note = place.notes["moats"]
    async with member(place.relay) as her:
        thread = ("e", note, place.relay, "root", place.bot.pubkey)
        mention = await her.mention(place.bot.pubkey, "Who is said to have no moat?", [thread])
        reply = await her.reply_to(mention, place.bot.pubkey)
    assert f"Question {place.board('moats')[mention]} for “Moats”" in reply.content
    assert mention not in place.board("relays"), "the next session isn't meant"
    assert [(tag[1], tag[3]) for tag in reply.tagged("e")] == [(note, "root"), (mention, "reply")]
    assert reply.tagged("p") == [["p", her.pubkey]]


async def test_nostr_sdk_reads_who_the_bot_is_and_its_calendar(place: Place) -> None:
    async with member(place.relay) as her:
        profile = await her.one(authors=[place.bot.pubkey], kinds=[PROFILE])
        relays = await her.one(authors=[place.bot.pubkey], kinds=[RELAY_LIST])
        entry = await her.one(authors=[place.bot.pubkey], kinds=[CALENDAR], tag_t=["ai"])
        (note,) = await her.fetch(ids=[place.notes["moats"]])
    check_profile(profile, relays, place)
    check_entry(entry)
    found = sdk.Nip19Coordinate.from_bech32(naddr(note)).coordinate()
    address = (found.kind().as_u16(), found.public_key().to_hex(), found.identifier())
    assert address == (CALENDAR, place.bot.pubkey, entry.value("d"))


# nostr-tools


@needs_node
@pytest.mark.usefixtures("_nostr_tools")
async def test_nostr_tools_mentions_the_bot_and_agrees_on_the_thread(place: Place) -> None:
    said = await nostr_tools.node("mention.mjs", place.relay, place.bot.pubkey, "next")
    assert said["verified"]
    assert said["reply"]["content"].startswith("Relays")
    assert said["root"] == said["parent"] == said["mention"]
    assert said["profiles"] == [said["member"]]


@needs_node
@pytest.mark.usefixtures("_nostr_tools")
async def test_nostr_tools_asks_by_reply_and_it_counts_for_that_session(place: Place) -> None:
    note, bot = place.notes["moats"], place.bot.pubkey
    text = "Does open source catch up?"
    said = await nostr_tools.node("mention.mjs", place.relay, bot, text, note, bot)
    number = place.board("moats")[said["mention"]]
    assert f"Question {number} for “Moats”" in said["reply"]["content"]
    assert said["mention"] not in place.board("relays"), "the next session isn't meant"
    assert (said["verified"], said["root"], said["parent"]) == (True, note, said["mention"])
    assert said["profiles"] == [said["member"]]


@needs_node
@pytest.mark.usefixtures("_nostr_tools")
async def test_nostr_tools_reads_who_the_bot_is_and_its_calendar(place: Place) -> None:
    read = await nostr_tools.node("read.mjs", place.relay, place.bot.pubkey)
    assert read["verified"]
    events = [_event(data) for data in read["events"]]
    (profile,) = (event for event in events if event.kind == PROFILE)
    (relays,) = (event for event in events if event.kind == RELAY_LIST)
    entries = {event.value("d"): event for event in events if event.kind == CALENDAR}
    check_profile(profile, relays, place)
    check_entry(entries["atl-moats"])
    addresses = {(each["kind"], each["pubkey"], each["identifier"]) for each in read["addresses"]}
    assert addresses == {(CALENDAR, place.bot.pubkey, name) for name in entries}
    assert {url for each in read["addresses"] for url in each["relays"]} == {place.relay}


# What both must find


def check_profile(profile: Found, relays: Found, place: Place) -> None:
    about = json.loads(profile.content)
    assert about["name"] == "Atlanta Reading Group"
    assert about["bot"] is True
    assert [tag[1] for tag in relays.tagged("r")] == [place.relay]


def check_entry(entry: Found) -> None:
    """NIP-52's required tags, and those that calendars show."""
    start = int(datetime(2036, 12, 10, tzinfo=UTC).timestamp())  # 19:00 the day before in Atlanta
    assert entry.value("d") == "atl-moats"
    assert entry.value("title") == "Moats"
    assert entry.value("start") == str(start)
    assert entry.value("end") == str(start + 2 * 3600)
    assert entry.value("start_tzid") == "America/New_York"
    assert [tag[1] for tag in entry.tagged("D")] == [str(start // 86_400)]
    assert entry.value("location") == "Room 4"
    assert entry.value("r") == "https://example.org/moats"


def naddr(note: Found) -> str:
    return note.content.rpartition("nostr:")[2]


def _event(data: Any) -> Found:
    return Found(data["id"], data["pubkey"], data["kind"], data["content"], data["tags"])
