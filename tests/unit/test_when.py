"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidSessionError
from bot.domain.when import parse_offset, resolve, show_offset, zone_of

NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("7d", timedelta(days=7)),
        ("1d", timedelta(days=1)),
        ("90m", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
        ("2W", timedelta(days=14)),
        (" 1d2h3m4s ", timedelta(days=1, hours=2, minutes=3, seconds=4)),
    ],
)
def test_an_offset_is_read(text: str, offset: timedelta) -> None:
    assert parse_offset(text) == offset


@pytest.mark.parametrize(
    "text",
    ["", "7", "d", "1m1h", "-1d", "0s", "366d", "9" * 5000 + "d", "9" * 12 + "w", "1 d", "١d"],
)
def test_what_is_no_offset_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^“.*”.*\.$"):
        parse_offset(text)


def test_an_offset_is_shown_shortly() -> None:
    assert show_offset(timedelta(minutes=90)) == "1h30m"
    assert show_offset(timedelta(days=7)) == "7d"
    assert show_offset(timedelta(0)) == "0s"


@given(st.integers(min_value=1, max_value=365 * 86_400))
def test_a_shown_offset_is_read_back(seconds: int) -> None:
    assert parse_offset(show_offset(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("when", "moment", "local"),
    [
        ("2026-12-02 19:00", datetime(2026, 12, 3, 0, 0, tzinfo=UTC), "2026-12-02 19:00"),
        ("2026-12-02T19:00", datetime(2026, 12, 3, 0, 0, tzinfo=UTC), "2026-12-02 19:00"),
        ("2026-12-02 19:00:30", datetime(2026, 12, 3, 0, 0, 30, tzinfo=UTC), "2026-12-02 19:00"),
        ("2026-07-02 19:00", datetime(2026, 7, 2, 23, 0, tzinfo=UTC), "2026-07-02 19:00"),
        ("2026-12-03T00:00Z", datetime(2026, 12, 3, 0, 0, tzinfo=UTC), "2026-12-02 19:00"),
        ("2026-12-02 16:00 -08:00", datetime(2026, 12, 3, 0, 0, tzinfo=UTC), "2026-12-02 19:00"),
        ("2026-11-01 01:30 -04:00", datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "2026-11-01 01:30"),
        ("2026-11-01 01:30 -05:00", datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "2026-11-01 01:30"),
    ],
)
def test_a_wall_time_becomes_a_moment(when: str, moment: datetime, local: str) -> None:
    assert resolve(when, NEW_YORK) == (moment, local)


def test_a_skipped_hour_is_asked_back_with_the_two_that_exist() -> None:
    with pytest.raises(InvalidSessionError) as caught:
        resolve("2026-03-08 02:30", NEW_YORK)
    assert "2026-03-08 01:30 or 2026-03-08 03:30" in str(caught.value)


def test_a_skipped_day_is_asked_back_with_its_neighbours() -> None:
    with pytest.raises(InvalidSessionError, match="2011-12-29 12:00 or 2011-12-31 12:00"):
        resolve("2011-12-30 12:00", "Pacific/Apia")


def test_an_hour_that_happens_twice_is_asked_back_with_both_offsets() -> None:
    with pytest.raises(InvalidSessionError) as caught:
        resolve("2026-11-01 01:30", NEW_YORK)
    assert "“2026-11-01 01:30 -04:00” or “2026-11-01 01:30 -05:00”" in str(caught.value)


@pytest.mark.parametrize(
    "when",
    ["", "soon", "2026-02-30 10:00", "9999-99-99 10:00", "9999-12-31 23:00", "2026-12-02 25:00",
     "2026-12-02", "2026-12-02 19:00 +99:00", "0001-01-01 00:00 +14:00", "２026-12-02 19:00"],
)  # fmt: skip
def test_an_impossible_time_is_refused_in_one_sentence(when: str) -> None:
    with pytest.raises(InvalidSessionError, match=r"\.$|\)\.$"):
        resolve(when, NEW_YORK)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Base", "America", "../../etc/passwd", "/etc/passwd", "a\x00b", "É" * 400]
)
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidSessionError, match="There is no time zone"):
        zone_of(zone)
    with pytest.raises(InvalidSessionError, match="America/New_York"):
        resolve("2026-12-02 19:00", zone)


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 (wall times)
def test_whatever_is_accepted_comes_back_the_same_through_utc(naive: datetime) -> None:
    text = naive.strftime("%Y-%m-%d %H:%M")
    try:
        moment, local = resolve(text, "Australia/Lord_Howe")
    except InvalidSessionError:
        return
    assert local == text
    assert moment.astimezone(zone_of("Australia/Lord_Howe")).strftime("%Y-%m-%d %H:%M") == text
