"""What organisers do with drafts by buttons, before and after a restart; and what members do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from simcord import InteractionResult, MemberActor

from bot.domain.errors import SummaryError
from bot.domain.model import (
    OPERATOR,
    Audience,
    Finding,
    Network,
    Point,
    Reading,
    Rsvps,
    Session,
    Summary,
    SummaryStatus,
)
from bot.domain.posts import SummaryPost, card_of
from bot.networks.discord.render import Button, Message, announcement
from bot.networks.discord.render import posted as summary_posted
from tests.cogs.members import board_of, buttons, posted, refusal
from tests.cogs.world import World, labels, said
from tests.fakes import FakeModel, FakeSummariser

READINGS = (Reading("Scaling laws", text="Loss falls as a power of compute. " * 20),)
WHERE = "Where does it say that?"


@pytest.fixture
def model() -> FakeModel:
    made = FakeModel()
    made.suggested = [f"Why number {number}?" for number in range(1, 6)]
    return made


async def drafts(world: World, **plan: Any) -> InteractionResult:
    """The organiser's look at new drafts of an announced session."""
    await world.announced(readings=READINGS, **plan)
    return await world.organiser.slash(world.channel, "summarise")


async def press(
    world: World, shown: InteractionResult, label: str, who: MemberActor | None = None
) -> InteractionResult:
    message = shown.followups[-1] if shown.followups else shown.response
    assert message is not None
    return await (who or world.organiser).click(message.message, label=label)


async def current(world: World) -> Mapping[Audience, Summary]:
    session = await world.stored("scaling-laws")
    assert session is not None
    return await world.services.summaries.current(session)


async def latest(world: World) -> Mapping[Audience, Summary]:
    return await world.services.summaries.latest(world.group, "scaling-laws", by=OPERATOR)


async def test_what_is_approved_is_what_members_get(world: World) -> None:
    shown = await drafts(world)
    await world.restart()
    approved = await press(world, shown, "Approve")
    assert len(await current(world)) == 2
    assert "Approved: this is what members get." in said(shown)
    assert "no organiser has approved" not in said(shown), "nor is it called a draft any more"
    assert "All checks passed." in said(shown)
    ids = buttons(shown.response)
    assert ids["Approve"] == "ra:approve:scaling-laws:1:1"
    summary = await world.member.slash(world.channel, "summary")
    assert "no organiser has approved" not in said(summary)
    assert approved.followups


async def test_of_drafts_in_several_messages_none_is_called_a_draft_once_approved(
    world: World,
) -> None:
    await world.announced(readings=(Reading("long " * 900, text="Loss falls."),))
    shown = await world.organiser.slash(world.channel, "summarise")
    assert len(shown.followups) >= 1
    assert said(shown).count("are drafts that no organiser has approved yet.") == 1
    length = len(said(shown))
    await press(world, shown, "Approve")
    assert "draft" not in said(shown)
    assert "Approved: this is what members get." in said(shown)
    assert abs(len(said(shown)) - length) < 100, "nothing else of it is gone or said twice"


async def test_what_is_approved_of_a_planned_session_waits_for_its_announcement(
    world: World,
) -> None:
    await world.planned("Scaling laws", readings=READINGS)
    shown = await world.organiser.slash(world.channel, "summarise", session="scaling-laws")
    await press(world, shown, "Approve")
    assert "`/session announce session:scaling-laws`" in said(shown)


async def test_five_questions_are_offered_and_each_is_taken_once(world: World) -> None:
    shown = await drafts(world)
    approved = await press(world, shown, "Approve")
    [offer] = approved.followups
    assert offer.ephemeral
    assert labels(offer) == ["1", "2", "3", "4", "5"]
    assert "**2.** Why number 2?\n> “Loss fall”\n_in “Intro”_" in said(approved)

    await world.restart()
    taken = await world.organiser.click(offer.message, label="2")
    assert "It is question 1 on the board" in said(taken)
    disabled = [each["disabled"] for row in offer.components for each in row["components"]]
    assert disabled == [False, True, False, False, False]
    id = buttons(offer)["3"]
    await world.organiser.click(offer.message, custom_id=id)
    session = await world.stored("scaling-laws")
    assert session is not None
    board = await board_of(world, session)
    assert [(each.text, each.network) for each in board] == [
        ("Why number 2?", Network.LOCAL),
        ("Why number 3?", Network.LOCAL),
    ]
    questions = await world.member.slash(world.channel, "questions")
    assert "_the group_" in said(questions)


