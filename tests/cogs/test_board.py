"""`/questions` and what stands under it: votes, pages, and the organiser's buttons."""

from __future__ import annotations

import pytest

from bot.domain.model import OPERATOR, Author, Network, Question, QuestionStatus, Session
from bot.networks.discord.render import board, moderation
from bot.services.plans import SessionPlan
from tests.cogs.members import another_member, asked, board_of, buttons, posted, refusal
from tests.cogs.world import World, labels, said

VOTED, NOT_VOTED = 3, 2  # the styles success and secondary


async def asked_many(world: World, session: Session, count: int) -> list[Question]:
    return [
        await asked(world, session, f"Why {number}?", address=f"{number:064}")
        for number in range(1, count + 1)
    ]


async def stored(world: World, session: Session, number: int) -> Question:
    """A question whatever its status."""
    async with world.store.read() as view:
        question = await view.questions.by_number(session.id, number)
    assert question is not None
    return question


async def with_votes(world: World, session: Session, number: int, count: int) -> None:
    for voter in range(count):
        author = Author(Network.NOSTR, f"{voter:064}")
        await world.services.questions.vote(world.group, session.id, number, author)


def style_of(message: object, custom_id: str) -> int:
    rows = getattr(message, "components", [])
    (style,) = [
        child["style"]
        for row in rows
        for child in row["components"]
        if child["custom_id"] == custom_id
    ]
    return int(style)


async def test_the_board_has_the_questions_of_both_networks_by_votes(world: World) -> None:
    session = await world.announced()
    await asked(world, session, "Why a power law?", name="Ada")
    await asked(world, session, "What about data?", anonymous=True)
    await world.member.slash(world.channel, "ask", text="And small models?")
    await with_votes(world, session, 2, 2)
    result = await world.member.slash(world.channel, "questions")
    assert result.ephemeral
    shown = said(result)
    assert shown.index("What about data?") < shown.index("Why a power law?")
    assert shown.index("Why a power law?") < shown.index("And small models?")
    assert "Ada, on Nostr" in shown
    assert "anonymous" in shown
    assert world.member.name in shown


async def test_somebody_without_a_name_is_shown_as_the_services_say(world: World) -> None:
    session = await world.announced()
    await asked(world, session, "Why?", address="ab" * 32)
    shown = said(await world.member.slash(world.channel, "questions"))
    assert f"{world.services.names(Author(Network.NOSTR, 'ab' * 32))}, on Nostr" in shown


async def test_an_empty_board_says_how_to_put_the_first_one(world: World) -> None:
    session = await world.announced()
    result = await world.member.slash(world.channel, "questions")
    assert "No questions yet" in said(result)
    assert result.response is not None
    shown = await world.member.click(result.response, label="Ask")
    assert shown.modal is not None
    assert session.slug in str(shown.modal)


async def test_the_board_of_a_named_session_is_offered_and_shown(world: World) -> None:
    await world.announced("Scaling laws")
    later = await world.announced("Attention", "2026-12-16 19:00")
    await asked(world, later, "Why heads?")
    choices = await world.member.autocomplete(world.channel, "questions", "session", "att")
    assert [choice["value"] for choice in choices] == [later.slug]
    result = await world.member.slash(world.channel, "questions", session=later.slug)
    assert "Why heads?" in said(result)


async def test_pages_turn_in_place(world: World) -> None:
    session = await world.announced()
    await asked_many(world, session, 12)
    result = await world.member.slash(world.channel, "questions")
    assert result.response is not None
    assert "page 1 of 3" in said(result)
    second = await world.member.click(result.response, label="Next")
    assert second.response is not None
    assert second.response.id == result.response.id
    assert "Why 6?" in said(second)
    assert "page 2 of 3" in said(second)
    await world.restart()
    third = await world.member.click(second.response, label="Next")
    assert "Why 12?" in said(third)
    assert third.response is not None
    back = await world.member.click(third.response, label="Previous")
    assert "page 2 of 3" in said(back)


