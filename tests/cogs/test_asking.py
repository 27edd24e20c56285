"""`/ask`, its form, the message menu and the announcement's button: how a question gets in."""

from __future__ import annotations

from typing import Any

import pytest
from simcord import InteractionResult

from bot.domain.model import OPERATOR, Limits, Network, Rsvps
from bot.domain.posts import card_of
from bot.networks.discord.limits import units
from bot.networks.discord.render import announcement
from bot.services.plans import SessionPlan
from tests.cogs.members import asked, board_of, buttons, posted, refusal
from tests.cogs.world import World, labels, said

MENU = "Ask this at the session"


def fields(shown: InteractionResult) -> dict[str, dict[str, Any]]:
    """The fields of a form, by custom id."""
    assert shown.modal is not None
    assert len(shown.modal["title"]) <= 45
    assert all(len(label["label"]) <= 45 for label in shown.modal["components"])
    return {
        label["component"]["custom_id"]: label["component"] for label in shown.modal["components"]
    }


def chosen(shown: InteractionResult) -> list[str]:
    options = fields(shown)["session"]["options"]
    return [option["value"] for option in options if option.get("default")]


async def test_a_question_in_the_command_is_on_the_board_at_once(world: World) -> None:
    session = await world.announced("Scaling laws")
    result = await world.member.slash(world.channel, "ask", text="Why a power law?")
    assert result.ephemeral
    assert not result.deferred
    assert "number **1**" in said(result)
    assert "Scaling laws" in said(result)
    (question,) = await board_of(world, session)
    assert question.text == "Why a power law?"
    assert question.network is Network.DISCORD
    assert question.author is not None
    assert question.author.address == str(world.member.id)
    assert question.author.name == world.member.name


async def test_an_anonymous_question_keeps_no_name(world: World) -> None:
    session = await world.announced()
    result = await world.member.slash(world.channel, "ask", text="Why?", anonymous=True)
    assert "nobody's name is kept" in said(result)
    (question,) = await board_of(world, session)
    assert question.author is None


async def test_a_question_goes_to_the_session_that_is_named(world: World) -> None:
    await world.announced("Scaling laws")
    later = await world.announced("Attention", "2026-12-16 19:00")
    await world.member.slash(world.channel, "ask", text="Why?", session="attention")
    assert [question.text for question in await board_of(world, later)] == ["Why?"]


async def test_a_question_without_a_session_ahead_is_refused(world: World) -> None:
    result = await world.member.slash(world.channel, "ask", text="Why?")
    assert "No session is planned yet" in refusal(result)
    form = await world.member.slash(world.channel, "ask")
    assert form.modal is None
    assert "No session is planned yet" in refusal(form)


async def test_the_answer_leads_to_the_board(world: World) -> None:
    session = await world.announced()
    await asked(world, session, "What is a power law?")
    result = await world.member.slash(world.channel, "ask", text="Why?")
    assert result.response is not None
    board = await world.member.click(result.response, label="All questions")
    assert "What is a power law?" in said(board)
    assert "Why?" in said(board)


async def test_without_a_text_there_is_a_form_for_the_next_session(world: World) -> None:
    later = await world.announced("Attention", "2026-12-16 19:00")
    session = await world.announced("Scaling laws")
    await world.planned("Secret plans")
    await world.announced("Of Berlin", at=world.away)
    shown = await world.member.slash(world.channel, "ask")
    options = fields(shown)["session"]["options"]
    assert [option["value"] for option in options] == [session.slug, later.slug]
    assert chosen(shown) == [session.slug]
    assert fields(shown)["question"]["max_length"] == Limits().question_length

    result = await world.member.submit_modal(
        shown, {"question": "Why a power law?", "session": [later.slug], "anonymous": False}
    )
    assert result.ephemeral
    assert "Attention" in said(result)
    (question,) = await board_of(world, later)
    assert question.text == "Why a power law?"
    assert question.author is not None


async def test_the_form_takes_anonymous_questions(world: World) -> None:
    session = await world.announced()
    shown = await world.member.slash(world.channel, "ask", anonymous=True)
    assert fields(shown)["anonymous"]["default"] is True
    result = await world.member.submit_modal(
        shown, {"question": "Why?", "session": [session.slug], "anonymous": True}
    )
    assert "nobody's name is kept" in said(result)
    (question,) = await board_of(world, session)
    assert question.author is None


async def test_a_form_opened_before_a_restart_is_taken_after_it(world: World) -> None:
    session = await world.announced()
    shown = await world.member.slash(world.channel, "ask")
    await world.restart()
    result = await world.member.submit_modal(
        shown, {"question": "Why?", "session": [session.slug], "anonymous": True}
    )
    assert "number **1**" in said(result)
    assert [question.text for question in await board_of(world, session)] == ["Why?"]


