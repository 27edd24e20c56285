"""The gateway: websocket sessions that are told what happens, resumed with what they missed.

Discord's documentation, "Gateway" and "Opcodes and Status Codes". Its faults are methods here:
``drop``, ``reconnect``, ``invalidate``, ``close``, ``refuse``, ``fall_silent``.
"""

from __future__ import annotations

import json
import secrets

from aiohttp import WSMsgType, web

from bot.networks.discord.local import intents
from bot.networks.discord.local.model import Guild, Json
from bot.networks.discord.local.payloads import guild_create, member, user
from bot.networks.discord.local.session import Session, Wire
from bot.networks.discord.local.world import World

HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, MEMBERS = 1, 2, 3, 4, 6, 8
"""What a client says."""
RECONNECT, INVALID, HELLO, ACKNOWLEDGED = 7, 9, 10, 11
"""What the gateway says, beside events (0)."""

_KEPT = 50
"""Sessions that are remembered; the oldest are forgotten and can't be resumed."""


class Gateway:
    """``privileged``: the intents beyond the ordinary that the bot was granted (4014 for any
    other).
    """

    def __init__(self, world: World, token: str) -> None:
        self.heartbeat_ms = 41_250
        self.privileged = 0
        self.url = ""
        self.identified: list[Json] = []
        """Every IDENTIFY's ``d``, in order."""
        self.resumed: list[Json] = []
        """Every successful RESUME's ``d``."""
        self.compressions: list[str] = []
        """What every connection asked for; "zlib-stream" is spoken, for any other plain text."""
        self.heartbeats = 0
        self._world = world
        self._token = token
        self._sessions: dict[str, Session] = {}
        self._refusals: list[int] = []
        self._silent = False
        world.tell.append(self._tell)

    # What is seen of it

    @property
    def connected(self) -> list[Session]:
        """The sessions that listen now."""
        return [each for each in self._sessions.values() if each.connected]

    async def until_connected(self, shards: int = 1, within: float = 20.0) -> None:
        """Return once so many sessions listen; TimeoutError after ``within`` seconds."""
        await self._world.changes.until(lambda: len(self.connected) >= shards, within)

    async def until_identified(self, times: int = 1, within: float = 20.0) -> None:
        """Return once there were so many IDENTIFYs since the start."""
        await self._world.changes.until(lambda: len(self.identified) >= times, within)

    async def until_resumed(self, times: int = 1, within: float = 20.0) -> None:
        """Return once sessions were resumed so many times since the start."""
        await self._world.changes.until(lambda: len(self.resumed) >= times, within)

    # Its faults

    def drop(self) -> None:
        """Break every connection without a word; the sessions can be resumed."""
        for session in self.connected:
            self._detached(session).drop()

    def reconnect(self) -> None:
        """Ask every client to connect again and resume (opcode 7)."""
        self._say_to_all({"op": RECONNECT, "d": None})

    def invalidate(self) -> None:
        """Tell every client that its session is over and can't be resumed (opcode 9)."""
        self.forget()
        self._say_to_all({"op": INVALID, "d": False})

    def forget(self) -> None:
        """No session of now can be resumed; connections stay."""
        for session in self._sessions.values():
            session.resumable = False

    async def close(self, code: int) -> None:
        """Close every connection with this code."""
        for session in self.connected:
            await self._detached(session).close(code)

    def refuse(self, code: int, times: int = 1) -> None:
        """Answer the next IDENTIFYs by closing with this code (4004, 4014)."""
        self._refusals += [code] * times

    def fall_silent(self) -> None:
        """Half-open: connections stay, and nothing is said or acknowledged until ``speak``."""
        self._silent = True
        for session in self.connected:
            if session.wire is not None:
                session.wire.silent = True

    def speak(self) -> None:
        """New connections are served again; those that were cut off stay silent."""
        self._silent = False

    # Its work

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One connection, until it is closed."""
        socket = web.WebSocketResponse(compress=False, max_msg_size=0)
        await socket.prepare(request)
        compressed = request.query.get("compress") == "zlib-stream"
        self.compressions.append(request.query.get("compress", ""))
        wire = Wire(request, socket, compressed=compressed)
        wire.silent = self._silent
        wire.put(json.dumps({"op": HELLO, "d": {"heartbeat_interval": self.heartbeat_ms}}))
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    await self._heard(wire, json.loads(frame.data))
        finally:
            wire.done()
            for session in self._of(wire):
                session.wire = None
                # 1000 and 1001 end a session; after any other it may be resumed.
                session.resumable = session.resumable and socket.close_code not in (1000, 1001)
            self._world.changes.notify()
        return socket

    async def _heard(self, wire: Wire, said: Json) -> None:
        known = self._of(wire)
        match said.get("op"):
            case 1:
                self.heartbeats += 1
                wire.put(json.dumps({"op": ACKNOWLEDGED}))
                self._world.changes.notify()
            case 2 if not known:
                await self._identify(wire, said["d"])
            case 6 if not known:
                await self._resume(wire, said["d"])
            case 8 if known:
                self._members(known[0], said["d"])
            case 3 | 4 if known:
                pass
            case 2 | 6:
                await wire.close(4005)
            case 3 | 4 | 8:
                await wire.close(4003)
            case _:
                await wire.close(4001)

    async def _identify(self, wire: Wire, said: Json) -> None:
        self.identified.append(said)
        if code := self._refused(said):
            await wire.close(code)
            self._world.changes.notify()
            return
        session = Session(secrets.token_hex(16), said, wire)
        self._sessions[session.id] = session
        while len(self._sessions) > _KEPT:
            del self._sessions[next(iter(self._sessions))]
        self._ready(session)
        self._world.changes.notify()

    def _refused(self, said: Json) -> int:
        if self._refusals:
            return self._refusals.pop(0)
        if said.get("token") != self._token:
            return 4004
        shard, count = said.get("shard") or [0, 1]
        if not 0 <= shard < count:
            return 4010
        if int(said.get("intents", 0)) & intents.PRIVILEGED & ~self.privileged:
            return 4014
        return 0

    def _ready(self, session: Session) -> None:
        guilds = [each for each in self._world.guilds.values() if _hears(session, each)]
        session.tell(
            "READY",
            {
                "v": 10,
                "user": {**user(self._world.bot), "verified": True, "mfa_enabled": True},
                "guilds": [{"id": str(each.id), "unavailable": True} for each in guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": self.url,
                "shard": [session.shard, session.shards],
                "application": {"id": str(self._world.bot.id), "flags": 0},
            },
        )
        for each in guilds:
            self._tell_one(session, "GUILD_CREATE", guild_create(each, self._world.bot.id), each)

    async def _resume(self, wire: Wire, said: Json) -> None:
        if said.get("token") != self._token:
            await wire.close(4004)
            return
        session = self._sessions.get(said["session_id"])
        if session is None or not session.resume(wire, int(said["seq"])):
            wire.put(json.dumps({"op": INVALID, "d": False}))
            return
        self.resumed.append(said)
        self._world.changes.notify()

    def _members(self, session: Session, said: Json) -> None:
        """Those asked for by id, or (with the members intent) all."""
        guild = self._world.guilds[int(said["guild_id"])]
        wanted = said.get("user_ids")
        if wanted is not None:
            ids = {int(each) for each in (wanted if isinstance(wanted, list) else [wanted])}
        else:
            ids = set(guild.members) if session.intents & intents.MEMBERS else {self._world.bot.id}
        found = [member(each) for each in guild.members.values() if each.id in ids]
        chunk: Json = {"guild_id": str(guild.id), "members": found}
        chunk |= {"chunk_index": 0, "chunk_count": 1}
        if "nonce" in said:
            chunk["nonce"] = said["nonce"]
        session.tell("GUILD_MEMBERS_CHUNK", chunk)

    def _tell(self, event: str, said: Json, guild: Guild | None) -> None:
        for session in self._sessions.values():
            if _hears(session, guild):
                self._tell_one(session, event, said, guild)

    def _tell_one(self, session: Session, event: str, said: Json, guild: Guild | None) -> None:
        needed = intents.needed_for(event, in_guild=guild is not None)
        if session.intents & needed == needed:
            session.tell(event, said)

    def _say_to_all(self, frame: Json) -> None:
        for session in self.connected:
            if session.wire is not None:
                session.wire.put(json.dumps(frame))

    def _of(self, wire: Wire) -> list[Session]:
        return [each for each in self._sessions.values() if each.wire is wire]

    @staticmethod
    def _detached(session: Session) -> Wire:
        wire, session.wire = session.wire, None
        if wire is None:
            raise TypeError("this session has no connection")
        return wire


def _hears(session: Session, guild: Guild | None) -> bool:
    """Whether the session's shard is told of this guild; direct messages go to shard 0."""
    number = 0 if guild is None else guild.id >> 22
    return number % session.shards == session.shard
