"""Against a real llama.cpp server: the protocol is what is shown, from a text and from a PDF on.
Its model has 135 million parameters, and what it writes is poor, as the gates say."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_desk
from bot.config import load
from bot.domain.model import OPERATOR, Audience, Finding, Reading, SummaryDraft, SummaryStatus
from bot.readings.extract import sections
from bot.summarisers.budget import ModelSettings
from bot.summarisers.checks import check
from bot.summarisers.faults import AnswerError
from bot.summarisers.openai_api import ModelSummariser
from tests.adapters.made_pdfs import Pdf
from tests.e2e.llama import NotHadError, running_llama
from tests.e2e.processes import environment
from tests.model_answers import SAMPLE

pytestmark = [pytest.mark.slow, pytest.mark.llama]

CONTEXT = 4096
READING = Reading("The Case for the Small Relay", "", SAMPLE[:1200])
_TRIES = 3  # the model may talk until it is cut off
_WITHIN = 400.0  # seconds, for all tries of the command line


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


def _paper() -> bytes:
    """The same reading as a PDF."""
    pdf = Pdf(READING.title, "Ada Marsh")
    for part in READING.text.split("\n\n"):
        text = " ".join(part.lstrip("#").split())
        if part.startswith("#"):
            pdf.heading(text)
        else:
            pdf.paragraph(text)
    pdf.page()
    return pdf.done()


def _configured(folder: Path, base_url: str) -> None:
    keys = {
        "provider": "openai",
        "model": "smollm2",
        "base_url": base_url,
        "timeout": 300,
        "request_timeout": 200,
        "context_tokens": CONTEXT,
        "answer_tokens": 300,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    table = "\n".join(['[nostr]\nrelays = ["ws://127.0.0.1:9"]\n[summaries]', *lines])
    (folder / "config.toml").write_text(f"{table}\n", encoding="utf-8")


def _said(folder: Path, *words: str, within: float = 60.0) -> subprocess.CompletedProcess[str]:
    """One command of the bot's, as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        capture_output=True,
        text=True,
        timeout=within,
        env=environment(),
        cwd=folder,
    )


def _made(folder: Path) -> dict[str, Any]:
    """Both summaries as JSON. Where the model's answer was of no use, once more, as people do."""
    deadline = time.monotonic() + _WITHIN
    for left in reversed(range(_TRIES)):
        words = ("summary", "make", "small-relays", "--format", "json")
        done = _said(folder, *words, within=deadline - time.monotonic())
        if done.returncode == 0 or not left:
            break
        assert "Traceback" not in done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


async def _assert_the_verdict_is_stored(folder: Path) -> None:
    """What the gates say of the stored drafts against the stored text stands beside them."""
    async with open_desk(load(folder / "config.toml", {})) as desk:
        session = (await desk.sessions.show(desk.group, "small-relays", by=OPERATOR)).session
        latest = await desk.summaries.latest(desk.group, "small-relays", by=OPERATOR)
    (reading,) = session.readings
    drafts = {audience: each.draft for audience, each in latest.items()}
    found = check(drafts, f"{reading.title}\n\n{reading.text}")
    for audience, draft in drafts.items():
        assert {each for each in found if each.audience is audience} <= set(draft.findings)


async def test_a_pdf_becomes_stored_drafts_with_the_gates_verdict(
    base_url: str, tmp_path: Path
) -> None:
    _configured(tmp_path, base_url)
    (tmp_path / "paper.pdf").write_bytes(_paper())
    assert _said(tmp_path, "init").returncode == 0
    words = ("session", "add", "--title", "Small relays", "--at", "2036-12-02 19:00")
    added = _said(tmp_path, *words, "--reading", "paper.pdf")
    assert f"Read “{READING.title}” from paper.pdf: 1 page, " in added.stdout, added
    made = _made(tmp_path)
    shown = _said(tmp_path, "summary", "show", "small-relays", "--format", "json")
    assert json.loads(shown.stdout) == made, "they are stored"
    assert set(made) == {"techie", "plain"}
    for draft in made.values():
        assert (draft["origin"], draft["status"], draft["current"]) == ("smollm2", "draft", False)
        assert draft["points"]
        assert draft["usage"]["completion_tokens"] > 0
    await _assert_the_verdict_is_stored(tmp_path)
