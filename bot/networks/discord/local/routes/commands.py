"""Application commands: registered all at once or one by one, globally or for one guild."""

from __future__ import annotations

from collections.abc import Sequence

from bot.networks.discord.local import payloads
from bot.networks.discord.local.api import Api, Call, Reply, Routes
from bot.networks.discord.local.command_limits import check_commands
from bot.networks.discord.local.errors import invalid, refused
from bot.networks.discord.local.model import Command, Json


def _listed(api: Api, call: Call) -> Reply:
    return [payloads.command(each, api.world.bot.id) for each in _here(api, call)]


def _replace(api: Api, call: Call) -> Reply:
    """PUT: what isn't named is gone; what has a name that was there keeps its id."""
    bodies = call.body
    if not isinstance(bodies, list):
        raise refused(50109)
    _check(bodies)
    before = {(each.name, each.kind): each for each in _here(api, call)}
    for command in before.values():
        del api.world.commands[command.id]
    for body in bodies:
        _put(api, call, body, before.get((body["name"], body.get("type", 1))))
    api.world.changes.notify()
    return _listed(api, call)


def _create(api: Api, call: Call) -> Reply:
    body = call.fields
    same = (body.get("name"), body.get("type", 1))
    others = [each for each in _here(api, call) if (each.name, each.kind) != same]
    _check([*(each.body for each in others), body])
    before = next((each for each in _here(api, call) if each not in others), None)
    command = _put(api, call, body, before)
    api.world.changes.notify()
    return payloads.command(command, api.world.bot.id)


def _one(api: Api, call: Call) -> Reply:
    return payloads.command(_named(api, call), api.world.bot.id)


def _edit(api: Api, call: Call) -> Reply:
    command = _named(api, call)
    body = {**command.body, **call.fields}
    _check([*(each.body for each in _here(api, call) if each is not command), body])
    edited = _put(api, call, body, command)
    api.world.changes.notify()
    return payloads.command(edited, api.world.bot.id)


def _delete(api: Api, call: Call) -> Reply:
    del api.world.commands[_named(api, call).id]
    api.world.changes.notify()
    return None


def _here(api: Api, call: Call) -> list[Command]:
    if call.ids["application_id"] != api.world.bot.id:
        raise refused(50001)
    guild_id = call.ids.get("guild_id")
    if guild_id is not None and guild_id not in api.world.guilds:
        raise refused(50001)
    return [each for each in api.world.commands.values() if each.guild_id == guild_id]


def _named(api: Api, call: Call) -> Command:
    for command in _here(api, call):
        if command.id == call.ids["command_id"]:
            return command
    raise refused(10063)


def _put(api: Api, call: Call, body: Json, before: Command | None) -> Command:
    number = before.id if before is not None else api.world.ids.next()
    command = Command(number, api.world.ids.next(), body, call.ids.get("guild_id"))
    api.world.commands[number] = command
    return command


def _check(bodies: Sequence[Json]) -> None:
    if problems := list(check_commands(bodies)):
        raise invalid(problems)


_GLOBAL = "/applications/{application_id}/commands"
_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"

ROUTES: Routes = {
    (method, path + tail): handler
    for path in (_GLOBAL, _GUILD)
    for method, tail, handler in (
        ("GET", "", _listed),
        ("PUT", "", _replace),
        ("POST", "", _create),
        ("GET", "/{command_id}", _one),
        ("PATCH", "/{command_id}", _edit),
        ("DELETE", "/{command_id}", _delete),
    )
}
