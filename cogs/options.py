"""What organisers type into options and fields, understood; and what they are offered as they type.

Offers come from memory. A value that can't be understood is asked back in a sentence; whether a
value is allowed is the services' rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from zoneinfo import available_timezones

import discord
from discord import app_commands

from bot.domain.errors import InvalidSessionError, ReadalongError, UserError
from bot.domain.when import parse_offset, resolve, zone_of
from bot.networks.discord.forms import bot_of, caller_of, group_of

NOTHING = "-"
"""What is typed to take a place, a topic, tags or readings away; an option can't be empty."""

Choices = list[app_commands.Choice[str]]

TITLE_LENGTH, WHEN_LENGTH, PLACE_LENGTH, READING_LENGTH, TAGS_LENGTH = 200, 100, 200, 1000, 200
"""How much may be typed as each; all of a form can be shown again in one message."""

_OFFERED = 25
_LABEL = 100
_USUAL_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Africa/Lagos",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "UTC",
)


def emptied(text: str) -> str:
    """The text, or nothing where it is "-"."""
    return "" if text.strip() == NOTHING else text


def tags_in(text: str) -> tuple[str, ...]:
    """``"ai, machine learning"`` or ``"#ai #llm"``."""
    if "," not in text and "#" in text:
        return tuple(re.findall(r"#([^\s#]+)", text))
    return tuple(part for part in text.split(",") if part.strip())


def duration_in(text: str) -> timedelta:
    """``"2h"``, ``"90m"``, ``"1h30m"``. Raises InvalidSessionError."""
    try:
        return parse_offset(text.replace(" ", ""))
    except ValueError as error:
        raise InvalidSessionError(str(error)) from error


def reminders_in(text: str) -> tuple[timedelta, ...]:
    """``"7d, 1d, 1h"``, longest first; ``"-"`` or ``"none"`` for no reminders. Raises UserError."""
    if text.strip().casefold() in (NOTHING, "none", "no"):
        return ()
    try:
        offsets = {parse_offset(part) for part in re.split(r"[,;\s]+", text.strip()) if part}
    except ValueError as error:
        raise UserError(f"The reminders can't be set: {error}") from error
    return tuple(sorted(offsets, reverse=True))


async def organisers_sessions(interaction: discord.Interaction, typed: str) -> Choices:
    """The sessions that ``typed`` may mean; planned ones are offered to organisers only."""
    services = bot_of(interaction).services
    try:
        group = await group_of(interaction)
        organiser = await services.sessions.is_organiser(group, caller_of(interaction))
    except ReadalongError:  # nothing can be offered; the command itself says why
        return []
    found = services.directory.matching(group.id, typed, members_only=not organiser)
    return [app_commands.Choice(name=label[:_LABEL], value=slug) for label, slug in found]


async def zones(interaction: discord.Interaction, typed: str) -> Choices:
    """Time zones whose place starts with ``typed`` ("new y"), then those that have it anywhere."""
    names = matching_zones(typed)
    return [app_commands.Choice(name=name, value=name) for name in names]


def matching_zones(typed: str) -> Sequence[str]:
    wanted = re.sub(r"[\s_]+", "_", typed.strip().casefold())
    if not wanted:
        return _USUAL_ZONES
    starting = [name for name in _zones() if name.casefold().rpartition("/")[2].startswith(wanted)]
    having = [name for name in _zones() if wanted in name.casefold() and name not in starting]
    return [*starting, *having][:_OFFERED]


async def moments(interaction: discord.Interaction, typed: str) -> Choices:
    """What ``typed`` is understood as, in the zone chosen beside it or else the group's."""
    chosen = getattr(interaction.namespace, "timezone", None)
    try:
        zone = chosen or (await group_of(interaction)).timezone
        moment, _ = resolve(typed, zone, bot_of(interaction).services.now())
    except ReadalongError:  # not yet, or not at all; the command itself says why
        return []
    local = moment.astimezone(zone_of(zone))
    label = f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({zone})"
    return [app_commands.Choice(name=label[:_LABEL], value=typed)] if len(typed) <= _LABEL else []


@cache
def _zones() -> tuple[str, ...]:
    """Found once, when somebody first types a zone: it takes a walk over a folder."""
    return tuple(sorted(available_timezones()))