async def test_a_form_can_be_submitted_by_two_people_at_once(world: World) -> None:
    session = await world.announced()
    first = await world.member.slash(world.channel, "ask")
    second = await world.organiser.slash(world.channel, "ask")
    for member, shown in ((world.member, first), (world.organiser, second)):
        values = {"question": f"Why, {member.name}?", "session": [session.slug]}
        await member.submit_modal(shown, values)
    assert {
        (question.text, question.author.address)
        for question in await board_of(world, session)
        if question.author is not None
    } == {(f"Why, {member.name}?", str(member.id)) for member in (world.member, world.organiser)}


async def test_a_session_with_many_after_it_is_still_offered(world: World) -> None:
    for day in range(1, 29):
        plan = SessionPlan(f"Session {day}", f"2027-01-{day:02} 19:00")
        await world.services.sessions.add(world.group, plan, by=OPERATOR)
        await world.services.sessions.announce(world.group, f"session-{day}", by=OPERATOR)
    last = await world.announced("The last one", "2027-02-01 19:00")
    message = await posted(world, announcement(card_of(world.group, last), last.id, Rsvps()))
    shown = await world.member.click(message, label="Ask a question")
    assert len(fields(shown)["session"]["options"]) == 25
    assert chosen(shown) == [last.slug]


async def test_the_announcement_s_button_opens_the_form_for_its_session(world: World) -> None:
    await world.announced("Scaling laws")
    later = await world.announced("Attention", "2026-12-16 19:00")
    message = await posted(world, announcement(card_of(world.group, later), later.id, Rsvps()))
    assert chosen(await world.member.click(message, label="Ask a question")) == [later.slug]
    await world.restart()
    shown = await world.organiser.click(message, label="Ask a question")
    assert chosen(shown) == [later.slug]
    await world.organiser.submit_modal(shown, {"question": "Why?", "session": [later.slug]})
    assert [question.text for question in await board_of(world, later)] == ["Why?"]


async def test_a_button_of_another_group_s_session_opens_no_form(world: World) -> None:
    foreign = await world.announced("Of Berlin", at=world.away)
    message = await posted(world, announcement(card_of(world.group, foreign), foreign.id, Rsvps()))
    result = await world.member.click(message, label="Ask a question")
    assert result.modal is None
    assert "none of this group's" in refusal(result)


async def test_nothing_is_asked_for_a_cancelled_session(world: World) -> None:
    session = await world.announced("Scaling laws")
    message = await posted(world, announcement(card_of(world.group, session), session.id, Rsvps()))
    shown = await world.member.click(message, label="Ask a question")
    await world.services.sessions.cancel(world.group, session.slug, by=OPERATOR)
    assert "is cancelled" in refusal(await world.member.click(message, label="Ask a question"))
    values = {"question": "Why?", "session": [session.slug]}
    assert "There is no session" in refusal(await world.member.submit_modal(shown, values))
    assert await board_of(world, session) == []


async def test_a_message_can_be_brought_to_the_session(world: World) -> None:
    session = await world.announced()
    message = await world.organiser.send(world.channel, "Does this hold for small models?")
    shown = await world.member.context_menu(world.channel, MENU, message)
    assert fields(shown)["question"]["value"] == "Does this hold for small models?"
    await world.member.submit_modal(
        shown, {"question": "For small models?", "session": [session.slug]}
    )
    (question,) = await board_of(world, session)
    assert question.text == "For small models?"
    assert question.author is not None
    assert question.author.address == str(world.member.id)


@pytest.mark.parametrize("text", ["why " * 400, "🧵" * 900])
async def test_a_message_longer_than_a_question_is_cut_and_says_so(world: World, text: str) -> None:
    session = await world.announced()
    message = await world.organiser.send(world.channel, text)
    shown = await world.member.context_menu(world.channel, MENU, message)
    limit, value = Limits().question_length, str(fields(shown)["question"]["value"])
    assert limit - 10 < units(value) <= limit
    assert value.endswith("…")
    assert shown.modal is not None
    assert str(limit) in shown.modal["components"][0]["description"]
    await world.member.submit_modal(shown, {"question": value, "session": [session.slug]})
    assert [question.text for question in await board_of(world, session)] == [value]


async def test_a_message_without_a_text_is_refused(world: World) -> None:
    await world.announced()
    picture = await world.organiser.send(
        world.channel, "", attachments=[("plot.png", b"not a picture")]
    )
    shown = await world.member.context_menu(world.channel, MENU, picture)
    assert shown.modal is None
    assert "no text of its own" in refusal(shown)
    source = await world.organiser.send(world.channel, "Why?")
    forwarded = await world.organiser.forward(source, world.channel)
    shown = await world.member.context_menu(world.channel, MENU, forwarded)
    assert shown.modal is None
    assert "no text of its own" in refusal(shown)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * 1001, "1000 characters at most"),  # 43
        ("\u200b\u200d\ufeff", "nothing to read"),  # 49
        ("Why\x00?", "not text"),  # 52
        ("Why\ud800?", "not text"),  # 52
    ],
)
async def test_what_is_no_question_is_refused_in_a_sentence(
    world: World, text: str, sentence: str
) -> None:
    session = await world.announced()
    result = await world.member.slash(world.channel, "ask", text=text)
    assert sentence in refusal(result)
    shown = await world.member.slash(world.channel, "ask")
    if len(text) <= Limits().question_length:
        values = {"question": text, "session": [session.slug]}
        result = await world.member.submit_modal(shown, values)
        assert sentence in refusal(result)
    assert await board_of(world, session) == []


