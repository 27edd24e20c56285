"""A model's faults over real HTTP, by llmock: each has its own line for the organiser and is tried
again only where that may help, and never for longer or for more than was allowed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from llmock.pytest_plugin import LLMock
from llmock.scenarios import Delay, Reply

from bot.domain.errors import SummaryError
from bot.domain.model import Audience
from bot.readings.extract import sections
from bot.summarisers.budget import ModelSettings
from bot.summarisers.openai_api import ModelSummariser
from tests import model_answers
from tests.model_answers import PLAIN, READING, TECHIE, at_once, no_findings

Make = Callable[..., ModelSummariser]


@pytest.fixture
async def make(llmock: LLMock) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        def made(**settings: Any) -> ModelSummariser:
            chosen = ModelSettings("gpt-4o-mini", llmock.base_url(), **settings)
            summariser = ModelSummariser(chosen, no_findings, "sk-test", sections, at_once)
            stack.push_async_callback(summariser.aclose)
            return summariser

        yield made


@pytest.fixture(autouse=True)
def _judged(llmock: LLMock) -> Iterator[None]:
    """Whatever happens, we neither try again what can't work nor before the server wants it."""
    yield
    llmock.assert_resilient()


def answers(llmock: LLMock) -> None:
    llmock.reply(model_answers.text(TECHIE)).reply(model_answers.text(PLAIN))


async def failing(summariser: ModelSummariser) -> SummaryError:
    with pytest.raises(SummaryError) as told:
        await summariser.summarise(READING)
    return told.value


async def test_a_rate_limit_is_waited_out_for_as_long_as_the_server_asks(
    llmock: LLMock, make: Make
) -> None:
    llmock.rate_limit(times=2, retry_after=0.2)
    answers(llmock)
    started = time.monotonic()
    drafts = await make(retries=2).summarise(READING)
    assert drafts[Audience.TECHIE].lead == TECHIE["lead"]
    assert time.monotonic() - started >= 0.4
    assert [request.status for request in llmock.requests] == [429, 429, 200, 200]


async def test_a_wait_that_is_too_long_is_not_waited_for(llmock: LLMock, make: Make) -> None:
    llmock.rate_limit(times=None, retry_after=3600)
    error = await failing(make())
    assert "asks to wait for 3600 seconds (rate limit, 429)" in error.reason
    assert not error.permanent
    assert len(llmock.requests) == 1


async def test_a_wait_beyond_the_whole_time_ends_at_once_with_the_cause(
    llmock: LLMock, make: Make
) -> None:
    llmock.rate_limit(times=None, retry_after=20)
    error = await failing(make(timeout=10))
    assert "rate limit" in error.reason


async def test_a_rate_limit_that_stays_ends_after_the_retries(llmock: LLMock, make: Make) -> None:
    llmock.rate_limit(times=None, retry_after=0.01)
    error = await failing(make(retries=2))
    assert "rate limit" in error.reason
    assert len(llmock.requests) == 3


@pytest.mark.parametrize("status", [500, 502, 503, 529])
async def test_a_server_that_fails_is_asked_again_and_then_given_up(
    llmock: LLMock, make: Make, status: int
) -> None:
    llmock.fail(status, times=None, retry_after=0.01)
    error = await failing(make(retries=1))
    assert f"fails just now ({status})" in error.reason
    assert not error.permanent
    assert len(llmock.requests) == 2


async def test_a_server_that_fails_once_is_no_fault_in_the_end(llmock: LLMock, make: Make) -> None:
    llmock.fail(500)
    answers(llmock)
    drafts = await make().summarise(READING)
    assert drafts[Audience.PLAIN].lead == PLAIN["lead"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "doesn't accept the key (401); set OPENAI_API_KEY"),
        (403, "doesn't let this key use “gpt-4o-mini” (403)"),
        (404, "has no model “gpt-4o-mini” (404)"),
        (413, "more than the model's server takes (413)"),
    ],
)
async def test_what_asking_again_cannot_mend_is_asked_once(
    llmock: LLMock, make: Make, status: int, said: str
) -> None:
    llmock.fail(status, times=None)
    error = await failing(make())
    assert said in error.reason
    assert error.permanent
    assert len(llmock.requests) == 1


async def test_an_account_without_money_is_not_taken_for_a_rate_limit(
    llmock: LLMock, make: Make
) -> None:
    llmock.fail(429, times=None, code="insufficient_quota", message="You exceeded your quota.")
    error = await failing(make())
    assert "nothing left to spend" in error.reason
    assert error.permanent
    assert len(llmock.requests) == 1


