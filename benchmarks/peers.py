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
from collections.abc import Callable, Sequence
from contextlib import closing
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


def ceiling(frames: Sequence[str], sign: Callable[[bytes], bytes]) -> float:
    """Questions a second that parsing, one Schnorr check and one signature alone allow."""
    started = time.perf_counter()
    for frame in frames:
        event = orjson.loads(frame)[2]
        digest = bytes.fromhex(event["id"])
        author = coincurve.PublicKeyXOnly(bytes.fromhex(event["pubkey"]))
        assert author.verify(bytes.fromhex(event["sig"]), digest)
        sign(digest)
    return len(frames) / (time.perf_counter() - started)


RELAY = "ws://relay.test"
FRAME_START = '["EVENT","mentions",'

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE questions (id INTEGER PRIMARY KEY, number INT, source TEXT UNIQUE, author TEXT,
  text TEXT, at INT);
CREATE INDEX by_author ON questions (author);
CREATE TABLE seen (source TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE outbox (id INTEGER PRIMARY KEY, key TEXT UNIQUE, wire TEXT, remote_id TEXT UNIQUE,
  sent INT);
"""
_AN_AUTHOR_MAY = 5
_UNSENT = "SELECT count(*) FROM outbox WHERE sent = 0"


def small_bot(frames: Sequence[str], file: Path, batch: int) -> float:
    """Questions a second of a small bot on nostr-sdk: its events, its check, its signing, sqlite3.

    It does what ours does for a question and nothing else that ours does: not twice, five a person,
    a number, and a signed reply that names it (NIP-10), committed with the question. The file is
    ``fill_small``'s.
    """
    keys = nostr_sdk.Keys.generate()
    with closing(sqlite3.connect(file, isolation_level=None)) as data:
        data.execute("PRAGMA synchronous = FULL")
        before = data.execute(_UNSENT).fetchone()[0]
        started = time.perf_counter()
        for first in range(0, len(frames), batch):
            data.execute("BEGIN IMMEDIATE")
            for frame in frames[first : first + batch]:
                event = nostr_sdk.Event.from_json(frame[len(FRAME_START) : -1])
                assert event.verify()
                _take(data, event, keys)
            data.execute("COMMIT")
        rate = len(frames) / (time.perf_counter() - started)
        assert data.execute(_UNSENT).fetchone()[0] - before == len(frames)
        return rate


def fill_small(file: Path, rows: int) -> None:
    """The small bot's data file, with so many questions that it answered before."""
    with closing(sqlite3.connect(file, isolation_level=None)) as data:
        data.executescript(_SCHEMA)
        data.execute("BEGIN")
        data.executemany(
            "INSERT INTO questions (number, source, author, text, at) VALUES (1, ?, ?, 'Why?', 0)",
            ((f"q{n:063x}", f"{n % 5000:064x}") for n in range(rows)),
        )
        data.executemany("INSERT INTO seen VALUES (?)", ((f"q{n:063x}",) for n in range(rows)))
        data.executemany(
            "INSERT INTO outbox (key, wire, remote_id, sent) VALUES (?, ?, ?, 1)",
            ((f"reply:q{n:063x}", "x" * 700, f"r{n:063x}") for n in range(rows)),
        )
        data.execute("COMMIT")


def _take(data: sqlite3.Connection, event: nostr_sdk.Event, keys: nostr_sdk.Keys) -> None:
    source, author = event.id().to_hex(), event.author().to_hex()
    if data.execute("SELECT 1 FROM seen WHERE source = ?", (source,)).fetchone():
        return
    count = "SELECT count(*) FROM questions WHERE author = ?"
    assert data.execute(count, (author,)).fetchone()[0] < _AN_AUTHOR_MAY
    asked = (source, author, event.content(), event.created_at().as_secs())
    number = data.execute(
        "INSERT INTO questions (number, source, author, text, at)"
        " VALUES ((SELECT coalesce(max(id), 0) + 1 FROM questions), ?, ?, ?, ?) RETURNING number",
        asked,
    ).fetchone()[0]
    data.execute("INSERT INTO seen VALUES (?)", (source,))
    tags = [["e", source, RELAY, "root", author], ["p", author]]
    reply = (
        nostr_sdk.EventBuilder(nostr_sdk.Kind(1), f"Question {number} for “The next one”.")
        .tags([nostr_sdk.Tag.parse(tag) for tag in tags])
        .finalize(keys)
    )
    data.execute(
        "INSERT INTO outbox (key, wire, remote_id, sent) VALUES (?, ?, ?, 0)",
        (f"reply:{source}", reply.as_json(), reply.id().to_hex()),
    )


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
