"""What a session may take of a model: estimates before, counts after, never beyond the limit."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.model import Usage
from bot.summarisers.budget import Budget, ModelSettings, Reported, tokens_of
from bot.summarisers.faults import BudgetError


def budget(spent: Usage | None = None, **settings: Any) -> Budget:
    return Budget(ModelSettings("m", **settings), spent=spent)


def test_tokens_are_estimated_by_characters_and_wide_ones_count_whole() -> None:
    assert tokens_of("") == 0
    assert tokens_of("a" * 35) == 10
    assert tokens_of("読む" * 10) == 20
    assert tokens_of("한국어" + "a" * 7) == 5


def test_a_limit_in_money_needs_prices() -> None:
    with pytest.raises(ValueError, match="needs price_in and price_out"):
        ModelSettings("m", max_cost=1.0, price_in=1.0)


def test_an_answer_never_takes_more_than_an_eighth_of_the_context() -> None:
    settings = ModelSettings("m", context_tokens=8_192)
    assert settings.answer == 1_024
    assert settings.room + 4 * settings.answer < 8_192
    assert ModelSettings("m", context_tokens=100).room == 500


def test_what_a_request_took_is_counted_once_it_is_settled() -> None:
    taken = budget(price_in=2.0, price_out=10.0)
    with taken.hold(["a" * 3500], 800) as hold:
        assert (hold.prompt, hold.answer) == (1008, 800)
        hold.settle(Reported(1000, 600, 100), "b" * 350)
    assert taken.usage == Usage("m", 1, 1000, 600, 100, (1000 * 2 + 100 * 10) / 1e6)


def test_without_prices_there_is_no_cost() -> None:
    assert budget().usage == Usage("m", 0, 0, 0, 0, None)


def test_a_request_that_got_no_answer_costs_its_prompt() -> None:
    taken = budget()
    with pytest.raises(OSError, match="gone"), taken.hold(["a" * 3500], 800):
        raise OSError("gone")
    assert taken.usage.prompt_tokens == 1008


def test_a_request_that_was_turned_away_costs_nothing() -> None:
    taken = budget()
    with taken.hold(["a" * 3500], 800) as hold:
        hold.free()
    assert (taken.usage.calls, taken.usage.prompt_tokens) == (1, 0)


def test_requests_under_way_at_once_are_held_together() -> None:
    taken = budget(max_tokens=2_500)
    with (
        taken.hold(["a" * 350], 1_000),
        taken.hold(["a" * 350], 1_000),
        pytest.raises(BudgetError, match="max_tokens = 2500"),
    ):
        taken.hold(["a" * 350], 1_000)
    with taken.hold(["a" * 350], 1_000) as hold:
        assert hold.answer == 1_000


def test_an_answer_is_allowed_what_is_left_when_that_is_less() -> None:
    taken = budget(max_tokens=1_800)
    with taken.hold(["a" * 3500], 8_000) as hold:
        assert hold.answer == 1_800 - 1_008


def test_what_is_kept_back_is_not_given_away() -> None:
    taken = budget(max_tokens=3_000)
    reserved = taken.reserve(1_500, 500)
    assert taken.answers_left(100) == 900
    reserved.free()
    assert taken.answers_left(100) == 2_900
    assert taken.usage.calls == 0


def test_money_bounds_answers_by_their_price_and_cached_tokens_are_cheaper() -> None:
    taken = budget(max_cost=0.01, max_tokens=None, price_in=1.0, price_out=10.0, price_cached=0.1)
    assert taken.answers_left(0) == pytest.approx(1_000)
    with taken.hold(["a" * 3500], 500) as hold:
        hold.settle(Reported(1000, 1000, 0), "")
    assert taken.usage.cost == pytest.approx(0.0001)
    assert taken.answers_left(0) == pytest.approx(990)
    assert taken.answers_left(10**6) == -1


def test_free_answers_are_bounded_by_nothing() -> None:
    taken = budget(max_cost=0.01, max_tokens=None, price_in=1.0, price_out=0.0)
    assert taken.answers_left(0) == float("inf")
    assert budget(max_tokens=None).answers_left(10**9) == float("inf")


def test_what_the_session_took_before_counts_against_its_limits() -> None:
    spent = Usage("m", 3, 900, 0, 100, 0.009)
    assert budget(spent, max_tokens=2_000).answers_left(0) == 1_000
    money = budget(spent, max_cost=0.01, max_tokens=None, price_in=1.0, price_out=10.0)
    assert money.answers_left(0) == pytest.approx(100)
    assert money.usage.calls == 0


@pytest.mark.parametrize(
    ("reported", "counted"),
    [
        (None, (1008, 0, 100)),
        (Reported(1000, 0, 90), (1000, 0, 90)),
        (Reported(0, 0, 0), (1008, 0, 100)),
        (Reported(10**9, 10**9, 10**9), (1008, 1008, 100)),
        (Reported(-1, -1, -1), (1008, 0, 100)),
        (Reported(900, 5000, 2000), (900, 900, 2000)),
    ],
)
def test_a_count_is_believed_where_it_can_be_true(
    reported: Reported | None, counted: tuple[int, int, int]
) -> None:
    taken = budget()
    with taken.hold(["a" * 3500], 800) as hold:
        hold.settle(reported, "b" * 350)
    usage = taken.usage
    assert (usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens) == counted


async def test_the_time_left_ends_with_the_deadline() -> None:
    assert Budget(ModelSettings("m")).seconds_left() == float("inf")
    assert Budget(ModelSettings("m"), 0.0).seconds_left() < 0
