"""From a link to what members of both networks read and can look up, with the bot in a process of
its own and a model's server that answers at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.app import open_desk
from bot.app.desk import Desk
from bot.config import load
from bot.domain.links import linked
from bot.domain.model import OPERATOR, Audience, Summary, SummaryStatus
from bot.services.plans import SessionChanges
from tests.adapters.model_server import ModelServer, running_model
from tests.adapters.sites import Site, fetcher, sending, site
from tests.e2e.group_of_ada import sample_pdf
from tests.e2e.processes import Bot
from tests.e2e.two_networks import Scene, two_networks
from tests.model_answers import PLAIN, QUESTIONS, TECHIE
from tests.waiting import until

pytestmark = pytest.mark.slow

NOTE, ARTICLE = 1, 30023
NAME = "relays"
LEADS = {Audience.TECHIE: str(TECHIE["lead"]), Audience.PLAIN: str(PLAIN["lead"])}
QUOTE = "What it cannot do is put words in your mouth"
WHERE = "Where does it say that?"


@pytest.fixture
async def model() -> AsyncIterator[ModelServer]:
    async with running_model() as server:
        yield server


@pytest.fixture
async def pages() -> AsyncIterator[Site]:
    async with site(sending(sample_pdf(), "application/pdf")) as pages:
        yield pages


@pytest.fixture
async def scene(fresh: Bot, tmp_path: Path, model: ModelServer) -> AsyncIterator[Scene]:
    async with two_networks(fresh, tmp_path) as scene:
        table = (
            f'\n[summaries]\nprovider = "openai"\nmodel = "fake"\nbase_url = "{model.base_url}"\n'
        )
        config = scene.bot.folder / "config.toml"
        config.write_text(config.read_text(encoding="utf-8") + table, encoding="utf-8")
        yield scene


async def test_a_link_becomes_drafts_that_are_approved_posted_and_proven_on_both_networks(
    scene: Scene, model: ModelServer, pages: Site
) -> None:
    await scene.announced()
    config = load(scene.bot.folder / "config.toml", {})
    async with open_desk(config, fetcher=fetcher(pages.port)) as desk:
        reading = SessionChanges(readings=(linked(pages.url("/small.pdf")),))
        await desk.sessions.edit(desk.group, NAME, reading, by=OPERATOR)
        await is_drafted(desk)
        assert len(pages.requests) == 1
        assert len(model.asked) == 2, "one conversation of two turns"
        async with scene.running():
            await until(lambda: not scene.bot.unsent(), 20)
            assert not await posts_of(scene), "nobody approved them yet"
            await is_approved_and_posted(desk)
            await until(lambda: scene.sent("summary") and not scene.bot.unsent(), 20)
            await is_read_and_proven_on_discord(scene)
            await is_read_and_proven_on_nostr(scene)
            await is_suggested(desk)
    assert len(model.asked) == 3, "nobody's reading cost another turn, but the suggestions did"
    states = "SELECT DISTINCT state FROM outbox WHERE kind IN ('summary', 'article')"
    assert scene.bot.rows(states) == [("sent",)]
    assert "Traceback" not in scene.bot.log()


async def is_drafted(desk: Desk) -> None:
    told: list[str] = []
    made = await desk.summaries.make(desk.group, NAME, by=OPERATOR, progress=told.append)
    assert told == ["fetched", "8 pages", "techie", "plain", "checks"]
    reading = (await desk.sessions.show(desk.group, NAME, by=OPERATOR)).session.readings[0]
    assert reading.title == "The Case for the Small Relay"
    for audience, lead in LEADS.items():
        is_proven(made[audience], reading.text)
        assert made[audience].draft.lead == lead
        assert made[audience].draft.status is SummaryStatus.DRAFT


def is_proven(summary: Summary, text: str) -> None:
    """No gate stops it, and the PDF's text has every quotation."""
    assert not [finding for finding in summary.draft.findings if finding.severe]
    text = " ".join(text.split())
    assert all(point.quote.rstrip(".") in text for point in summary.draft.points)


async def is_approved_and_posted(desk: Desk) -> None:
    approved = await desk.summaries.approve(desk.group, NAME, by=OPERATOR)
    assert {each.draft.status for each in approved.values()} == {SummaryStatus.APPROVED}
    posted = await desk.summaries.post(desk.group, NAME, by=OPERATOR)
    assert posted.posts >= 4, "two summaries on two networks"
    assert (await desk.summaries.post(desk.group, NAME, by=OPERATOR)).posts == 0


async def posts_of(scene: Scene) -> list[str]:
    """What stands on either network of the summaries."""
    notes = await scene.nostr.fetch(kinds=[NOTE, ARTICLE], authors=[scene.bot.pubkey])
    said = [each.text for lead in LEADS.values() for each in scene.posted(lead)]
    told = [each.content for each in notes]
    return said + [text for text in told if any(lead in text for lead in LEADS.values())]


async def is_read_and_proven_on_discord(scene: Scene) -> None:
    for lead in LEADS.values():
        (message,) = scene.posted(lead)
        assert "an AI model" in message.text
        shown = await scene.ada.click(message, WHERE)
        assert QUOTE in shown.text
        assert shown.ephemeral
    asked = await scene.ben.slash(scene.channel, "summary")
    assert all(lead in asked.text for lead in LEADS.values())


async def is_read_and_proven_on_nostr(scene: Scene) -> None:
    notes = await scene.nostr.fetch(kinds=[NOTE], authors=[scene.bot.pubkey])
    for lead in LEADS.values():
        (note,) = [each for each in notes if lead in each.content]
        assert "an AI model" in note.content
        under = [["e", note.id, "", "root"]]
        asked = await scene.nostr.mention(scene.bot.pubkey, "evidence", under)
        assert QUOTE in (await scene.nostr.reply_to(asked, scene.bot.pubkey)).content
    (article,) = await scene.nostr.fetch(kinds=[ARTICLE], authors=[scene.bot.pubkey])
    assert all(lead in article.content for lead in LEADS.values())


async def is_suggested(desk: Desk) -> None:
    offered = await desk.summaries.suggestions(desk.group, NAME, by=OPERATOR)
    assert offered is not None
    wanted = QUESTIONS["questions"]
    assert isinstance(wanted, list)
    assert len(offered.questions) == len(wanted)
    question = await desk.summaries.accept_suggestion(desk.group, offered.id, 1, by=OPERATOR)
    assert question.text == offered.questions[0].text
