"""Scheduled events: made, moved, called off, counted.

Discord's documentation, "Guild Scheduled Event".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.networks.discord.limits import (
    EVENT_DESCRIPTION,
    EVENT_LOCATION,
    EVENT_NAME,
    EVENTS,
)
from bot.networks.discord.local import payloads
from bot.networks.discord.local.api import Api, Call, Reply, Routes
from bot.networks.discord.local.errors import Problem, invalid, refused
from bot.networks.discord.local.limits import length
from bot.networks.discord.local.model import Event, Guild, Json
from bot.networks.discord.local.permissions import Permission, in_channel, in_guild

_STAGE, _VOICE, _ELSEWHERE = 1, 2, 3
_TO_COME, _ON, _OVER, _OFF = 1, 2, 3, 4
_NEXT_STATUS = {_TO_COME: (_ON, _OFF), _ON: (_OVER,), _OVER: (), _OFF: ()}


def _listed(api: Api, call: Call) -> Reply:
    counted = call.query.get("with_user_count") in ("1", "true")
    events = api.guild(call).events.values()
    open_ones = [each for each in events if each.status in (_TO_COME, _ON)]
    return [payloads.event(each, with_user_count=counted) for each in open_ones]


def _one(api: Api, call: Call) -> Reply:
    counted = call.query.get("with_user_count") in ("1", "true")
    return payloads.event(api.event(call), with_user_count=counted)


def _create(api: Api, call: Call) -> Reply:
    guild, body = api.guild(call), call.fields
    _may(api, guild, body.get("channel_id"), Permission.CREATE_EVENTS)
    _check(api, guild, body)
    if len([each for each in guild.events.values() if each.status in (_TO_COME, _ON)]) >= EVENTS:
        raise refused(30038)
    event = Event(
        api.world.ids.next(),
        guild,
        api.world.bot.id,
        body["name"],
        datetime.fromisoformat(body["scheduled_start_time"]),
        int(body["entity_type"]),
    )
    _set(event, body)
    guild.events[event.id] = event
    api.world.event_changed(event, "CREATE")
    return payloads.event(event)


def _edit(api: Api, call: Call) -> Reply:
    event, body = api.event(call), call.fields
    _may_change(api, event)
    if event.status in (_OVER, _OFF):
        raise refused(10070)
    status = body.get("status", event.status)
    if status != event.status and status not in _NEXT_STATUS[event.status]:
        said = "Invalid Guild Scheduled Event Status Update"
        raise invalid([Problem("status", "GUILD_SCHEDULED_EVENT_STATUS", said)])
    _check(api, event.guild, {**_body_of(event), **body}, moved="scheduled_start_time" in body)
    event.name = body.get("name", event.name)
    event.kind = body.get("entity_type", event.kind)
    event.status = status
    if start := body.get("scheduled_start_time"):
        event.start = datetime.fromisoformat(start)
    _set(event, body)
    api.world.event_changed(event, "UPDATE")
    return payloads.event(event)


def _delete(api: Api, call: Call) -> Reply:
    event = api.event(call)
    _may_change(api, event)
    api.world.remove_event(event)
    return None


def _may_change(api: Api, event: Event) -> None:
    """One's own events with the permission to create them, any with that to manage them."""
    held = in_guild(event.guild, api.world.bot.id)
    own = event.creator_id == api.world.bot.id
    if not held & Permission.MANAGE_EVENTS and not (own and held & Permission.CREATE_EVENTS):
        raise refused(50013)


def _users(api: Api, call: Call) -> Reply:
    event = api.event(call)
    limit, after = int(call.query.get("limit", 100)), int(call.query.get("after", 0))
    if not 1 <= limit <= 100:
        raise invalid([Problem("limit", "NUMBER_TYPE_MAX", "int value should be 1 to 100.")])
    return [
        {"guild_scheduled_event_id": str(event.id), "user": payloads.user(api.world.users[each])}
        for each in sorted(each for each in event.interested if each > after)[:limit]
    ]


def _may(api: Api, guild: Guild, channel_id: str | None, needed: Permission) -> None:
    held = in_guild(guild, api.world.bot.id)
    if channel_id is not None and int(channel_id) in guild.channels:
        held = in_channel(guild.channels[int(channel_id)], api.world.bot.id)
        needed |= Permission.VIEW_CHANNEL | Permission.CONNECT
    if held & needed != needed:
        raise refused(50013)


def _set(event: Event, body: Json) -> None:
    if "scheduled_end_time" in body:
        end = body["scheduled_end_time"]
        event.end = None if end is None else datetime.fromisoformat(end)
    if "description" in body:
        event.description = body["description"] or None
    if "channel_id" in body:
        channel = body["channel_id"]
        event.channel_id = None if channel is None else int(channel)
    if "entity_metadata" in body:
        event.location = (body["entity_metadata"] or {}).get("location")


def _body_of(event: Event) -> Json:
    said = payloads.event(event)
    said["entity_metadata"] = said["entity_metadata"] or {}
    return said


def _check(api: Api, guild: Guild, body: Json, *, moved: bool = True) -> None:
    if problems := list(_problems(api, guild, body, moved=moved)):
        raise invalid(problems)


def _problems(api: Api, guild: Guild, body: Json, *, moved: bool) -> Iterator[Problem]:
    yield from length("name", body.get("name"), EVENT_NAME, 1)
    yield from length("description", body.get("description"), EVENT_DESCRIPTION)
    start, end = body.get("scheduled_start_time"), body.get("scheduled_end_time")
    if start is None:
        yield Problem("scheduled_start_time", "BASE_TYPE_REQUIRED", "This field is required")
    elif moved and datetime.fromisoformat(start) <= api.world.now():
        said = "Cannot schedule event in the past."
        yield Problem("scheduled_start_time", "GUILD_SCHEDULED_EVENT_SCHEDULE_PAST", said)
    if start and end and datetime.fromisoformat(end) <= datetime.fromisoformat(start):
        said = "Cannot schedule event to end before it starts."
        yield Problem("scheduled_end_time", "GUILD_SCHEDULED_EVENT_END_TIME", said)
    if body.get("privacy_level") != 2:
        yield Problem("privacy_level", "BASE_TYPE_CHOICES", "Value must be one of (2,).")
    if body.get("entity_type") == _ELSEWHERE:
        location = (body.get("entity_metadata") or {}).get("location")
        yield from length("entity_metadata.location", location, EVENT_LOCATION, 1)
        if end is None:
            yield Problem("scheduled_end_time", "BASE_TYPE_REQUIRED", "This field is required")
    elif body.get("entity_type") not in (_STAGE, _VOICE):
        yield Problem("entity_type", "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3).")
    elif int(body.get("channel_id") or 0) not in guild.channels:
        yield Problem("channel_id", "BASE_TYPE_REQUIRED", "This field is required")


_ALL = "/guilds/{guild_id}/scheduled-events"
_ONE = "/guilds/{guild_id}/scheduled-events/{event_id}"

ROUTES: Routes = {
    ("GET", _ALL): _listed,
    ("POST", _ALL): _create,
    ("GET", _ONE): _one,
    ("PATCH", _ONE): _edit,
    ("DELETE", _ONE): _delete,
    ("GET", _ONE + "/users"): _users,
}
