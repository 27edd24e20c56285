"""`/summarise`: an organiser has summaries made, and sees how far it is, and what was found."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from simcord import InteractionResult

from bot.domain.errors import ReadingError, SummaryError
from bot.domain.model import OPERATOR, Audience, Finding, Reading, Session, SummaryStatus
from tests.cogs.members import refusal
from tests.cogs.world import World, labels, said, texts
from tests.fakes import FakeModel, FakeSource, FakeSummariser
from tests.waiting import until

READINGS = (Reading("Scaling laws", text="Loss falls as a power of compute. " * 20),)
LINK = (Reading("Scaling laws", "https://read.test/laws"),)
ORGANISERS = ["Approve", "Edit techie", "Edit plain", "Again", "Use the no-AI ones", "Post now"]


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


async def summarise(world: World, **options: Any) -> InteractionResult:
    return await world.organiser.slash(world.channel, "summarise", **options)


def shown(world: World) -> list[str]:
    """What stood in the place of the answer, one edit after another."""
    return [
        str((request.json or {}).get("content"))
        for request in world.env.http_requests
        if request.method == "PATCH" and request.path.endswith("/messages/@original")
    ]


async def versions(world: World, session: Session) -> Sequence[tuple[Audience, int, SummaryStatus]]:
    stored = await world.services.summaries.versions(world.group, session.slug, by=OPERATOR)
    return [(each.draft.audience, each.version, each.draft.status) for each in stored]


class TestMaking:
    async def test_both_drafts_come_with_checks_cost_words_and_buttons(
        self, world: World, model: FakeModel
    ) -> None:
        session = await world.announced(readings=READINGS)
        result = await summarise(world)
        assert result.ephemeral
        told = said(result)
        assert "For techies" in told
        assert "In plain words" in told
        assert told.count("All checks passed.") == 2
        waiting = (
            "_The techie and the plain summary are drafts that no organiser has approved yet._"
        )
        assert told.count(waiting) == 1
        assert "written by gpt-9, an AI model" in told
        assert "both: gpt-9, 2 calls, 100 tokens, cost 0.5000" in told
        assert "3 words · version 1" in told
        assert labels(result.response)[:6] == ORGANISERS
        assert await versions(world, session) == [
            (audience, 1, SummaryStatus.DRAFT) for audience in Audience
        ]

    async def test_what_is_severe_stands_first(self, world: World, model: FakeModel) -> None:
        await world.announced(readings=READINGS)
        model.findings = (
            Finding("jargon", Audience.PLAIN, "“logit” isn't explained.", severe=False),
            Finding("quote", Audience.PLAIN, "That isn't in the reading.", point=1),
        )
        told = said(await summarise(world))
        assert "In plain words: 1 to mend, 1 to look at" in told
        severe, advice = told.index("❌ **point 1:** That isn't"), told.index("💡 “logit”")
        assert severe < advice
        assert told.count("All checks passed.") == 1

    async def test_a_session_that_nobody_knows_yet_can_be_summarised(self, world: World) -> None:
        session = await world.planned("Secret plans", readings=READINGS)
        assert "For techies" in said(await summarise(world, session=session.slug))

    async def test_progress_is_shown_in_the_place_of_the_answer(
        self, world: World, model: FakeModel
    ) -> None:
        await world.announced(readings=LINK)
        model.gate = asyncio.Event()
        asking = asyncio.create_task(summarise(world))
        await until(lambda: "fetched · 12 pages" in shown(world))
        model.gate.set()
        result = await asking
        assert "For techies" in said(result)
        assert "fetched" not in said(result)

    async def test_a_link_is_read_in_place_of_the_reading(
        self, world: World, source: FakeSource, model: FakeModel
    ) -> None:
        session = await world.announced()
        result = await summarise(world, reading=" https://read.test/laws ")
        assert "For techies" in said(result)
        assert [each.url for each in source.asked] == ["https://read.test/laws"]
        stored = await world.stored(session.slug)
        assert stored is not None
        assert [reading.url for reading in stored.readings] == ["https://read.test/laws"]

    async def test_an_attached_file_is_read(self, world: World, model: FakeModel) -> None:
        await world.announced()
        text = b"# Scaling laws\n\n" + b"Loss falls as a power of compute. " * 30
        result = await summarise(world, file=("laws.md", text))
        assert "For techies" in said(result)
        assert "Loss falls as a power" in model.readings[0].text

    async def test_a_file_that_is_none_is_refused_in_a_line(self, world: World) -> None:
        await world.announced(readings=READINGS)
        result = await summarise(world, file=("a.zip", b"PK\x03\x04" + bytes(range(256)) * 20))
        assert result.response is not None
        assert "neither a PDF, a web page nor a text" in result.response.content
        assert labels(result.response) == []

    async def test_a_file_over_20_mib_is_not_even_fetched(
        self, world: World, model: FakeModel
    ) -> None:
        await world.announced(readings=READINGS)
        result = await summarise(world, file=("big.pdf", b"%PDF-1.7" + bytes(20 * 2**20)))
        assert "a reading may have 20 MiB at most" in refusal(result)
        assert model.readings == []

    async def test_a_link_and_a_file_are_not_both_taken(
        self, world: World, model: FakeModel
    ) -> None:
        await world.announced(readings=READINGS)
        result = await summarise(world, reading="https://read.test", file=("a.md", b"text"))
        assert "a link or a file, not both" in refusal(result)
        assert model.readings == []

    async def test_without_ai_they_are_approved_at_once(
        self, world: World, summariser: FakeSummariser, model: FakeModel
    ) -> None:
        session = await world.announced(readings=READINGS)
        result = await summarise(world, no_ai=True)
        assert model.readings == []
        assert len(summariser.readings) == 1
        assert [status for *_, status in await versions(world, session)] == [
            SummaryStatus.APPROVED
        ] * 2
        assert "A draft" not in said(result)

    async def test_a_reading_is_read_again_when_that_is_asked(
        self, world: World, source: FakeSource
    ) -> None:
        await world.announced(readings=LINK)
        await summarise(world)
        await summarise(world)
        assert len(source.asked) == 1
        await summarise(world, reread=True)
        assert len(source.asked) == 2

    async def test_what_was_left_out_of_the_reading_is_said(
        self, world: World, source: FakeSource
    ) -> None:
        notes = ("Only the first 300 of 10,000 pages were read.",)
        source.document = replace(source.document, notes=notes)
        await world.announced(readings=LINK)
        assert "• Only the first 300 of 10,000 pages" in said(await summarise(world))


class TestStored:
    async def test_said_again_it_shows_what_is_stored_and_makes_nothing(
        self, world: World, model: FakeModel
    ) -> None:
        await world.announced(readings=READINGS)
        await summarise(world)
        await world.restart()
        again = await summarise(world)
        assert "nothing was made anew" in said(again)
        assert labels(again.response)[:6] == ORGANISERS
        assert len(model.readings) == 1

    async def test_an_answer_that_discord_no_longer_takes_is_had_by_asking_again(
        self, world: World, model: FakeModel
    ) -> None:
        await world.announced(readings=READINGS)
        world.env.inject_error("*", "/webhooks/*", status=401, code=50027, times=None)
        late = await summarise(world)
        assert late.followups == []
        again = await summarise(world)
        assert "For techies" in said(again)
        assert len(model.readings) == 1

    async def test_nobody_starts_a_second_conversation_beside_the_first(
        self, world: World, model: FakeModel
    ) -> None:
        session = await world.announced(readings=READINGS)
        model.gate = asyncio.Event()
        service = world.services.summaries
        making = asyncio.create_task(service.make(world.group, session.slug, by=OPERATOR))
        await until(lambda: model.readings)
        assert "are being made just now" in refusal(await summarise(world))
        model.gate.set()
        await making
        assert "For techies" in said(await summarise(world))
        assert len(model.readings) == 1


class TestFailing:
    async def test_a_failure_is_one_line_with_the_no_ai_ones_to_choose(
        self, world: World, model: FakeModel, summariser: FakeSummariser
    ) -> None:
        await world.announced(readings=READINGS)
        model.error = SummaryError("gpt-9 refuses the key; check OPENAI_API_KEY.", permanent=True)
        result = await summarise(world)
        assert result.response is not None
        assert result.response.content == "gpt-9 refuses the key; check OPENAI\\_API\\_KEY."
        assert labels(result.response) == ["Use the no-AI ones"]
        await world.restart()
        instead = await world.organiser.click(result.response.message, label="Use the no-AI ones")
        assert "For techies" in said(instead)
        assert len(summariser.readings) == 1

    async def test_what_may_pass_can_be_tried_again(self, world: World, model: FakeModel) -> None:
        await world.announced(readings=READINGS)
        model.error = SummaryError("gpt-9 is too slow; try again.", permanent=False)
        result = await summarise(world)
        assert labels(result.response) == ["Use the no-AI ones", "Again"]
        model.error = None
        again = await world.organiser.click(result.response.message, label="Again")  # type: ignore[union-attr]
        assert "For techies" in said(again)

    async def test_a_link_that_can_not_be_read_says_why(
        self, world: World, source: FakeSource
    ) -> None:
        await world.announced(readings=LINK)
        source.error = ReadingError("read.test wants a login.", permanent=True)
        result = await summarise(world)
        assert "\n".join(texts(result.response)) == "read.test wants a login."
        assert labels(result.response) == []

    async def test_without_a_reading_the_organiser_hears_what_is_missing(
        self, world: World
    ) -> None:
        await world.announced()
        told = said(await summarise(world))
        assert "it has no reading to make one from. Give it one: /summarise" in told


class TestRights:
    async def test_a_member_makes_nothing(self, world: World, model: FakeModel) -> None:
        await world.announced(readings=READINGS)
        result = await world.member.slash(world.channel, "summarise")
        assert "Only organisers of" in refusal(result)
        assert model.readings == []

    async def test_the_other_guild_has_its_own_sessions(self, world: World) -> None:
        session = await world.announced(readings=READINGS)
        away = world.away
        result = await away.organiser.slash(away.channel, "summarise", session=session.slug)
        assert "There is no session called" in refusal(result)
