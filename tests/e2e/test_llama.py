"""Against a real llama.cpp server: the protocol is what is shown. Its model has 135 million
parameters, and what it writes is poor, as the gates say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.domain.model import Audience, Finding, Reading, SummaryDraft, SummaryStatus
from bot.readings.extract import sections
from bot.summarisers.budget import ModelSettings
from bot.summarisers.checks import check
from bot.summarisers.faults import AnswerError
from bot.summarisers.openai_api import ModelSummariser
from tests.e2e.llama import NotHadError, running_llama
from tests.model_answers import SAMPLE

pytestmark = pytest.mark.slow

CONTEXT = 4096
READING = Reading("The Case for the Small Relay", "", SAMPLE[:1200])
_TRIES = 3  # the model may talk until it is cut off


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        with running_llama(tmp_path_factory.mktemp("llama"), CONTEXT) as address:
            yield address
    except NotHadError as error:
        pytest.skip(str(error))


async def _drafts(summariser: ModelSummariser) -> dict[Audience, SummaryDraft]:
    for left in reversed(range(_TRIES)):
        try:
            return dict(await summariser.summarise(READING))
        except AnswerError:
            if not left:
                raise
    raise AssertionError("there is at least one try")


def _verdict(drafts: dict[Audience, SummaryDraft], audience: Audience) -> list[Finding]:
    found = check(drafts, f"{READING.title}\n\n{READING.text}")
    return [finding for finding in found if finding.audience is audience]


async def test_a_text_becomes_drafts_with_the_gates_verdict(base_url: str) -> None:
    settings = ModelSettings(
        "smollm2",
        base_url,
        timeout=400,
        request_timeout=200,
        retries=0,
        context_tokens=CONTEXT,
        answer_tokens=300,
    )
    summariser = ModelSummariser(settings, check, "", sections)
    try:
        drafts = await _drafts(summariser)
    finally:
        await summariser.aclose()
    assert set(drafts) == set(Audience)
    for audience, draft in drafts.items():
        assert draft.audience is audience
        assert draft.status is SummaryStatus.DRAFT
        assert draft.origin == draft.answered_by == "smollm2"
        assert draft.body.startswith(draft.lead + "\n\n1. ")
        assert draft.points
        assert set(_verdict(drafts, audience)) <= set(draft.findings)
    usage = drafts[Audience.PLAIN].usage
    assert usage is not None
    assert usage.completion_tokens > 0
    assert usage.cached_tokens > usage.prompt_tokens / usage.calls / 2, "the prefix was cached"