async def test_a_vote_is_counted_marked_and_taken_back(world: World) -> None:
    session = await world.announced()
    await asked_many(world, session, 2)
    result = await world.member.slash(world.channel, "questions")
    assert result.response is not None
    vote = f"ra:vote:{session.id}:2:0"
    assert style_of(result.response, vote) == NOT_VOTED

    voted = await world.member.click(result.response, custom_id=vote)
    assert voted.response is not None
    assert voted.response.id == result.response.id
    assert voted.followups == []
    assert "👍 1" in said(voted)
    assert said(voted).index("Why 2?") < said(voted).index("Why 1?")
    assert style_of(voted.response, vote) == VOTED
    assert (await board_of(world, session))[0].votes == 1

    taken_back = await world.member.click(voted.response, custom_id=vote)
    assert "👍" not in said(taken_back)
    assert taken_back.response is not None
    assert style_of(taken_back.response, vote) == NOT_VOTED
    assert {question.votes for question in await board_of(world, session)} == {0}


async def test_votes_after_a_restart_and_by_others_count(world: World) -> None:
    session = await world.announced()
    await asked(world, session, "Why?")
    shared = await world.member.slash(world.channel, "questions", share=True)
    assert shared.response is not None
    vote = f"ra:vote:{session.id}:1:0"
    await world.member.click(shared.response, custom_id=vote)
    await world.restart()
    again = await another_member(world).click(shared.response, custom_id=vote)
    assert "👍 2" in said(again)
    organiser = await world.organiser.click(shared.response, custom_id=vote)
    assert "👍 3" in said(organiser)


async def test_a_shared_board_marks_nobody_s_vote_and_tells_the_voter(world: World) -> None:
    session = await world.announced()
    await asked(world, session, "Why?")
    shared = await world.organiser.slash(world.channel, "questions", share=True)
    assert not shared.ephemeral
    assert shared.response is not None
    assert "Moderate 1" not in labels(shared.response)
    vote = f"ra:vote:{session.id}:1:0"
    voted = await world.organiser.click(shared.response, custom_id=vote)
    assert voted.response is not None
    assert style_of(voted.response, vote) == NOT_VOTED
    assert "Moderate 1" not in labels(voted.response)
    (told,) = voted.followups
    assert told.ephemeral
    assert told.content == "You vote for question 1."
    back = await world.organiser.click(shared.response, custom_id=vote)
    assert back.followups[0].content == "You no longer vote for question 1."


async def test_a_vote_stays_on_its_page(world: World) -> None:
    session = await world.announced()
    await asked_many(world, session, 7)
    result = await world.member.slash(world.channel, "questions")
    assert result.response is not None
    second = await world.member.click(result.response, label="Next")
    assert second.response is not None
    voted = await world.member.click(second.response, custom_id=f"ra:vote:{session.id}:7:1")
    assert "page 2 of 2" in said(voted)
    assert (await board_of(world, session))[0].number == 7


async def test_a_vote_for_a_question_that_is_gone_is_refused(world: World) -> None:
    session = await world.announced()
    await asked(world, session, "Why?")
    result = await world.member.slash(world.channel, "questions")
    assert result.response is not None
    organiser = await world.organiser.slash(world.channel, "questions")
    assert organiser.response is not None
    opened = await world.organiser.click(organiser.response, label="Moderate 1")
    assert opened.response is not None
    await world.organiser.click(opened.response, label="Hide")
    late = await world.member.click(result.response, custom_id=f"ra:vote:{session.id}:1:0")
    assert "There is no question 1" in refusal(late)
    assert (await stored(world, session, 1)).votes == 0


