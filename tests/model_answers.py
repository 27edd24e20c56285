"""What a model might answer about the sample reading, in the forms that it is asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from bot.domain.model import Audience, Finding, Reading, SummaryDraft

SAMPLE = Path("bot/samples/why-small-relays-matter.reading.md").read_text()
READING = Reading("The Case for the Small Relay", "https://example.org/small-relay", SAMPLE)

TECHIE: dict[str, object] = {
    "lead": "The essay argues from three years of running one that many small relays, careless"
    " about different things, keep a network up better than a few large ones.",
    "points": [
        {
            "head": "Signatures replace trust",
            "text": "Because every message is signed, a relay can refuse or lose a note, but it"
            " can't change the author's words. Readers check a signature in less than a"
            " millisecond.",
            "quote": "What it cannot do is put words in your mouth",
            "section": "What a relay is",
        },
        {
            "head": "Large relays fail together",
            "text": "The largest relays share hosting companies and payment providers, so their"
            " failures are correlated. Three of them vanished for the same eleven hours over a"
            " fault in the cooling of one data centre.",
            "quote": "Two machines fail together when they share something that can break.",
            "section": "Big is not the same as sturdy",
        },
        {
            "head": "Checks cost, storage doesn't",
            "text": "The machine draws six watts. Checking signatures keeps the processor busy,"
            " and looking at size and author first cut the load by more than half.",
            "quote": "That single change cut the load by more than half",
            "section": "How little it takes",
        },
        {
            "head": "Policy is the product",
            "text": "Narrow rules serve a choir or a reading group better than general ones, and"
            " whoever is turned away loses nothing but one relay among many.",
            "quote": "I have come to believe that policy is the real product.",
            "section": "Rules of the house",
        },
    ],
}
PLAIN: dict[str, object] = {
    "lead": "Many small servers, called relays, keep a network safer than a few big ones.",
    "points": [
        {
            "head": "Nobody can fake you",
            "text": "Each message is signed. A relay may lose your words, but it can't change"
            " them.",
            "quote": "What it cannot do is put words in your mouth",
            "section": "What a relay is",
        },
        {
            "head": "Don't share what can break",
            "text": "Big relays share companies and people, so they can fail together. Small ones"
            " fail one by one.",
            "quote": "Two machines fail together when they share something that can break.",
            "section": "Big is not the same as sturdy",
        },
        {
            "head": "Make your own rules",
            "text": "A choir can let in only singers. Whoever is turned away loses little.",
            "quote": "A choir wants a place where only singers post",
            "section": "Rules of the house",
        },
    ],
}
QUESTIONS: dict[str, object] = {
    "questions": [
        {
            "question": f"What would make you trust a stranger's relay, case {number}?",
            "quote": quote,
            "section": "",
        }
        for number, quote in enumerate(
            [
                "What it cannot do is put words in your mouth",
                "Two machines fail together when they share something that can break.",
                "A bouncer who knows the regulars is cheaper than any filter.",
                "a request is not a command",
                "I have come to believe that policy is the real product.",
            ],
            start=1,
        )
    ]
}


def text(answer: object) -> str:
    return json.dumps(answer)


def at_once(_: int) -> timedelta:
    """A backoff that waits for nothing."""
    return timedelta()


def no_findings(_: Mapping[Audience, SummaryDraft], __: str) -> Sequence[Finding]:
    return ()


class ScriptedGates:
    """Gates that find what they are told to, time after time, and keep what they were shown."""

    def __init__(self, *rounds: Sequence[Finding]) -> None:
        self._rounds = list(rounds)
        self.shown: list[tuple[Mapping[Audience, SummaryDraft], str]] = []

    def __call__(self, drafts: Mapping[Audience, SummaryDraft], reading: str) -> Sequence[Finding]:
        self.shown.append((drafts, reading))
        return self._rounds.pop(0) if self._rounds else ()
