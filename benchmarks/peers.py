"""What our figures stand beside: the ceiling of this machine, and two small bots.

Each peer does the work that its comparison names and nothing more; none has our defences. They are
the best case of their kind: the small bot commits in batches as large as ours, and the echo bot
checks signatures with the same library as we do.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import aiohttp
import coincurve
import nostr_sdk
import orjson


class Member:
    """A person with a key of her own who signs mentions as fast as can be."""

    def __init__(self) -> None:
        self._key = coincurve.PrivateKey()
        self.pubkey: str = self._key.public_key_xonly.format().hex()

    def event(
        self, content: str, tags: list[list[str]], kind: int = 1, created_at: int | None = None
    ) -> dict[str, object]:
        moment = int(time.time()) if created_at is None else created_at
        digest = event_digest(self.pubkey, moment, kind, tags, content)
        return {
            "id": digest.hex(),
            "pubkey": self.pubkey,
            "created_at": moment,
            "kind": kind,
            "tags": tags,
            "content": content,
            "sig": self._key.sign_schnorr(digest, os.urandom(32)).hex(),
        }


def event_digest(
    pubkey: str, created_at: int, kind: int, tags: list[list[str]], content: str
) -> bytes:
    return hashlib.sha256(orjson.dumps([0, pubkey, created_at, kind, tags, content])).digest()


def mention_frames(count: int, members: Sequence[Member], bot: str) -> list[str]:
    """``count`` signed questions to ``bot`` as raw relay frames, the members taking turns."""
    frames = []
    for number in range(count):
        member = members[number % len(members)]
        text = f"ask What would change if assumption {number} of the paper did not hold?"
        event = member.event(text, [["p", bot]])
        frames.append(orjson.dumps(["EVENT", "mentions", event]).decode())
    return frames


def ceiling(frames: Sequence[str]) -> float:
    """Questions a second that parsing, one Schnorr check and one signature alone allow."""
    key = coincurve.PrivateKey()
    started = time.perf_counter()
    for frame in frames:
        event = orjson.loads(frame)[2]
        digest = bytes.fromhex(event["id"])
        author = coincurve.PublicKeyXOnly(bytes.fromhex(event["pubkey"]))
        assert author.verify(bytes.fromhex(event["sig"]), digest)
        key.sign_schnorr(digest, os.urandom(32))
    return len(frames) / (time.perf_counter() - started)


FRAME_START = '["EVENT","mentions",'

SMALL_BOT_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE questions (id INTEGER PRIMARY KEY, source TEXT UNIQUE, author TEXT, text TEXT, at INT);
CREATE TABLE replies (id INTEGER PRIMARY KEY, source TEXT UNIQUE, wire TEXT);
"""


def small_bot(frames: Sequence[str], file: Path, batch: int) -> float:
    """Questions a second of a bot on nostr-sdk: its events, its check, its signing, sqlite3."""
    keys = nostr_sdk.Keys.generate()
    data = sqlite3.connect(file, isolation_level=None)
    data.executescript(SMALL_BOT_SCHEMA)
    started = time.perf_counter()
    for first in range(0, len(frames), batch):
        questions, replies = [], []
        for frame in frames[first : first + batch]:
            event = nostr_sdk.Event.from_json(frame[len(FRAME_START) : -1])
            assert event.verify()
            source = event.id().to_hex()
            author = event.author()
            reply = (
                nostr_sdk.EventBuilder(nostr_sdk.Kind(1), "Your question is on the board.")
                .tags([nostr_sdk.Tag.event(event.id()), nostr_sdk.Tag.public_key(author)])
                .finalize(keys)
            )
            at = event.created_at().as_secs()
            questions.append((source, author.to_hex(), event.content(), at))
            replies.append((source, reply.as_json()))
        data.execute("BEGIN IMMEDIATE")
        data.executemany(
            "INSERT INTO questions (source, author, text, at) VALUES (?, ?, ?, ?)", questions
        )
        data.executemany("INSERT INTO replies (source, wire) VALUES (?, ?)", replies)
        data.execute("COMMIT")
    rate = len(frames) / (time.perf_counter() - started)
    assert data.execute("SELECT count(*) FROM questions").fetchone() == (len(frames),)
    data.close()
    return rate


async def echo_bot(relay: str, member: Member) -> None:
    """Answer every mention of ``member`` over one websocket and store nothing, until cancelled."""
    async with aiohttp.ClientSession() as http, http.ws_connect(relay) as link:
        wanted = {"kinds": [1], "#p": [member.pubkey], "since": int(time.time())}
        await link.send_str(orjson.dumps(["REQ", "mentions", wanted]).decode())
        async for message in link:
            frame = orjson.loads(message.data)
            if frame[0] != "EVENT":
                continue
            event = frame[2]
            digest = event_digest(
                event["pubkey"], event["created_at"], event["kind"], event["tags"], event["content"]
            )
            author = coincurve.PublicKeyXOnly(bytes.fromhex(event["pubkey"]))
            assert digest.hex() == event["id"]
            assert author.verify(bytes.fromhex(event["sig"]), digest)
            tags = [["e", event["id"], relay, "root", event["pubkey"]], ["p", event["pubkey"]]]
            answer = member.event(f"You said: {event['content']}", tags)
            await link.send_str(orjson.dumps(["EVENT", answer]).decode())
