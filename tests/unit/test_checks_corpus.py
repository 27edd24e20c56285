"""The gates against summaries written by hand: honest ones, and ones with one planted fault."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.domain.model import Audience, Finding, Reading
from bot.readings.extract import sections
from bot.readings.page import parse_page
from bot.summarisers.checks import LEAST_SHARE, MOST_SHARE, check, words
from bot.summarisers.extractive import Extractive
from bot.summarisers.source import Source
from tests.unit.corpus import ROOT, Planted, honest, planted, readings

SAMPLE = ROOT.parent / "shared/samples/are-open-source-ai-models-the-future.md"


def severe(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.severe]


def stopped(fault: Planted, source: Source) -> bool:
    found = severe(check(fault.pair.drafts, source))
    return any(finding.gate == fault.gate for finding in found)


def test_every_planted_fault_is_found_by_its_gate_and_hardly_an_honest_summary_is_stopped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    faults, pairs = planted(), honest()
    sources = {text: Source(text) for text in {pair.reading for pair in pairs}}
    missed = [fault for fault in faults if not stopped(fault, sources[fault.pair.reading])]
    halted = [pair.name for pair in pairs if severe(check(pair.drafts, sources[pair.reading]))]
    all_kinds = Counter(fault.kind for fault in faults)
    caught = all_kinds - Counter(fault.kind for fault in missed)
    with capsys.disabled():
        print(f"\n{'fault':28} planted caught")  # noqa: T201 - the table is what is asked for
        for kind, count in all_kinds.items():
            print(f"{kind:28} {count:7} {caught[kind]:6}")  # noqa: T201 - a row of it
        print(f"{'honest, stopped':28} {len(pairs):7} {len(halted):6}")  # noqa: T201 - its last row
    assert len(faults) >= 40
    assert len(pairs) >= 40
    assert [fault.name for fault in missed] == []
    assert len(halted) <= 1, halted


def test_every_honest_pair_keeps_the_promised_length() -> None:
    for pair in honest():
        plain, techie = words(pair.drafts[Audience.PLAIN]), words(pair.drafts[Audience.TECHIE])
        assert LEAST_SHARE <= plain / techie <= MOST_SHARE, pair.name


def test_a_planted_pair_differs_from_the_honest_one_in_one_draft_only() -> None:
    by_name = {pair.name: pair for pair in honest()}
    for fault in planted():
        original = by_name[fault.pair.name].drafts
        changed = [a for a in Audience if original[a] != fault.pair.drafts[a]]
        assert len(changed) == 1, fault.name


@pytest.mark.parametrize("name", sorted(readings()))
async def test_an_extractive_summary_of_a_corpus_reading_is_only_reported_on(name: str) -> None:
    text = readings()[name]
    drafts = await Extractive(sections).summarise(Reading(title=name, text=text))
    found = check(drafts, text)
    assert severe(found) == []
    # It quotes, so only wording is left, and what a reading tells to models, if it took that.
    told_to_models = {"instruction"} if name == "honey" else set()
    assert {finding.gate for finding in found} - {"jargon", "acronym"} == told_to_models


@pytest.mark.skipif(not SAMPLE.exists(), reason="the sample page is not on this machine")
def test_the_sample_page_is_reported_as_too_long_and_not_stopped() -> None:
    page = parse_page(SAMPLE.read_bytes())
    drafts = {draft.audience: draft for draft in page.summaries}
    found = check(drafts, page.topic)
    assert severe(found) == []
    length = next(finding for finding in found if finding.gate == "length")
    assert "0.7" in length.text
