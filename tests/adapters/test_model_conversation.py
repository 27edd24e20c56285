"""The conversation with a model: what it is asked turn by turn, and what becomes of its answers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from bot.domain.errors import SummaryError
from bot.domain.model import Audience, Finding, Reading, SummaryStatus, Usage
from bot.domain.ports import Gates
from bot.readings.extract import sections
from bot.summarisers.balance import measured
from bot.summarisers.budget import ModelSettings
from bot.summarisers.checks import check
from bot.summarisers.openai_api import ModelSummariser
from bot.summarisers.prompts import PROMPTS_VERSION
from tests import model_answers
from tests.adapters.model_server import ModelServer, fails, running_model, says
from tests.model_answers import PLAIN, READING, TECHIE, ScriptedGates, at_once, no_findings

KEY = "sk-a-secret-that-nobody-may-see"
LONG = Finding("length", Audience.PLAIN, "The plain summary is too long: 90 words.")
NAMED = Finding("name", Audience.TECHIE, "In point 1, the reading has no “Zorro”.", 1)
ADVICE = Finding("jargon", Audience.PLAIN, "These words are not explained: nonce.", severe=False)

Make = Callable[..., ModelSummariser]


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with running_model() as server:
        yield server


@pytest.fixture
async def make(server: ModelServer) -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        def made(gates: Gates = no_findings, **settings: Any) -> ModelSummariser:
            chosen = ModelSettings("gpt-test", server.base_url, **settings)
            summariser = ModelSummariser(chosen, gates, KEY, sections, at_once)
            stack.push_async_callback(summariser.aclose)
            return summariser

        yield made


async def test_both_drafts_come_from_one_conversation_of_two_turns(
    server: ModelServer, make: Make
) -> None:
    progress: list[str] = []
    drafts = await make().summarise(READING, progress=progress.append)
    assert len(server.asked) == 2
    assert [message["role"] for message in server.messages(1)] == [
        *("system", "user", "assistant", "user")
    ]
    assert server.messages(1)[2]["content"] == model_answers.text(TECHIE)
    techie, plain = drafts[Audience.TECHIE], drafts[Audience.PLAIN]
    assert techie.body.splitlines()[:3] == [
        TECHIE["lead"],
        "",
        "1. **Signatures replace trust:** Because every message is signed, a relay can refuse or"
        " lose a note, but it can't change the author's words. Readers check a signature in less"
        " than a millisecond.",
    ]
    assert (plain.audience, plain.origin, plain.answered_by) == (
        *(Audience.PLAIN, "gpt-test", "gpt-test"),
    )
    assert plain.status is techie.status is SummaryStatus.DRAFT
    assert plain.points[0].quote == "What it cannot do is put words in your mouth"
    assert plain.points[0].section == "What a relay is"
    assert "key points" in techie.prompt
    assert "About half as long" in plain.prompt
    assert f"prompts, version {PROMPTS_VERSION}" in plain.prompt
    assert progress == ["techie", "plain", "checks"]


async def test_what_opens_the_conversation_is_the_same_to_the_byte_in_every_turn(
    server: ModelServer, make: Make
) -> None:
    gates = ScriptedGates([NAMED, LONG], [LONG], [])
    await make(gates).summarise(READING)
    assert len(server.asked) == 4
    for request in (1, 2, 3):
        before = server.messages(request - 1)
        assert server.messages(request)[: len(before)] == before
    assert all("tools" not in asked for asked in server.asked)
    assert all(
        asked["response_format"] == server.asked[0]["response_format"] for asked in server.asked
    )


async def test_the_reading_stands_between_marks_that_nobody_can_guess(
    server: ModelServer, make: Make
) -> None:
    await make().summarise(READING)
    await make().summarise(READING)
    first, second = server.messages(0), server.messages(2)
    mark = first[1]["content"].partition("<<<")[2].partition(" BEGIN>>>")[0]
    assert len(mark) == 16
    assert f"the mark {mark}" in first[0]["content"]
    assert first[1]["content"].count(mark) == 2
    assert READING.text[:1000] in first[1]["content"]
    assert mark not in second[1]["content"]


async def test_the_second_turn_states_how_many_words_the_first_answer_has(
    server: ModelServer, make: Make
) -> None:
    drafts = await make().summarise(READING)
    words = measured(drafts[Audience.TECHIE].body)
    assert f"your answer has {words} words" in server.messages(1)[-1]["content"]


async def test_the_language_that_was_asked_for_is_asked_of_the_model(
    server: ModelServer, make: Make
) -> None:
    await make().summarise(READING, language="Deutsch")
    assert "Write in the language “Deutsch”." in server.messages(0)[0]["content"]
    await make().summarise(READING)
    assert "Write in the language of the material." in server.messages(2)[0]["content"]


async def test_a_severe_finding_leads_to_one_corrective_turn_that_states_the_counts(
    server: ModelServer, make: Make
) -> None:
    gates = ScriptedGates([LONG, ADVICE], [ADVICE])
    drafts = await make(gates).summarise(READING)
    assert len(server.asked) == 3
    asked = server.messages(2)[-1]["content"]
    techie, plain = drafts[Audience.TECHIE], drafts[Audience.PLAIN]
    assert LONG.text in asked
    assert ADVICE.text not in asked
    assert f"It has {measured(plain.body)} words" in asked
    assert f"has {measured(techie.body)}, so this one should have" in asked
    assert plain.findings == (ADVICE,)
    assert "About half as long" in plain.prompt
    assert plain.prompt.count("prompts, version") == 1


async def test_what_still_fails_after_the_corrective_turns_stays_in_the_findings(
    server: ModelServer, make: Make
) -> None:
    gates = ScriptedGates(*[[NAMED, LONG]] * 9)
    drafts = await make(gates).summarise(READING)
    assert len(server.asked) == 4
    assert drafts[Audience.TECHIE].findings == (NAMED,)
    assert drafts[Audience.PLAIN].findings == (LONG,)
    assert "the plain one has" in server.messages(2)[-1]["content"]


async def test_a_correction_that_makes_things_worse_is_not_taken(
    server: ModelServer, make: Make
) -> None:
    worse = {**PLAIN, "lead": "Small relays are worse now."}
    server.then(says(TECHIE), says(PLAIN), says(worse))
    drafts = await make(ScriptedGates([LONG], [LONG, LONG])).summarise(READING)
    assert drafts[Audience.PLAIN].lead == PLAIN["lead"]
    assert drafts[Audience.PLAIN].findings == (LONG,)


async def test_a_correction_that_fails_leaves_the_draft_and_says_so(
    server: ModelServer, make: Make
) -> None:
    server.then(says(TECHIE), says(PLAIN), fails(503), says(PLAIN))
    drafts = await make(ScriptedGates([NAMED, LONG], [NAMED]), retries=0).summarise(READING)
    told = drafts[Audience.TECHIE].findings
    assert told[0] == NAMED
    assert told[1].gate == "correction"
    assert "fails just now (503)" in told[1].text
    assert drafts[Audience.PLAIN].findings == ()
    assert len(server.messages(3)) == 6  # the turn that failed is not in the conversation
    assert "adult" in server.messages(3)[-1]["content"]


async def test_the_gates_are_shown_the_drafts_and_the_reading_with_its_title(
    make: Make,
) -> None:
    gates = ScriptedGates()
    await make(gates).summarise(READING)
    (drafts, text), *more = gates.shown
    assert not more
    assert set(drafts) == set(Audience)
    assert text == f"{READING.title}\n\n{READING.text}"


async def test_the_real_gates_pass_an_honest_conversation_without_a_corrective_turn(
    server: ModelServer, make: Make
) -> None:
    drafts = await make(check).summarise(READING)
    severe = [found for draft in drafts.values() for found in draft.findings if found.severe]
    assert severe == []
    assert len(server.asked) == 2


async def test_the_real_gates_have_an_altered_quote_and_number_corrected(
    server: ModelServer, make: Make
) -> None:
    wrong = model_answers.text(TECHIE).replace("six watts", "nine watts")
    server.then(says(wrong.replace('more than half", "sec', 'almost all", "sec')), says(PLAIN))
    server.then(says(TECHIE))
    drafts = await make(check).summarise(READING)
    asked = server.messages(2)[-1]["content"]
    assert "nine watts" in asked
    assert "almost all" in asked
    assert "six watts" in drafts[Audience.TECHIE].body
    assert not [found for found in drafts[Audience.TECHIE].findings if found.severe]


async def test_usage_cost_and_cached_tokens_are_told_with_both_drafts(make: Make) -> None:
    summariser = make(price_in=1.0, price_out=10.0, price_cached=0.1)
    drafts = await summariser.summarise(READING)
    expected = Usage("gpt-test", 2, 3000, 2000, 600, (1000 * 1.0 + 2000 * 0.1 + 600 * 10) / 1e6)
    assert drafts[Audience.TECHIE].usage == drafts[Audience.PLAIN].usage == expected


def test_nothing_of_the_client_is_imported_before_it_is_needed() -> None:
    script = (
        "import sys, bot.summarisers.openai_api as api;"
        "settings = api.ModelSettings('m');"
        "summariser = api.ModelSummariser(settings, lambda d, t: (), 'key', lambda text: ());"
        "print(summariser.origin, 'openai' in sys.modules, 'httpx2' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert found.stdout.split() == ["m", "False", "False"]


async def test_a_reading_without_text_is_not_summarised(server: ModelServer, make: Make) -> None:
    with pytest.raises(SummaryError, match=r"too little text to summarise \(2 words\)") as told:
        await make().summarise(Reading("Nothing", "", "Log in."))
    assert told.value.permanent
    assert server.asked == []


async def test_questions_come_with_words_that_stand_in_the_reading(
    server: ModelServer, make: Make
) -> None:
    summariser = make(check)
    drafts = await summariser.summarise(READING)
    questions = await summariser.suggest_questions(READING, drafts)
    assert len(questions) == 5
    assert questions[3].quote == "a request is not a command"
    assert questions[3].text.endswith("case 4?")
    assert "Suggest five questions" in server.messages(2)[-1]["content"]


async def test_a_question_whose_quote_does_not_stand_is_dropped(
    server: ModelServer, make: Make
) -> None:
    altered = model_answers.text(model_answers.QUESTIONS).replace(
        "is not a command", "is a command"
    )
    server.then(says(altered))
    questions = await make(check).suggest_questions(READING, {})
    assert [question.text[-2] for question in questions] == ["1", "2", "3", "5"]


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Who pays for it?", True),
        ("Why is it “cheap?”", True),
        ("誰が払いますか。", True),
        ("为什么要付钱？", True),
        ("من يدفع؟", True),
        ("Ποιος πληρώνει;", True),
        ("Ո՞վ է վճարում։", True),
        ("Relays are cheap.", False),
        ("Relays are cheap;", False),
        ("Who pays? Nobody does.", False),
        ("Discuss who pays", False),
    ],
)
async def test_a_statement_is_no_question_to_discuss(
    server: ModelServer, make: Make, text: str, asks: bool
) -> None:
    quote = "What it cannot do is put words in your mouth"
    server.then(says({"questions": [{"question": text, "quote": quote, "section": ""}]}))
    questions = await make(check).suggest_questions(READING, {})
    assert [question.text for question in questions] == [text] * asks


async def test_questions_on_a_long_reading_are_made_from_the_drafts(
    server: ModelServer, make: Make
) -> None:
    drafts = await make().summarise(READING)
    long = Reading(READING.title, READING.url, READING.text * 20)
    await make(context_tokens=8000).suggest_questions(long, drafts)
    asked = server.messages(2)[1]["content"]
    assert "quote: What it cannot do is put words in your mouth" in asked
    assert len(asked) < len(READING.text)


async def test_the_key_is_in_no_prompt_and_in_no_log(
    server: ModelServer, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """Fault 40."""
    caplog.set_level("DEBUG")
    await make(ScriptedGates([NAMED])).summarise(READING)
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in str(server.asked)
    assert "Asked gpt-test 3 times" in caplog.text
    assert KEY not in caplog.text
    assert not [record for record in caplog.records if KEY in str(record.__dict__)]
