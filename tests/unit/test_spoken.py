"""Times as people say them. It is Tuesday 1 December 2026, 07:00 in New York."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidSessionError
from bot.domain.when import resolve, zone_of

NEW_YORK = "America/New_York"
NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def said(text: str, now: datetime = NOW, zone: str = NEW_YORK) -> str:
    """The wall time that was understood, which is also the moment."""
    moment, local = resolve(text, zone, now)
    assert moment.astimezone(zone_of(zone)).strftime("%Y-%m-%d %H:%M") == local
    assert moment.tzinfo is UTC
    return local


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("today 7pm", "2026-12-01 19:00"),
        ("tonight at 7:30 p.m.", "2026-12-01 19:30"),
        ("7pm tonight", "2026-12-01 19:00"),
        ("tomorrow 7:30 pm", "2026-12-02 19:30"),
        ("Day after tomorrow, noon", "2026-12-03 12:00"),
        ("in 3 days 19:00", "2026-12-04 19:00"),
        ("in a week @ 7 pm", "2026-12-08 19:00"),
        ("19:00 in 2 weeks", "2026-12-15 19:00"),
        ("dec 2 7pm", "2026-12-02 19:00"),
        ("dec. 2, 7pm", "2026-12-02 19:00"),
        ("2 december 19:00", "2026-12-02 19:00"),
        ("the 2nd of December at 7pm.", "2026-12-02 19:00"),
        ("December 2nd, 2027 12:30am", "2027-12-02 00:30"),
        ("Wed, 2 Dec 2026 7pm", "2026-12-02 19:00"),
        ("1 dec 9am", "2026-12-01 09:00"),
        ("2 january 9:05", "2027-01-02 09:05"),
        ("sept 3 12pm", "2027-09-03 12:00"),
        ("29 february 2028 19:00", "2028-02-29 19:00"),
        ("2026-12-02 7pm", "2026-12-02 19:00"),
        ("wednesday 2026-12-02 9:00", "2026-12-02 09:00"),
        ("  NEXT  Wednesday\t7PM ", "2026-12-09 19:00"),
    ],
)
def test_what_people_say_is_understood(text: str, local: str) -> None:
    assert said(text) == local


@pytest.mark.parametrize(
    ("text", "local"),
    [
        ("wed 19:00", "2026-12-02 19:00"),
        ("this wednesday 19:00", "2026-12-02 19:00"),
        ("tue 8am", "2026-12-01 08:00"),  # an hour ahead
        ("tuesday 7am", "2026-12-08 07:00"),  # just now
        ("mon 7pm", "2026-12-07 19:00"),
        ("Thurs 7pm", "2026-12-03 19:00"),
    ],
)
def test_a_weekday_is_the_next_one_whose_hour_is_ahead(text: str, local: str) -> None:
    assert said(text) == local


@pytest.mark.parametrize(
    ("days", "local"),
    [
        (0, "2026-12-09 19:00"),  # said on a Monday, the first day of a week
        (1, "2026-12-09 19:00"),
        (2, "2026-12-09 19:00"),  # on a Wednesday
        (3, "2026-12-09 19:00"),
        (6, "2026-12-09 19:00"),  # on the Sunday before it
        (7, "2026-12-16 19:00"),
    ],
)
def test_next_wednesday_is_the_one_of_next_week(days: int, local: str) -> None:
    now = datetime(2026, 11, 30, 12, 0, tzinfo=UTC) + timedelta(days=days)
    for text in ("next wednesday 7pm", "wed next week 19:00", "next week on wednesday 7pm"):
        assert said(text, now) == local


def test_the_day_is_the_one_of_the_sessions_zone() -> None:
    late = datetime(2026, 12, 2, 3, 0, tzinfo=UTC)  # still Tuesday evening in New York
    assert said("tomorrow 7pm", late) == "2026-12-02 19:00"
    assert said("tomorrow 7pm", late, "Asia/Tokyo") == "2026-12-03 19:00"


def test_a_discord_timestamp_is_the_moment_it_names() -> None:
    moment = datetime(2026, 12, 3, 0, 0, tzinfo=UTC)
    for text in (f"<t:{moment.timestamp():.0f}:F>", f" <t:{moment.timestamp():.0f}> "):
        assert resolve(text, NEW_YORK, NOW) == (moment, "2026-12-02 19:00")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("wednesday 7", "7am or 7pm"),
        ("dec 2 7", "7am or 7pm"),
        ("next wednesday", "no hour"),
        ("2 december", "no hour"),
        ("7pm", "no day"),
        ("19:00", "no day"),
        ("next week 7pm", "“next week” is not understood"),
        ("wed 7pm EST", "“est” is not understood"),
        ("wed 19", "“19” is not understood"),
        ("12/2 7pm", "the month's name"),
        ("2.12. 19:00", "the month's name"),
        ("tuesday 2 december 7pm", "2 December 2026 is a Wednesday, not a Tuesday"),
        ("mon tomorrow 7pm", "is a Wednesday, not a Monday"),
        ("tomorrow 2 dec 7pm", "two days"),
        ("wed thu 7pm", "two days or two hours"),
        ("wed 7pm to 9pm", "two days or two hours"),
        ("wed 13pm", "no time of the day"),
        ("wed 0:30 am", "no time of the day"),
        ("wed 25:00", "no time of the day"),
        ("30 february 7pm", "not a date that exists"),
        ("2026-13-02 7pm", "not a date that exists"),
        ("29 february 2027 7pm", "not a date that exists"),
        ("30 november 7pm", "say the year too, like 30 november 2027"),
        ("29 february 7pm", "like 29 february 2028"),
        ("today 6am", "has passed"),
        ("1 dec 7am", "has passed"),
        ("2 december 2025 7pm", "has passed"),
        ("<t:999999999999999:F>", "not a time"),
        ("<t:9999999999999:F>", "no time of our calendar"),
        ("soon", "not a time"),
        ("", "not a time"),
        ("x" * 5000, "not a time"),
        ("２ december 19:00", "not understood|not a time"),
        ("wed 7pm\u202e", "not understood"),
    ],
)
def test_what_can_be_read_in_two_ways_or_in_none_is_asked_back(text: str, hint: str) -> None:
    with pytest.raises(InvalidSessionError, match=hint) as caught:
        resolve(text, NEW_YORK, NOW)
    assert len(str(caught.value)) < 250
    assert str(caught.value).endswith(".")


def test_an_hour_that_the_clocks_skip_or_show_twice_is_asked_back() -> None:
    with pytest.raises(InvalidSessionError, match="2027-03-14 01:30 or 2027-03-14 03:30"):
        resolve("14 march 2:30 am", NEW_YORK, NOW)
    october = datetime(2026, 10, 30, 12, 0, tzinfo=UTC)
    with pytest.raises(InvalidSessionError, match="happens twice"):
        resolve("sunday 1:30am", NEW_YORK, october)


def test_a_day_after_the_last_year_is_refused() -> None:
    late = datetime(9999, 12, 31, 12, 0, tzinfo=UTC)
    with pytest.raises(InvalidSessionError, match="not a date that exists"):
        resolve("next wednesday 7pm", NEW_YORK, late)


def test_nothing_spoken_is_understood_without_knowing_what_time_it_is() -> None:
    for text in ("tomorrow 7pm", "<t:1796256000:F>"):
        with pytest.raises(InvalidSessionError, match="write it like"):
            resolve(text, NEW_YORK)


def test_an_exact_time_may_have_passed() -> None:
    assert said("2023-07-05 19:00") == "2023-07-05 19:00"


@given(st.text(st.sampled_from("0129:/. apm,dectuwn"), max_size=30))
def test_whatever_is_typed_is_understood_as_a_time_ahead_or_asked_back(text: str) -> None:
    try:
        moment, _ = resolve(text, NEW_YORK, NOW)
    except InvalidSessionError:
        return
    assert moment > NOW