async def test_a_vote_for_another_group_s_question_is_refused(world: World) -> None:
    foreign = await world.announced("Of Berlin", at=world.away)
    question = await asked(world, foreign, "Warum?")
    drawn = board(
        foreign,
        [question],
        page=0,
        voted=(),
        organiser=False,
        shared=True,
        names=world.services.names,
    )
    message = await posted(world, drawn)
    result = await world.member.click(message, custom_id=f"ra:vote:{foreign.id}:1:0")
    assert "Warum" not in refusal(result)
    refreshed = await world.member.click(message, label="Refresh")
    assert "none of this group's" in refusal(refreshed)
    assert (await stored(world, foreign, 1)).votes == 0


async def test_a_vote_button_without_a_page_redraws_the_first(world: World) -> None:
    session = await world.announced()
    await asked_many(world, session, 2)
    drawn = board(
        session,
        await board_of(world, session),
        page=0,
        voted=(),
        organiser=False,
        shared=True,
        names=world.services.names,
    )
    old = drawn.with_rows(
        tuple(
            type(button)(button.label, button.custom_id.rpartition(":")[0])
            for button in drawn.rows[0]
        )
    )
    message = await posted(world, old)
    voted = await world.member.click(message, custom_id=f"ra:vote:{session.id}:2")
    assert "page 1 of 1" in said(voted)
    assert (await board_of(world, session))[0].number == 2


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_organiser_hides_answers_and_opens_by_buttons(
    world: World, restarted: bool
) -> None:
    session = await world.announced()
    await asked_many(world, session, 2)
    result = await world.organiser.slash(world.channel, "questions")
    assert result.response is not None
    if restarted:
        await world.restart()
    desk = await world.organiser.click(result.response, label="Moderate 1")
    assert desk.ephemeral
    assert desk.response is not None
    assert "Why 1?" in said(desk)

    hidden = await world.organiser.click(desk.response, label="Hide")
    assert "hidden from members" in said(hidden)
    assert [question.number for question in await board_of(world, session)] == [2]
    assert hidden.response is not None
    assert hidden.response.id == desk.response.id

    opened = await world.organiser.click(hidden.response, label="Open again")
    assert opened.response is not None
    assert len(await board_of(world, session)) == 2
    answered = await world.organiser.click(opened.response, label="Answered")
    assert "answered" in said(answered)
    assert (await stored(world, session, 1)).status is QuestionStatus.ANSWERED


@pytest.mark.parametrize("restarted", [False, True])
async def test_an_organiser_merges_by_number(world: World, restarted: bool) -> None:
    session = await world.announced()
    await asked_many(world, session, 3)
    await with_votes(world, session, 1, 2)
    result = await world.organiser.slash(world.channel, "questions")
    assert result.response is not None
    desk = await world.organiser.click(result.response, label="Moderate 1")
    assert desk.response is not None
    assert "Why 3?" in said(desk)
    form = await world.organiser.click(desk.response, label="Merge …")
    assert form.modal is not None
    assert "question 1" in form.modal["components"][0]["label"]
    if restarted:
        await world.restart()
    merged = await world.organiser.submit_modal(form, {"into": " #3 "})
    assert "Why 3?" in said(merged)
    assert merged.response is not None
    assert merged.response.id == desk.response.id
    questions = await board_of(world, session)
    assert [question.number for question in questions] == [3, 2]
    assert questions[0].votes >= 2


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("three", "such as 3"),
        ("²", "such as 3"),
        ("1", "can't go into itself"),
        ("99", "There is no question 99"),
        ("999999999", "There is no question 999999999"),
    ],
)
async def test_a_merge_that_can_not_be_is_refused(world: World, typed: str, sentence: str) -> None:
    session = await world.announced()
    await asked_many(world, session, 2)
    result = await world.organiser.slash(world.channel, "questions")
    assert result.response is not None
    desk = await world.organiser.click(result.response, label="Moderate 1")
    assert desk.response is not None
    form = await world.organiser.click(desk.response, label="Merge …")
    merged = await world.organiser.submit_modal(form, {"into": typed})
    assert sentence in refusal(merged)
    assert len(await board_of(world, session)) == 2


