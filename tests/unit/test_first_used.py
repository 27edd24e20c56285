"""The gates as the desk has them: a reading is indexed once for all checks of a conversation."""

from __future__ import annotations

import pytest

from bot.app import first_used
from bot.app.first_used import Checks
from bot.domain.model import Audience, Finding, SummaryDraft
from bot.summarisers.checks import check
from bot.summarisers.source import Source
from tests.model_answers import SAMPLE

LEAD = "Zebulon Quark keeps 4711 relays."
DRAFTS = {Audience.TECHIE: SummaryDraft(Audience.TECHIE, LEAD, LEAD, (), "x")}


class Index:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> Source:
        self.texts.append(text)
        return Source(text)


def test_a_reading_is_indexed_once_for_checks_that_follow_each_other() -> None:
    index = Index()
    checks = Checks(index)
    found = [tuple[Finding, ...](checks(DRAFTS, SAMPLE)) for _ in range(3)]
    assert index.texts == [SAMPLE]
    assert found == [check(DRAFTS, SAMPLE)] * 3
    assert found[0], "there was something to find"


def test_another_reading_takes_the_place_of_the_last() -> None:
    index = Index()
    checks = Checks(index)
    other = "Zebulon Quark keeps 4711 relays in his garden, and nobody asks him why he does so."
    for text in (SAMPLE, other, other, SAMPLE):
        assert tuple(checks(DRAFTS, text)) == check(DRAFTS, text)
    assert index.texts == [SAMPLE, other, SAMPLE]


def test_the_index_of_a_text_without_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_used, "_KEPT", 20_000)
    index = Index()
    checks = Checks(index)
    text = "A word. " * 2_600
    for _ in range(2):
        checks({}, text)
    assert index.texts == [text, text]
