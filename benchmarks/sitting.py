"""Summaries made in a process of their own, a few times in a row, and how long each took.

`python -m benchmarks.sitting CONFIG PDF PAGE` prints one JSON object: lists of seconds, in which
the first one has what is imported when it is first used.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from bot.app import open_desk
from bot.config import load
from bot.domain.model import OPERATOR, Audience
from bot.readings.documents import read_bytes
from bot.services.sessions import SessionPlan

ROUNDS = 6


async def measure(config: Path, paper: bytes, page: bytes) -> dict[str, list[float]]:
    """Seconds: "page" and "paper" until each was read, "drafts" from the document to what is
    stored, "whole" from the paper's bytes on."""
    told: dict[str, list[float]] = {"page": [], "paper": [], "drafts": [], "whole": []}
    async with open_desk(load(config, {})) as desk:
        for number in range(ROUNDS):
            plan = SessionPlan(f"Evening {number}", "2099-01-01 19:00")
            session = await desk.sessions.add(desk.group, plan, by=OPERATOR)
            started = time.perf_counter()
            document = await read_bytes(paper, name="paper.pdf")
            told["paper"].append(time.perf_counter() - started)
            making = time.perf_counter()
            made = await desk.summaries.make(
                desk.group, session.slug, by=OPERATOR, document=document
            )
            told["drafts"].append(time.perf_counter() - making)
            told["whole"].append(time.perf_counter() - started)
            assert set(made) == set(Audience)
            told["page"].append(await _seconds_of(page))
    return told


async def _seconds_of(page: bytes) -> float:
    started = time.perf_counter()
    document = await read_bytes(page, name="page.html")
    assert len(document.text.split()) >= 10_000
    return time.perf_counter() - started


if __name__ == "__main__":
    config, paper, page = map(Path, sys.argv[1:])
    told = asyncio.run(measure(config, paper.read_bytes(), page.read_bytes()))
    print(json.dumps(told))
