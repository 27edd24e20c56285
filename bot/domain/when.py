"""When a session is: what an organiser types, turned into a moment, and offsets before it.

Pure rules over the standard library's time zones. A time that doesn't exist or exists twice is
asked back, never guessed. Whether an exact time has passed is not decided here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.errors import InvalidSessionError
from bot.domain.spoken import understand
from bot.domain.text import clean_name

_WHEN = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[T ]+(?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?)"
    r"\s*(?P<offset>[Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_STAMP = re.compile(r"<t:(-?[0-9]{1,13})(?::[a-zA-Z])?>")
_OFFSET = re.compile(r"(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")
_LONGEST_OFFSET = timedelta(days=365)

SHORTEST = timedelta(minutes=1)
USUAL = timedelta(hours=2)
LONGEST = timedelta(days=1)
"""How long a session may last, so that one under way is found by when it started."""

_LOCAL = "%Y-%m-%d %H:%M"


def parse_offset(text: str) -> timedelta:
    """``"7d"``, ``"1h30m"``, ``"45s"``: how long before. Units w, d, h, m, s, in that order.

    Raises ValueError, with a sentence for the person, for anything else, nothing or over a year.
    """
    found = _OFFSET.fullmatch(text.strip().lower())
    if found is None or not any(found.groups()):
        raise ValueError(f"“{text}” is not a length of time; write it like 7d, 1h30m or 45s.")
    # Each far over the limit at the most, and still a timedelta together.
    numbers = (min(int((part or "0")[:9]), 10**8) for part in found.groups())
    weeks, days, hours, minutes, seconds = numbers
    offset = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta(0) < offset <= _LONGEST_OFFSET:
        raise ValueError(f"“{text}” must be more than nothing and at most 365d.")
    return offset


def show_offset(offset: timedelta) -> str:
    """The shortest text that ``parse_offset`` reads back as the same whole seconds: ``"1h30m"``."""
    left = int(offset.total_seconds())
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def until(ahead: timedelta) -> str:
    """``in 7 days``, ``in 3 hours``, ``in 45 minutes``: how long something is ahead, rounded."""
    seconds = round(ahead.total_seconds())
    if seconds <= 0:
        return "now"
    if seconds < 90:
        return f"in {_count(seconds, 'second')}"
    if seconds < 90 * 60 and seconds != 3600:
        return f"in {_count(round(seconds / 60), 'minute')}"
    if seconds < 36 * 3600:
        return f"in {_count(round(seconds / 3600), 'hour')}"
    return f"in {_count(round(seconds / 86_400), 'day')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone of that name. Raises InvalidSessionError when there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidSessionError(
            f"There is no time zone “{clean_name(name)}”; "
            "use a name like America/New_York or Europe/Berlin."
        ) from error


def resolve(when: str, zone: str, now: datetime | None = None) -> tuple[datetime, str]:
    """``"2026-12-02 19:00"`` in an IANA zone -> (the moment in UTC, ``"2026-12-02 19:00"``).

    A ``T`` between the two, seconds, and an explicit offset (``"-05:00"``, ``"Z"``) are understood;
    with an offset the second part is the wall time of ``zone`` at that moment. Where it is known
    what time it is, so are a Discord timestamp (``"<t:1764720000:F>"``) and what people say
    (``"next wednesday 7pm"``, by the rules of `spoken`), which must lie ahead.

    Raises InvalidSessionError, in one sentence, for an unknown zone, an impossible date, an hour
    that the clocks skip, and one that they show twice.
    """
    place = zone_of(zone)
    found = _WHEN.fullmatch(when.strip())
    if found is not None:
        return _exactly(when, found, place)
    if now is None:
        raise InvalidSessionError(
            f"“{clean_name(when)}” is not a time; "
            "write it like 2026-12-02 19:00 (year-month-day, 24 hours)."
        )
    if stamp := _STAMP.fullmatch(when.strip()):
        return _of_stamp(when, int(stamp[1]), place)
    return _as_said(when, place, now)


def _exactly(when: str, found: re.Match[str], place: ZoneInfo) -> tuple[datetime, str]:
    try:
        naive = datetime.fromisoformat(f"{found['date']} {found['time']}")
        if found["offset"]:
            return _with_offset(naive, found["offset"], place)
        moment = _the_only_one(naive, place)
    except (ValueError, OverflowError) as error:
        raise InvalidSessionError(
            f"“{clean_name(when)}” is not a date that exists; write it like 2026-12-02 19:00."
        ) from error
    return moment, naive.strftime(_LOCAL)


def _of_stamp(when: str, seconds: int, place: ZoneInfo) -> tuple[datetime, str]:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
        return moment, _local(moment, place)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidSessionError(
            f"“{clean_name(when)}” is no time of our calendar; write it like 2026-12-02 19:00."
        ) from error


def _as_said(when: str, place: ZoneInfo, now: datetime) -> tuple[datetime, str]:
    try:
        naive = understand(when, now.astimezone(place).replace(tzinfo=None))
        moment = _the_only_one(naive, place)
    except OverflowError as error:
        raise InvalidSessionError(
            f"“{clean_name(when)}” is not a date that exists; write it like 2026-12-02 19:00."
        ) from error
    local = naive.strftime(_LOCAL)
    if moment <= now:
        raise InvalidSessionError(f"{local} ({place.key}) has passed; give a time ahead.")
    return moment, local


def _with_offset(naive: datetime, offset: str, place: ZoneInfo) -> tuple[datetime, str]:
    moment = datetime.fromisoformat(f"{naive.isoformat()}{offset.upper()}").astimezone(UTC)
    return moment, _local(moment, place)


def _the_only_one(naive: datetime, place: ZoneInfo) -> datetime:
    """The moment that ``place``'s clocks show ``naive``, if there is exactly one (PEP 495)."""
    first, second = (naive.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    said = naive.strftime(_LOCAL)
    if first > second:  # the clocks jump over it, and each fold lands on the other side
        raise InvalidSessionError(
            f"{said} doesn't exist in {place.key}, the clocks skip it; "
            f"say {_local(second, place)} or {_local(first, place)}."
        )
    choices = (f"“{said} {_shown_offset(moment, place)}”" for moment in (first, second))
    raise InvalidSessionError(
        f"{said} happens twice in {place.key}, the clocks go back; say {' or '.join(choices)}."
    )


def _local(moment: datetime, place: ZoneInfo) -> str:
    return moment.astimezone(place).strftime(_LOCAL)


def _shown_offset(moment: datetime, place: ZoneInfo) -> str:
    return moment.astimezone(place).isoformat()[-6:]