async def test_the_same_question_twice_is_told_its_number(world: World) -> None:
    session = await world.announced()
    await world.member.slash(world.channel, "ask", text="Why?")
    result = await world.member.slash(world.channel, "ask", text="Why?")
    assert "it is question 1" in refusal(result)
    assert len(await board_of(world, session)) == 1


@pytest.mark.parametrize("limits", [Limits(questions_per_person=2)])
async def test_one_person_may_ask_so_many_questions(world: World, limits: Limits) -> None:
    session = await world.announced()
    for number in range(limits.questions_per_person):
        await world.member.slash(world.channel, "ask", text=f"Why {number}?")
    result = await world.member.slash(world.channel, "ask", text="And why?", anonymous=True)
    assert "the most that one person may" in refusal(result)
    assert len(await board_of(world, session)) == limits.questions_per_person


HOSTILE = [
    ("44", "@everyone and @here, why?", ("@everyone", "@here")),
    ("45", "<@&1234> <@5678> nostr:npub1x, why?", ("<@&1234>", "<@5678>")),
    ("46", "[bank](https://evil.example/x) why?", ("[bank](",)),
    ("47", "why \u202eecilop\u202c?", ("\u202e",)),
    ("48", "w" + "\u0301" * 50 + "hy?", ("\u0301" * 5,)),
    ("50", "``` why?\n```", ("```",)),
    ("53", "<script>alert(1)</script> why?", ()),
    ("54", "'; DROP TABLE questions; -- why?", ()),
]


@pytest.mark.parametrize(("fault", "text", "never"), HOSTILE)
async def test_hostile_text_is_shown_without_effect(
    world: World, fault: str, text: str, never: tuple[str, ...]
) -> None:
    session = await world.announced()
    accepted = await world.member.slash(world.channel, "ask", text=text)
    shared = await world.member.slash(world.channel, "questions", share=True)
    for shown in (said(accepted), said(shared)):
        assert "hy?" in shown or "why" in shown, fault
        assert not any(unsafe in shown for unsafe in never), fault
    message = world.channel.last_message
    assert message is not None
    assert not message.mention_everyone
    assert message.mentions == []
    assert len(await board_of(world, session)) == 1


async def test_a_masked_link_shows_its_host(world: World) -> None:
    await world.announced()
    await world.member.slash(world.channel, "ask", text="[bank](https://evil.example/x) why?")
    assert "evil.example" in said(await world.member.slash(world.channel, "questions"))


@pytest.mark.parametrize(
    ("fault", "name", "never"),
    [
        ("44", "@everyone", "@everyone"),
        ("45", "<@&1234>", "<@&1234>"),
        ("46", "**[x](https://evil.example)**", "[x]("),
        ("47", "Ada\u202egnp", "\u202e"),
        ("48", "A" + "\u0301" * 50, "\u0301" * 5),
        ("49", "\u200b\u200d", "_\u200b"),
        ("50", "```x", "```"),
    ],
)
async def test_a_hostile_name_is_shown_without_effect(
    world: World, fault: str, name: str, never: str
) -> None:
    session = await world.announced()
    member = world.guild.add_member(world.env.create_user(name))
    await member.slash(world.channel, "ask", text="Why?")
    shown = said(await world.member.slash(world.channel, "questions", share=True))
    assert "Why?" in shown
    assert never not in shown, fault
    (question,) = await board_of(world, session)
    assert question.author is not None
    assert question.author.address == str(member.id)


@pytest.mark.parametrize("limits", [Limits(question_length=4000)])
async def test_a_long_question_is_shown_whole_over_pages(
    world: World, limits: Limits
) -> None:  # 51
    session = await world.announced()
    texts = [" ".join(f"{word}{number:03}" for number in range(480)) for word in ("all", "new")]
    for text in texts:
        assert 2000 < len(text) <= limits.question_length
        shown = await world.member.slash(world.channel, "ask")
        values = {"question": text, "session": [session.slug]}
        await world.member.submit_modal(shown, values)
    board = await world.member.slash(world.channel, "questions")
    told = said(board)
    while board.response is not None and "Next" in labels(board.response):
        board = await world.member.click(board.response, label="Next")
        told += said(board)
    assert all(word in told for text in texts for word in text.split())


async def test_ids_of_the_buttons_are_the_released_ones(world: World) -> None:
    session = await world.announced()
    result = await world.member.slash(world.channel, "ask", text="Why?")
    assert buttons(result.response) == {"All questions": f"ra:board:{session.id}:0"}