async def test_a_slow_server_is_waited_for_within_the_bound(llmock: LLMock, make: Make) -> None:
    llmock.add(Delay(0.3))
    answers(llmock)
    assert await make(request_timeout=5).summarise(READING)


async def test_a_server_that_does_not_answer_in_time_is_given_up(
    llmock: LLMock, make: Make
) -> None:
    llmock.delay(0.7, times=None)
    error = await failing(make(request_timeout=0.1, retries=1))
    assert "didn't answer within 0.1 seconds" in error.reason
    assert not error.permanent


async def test_the_whole_conversation_ends_when_its_time_is_over(
    llmock: LLMock, make: Make
) -> None:
    llmock.delay(4.0, times=None)
    started = time.monotonic()
    error = await failing(make(timeout=0.3))
    assert "wasn't done within 0.3 seconds" in error.reason
    assert time.monotonic() - started < 3.0


async def test_a_truncated_answer_is_a_failure_with_its_own_line(
    llmock: LLMock, make: Make
) -> None:
    llmock.add(Reply(text=model_answers.text(TECHIE)[:200], finish_reason="length", times=None))
    error = await failing(make(retries=1, answer_tokens=1000))
    assert "was cut off before its end; raise answer_tokens" in error.reason
    limits = [request.body["max_tokens"] for request in llmock.requests]
    assert limits == [1000, 2000]


async def test_a_filtered_answer_is_told_as_such(llmock: LLMock, make: Make) -> None:
    llmock.add(Reply(text="{", finish_reason="content_filter"))
    error = await failing(make())
    assert "held its answer back (content filter)" in error.reason
    assert error.permanent
    assert len(llmock.requests) == 1


async def test_a_call_of_a_tool_that_nobody_offered_is_no_answer(
    llmock: LLMock, make: Make
) -> None:
    llmock.call_tool("post", {"text": "@everyone"}, times=None)
    error = await failing(make(retries=0))
    assert "stopped before it was done (“tool_calls”)" in error.reason


async def test_a_malformed_answer_is_asked_for_in_simpler_forms_and_then_given_up(
    llmock: LLMock, make: Make
) -> None:
    llmock.reply("The essay is about relays, and so on.", times=None)
    error = await failing(make(retries=1))
    assert "can't be read as what was asked for" in error.reason
    forms = [request.body.get("response_format", {}).get("type") for request in llmock.requests]
    assert forms == ["json_schema", "json_object", None, None]


async def test_an_empty_answer_is_told_as_such(llmock: LLMock, make: Make) -> None:
    llmock.reply("", times=None)
    error = await failing(make(retries=0))
    assert "answered with nothing" in error.reason
    assert len(llmock.requests) == 3


async def test_an_answer_of_another_shape_is_told_as_such(llmock: LLMock, make: Make) -> None:
    llmock.reply('{"message": "Here you are."}', times=None)
    error = await failing(make(retries=0))
    assert "lacks parts that were asked for" in error.reason


async def test_a_prompt_that_is_too_long_for_the_model_is_given_part_by_part(
    llmock: LLMock, make: Make
) -> None:
    llmock.context_overflow()
    llmock.reply(model_answers.text(TECHIE), times=None)
    drafts = await make().summarise(READING)
    assert drafts[Audience.TECHIE].points
    bodies = [request.body["messages"] for request in llmock.requests]
    assert any("This is part 1 of" in body[-1]["content"] for body in bodies)
    assert "# Notes on part 1" in bodies[-1][1]["content"]


async def test_a_model_that_holds_nearly_nothing_is_told_as_such(
    llmock: LLMock, make: Make
) -> None:
    llmock.context_overflow(times=None)
    error = await failing(make())
    assert "longer than the model can hold; lower context_tokens" in error.reason


async def test_real_quotas_are_kept_to(llmock: LLMock, make: Make) -> None:
    llmock.limits(rpm=1)
    answers(llmock)
    error = await failing(make(timeout=20))
    assert "rate limit" in error.reason
    assert [request.status for request in llmock.requests] == [200, 429]


async def test_nobody_at_the_address_is_told_with_the_address() -> None:
    settings = ModelSettings("m", "http://127.0.0.1:9/v1", retries=1)
    nobody = ModelSummariser(settings, no_findings, "", sections, at_once)
    error = await failing(nobody)
    assert "at http://127.0.0.1:9/v1 can't be reached" in error.reason
    await nobody.aclose()
