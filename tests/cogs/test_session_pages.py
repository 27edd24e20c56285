"""`/session list|show|import|export`: looked up, and carried in and out as files."""

from __future__ import annotations

from datetime import timedelta

import pytest
from simcord import InteractionResult

from bot.domain.model import OPERATOR, Reading, SessionPage
from tests.cogs.world import World, said

PAPER = "https://arxiv.org/abs/2001.08361"
PAGE = f"""---
date: 2026-12-09
time: "19:00"
title: Scaling laws
tags: [ai, llm]
---
# Scaling laws

We read [the paper]({PAPER}).

## Techie Summary

Loss falls as a power law.

1. **Size**: bigger models need fewer samples.

## Questions to consider

1. Where does it end?
2. Who pays?
""".encode()


async def taken(world: World, data: bytes, name: str = "page.md", **options: str) -> str:
    answer = await world.organiser.slash(
        world.channel, "session import", page=(name, data), **options
    )
    assert answer.ephemeral
    assert all(message.ephemeral for message in answer.followups)
    return said(answer)


async def read(answer: InteractionResult) -> tuple[str, str]:
    """The name and the text of the file that was answered with."""
    assert answer.response is not None
    [file] = answer.response.attachments
    return file.filename, (await file.read()).decode()


# --- import


async def test_importing_a_page_says_what_was_taken(world: World) -> None:
    told = await taken(world, PAGE)
    for part in ("Imported", "Scaling laws", "scaling-laws", "<t:1796860800:F>", "ai, llm"):
        assert part in told
    for part in (PAPER, "summary (techie)", "questions on the board: 2", "/session announce"):
        assert part in told
    session = await world.stored("scaling-laws")
    assert session is not None
    assert session.tags == ("ai", "llm")


async def test_the_same_page_twice_changes_nothing(world: World) -> None:
    await taken(world, PAGE)
    before = await world.stored("scaling-laws")
    assert "Nothing new in" in await taken(world, PAGE)
    assert await world.stored("scaling-laws") == before


async def test_a_changed_page_updates_its_session_after_a_restart_too(world: World) -> None:
    await taken(world, PAGE)
    await world.restart()
    assert "Updated" in await taken(world, PAGE.replace(b"ai, llm", b"ai, scaling"))
    session = await world.stored("scaling-laws")
    assert session is not None
    assert session.tags == ("ai", "scaling")


async def test_a_page_can_be_told_when_it_was_and_by_whose_clock(world: World) -> None:
    told = await taken(
        world, b"# Old times\n\nWe read.\n", at="2023-07-05 19:00", timezone="Europe/Berlin"
    )
    assert "Imported" in told
    assert "archive" in told
    assert "/session announce" not in told
    session = await world.stored("old-times")
    assert session is not None
    assert (session.local_time, session.timezone) == ("2023-07-05 19:00", "Europe/Berlin")


async def test_what_was_assumed_is_noted(world: World) -> None:
    told = await taken(world, b"---\ndate: 2026-12-09\n---\n# No hour\n\nWe read.\n")
    assert "note:" in told
    assert "19:00 was assumed" in told


@pytest.mark.parametrize(
    ("data", "options", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\x00\x01\x02\x03" * 50, {}, "not text"),
        (b"   \n", {}, "is empty"),
        (b"# No date\n\nWe read.\n", {}, "no date"),
        (b"x" * (1024 * 1024 + 1), {}, "1 MB at most"),
        (PAGE, {"timezone": "Mars/Olympus"}, "no time zone"),
        (PAGE, {"at": "2027-03-14 02:30"}, "doesn't exist"),
    ],
)
async def test_a_file_that_is_no_page_is_refused_in_a_sentence(
    world: World, data: bytes, options: dict[str, str], sentence: str
) -> None:
    assert sentence in await taken(world, data, **options)
    assert await world.services.sessions.all(world.group, by=OPERATOR) == []


async def test_a_file_that_discord_does_not_give_out_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.env.backend.cdn, "get", lambda url: None)
    told = await taken(world, PAGE)
    assert "attach it once more" in told


async def test_many_notes_are_told_within_discords_length(world: World) -> None:
    questions = "\n".join(f"{n}. {'why ' * 1500}" for n in range(1, 120))
    page = f"---\ndate: 2026-12-09\n---\n# Long\n\nText.\n\n## Questions\n\n{questions}\n"
    answer = await world.organiser.slash(
        world.channel, "session import", page=("long.md", page.encode())
    )
    messages = [answer.response, *answer.followups]
    assert 1 < len(messages) <= 3
    assert all(message and len(message.content) <= 2000 for message in messages)


# --- export


async def test_exporting_gives_a_file_that_is_taken_back_as_the_same_session(
    world: World,
) -> None:
    await taken(world, PAGE)
    name, text = await read(
        await world.organiser.slash(world.channel, "session export", session="scaling")
    )
    assert name == "scaling-laws.md"
    assert PAPER in text
    assert "Where does it end?" in text
    assert "Nothing new in" in await taken(world, text.encode())


async def test_members_get_the_page_of_what_they_see(world: World) -> None:
    session = await world.announced()
    await world.restart()
    answer = await world.member.slash(world.channel, "session export")
    assert answer.ephemeral
    name, text = await read(answer)
    assert name == f"{session.slug}.md"
    assert "Scaling laws" in text


# --- list, show


async def test_the_list_has_what_is_ahead_and_what_was(world: World) -> None:
    past = await world.announced("Old news", when="2026-12-02 19:00")
    ahead = await world.announced()
    world.now.advance(timedelta(days=3))
    await world.restart()
    for who in (world.organiser, world.member):
        answer = await who.slash(world.channel, "session list")
        assert answer.ephemeral
        told = said(answer)
        assert told.index(ahead.slug) < told.index(past.slug)


async def test_an_empty_list_says_what_to_do(world: World) -> None:
    assert "/session add" in said(await world.organiser.slash(world.channel, "session list"))
    assert "No session" in said(await world.member.slash(world.channel, "session list"))


async def test_a_long_list_stays_within_one_message(world: World) -> None:
    for number in range(40):
        await world.services.sessions.import_page(
            world.group, _page(f"{'A long title ' * 14}{number}", number), by=OPERATOR
        )
    answer = await world.organiser.slash(world.channel, "session list")
    assert answer.response is not None
    assert "more" in said(answer)


def _page(title: str, day: int) -> SessionPage:
    return SessionPage(title=title, date=f"2026-10-{day % 28 + 1:02d}", time="19:00")


async def test_showing_a_planned_session_gives_organisers_its_facts_and_no_answers(
    world: World,
) -> None:
    session = await world.planned(
        place="Room 3", topic="At length.", readings=(Reading("The paper", PAPER),)
    )
    answer = await world.organiser.slash(world.channel, "session show", session=session.slug)
    assert answer.ephemeral
    for part in ("Scaling laws", "Room 3", "At length.", PAPER, "<t:1796860800:F>"):
        assert part in said(answer)
    assert "ra:rsvp" not in str(answer.response and answer.response.components)


async def test_showing_without_a_name_gives_members_the_next_session(world: World) -> None:
    session = await world.announced()
    answer = await world.member.slash(world.channel, "session show")
    assert answer.ephemeral
    assert session.title in said(answer)
    assert f"ra:rsvp:{session.id}:yes" in str(answer.response and answer.response.components)


async def test_a_session_that_is_over_takes_no_answers(world: World) -> None:
    await world.announced()
    world.now.advance(timedelta(days=20))
    answer = await world.member.slash(world.channel, "session show")
    assert "ra:rsvp" not in str(answer.response and answer.response.components)
