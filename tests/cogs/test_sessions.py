"""`/session add|edit|cancel|announce` and the buttons of what they propose."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from simcord import InteractionResult

from bot.domain.model import OPERATOR, Reading, Session, SessionStatus
from bot.services.plans import SessionChanges
from tests.cogs.world import WHEN, World, labels, said

PAPER = "https://arxiv.org/abs/2001.08361"
FORM = {
    "title": "Scaling laws",
    "when": WHEN,
    "place": "Room 3",
    "readings": f"Scaling laws {PAPER}\nA book",
    "tags": "AI, machine learning",
}


async def everything(world: World) -> list[Session]:
    return list(await world.services.sessions.all(world.group, by=OPERATOR))


def clickable(result: InteractionResult) -> Any:
    assert result.response is not None
    return result.response


# --- add


async def test_adding_shows_what_was_understood_and_stores_nothing_yet(world: World) -> None:
    answer = await world.organiser.slash(
        world.channel,
        "session add",
        title="Scaling laws",
        when=WHEN,
        place="Room 3",
        reading=f"The paper {PAPER}",
        tags="#ai #llm",
        topic="What grows **how**.",
        duration="90m",
    )
    assert answer.ephemeral
    told = said(answer)
    for part in ("Scaling laws", "9 Dec 2026, 19:00", "America/New", "<t:1796860800:F>"):
        assert part in told
    for part in (":R>", "Room 3", PAPER, "#ai", "What grows **how**.", "1 h 30 min"):
        assert part in told
    assert labels(answer.response) == ["Store", "Store and announce", "Discard"]
    assert await everything(world) == []


async def test_store_keeps_the_session_for_organisers_only(world: World) -> None:
    answer = await world.organiser.slash(
        world.channel,
        "session add",
        title="Scaling laws",
        when=WHEN,
        place="Room 3",
        reading=f"The paper {PAPER}",
        tags="#ai #llm",
        topic="At length.",
        duration="90m",
    )
    done = await world.organiser.click(clickable(answer), label="Store")
    assert "is stored" in said(done)
    assert labels(done.response) == []
    [session] = await everything(world)
    assert (session.title, session.local_time, session.place) == ("Scaling laws", WHEN, "Room 3")
    assert (session.topic, session.tags) == ("At length.", ("ai", "llm"))
    assert session.duration == timedelta(minutes=90)
    assert [(r.title, r.url) for r in session.readings] == [("The paper", PAPER)]
    assert session.status is SessionStatus.PLANNED


async def test_store_and_announce_does_both_in_one_press(world: World) -> None:
    answer = await world.organiser.slash(
        world.channel, "session add", title="Scaling laws", when=WHEN
    )
    done = await world.organiser.click(clickable(answer), label="Store and announce")
    assert "is announced" in said(done)
    assert "on their way" in said(done)
    [session] = await everything(world)
    assert session.status is SessionStatus.ANNOUNCED


async def test_discard_leaves_nothing(world: World) -> None:
    answer = await world.organiser.slash(
        world.channel, "session add", title="Scaling laws", when=WHEN
    )
    done = await world.organiser.click(clickable(answer), label="Discard")
    assert "nothing was changed" in said(done)
    assert await everything(world) == []


async def test_a_second_press_stores_nothing_twice(world: World) -> None:
    answer = await world.organiser.slash(
        world.channel, "session add", title="Scaling laws", when=WHEN
    )
    old = clickable(answer).message
    await world.organiser.click(clickable(answer), label="Store")
    id = next(c for c in _ids(old) if c.endswith(":store"))
    again = await _press(world, old, id)
    assert again.ephemeral
    assert "done already" in said(again)
    assert len(await everything(world)) == 1


@pytest.mark.parametrize("label", ["Store", "Store and announce", "Discard"])
async def test_the_buttons_work_after_a_restart(world: World, label: str) -> None:
    answer = await world.organiser.slash(
        world.channel, "session add", title="Scaling laws", when=WHEN
    )
    await world.restart()
    done = await world.organiser.click(clickable(answer), label=label)
    assert labels(done.response) == []
    assert len(await everything(world)) == (0 if label == "Discard" else 1)


async def test_a_proposal_whose_time_passed_meanwhile_is_refused(world: World) -> None:
    answer = await world.organiser.slash(
        world.channel, "session add", title="Scaling laws", when=WHEN
    )
    world.now.advance(timedelta(days=9))
    done = await world.organiser.click(clickable(answer), label="Store")
    assert "passed" in said(done)
    assert await everything(world) == []


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"when": "2027-03-14 02:30"}, "doesn't exist"),
        ({"when": "2027-11-07 01:30"}, "happens twice"),
        ({"when": "2026-11-01 19:00"}, "has passed"),
        ({"when": "one of these days"}, "one of these days"),
        ({"when": WHEN, "timezone": "Mars/Olympus"}, "no time zone “Mars/Olympus”"),
        ({"when": WHEN, "duration": "long"}, "“long” is not a length of time"),
        ({"when": WHEN, "duration": "3d"}, "24 hours"),
        ({"when": WHEN, "reading": "file:///etc/passwd"}, "https://"),
        ({"when": WHEN, "title": "\u200b"}, "title"),
    ],
)
async def test_what_can_not_be_understood_is_asked_back(
    world: World, options: dict[str, str], sentence: str
) -> None:
    answer = await world.organiser.slash(
        world.channel, "session add", **{"title": "Scaling laws", **options}
    )
    assert answer.ephemeral
    assert sentence in said(answer)
    assert labels(answer.response) == []
    assert await everything(world) == []


@pytest.mark.parametrize(
    ("when", "local"),
    [
        ("next wednesday 7pm", "2026-12-09 19:00"),
        ("tomorrow 7:30 pm", "2026-12-02 19:30"),
        ("<t:1796860800:F>", "2026-12-09 19:00"),
    ],
)
async def test_when_is_understood_as_people_say_it(world: World, when: str, local: str) -> None:
    answer = await world.organiser.slash(world.channel, "session add", title="A", when=when)
    await world.organiser.click(clickable(answer), label="Store")
    [session] = await everything(world)
    assert session.local_time == local


async def test_when_says_what_it_is_understood_as_while_it_is_typed(world: World) -> None:
    async def offered(typed: str, **beside: str) -> list[str]:
        choices = await world.organiser.autocomplete(
            world.channel, "session add", "when", typed, **beside
        )
        assert all(choice["value"] == typed for choice in choices)
        return [choice["name"] for choice in choices]

    assert await offered(WHEN) == ["Wed 9 Dec 2026, 19:00 (America/New_York)"]
    assert await offered(WHEN, timezone="Asia/Tokyo") == ["Wed 9 Dec 2026, 19:00 (Asia/Tokyo)"]
    assert await offered("next") == []
    assert await offered("x" * 200) == []


# --- the form of add


async def test_without_a_title_a_form_asks_for_everything(world: World) -> None:
    shown = await world.organiser.slash(world.channel, "session add")
    assert shown.modal is not None
    answer = await world.organiser.submit_modal(shown, FORM)
    assert answer.ephemeral
    assert "Room 3" in said(answer)
    await world.organiser.click(clickable(answer), label="Store")
    [session] = await everything(world)
    whole = await world.stored(session.slug)
    assert whole is not None
    assert (whole.title, whole.place, whole.duration) == (
        "Scaling laws",
        "Room 3",
        timedelta(hours=2),
    )
    assert [(r.title, r.url) for r in whole.readings] == [("Scaling laws", PAPER), ("A book", "")]
    assert whole.tags == ("ai", "machine learning")


async def test_a_form_opened_before_a_restart_is_taken_after_it(world: World) -> None:
    shown = await world.organiser.slash(
        world.channel, "session add", duration="45m", timezone="Asia/Tokyo"
    )
    await world.restart()
    answer = await world.organiser.submit_modal(shown, FORM)
    assert "9 Dec 2026, 19:00** (Asia/Tokyo)" in said(answer)
    await world.organiser.click(clickable(answer), label="Store")
    [session] = await everything(world)
    assert (session.duration, session.timezone) == (timedelta(minutes=45), "Asia/Tokyo")


async def test_the_form_has_what_was_given_already(world: World) -> None:
    shown = await world.organiser.slash(
        world.channel, "session add", title="Scaling laws", place="Room 3"
    )
    assert shown.modal is not None
    assert "'value': 'Scaling laws'" in str(shown.modal)
    assert "'value': 'Room 3'" in str(shown.modal)


async def test_what_was_typed_into_the_form_in_vain_is_shown_again(world: World) -> None:
    shown = await world.organiser.slash(world.channel, "session add")
    answer = await world.organiser.submit_modal(shown, {**FORM, "when": "whenever ``` we like"})
    told = said(answer)
    assert "whenever" in told
    assert "readings: Scaling laws" in told
    assert "when: whenever ''' we like" in told
    assert all(message.ephemeral for message in [answer.response, *answer.followups] if message)
    assert await everything(world) == []


async def test_a_topic_needs_the_options(world: World) -> None:
    answer = await world.organiser.slash(world.channel, "session add", topic="At length.")
    assert answer.modal is None
    assert "title and when" in said(answer)


# --- edit


async def test_editing_shows_before_and_after_and_stores_on_a_press(world: World) -> None:
    session = await world.planned(place="Room 3")
    answer = await world.organiser.slash(
        world.channel,
        "session edit",
        session=session.slug,
        title="Scaling laws, again",
        when="2026-12-10 20:00",
        place="-",
        tags="ai",
        reading=PAPER,
        topic="At length.",
        duration="1h",
    )
    told = said(answer)
    for part in ("Scaling laws, again", "It was <t:1796860800:F>", "“Scaling laws”", "Room 3"):
        assert part in told
    assert (await world.stored(session.slug)) == session
    await world.organiser.click(clickable(answer), label="Store")
    after = await world.stored(session.slug)
    assert after is not None
    assert (after.title, after.local_time) == ("Scaling laws, again", "2026-12-10 20:00")
    assert (after.place, after.tags, after.topic) == ("", ("ai",), "At length.")
    assert [reading.url for reading in after.readings] == [PAPER]
    assert after.duration == timedelta(hours=1)


async def test_a_dash_takes_readings_tags_and_topic_away(world: World) -> None:
    session = await world.planned(
        tags=("ai",), topic="Long.", readings=(Reading("The paper", PAPER),)
    )
    answer = await world.organiser.slash(
        world.channel, "session edit", session="scaling", tags="-", topic="-", reading="-"
    )
    await world.organiser.click(clickable(answer), label="Store")
    after = await world.stored(session.slug)
    assert after is not None
    assert (after.tags, after.topic, after.readings) == ((), "", ())


async def test_without_changes_a_form_shows_the_session_as_it_stands(world: World) -> None:
    readings = (Reading("The paper", PAPER, "The text of it."),)
    session = await world.planned(place="Room 3", tags=("ai", "llm"), readings=readings)
    shown = await world.organiser.slash(world.channel, "session edit", session=session.slug)
    for value in ("Scaling laws", WHEN, "Room 3", f"The paper {PAPER}", "ai, llm"):
        assert f"'value': {value!r}" in str(shown.modal)
    await world.restart()
    same = {
        "title": "Scaling laws",
        "when": "2026-12-10 19:00",
        "place": "Room 3",
        "readings": f"The paper {PAPER}",
        "tags": "ai, llm",
    }
    answer = await world.organiser.submit_modal(shown, same)
    assert "10 Dec 2026" in said(answer)
    await world.organiser.click(clickable(answer), label="Store")
    after = await world.stored(session.slug)
    assert after is not None
    assert after.local_time == "2026-12-10 19:00"
    assert after.readings[0].text == "The text of it."


async def test_a_reading_that_is_kept_beside_a_new_one_keeps_its_text(world: World) -> None:
    readings = (Reading("The paper", PAPER, "The text of it."),)
    session = await world.planned(readings=readings)
    answer = await world.organiser.slash(
        world.channel,
        "session edit",
        session=session.slug,
        reading=f"The paper {PAPER} Another https://example.org/b",
    )
    assert "Until now" in said(answer)
    await world.organiser.click(clickable(answer), label="Store")
    after = await world.stored(session.slug)
    assert after is not None
    assert [(r.title, r.text) for r in after.readings] == [
        ("The paper", "The text of it."),
        ("Another", ""),
    ]


async def test_a_form_left_as_it_stands_changes_nothing(world: World) -> None:
    session = await world.planned()
    shown = await world.organiser.slash(world.channel, "session edit", session=session.slug)
    answer = await world.organiser.submit_modal(shown, {"title": "Scaling laws", "when": WHEN})
    assert "say what to change" in said(answer)
    assert await world.stored(session.slug) == session


async def test_all_of_a_form_can_be_changed(world: World) -> None:
    session = await world.planned()
    shown = await world.organiser.slash(world.channel, "session edit", session=session.slug)
    answer = await world.organiser.submit_modal(shown, {**FORM, "title": "Other laws"})
    await world.organiser.click(clickable(answer), label="Store")
    after = await world.stored(session.slug)
    assert after is not None
    assert (after.title, after.place, len(after.readings)) == ("Other laws", "Room 3", 2)
    assert after.tags == ("ai", "machine learning")


async def test_a_change_that_somebody_else_overtook_is_refused(world: World) -> None:
    session = await world.announced()
    answer = await world.organiser.slash(
        world.channel, "session edit", session=session.slug, place="Room 4"
    )
    await world.services.sessions.edit(
        world.group, session.slug, SessionChanges(place="Room 5"), by=OPERATOR
    )
    done = await world.organiser.click(clickable(answer), label="Store")
    assert "changed since" in said(done)
    after = await world.stored(session.slug)
    assert after is not None
    assert after.place == "Room 5"


async def test_an_announced_session_is_only_stored_for_its_announcement_follows(
    world: World,
) -> None:
    session = await world.announced()
    answer = await world.organiser.slash(
        world.channel, "session edit", session=session.slug, place="Room 4"
    )
    assert labels(answer.response) == ["Store", "Discard"]
    done = await world.organiser.click(clickable(answer), label="Store")
    assert "is changed" in said(done)
    assert "on their way" in said(done)


# --- cancel, announce


async def test_cancelling_asks_once_more(world: World) -> None:
    session = await world.announced()
    answer = await world.organiser.slash(world.channel, "session cancel", session=session.slug)
    assert answer.ephemeral
    stored = await world.stored(session.slug)
    assert stored is not None
    assert stored.status is SessionStatus.ANNOUNCED
    await world.restart()
    done = await world.organiser.click(clickable(answer), label="Cancel the session")
    assert "called off" in said(done)
    stored = await world.stored(session.slug)
    assert stored is not None
    assert stored.status is SessionStatus.CANCELLED


async def test_a_session_that_nobody_was_told_of_is_called_off_without_a_post(
    world: World,
) -> None:
    session = await world.planned()
    answer = await world.organiser.slash(world.channel, "session cancel", session=session.slug)
    done = await world.organiser.click(clickable(answer), label="Cancel the session")
    assert said(done).endswith("is called off.")


async def test_a_session_that_is_left_is_not_cancelled(world: World) -> None:
    session = await world.planned()
    answer = await world.organiser.slash(world.channel, "session cancel", session=session.slug)
    await world.organiser.click(clickable(answer), label="Leave it")
    assert await world.stored(session.slug) == session


async def test_announcing_answers_at_once_with_what_is_on_its_way(world: World) -> None:
    session = await world.planned()
    answer = await world.organiser.slash(world.channel, "session announce", session="scaling")
    assert answer.ephemeral
    assert "is announced" in said(answer)
    assert "on their way" in said(answer)
    again = await world.organiser.slash(world.channel, "session announce", session=session.slug)
    assert "announced before" in said(again)


async def test_a_cancelled_session_is_not_announced(world: World) -> None:
    session = await world.planned()
    await world.services.sessions.cancel(world.group, session.slug, by=OPERATOR)
    answer = await world.organiser.slash(world.channel, "session announce", session=session.slug)
    assert "was cancelled" in said(answer)


def _ids(message: Any) -> list[str]:
    return [child.custom_id for row in message.components for child in row.children]


async def _press(world: World, message: Any, custom_id: str) -> InteractionResult:
    """Press a button of a message as it looked before; the two presses crossed."""
    backend = world.env.backend
    stored = backend.get_message(message.channel.id, message.id)
    now = stored.components
    stored.components = [row.to_dict() for row in message.components]
    try:
        return await world.organiser.click(message, custom_id=custom_id)
    finally:
        stored.components = stored.components or now