async def test_members_see_no_buttons_to_moderate(world: World) -> None:
    session = await world.announced()
    await asked(world, session, "Why?")
    result = await world.member.slash(world.channel, "questions")
    assert result.response is not None
    assert not [label for label in labels(result.response) if "Moderate" in label]
    assert f"ra:moderate:{session.id}:1" not in buttons(result.response).values()


@pytest.mark.parametrize("label", ["Hide", "Answered", "Merge …"])
async def test_a_member_who_gets_at_the_buttons_is_refused_by_the_service(
    world: World, label: str
) -> None:
    session = await world.announced()
    questions = await asked_many(world, session, 2)
    message = await posted(
        world,
        moderation(session, questions[0], into=questions[1:], names=world.services.names),
    )
    for _ in range(2):
        result = await world.member.click(message, label=label)
        assert "organiser" in refusal(result)
        await world.restart()
    assert [question.status for question in await board_of(world, session)] == (
        [QuestionStatus.OPEN] * 2
    )


async def test_a_member_s_merge_is_refused_by_the_service(world: World) -> None:
    session = await world.announced()
    await asked_many(world, session, 2)
    result = await world.organiser.slash(world.channel, "questions")
    assert result.response is not None
    desk = await world.organiser.click(result.response, label="Moderate 1")
    assert desk.response is not None
    form = await world.organiser.click(desk.response, label="Merge …")
    guild = world.env.backend.get_guild(world.guild.id)
    guild.members[world.organiser.id].role_ids.clear()  # the role is taken away meanwhile
    merged = await world.organiser.submit_modal(form, {"into": "2"})
    assert "organiser" in refusal(merged)
    assert len(await board_of(world, session)) == 2


async def test_a_member_opens_no_moderation(world: World) -> None:
    session = await world.announced()
    question = await asked(world, session, "Why?")
    drawn = board(
        session,
        [question],
        page=0,
        voted=(),
        organiser=True,
        shared=True,
        names=world.services.names,
    )
    message = await posted(world, drawn)
    assert "organiser" in refusal(await world.member.click(message, label="Moderate 1"))
    opened = await world.organiser.click(message, label="Moderate 1")
    assert opened.ephemeral
    assert "Why?" in said(opened)


async def test_an_organiser_sees_hidden_questions_and_members_do_not(world: World) -> None:
    session = await world.announced()
    await asked_many(world, session, 2)
    caller_board = await world.organiser.slash(world.channel, "questions")
    assert caller_board.response is not None
    desk = await world.organiser.click(caller_board.response, label="Moderate 2")
    assert desk.response is not None
    await world.organiser.click(desk.response, label="Hide")
    own = await world.organiser.slash(world.channel, "questions")
    assert "Why 2?" in said(own)
    shared = await world.organiser.slash(world.channel, "questions", share=True)
    assert "Why 2?" not in said(shared)
    member = await world.member.slash(world.channel, "questions")
    assert "Why 2?" not in said(member)


async def test_a_forgotten_question_can_not_be_moderated(world: World) -> None:
    session = await world.announced()
    await asked(world, session, "Why?", address="aa" * 32)
    result = await world.organiser.slash(world.channel, "questions")
    assert result.response is not None
    await world.services.people.forget(Author(Network.NOSTR, "aa" * 32))
    desk = await world.organiser.click(result.response, label="Moderate 1")
    assert "There is no question 1" in refusal(desk)


async def test_a_planned_session_s_board_is_not_shown(world: World) -> None:
    await world.services.sessions.add(
        world.group,
        SessionPlan("Secret plans", "2026-12-09 19:00"),
        by=OPERATOR,
    )
    result = await world.member.slash(world.channel, "questions", session="secret")
    assert "There is no session called" in refusal(result)
