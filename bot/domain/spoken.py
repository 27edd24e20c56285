"""Times as people say them, in English: "next wednesday 7pm", "2 december 19:00", "in 3 days 9am".

A day and an hour, in either order. What can be read in two ways is asked back, never guessed; what
a wall time means in a zone is `when`'s own. The rules:

- "wednesday" and "this wednesday": the next one whose hour is still ahead, which may be today.
- "next wednesday", "wednesday next week": the one of next week. Weeks begin on Monday, so on a
  Tuesday that is 8 days ahead and on a Sunday 3.
- "2 december" without a year: the next one; where that is more than 300 days ahead, the year is
  asked for. A weekday beside a date must be its own.
- "7pm", "7:30 pm", "19:00", "noon". With a colon and no am or pm it is the 24-hour clock; a bare
  "7" is asked back, and so is 12/2, whose month nobody can tell.
"""

from __future__ import annotations

import re
from calendar import isleap
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from bot.domain.errors import InvalidSessionError
from bot.domain.text import clean_name

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_NEAR: Final = timedelta(days=300)
_LONGEST: Final = 100  # characters of what is read at all

_DAY_NAME = (
    "mon(?:day)?|tue(?:s(?:day)?)?|weds?|wednesday|thu(?:rs?|rsday)?|fri(?:day)?|sat(?:urday)?"
    "|sun(?:day)?"
)
_MONTH_NAME = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + "|sept"
_DAY_NUMBER = r"[0-9]{1,2}(?:st|nd|rd|th)?"

_ISO = re.compile(r"\b(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})\b")
_CLOCK = re.compile(
    r"\b(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?\s*(?P<half>[ap])(?:m\b|\.m\b\.?)"
    r"|\b(?P<hour24>[0-9]{1,2}):(?P<minute24>[0-9]{2})\b(?!:)"
    r"|\b(?P<noon>noon)\b"
)
_DATE = re.compile(
    rf"\b(?:(?P<day>{_DAY_NUMBER})\s+(?:of\s+)?(?P<month>{_MONTH_NAME})\b\.?"
    rf"|(?P<month_first>{_MONTH_NAME})\.?\s+(?:the\s+)?(?P<day_after>{_DAY_NUMBER})\b)"
    r"(?:,?\s+(?P<year>[0-9]{4})\b)?"
)
_IN = re.compile(r"\bin\s+(?P<count>[0-9]{1,3}|an?|one)\s+(?P<unit>day|week)s?\b")
_NEAR_DAY = re.compile(r"\b(?P<name>day after tomorrow|tomorrow|today|tonight)\b")
_WEEKDAY = re.compile(
    rf"\b(?:(?P<before>next\s+week|next|this)\s+(?:on\s+)?)?(?P<name>{_DAY_NAME})\b\.?"
    r"(?P<after>\s+next\s+week\b)?"
)
_NOISE = re.compile(r"[\s,@]+|\b(?:at|on|the)\b")
_AWAY: Final = {"today": 0, "tonight": 0, "tomorrow": 1, "day after tomorrow": 2}


