"""The desk's summaries: links are read with the fetcher that it was given, a model is asked as the
configuration says, and its server is let go of at the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import open_desk
from bot.app.desk import Desk
from bot.config import Config, load
from bot.domain.errors import ReadingError
from bot.domain.links import linked
from bot.domain.model import OPERATOR, Audience, SummaryStatus
from bot.services.sessions import SessionPlan
from tests.adapters.model_server import ModelServer, running_model
from tests.adapters.sites import fetcher, sending, site
from tests.e2e.group_of_ada import sample_pdf
from tests.fakes import FakeNow

KEY = "sk-test-abcdefghijklmnopqrstuvwxyz"


def config(folder: Path, server: ModelServer | None = None, more: str = "") -> Config:
    model = f'provider = "openai"\nmodel = "fake"\nbase_url = "{server.base_url}"' if server else ""
    path = folder / "config.toml"
    path.write_text(f"[summaries]\n{model}\n{more}\n", encoding="utf-8")
    return load(path, {"OPENAI_API_KEY": KEY})


async def planned(desk: Desk, url: str) -> None:
    plan = SessionPlan("Relay night", "2036-12-02 19:00", readings=(linked(url),))
    await desk.sessions.add(desk.group, plan, by=OPERATOR)


async def test_a_link_to_a_pdf_is_read_once_and_its_summaries_wait_as_drafts(
    tmp_path: Path,
) -> None:
    told: list[str] = []
    async with site(sending(sample_pdf(), "application/pdf")) as pages, running_model() as server:
        settings = config(tmp_path, server)
        async with open_desk(settings, FakeNow(), fetcher(pages.port)) as desk:
            await planned(desk, pages.url("/small.pdf"))
            for _ in range(2):
                made = await desk.summaries.make(
                    desk.group, "next", by=OPERATOR, progress=told.append
                )
            view = await desk.sessions.show(desk.group, "next", by=OPERATOR)
    assert len(pages.requests) == 1
    assert {each.draft.status for each in made.values()} == {SummaryStatus.DRAFT}
    assert view.session.readings[0].title == "The Case for the Small Relay"
    assert view.session.readings[0].author == "Ada Marsh"
    assert told[0] == "fetched"
    assert told[1].endswith(" pages")
    assert told[2:5] == ["techie", "plain", "checks"]


async def test_the_configured_language_and_limits_reach_the_model(tmp_path: Path) -> None:
    async with site(sending(sample_pdf(), "application/pdf")) as pages, running_model() as server:
        settings = config(tmp_path, server, 'language = "German"\nanswer_tokens = 777')
        async with open_desk(settings, FakeNow(), fetcher(pages.port)) as desk:
            await planned(desk, pages.url("/small.pdf"))
            await desk.summaries.make(desk.group, "next", by=OPERATOR)
    assert "German" in str(server.messages(0))
    assert server.asked[0]["max_tokens"] == 777
    assert KEY not in str(server.asked), "no key is in a prompt"


async def test_without_a_model_the_same_link_is_quoted_and_approved(tmp_path: Path) -> None:
    async with (
        site(sending(sample_pdf(), "application/pdf")) as pages,
        open_desk(config(tmp_path), FakeNow(), fetcher(pages.port)) as desk,
    ):
        await planned(desk, pages.url("/small.pdf"))
        made = await desk.summaries.make(desk.group, "next", by=OPERATOR)
        assert not desk.summaries.by_model
        assert await desk.summaries.suggestions(desk.group, "next", by=OPERATOR) is None
    assert made[Audience.PLAIN].draft.origin == "extractive"
    assert made[Audience.PLAIN].draft.status is SummaryStatus.APPROVED


async def test_by_default_only_the_public_internet_is_read(tmp_path: Path) -> None:
    async with (
        site(sending(b"secret")) as inside,
        open_desk(config(tmp_path), FakeNow()) as desk,
    ):
        await planned(desk, inside.url(host="127.0.0.1"))
        with pytest.raises(ReadingError):
            await desk.summaries.make(desk.group, "next", by=OPERATOR)
    assert inside.requests == []