async def test_a_member_takes_none_of_them(world: World) -> None:
    shown = await drafts(world)
    approved = await press(world, shown, "Approve")
    id = buttons(approved.followups[0])["1"]
    message = await posted(world, _with_button(id))
    assert "Only organisers of" in refusal(await world.member.click(message, custom_id=id))


async def test_where_none_can_be_suggested_the_summaries_are_approved_even_so(
    world: World, model: FakeModel
) -> None:
    shown = await drafts(world)
    model.error = SummaryError("gpt-9 is too slow.", permanent=False)
    approved = await press(world, shown, "Approve")
    assert "No questions could be suggested: gpt-9 is too slow." in said(approved)
    assert len(await current(world)) == 2


async def test_nobody_approves_what_they_have_not_seen(world: World) -> None:
    shown = await drafts(world)
    again = await press(world, shown, "Again")
    assert "version 2" in said(again)
    assert "There is a newer techie summary" in refusal(await press(world, shown, "Approve"))
    assert await current(world) == {}
    await press(world, again, "Approve")
    assert {each.version for each in (await current(world)).values()} == {2}


@pytest.mark.parametrize(
    "label", ["Approve", "Edit techie", "Edit plain", "Again", "Use the no-AI ones", "Post now"]
)
async def test_a_member_can_do_nothing_with_drafts(
    world: World, model: FakeModel, label: str
) -> None:
    shown = await drafts(world)
    id = buttons(shown.response)[label]
    message = await posted(world, _with_button(id))
    assert "Only organisers of" in refusal(await world.member.click(message, custom_id=id))
    assert await current(world) == {}
    assert len(model.readings) == 1


async def test_an_edit_is_a_version_of_its_own_and_marked(world: World) -> None:
    shown = await drafts(world)
    await world.restart()
    form = await press(world, shown, "Edit plain")
    assert form.modal is not None
    assert form.modal["title"] == "Edit the plain summary"
    await world.restart()
    body = "Machines get better as they grow.\n\n1. **Power law**: loss falls.\n"
    edited = await world.organiser.submit_modal(form, {"body": body})
    assert edited.ephemeral
    assert "Machines get better" in said(edited)
    assert "an AI model, edited by the organiser; check it" in said(edited)
    found = (await latest(world))[Audience.PLAIN]
    assert (found.version, found.draft.edited, found.draft.status) == (2, True, SummaryStatus.DRAFT)
    assert buttons(edited.response)["Approve"] == "ra:approve:scaling-laws:1:2"


async def test_an_edit_of_what_is_not_the_newest_any_more_is_given_back(world: World) -> None:
    shown = await drafts(world)
    form = await press(world, shown, "Edit techie")
    await press(world, shown, "Again")
    result = await world.organiser.submit_modal(form, {"body": "My ```own``` words. " * 150})
    told = said(result)
    assert "There is a newer techie summary by now" in told
    assert told.count("My '''own''' words.") == 150
    assert not (await latest(world))[Audience.TECHIE].draft.edited
    late = await press(world, shown, "Edit techie")
    assert "There is a newer techie summary by now" in refusal(late)


async def test_a_summary_too_long_for_a_form_is_edited_in_the_terminal(
    world: World, model: FakeModel
) -> None:
    await world.announced(readings=(Reading("long " * 900, text="Loss falls."),))
    shown = await world.organiser.slash(world.channel, "summarise")
    told = refusal(await press(world, shown, "Edit techie"))
    assert "and a form takes 4,000" in told
    assert "`readalong summary edit scaling-laws" in told


async def test_the_no_ai_ones_are_members_at_once(
    world: World, summariser: FakeSummariser, model: FakeModel
) -> None:
    shown = await drafts(world)
    instead = await press(world, shown, "Use the no-AI ones")
    assert len(summariser.readings) == 1
    assert len(model.readings) == 1
    assert {each.version for each in (await current(world)).values()} == {2}
    assert "version 2" in said(instead)


async def test_posting_is_once_and_only_of_what_is_approved(world: World) -> None:
    shown = await drafts(world)
    drawn = {
        each["label"]: each.get("disabled")
        for row in shown.response.components  # type: ignore[union-attr]
        for each in row["components"]
    }
    assert drawn["Post now"]
    assert not drawn["Approve"]
    await press(world, shown, "Approve")
    assert "2 posts are on the way" in said(await press(world, shown, "Post now"))
    again = await press(world, shown, "Post now")
    assert "has been posted before" in said(again)