@dataclass(slots=True)
class _Rest:
    """What of a text isn't understood yet."""

    said: str
    text: str

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The one place where the pattern matches, which is then gone from the text."""
        found = pattern.search(self.text)
        if found is None:
            return None
        before, after = self.text[: found.start()], self.text[found.end() :]
        if pattern.search(f"{before} {after}"):
            raise InvalidSessionError(
                f"“{clean_name(self.said)}” says two days or two hours; give one of each."
            )
        self.text = f"{before} , {after}"  # what stood around it doesn't belong together
        return found


def understand(said: str, now: datetime) -> datetime:
    """The wall time that was said at the wall time ``now`` (both without a zone).

    Raises InvalidSessionError, whose sentence says how to put it.
    """
    rest = _Rest(said, " ".join(said.casefold().split())[:_LONGEST].rstrip(".!"))
    iso = rest.take(_ISO)
    clock = rest.take(_CLOCK)
    days = [
        found for found in (iso, *(rest.take(each) for each in (_DATE, _IN, _NEAR_DAY))) if found
    ]
    weekday = rest.take(_WEEKDAY)
    _require_understood(rest, is_time=bool(clock or days or weekday))
    if len(days) > 1:
        raise InvalidSessionError(f"“{clean_name(said)}” says two days; give one of them.")
    if not days and weekday is None:
        raise InvalidSessionError(
            f"“{clean_name(said)}” has no day; say one, like wednesday 7pm or 2 december 19:00."
        )
    if clock is None:
        raise InvalidSessionError(
            f"“{clean_name(said)}” has no hour; say one too, like 19:00 or 7pm."
        )
    hour = _time(clock)
    if not days and weekday is not None:
        return _on_weekday(weekday, hour, now)
    moment = datetime.combine(_day(days[0], now), hour)
    if weekday is not None:
        _require_weekday(moment, weekday)
    return moment


def _require_understood(rest: _Rest, *, is_time: bool) -> None:
    left = " ".join(_NOISE.sub(" ", rest.text).split())
    if not left:
        if is_time:
            return
        raise _unreadable(rest.said)
    if re.fullmatch(r"[0-9]|1[0-2]", left):
        raise InvalidSessionError(
            f"“{left}” may be an hour of the morning or of the evening; "
            f"say {left}am or {left}pm, or write it like 19:00."
        )
    if re.search(r"[0-9]+[/.][0-9]+", left):
        raise InvalidSessionError(
            f"“{clean_name(left)}” can be read in two ways; "
            "write the month's name, like 2 december 19:00."
        )
    if not is_time:
        raise _unreadable(rest.said)
    raise InvalidSessionError(
        f"“{clean_name(left)}” is not understood here; "
        "write it like next wednesday 7pm, 2 december 19:00 or 2026-12-02 19:00."
    )


def _unreadable(said: str) -> InvalidSessionError:
    return InvalidSessionError(
        f"“{clean_name(said)}” is not a time; "
        "write it like 2026-12-02 19:00 (year-month-day, 24 hours), or next wednesday 7pm."
    )


def _time(clock: re.Match[str]) -> time:
    if clock["noon"]:
        return time(12)
    try:
        if clock["half"] is None:
            return time(int(clock["hour24"]), int(clock["minute24"]))
        if not 1 <= int(clock["hour"]) <= 12:
            raise ValueError("there are twelve hours before noon and after it")
        hour = int(clock["hour"]) % 12 + (12 if clock["half"] == "p" else 0)
        return time(hour, int(clock["minute"] or 0))
    except ValueError as error:
        raise InvalidSessionError(
            f"“{clock[0]}” is no time of the day; write it like 19:00 or 7pm."
        ) from error


def _on_weekday(weekday: re.Match[str], hour: time, now: datetime) -> datetime:
    number = _number(weekday["name"], _DAYS)
    if "next" in (weekday["before"] or "") or weekday["after"]:
        monday = now.date() + timedelta(days=7 - now.weekday())
        return datetime.combine(monday + timedelta(days=number), hour)
    moment = datetime.combine(now.date() + timedelta(days=(number - now.weekday()) % 7), hour)
    return moment if moment > now else moment + timedelta(days=7)


def _day(found: re.Match[str], now: datetime) -> date:
    if found.re is _IN:
        count = found["count"]
        days = int(count) if count.isdecimal() else 1
        return now.date() + timedelta(days=days * (7 if found["unit"] == "week" else 1))
    if found.re is _NEAR_DAY:
        return now.date() + timedelta(days=_AWAY[found["name"]])
    try:
        if found.re is _ISO:
            return date(int(found["year"]), int(found["month"]), int(found["day"]))
        return _date(found, now.date())
    except ValueError as error:
        raise InvalidSessionError(
            f"“{found[0]}” is not a date that exists; write it like 2 december or 2026-12-02."
        ) from error


def _date(found: re.Match[str], today: date) -> date:
    """Raises ValueError for one that no calendar has."""
    month = _number(found["month"] or found["month_first"], _MONTHS) + 1
    day = int((found["day"] or found["day_after"]).rstrip("stndrh"))
    if found["year"]:
        return date(int(found["year"]), month, day)
    date(2000, month, day)  # a leap year has every date there is
    coming = next(each for each in _in_coming_years(month, day, today.year) if each >= today)
    if coming - today > _NEAR:
        raise InvalidSessionError(
            f"“{found[0]}” is {(coming - today).days} days ahead; say the year too, "
            f"like {found[0]} {coming.year}."
        )
    return coming


def _in_coming_years(month: int, day: int, year: int) -> list[date]:
    """This date in the years from ``year`` on; 29 February is 8 years apart at the most."""
    return [
        date(each, month, day)
        for each in range(year, year + 9)
        if (month, day) != (2, 29) or isleap(each)
    ]


def _require_weekday(moment: datetime, weekday: re.Match[str]) -> None:
    number = _number(weekday["name"], _DAYS)
    if moment.weekday() != number:
        raise InvalidSessionError(
            f"{moment.day} {_MONTHS[moment.month - 1].capitalize()} {moment.year} is a "
            f"{_DAYS[moment.weekday()].capitalize()}, not a {_DAYS[number].capitalize()}; "
            "mend one of them, or leave the weekday out."
        )


def _number(name: str, names: tuple[str, ...]) -> int:
    """Which of the names begins like that, from 0."""
    return next(number for number, each in enumerate(names) if each.startswith(name[:3]))
