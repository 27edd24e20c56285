"""The local Discord server itself: the world, its REST API and its gateway on one loopback port."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType

from aiohttp import web

from bot.domain.ports import Now
from bot.networks.discord.local import permissions
from bot.networks.discord.local.api import Api
from bot.networks.discord.local.faults import Faults
from bot.networks.discord.local.files import Files
from bot.networks.discord.local.gateway import Gateway
from bot.networks.discord.local.interactions import Interactions
from bot.networks.discord.local.members import Actor
from bot.networks.discord.local.model import Channel, ChannelKind, Guild, Message, Role, User
from bot.networks.discord.local.redirect import BASE, GATEWAY
from bot.networks.discord.local.requests import Requests
from bot.networks.discord.local.rest import Rest
from bot.networks.discord.local.world import World

_FILES = "/attachments/"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LocalDiscord:
    """An async context; ``url`` is set inside it. Without a ``port`` a free one is taken.

    ``token`` is what the bot must log in with. ``shards`` is what ``/gateway/bot`` recommends.
    ``acknowledge_within``: seconds that the bot has for its first answer to an interaction.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = "",
        shards: int = 1,
        acknowledge_within: float = 3.0,
        now: Now = _utc_now,
        bot_name: str = "Readalong",
    ) -> None:
        self.url = ""
        self.token = token or f"local.{secrets.token_urlsafe(16)}"
        self.world = World(now, bot_name)
        self.faults = Faults(self.world.changes)
        self.requests = Requests()
        self.gateway = Gateway(self.world, self.token)
        self.interactions = Interactions(self.world, acknowledge_within)
        self._files = Files(self.world.ids)
        self._api = Api(self.world, self.interactions, self._files, shards)
        self._rest = Rest(self._api, self.token, self.faults, self.requests)
        self._port = port
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> LocalDiscord:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen; after ``stop`` on the same port again."""
        self._rest.open()
        runner = web.ServerRunner(
            web.Server(self._serve, access_log=None), handle_signals=False, shutdown_timeout=1.0
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        self._runner = runner
        self._port = int(runner.addresses[0][1])
        self.url = self._files.base = f"http://127.0.0.1:{self._port}"
        self.gateway.url = self._api.gateway_url = f"ws://127.0.0.1:{self._port}{GATEWAY}"

    async def stop(self) -> None:
        """An outage: every connection breaks and none is taken. The world and its sessions stay."""
        self._rest.close()
        self.gateway.drop()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @property
    def api_url(self) -> str:
        """Where the REST API is: what discord.py's ``Route.BASE`` must be."""
        return self.url + BASE

    # A world to act in

    def guild(
        self,
        name: str = "Atlanta",
        *,
        bot: int = permissions.BOT,
        everyone: int = permissions.MEMBER,
    ) -> Guild:
        """A guild with the bot and a channel "general"; what the bot's role and everyone's give."""
        guild = self.world.add_guild(name, bot=bot, everyone=everyone)
        self.world.add_channel(guild, "general")
        return guild

    def channel(self, guild: Guild, name: str, kind: ChannelKind = ChannelKind.TEXT) -> Channel:
        return self.world.add_channel(guild, name, kind)

    def role(self, guild: Guild, name: str, gives: int = 0) -> Role:
        return self.world.add_role(guild, name, gives)

    def join(self, guild: Guild, name: str, *roles: Role) -> Actor:
        """Somebody new in the guild, who can act."""
        user = User(self.world.ids.next(), name)
        self.world.add_member(guild, user, roles)
        return Actor(self.world, self.interactions, self._files, user)

    async def until(self, condition: Callable[[], object], within: float = 20.0) -> None:
        """Return once this is true of the world; looked at again after each change."""
        await self.world.changes.until(condition, within)

    async def posted(self, channel: Channel, holding: str, within: float = 20.0) -> Message:
        """The first message in the channel with ``holding`` in its text, as soon as it stands."""
        found: Sequence[Message] = ()

        def there() -> bool:
            nonlocal found
            found = [each for each in channel.history if holding in each.text]
            return bool(found)

        await self.until(there, within)
        return found[0]

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(BASE):
            return await self._rest.answer(request)
        if request.path.startswith(_FILES):
            return self._file(request.path)
        return await self.gateway.serve(request)

    def _file(self, path: str) -> web.Response:
        number = path.removeprefix(_FILES).partition("/")[0]
        kept = self._files.get(int(number)) if number.isdecimal() else None
        if kept is None:
            return web.Response(status=404)
        return web.Response(body=kept.content, headers={"Content-Type": kept.content_type})