class TestMembers:
    async def test_a_draft_without_faults_is_shown_and_called_one(self, world: World) -> None:
        await world.announced(readings=READINGS)
        result = await world.member.slash(world.channel, "summary")
        assert said(result).count("A draft that no organiser has approved yet.") == 2
        assert "For techies, a draft, written by gpt-9" in said(result)

    async def test_a_draft_with_faults_waits_for_the_organiser(
        self, world: World, model: FakeModel
    ) -> None:
        model.findings = tuple(Finding("quote", each, "Not there.", point=1) for each in Audience)
        shown = await drafts(world)
        result = await world.member.slash(world.channel, "summary")
        assert "The techie summary is a draft that waits for the organiser" in refusal(result)
        id = buttons(shown.response)[f"Techie: {WHERE.lower()}"]
        message = await posted(world, _with_button(id))
        refused = await world.member.click(message, custom_id=id)
        assert "There is no techie summary" in refusal(refused)

    async def test_every_summary_says_where_the_reading_has_it(self, world: World) -> None:
        await drafts(world)
        await _quote(world, "Loss falls as a power of compute.", "Introduction")
        both = await world.member.slash(world.channel, "summary")
        assert labels(both.response) == [
            f"{each.capitalize()}: {WHERE.lower()}" for each in Audience
        ]
        one = await world.member.slash(world.channel, "summary", audience="plain")
        assert labels(one.response) == [WHERE]
        await world.restart()
        where = await press(world, one, WHERE, world.member)
        assert where.ephemeral
        assert "> “Loss falls as a power of compute.”\n_in “Introduction”_" in said(where)

    async def test_a_summary_without_quotes_says_so(self, world: World) -> None:
        await drafts(world)
        one = await world.member.slash(world.channel, "summary", audience="techie")
        where = await press(world, one, WHERE, world.member)
        assert "No quotes were kept" in said(where)

    async def test_a_posted_one_tells_of_the_version_that_it_shows(self, world: World) -> None:
        shown = await drafts(world)
        await press(world, shown, "Approve")
        session = await world.stored("scaling-laws")
        assert session is not None
        message = await posted(world, _post(world, session, await current(world)))
        await _quote(world, "Something else.", "")
        where = await world.member.click(message, label=WHERE)
        assert "version 1, written by" in said(where)
        assert "Something else" not in said(where)

    async def test_an_organiser_looks_quotes_up_before_anybody_is_told(self, world: World) -> None:
        await world.planned(readings=READINGS)
        shown = await world.organiser.slash(world.channel, "summarise", session="scaling-laws")
        label = f"Plain: {WHERE.lower()}"
        assert "version 1" in said(await press(world, shown, label))
        id = buttons(shown.response)[label]
        message = await posted(world, _with_button(id))
        assert "none of this group" in refusal(await world.member.click(message, custom_id=id))

    async def test_an_announcements_buttons_lead_to_the_quotes_too(self, world: World) -> None:
        session = await world.announced(readings=READINGS)
        message = await posted(
            world, announcement(card_of(world.group, session), session.id, Rsvps())
        )
        plain = await world.member.click(message, label="Plain summary")
        assert labels(plain.response) == [WHERE]


async def _quote(world: World, quote: str, section: str) -> None:
    """A new approved version of both, with that quote."""
    async with world.store.transaction() as tx:
        session = await tx.sessions.by_slug(world.group.id, "scaling-laws")
        assert session is not None
        for summary in (await tx.summaries.latest(session.id)).values():
            points = (Point("First", "It falls.", quote, section),)
            made = replace(summary.draft, points=points, status=SummaryStatus.APPROVED)
            await tx.summaries.add(session.id, made, world.now())


def _post(world: World, session: Session, current: Mapping[Audience, Summary]) -> Message:
    summary = current[Audience.TECHIE]
    draft = summary.draft
    body = SummaryPost(
        card=card_of(world.group, session),
        audience=draft.audience,
        title="Scaling laws",
        version=summary.version,
        lead=draft.lead,
        points=draft.points,
        body=draft.body,
        origin=draft.origin,
    )
    return summary_posted(body, session.id, "ref 0123456789")


def _with_button(id: str) -> Message:
    """A message that a member would see, had somebody the button of an organiser's to show."""
    return Message("Look", rows=((Button("Press", id),),))
