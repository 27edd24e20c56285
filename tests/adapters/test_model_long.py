"""Readings that are longer than a model can hold: noted part by part, then summarised."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web

from bot.domain.errors import SummaryError
from bot.domain.model import Audience, Finding, Reading
from bot.domain.ports import Gates
from bot.readings.extract import sections
from bot.summarisers.budget import ModelSettings, tokens_of
from bot.summarisers.checks import check
from bot.summarisers.openai_api import ModelSummariser
from tests.adapters.model_server import Act, ModelServer, fails, running_model, says, usual
from tests.model_answers import PLAIN, TECHIE, at_once, no_findings

Make = Callable[..., ModelSummariser]
CHAPTERS = 12
WORDS = "Small relays fail alone and the large ones fail together, which is why both are kept. "


def chapter(number: int) -> str:
    return f"## Chapter {number}\n\nGardeners of town {number} kept their tomatoes. {WORDS * 40}"


BOOK = Reading("A long book", "", "\n\n".join(chapter(n) for n in range(1, CHAPTERS + 1)))


def noting(request: dict[str, Any]) -> dict[str, object]:
    """A note on the first chapter that the part has, with a quote of it, and an invented one."""
    text = request["messages"][1]["content"]
    number = text.partition("## Chapter ")[2].partition("\n")[0]
    quote = f"Gardeners of town {number} kept their tomatoes"
    points = [
        {"head": f"Town {number}", "text": "They kept them.", "quote": quote, "section": ""},
        {"head": "Invented", "text": "It is so.", "quote": "nobody ever wrote this", "section": ""},
    ]
    return {"lead": f"On town {number}.", "points": points}


async def notes_or_summary(request: web.Request) -> web.StreamResponse:
    body = await request.json()
    if "This is part" in body["messages"][-1]["content"]:
        asked = sum(tokens_of(message["content"]) for message in body["messages"])
        usage = {"prompt_tokens": asked, "completion_tokens": 100}
        return await says(noting(body), usage=usage)(request)
    return await usual(request)


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with running_model([notes_or_summary] * 100) as server:
        yield server


@pytest.fixture
async def make(server: ModelServer) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        def made(gates: Gates = no_findings, **settings: Any) -> ModelSummariser:
            chosen = ModelSettings("m", server.base_url, **{"context_tokens": 8_192, **settings})
            summariser = ModelSummariser(chosen, gates, "", sections, at_once)
            stack.push_async_callback(summariser.aclose)
            return summariser

        yield made


def asks(server: ModelServer, number: int) -> str:
    return server.messages(number)[-1]["content"]


async def test_a_long_reading_is_noted_part_by_part_and_summarised_from_the_notes(
    server: ModelServer, make: Make
) -> None:
    progress: list[str] = []
    drafts = await make(check).summarise(BOOK, progress=progress.append)
    parts = int(progress[0].split()[0])
    assert parts > 4
    noted = [n for n in range(len(server.asked)) if "This is part" in asks(server, n)]
    assert len(noted) == parts
    collected = server.messages(parts)[1]["content"]
    assert "# Notes on part 1: Chapter 1" in collected
    assert "quote: Gardeners of town 1 kept their tomatoes" in collected
    assert "notes on one long reading" in server.messages(parts)[0]["content"]
    assert progress[-4:] == [f"part {parts} of {parts}", "techie", "plain", "checks"]
    assert drafts[Audience.TECHIE].scope == drafts[Audience.PLAIN].scope == ""


async def test_a_note_whose_quote_does_not_stand_in_its_part_is_dropped(
    server: ModelServer, make: Make
) -> None:
    await make(check).summarise(BOOK)
    collected = next(
        asked["messages"][1]["content"] for asked in server.asked if "Notes on" in str(asked)
    )
    assert "nobody ever wrote this" not in collected


async def test_every_request_fits_the_context(server: ModelServer, make: Make) -> None:
    await make().summarise(BOOK)
    for asked in server.asked:
        prompt = sum(tokens_of(message["content"]) for message in asked["messages"])
        assert prompt + asked["max_tokens"] <= 8_192


async def test_only_a_few_parts_are_asked_about_at_the_same_time(
    server: ModelServer, make: Make
) -> None:
    both = asyncio.Event()

    async def when_two_ask(request: web.Request) -> web.StreamResponse:
        if server.at_once == 2:
            both.set()
        await both.wait()
        return await notes_or_summary(request)

    acts: list[Act] = [when_two_ask] * 100
    server.acts[:] = acts
    await make(at_once=2).summarise(BOOK)
    assert server.most_at_once == 2


async def test_the_system_s_word_is_the_same_for_all_parts(server: ModelServer, make: Make) -> None:
    await make().summarise(BOOK)
    systems = {
        server.messages(n)[0]["content"]
        for n in range(len(server.asked))
        if "This is part" in asks(server, n)
    }
    assert len(systems) == 1


async def test_parts_beyond_the_bound_are_left_out_and_said(
    server: ModelServer, make: Make
) -> None:
    drafts = await make(most_parts=2).summarise(BOOK)
    scope = drafts[Audience.PLAIN].scope
    assert scope.startswith("2 of the reading's ")
    assert "left out: parts 3 to " in scope
    assert scope.endswith(" on.")
    assert "from “Chapter " in scope
    assert "scope" not in {each.gate for each in drafts[Audience.PLAIN].findings}
    assert len(server.asked) == 4


async def test_money_bounds_how_many_parts_are_read(server: ModelServer, make: Make) -> None:
    drafts = await make(max_tokens=30_000).summarise(BOOK)
    usage = drafts[Audience.PLAIN].usage
    assert usage is not None
    assert usage.prompt_tokens + usage.completion_tokens <= 30_000
    for draft in drafts.values():
        assert "left out: parts " in draft.scope
        (advice,) = [each for each in draft.findings if each.gate == "scope"]
        assert "(max_tokens = 30000); raise that and make them again." in advice.text
        assert not advice.severe


async def test_too_little_money_for_a_single_part_asks_nothing(
    server: ModelServer, make: Make
) -> None:
    with pytest.raises(SummaryError, match="a session may"):
        await make(max_tokens=3_000).summarise(BOOK)
    assert server.asked == []


async def test_a_part_that_the_model_refuses_is_left_out_and_said(
    server: ModelServer, make: Make
) -> None:
    server.acts.insert(1, says(None, refusal="I can't."))
    drafts = await make(at_once=1).summarise(BOOK)
    assert "left out: part 2." in drafts[Audience.TECHIE].scope


async def test_a_wrong_key_ends_all_of_it_at_once(server: ModelServer, make: Make) -> None:
    server.acts[:] = [fails(401)] * 100
    with pytest.raises(SummaryError, match="doesn't accept the key"):
        await make(at_once=1).summarise(BOOK)
    assert len(server.asked) == 1


async def test_notes_of_nothing_but_inventions_make_no_summary(
    server: ModelServer, make: Make
) -> None:
    invented = {"lead": "A lead.", "points": [{"head": "A", "text": "B.", "quote": "C d e f."}]}
    server.acts[:] = [says(json.dumps(invented))] * 100
    with pytest.raises(SummaryError, match="noted nothing that stands in the reading"):
        await make(check).summarise(BOOK)


async def test_a_bug_is_not_taken_for_a_fault_of_the_model(make: Make) -> None:
    def broken(*_: object) -> list[Finding]:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as told:
        await make(broken, at_once=1).summarise(BOOK)
    assert told.group_contains(ZeroDivisionError)


async def test_a_long_reading_without_prose_is_noted_as_it_is(
    server: ModelServer, make: Make
) -> None:
    code = Reading("Code", "", "```\n" + "\n\n".join(chapter(n) for n in range(9)) + "\n```")
    await make().summarise(code)
    assert "Gardeners of town 0" in server.messages(0)[1]["content"] + str(server.asked)


async def test_many_notes_are_cut_to_what_the_model_can_hold(
    server: ModelServer, make: Make
) -> None:
    async def wordy(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "This is part" not in body["messages"][-1]["content"]:
            return await usual(request)
        points = [
            {"head": f"Point {n}", "text": WORDS * 4, "quote": WORDS.strip(), "section": ""}
            for n in range(1, 7)
        ]
        return await says({"lead": "A lead.", "points": points})(request)

    acts: list[Act] = [wordy] * 100
    server.acts[:] = acts
    await make().summarise(BOOK)
    collected = server.messages(-2)[1]["content"]
    assert tokens_of(collected) < ModelSettings("m", context_tokens=8_192).room
    assert "Point 1:" in collected
    assert "Point 6:" not in collected


async def test_a_reading_of_200_pages_works(server: ModelServer, make: Make) -> None:
    pages = "\n\n".join(chapter(number) for number in range(1, 201))
    assert len(pages.split()) > 100_000
    server.acts += [notes_or_summary] * 100
    drafts = await make(context_tokens=128_000).summarise(Reading("200 pages", "", pages))
    assert drafts[Audience.TECHIE].lead == TECHIE["lead"]
    assert drafts[Audience.PLAIN].lead == PLAIN["lead"]
    assert drafts[Audience.TECHIE].scope == ""
    usage = drafts[Audience.TECHIE].usage
    assert usage is not None
    assert usage.prompt_tokens > tokens_of(pages)
