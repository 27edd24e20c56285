"""Members look around: Ada by mentions on Nostr, Ben meanwhile by the buttons on Discord."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.app import utc_now
from bot.demo.checks import CheckError, require
from bot.demo.conversation import Turn
from bot.demo.evening import Evening
from bot.demo.guild import BEN
from bot.demo.scenes.announcing import Told
from bot.domain.model import Audience, SessionView


async def look_around(evening: Evening, told: Told) -> None:
    nostr = [*await _next(evening, told.view)]
    discord = [*await _techie(evening, told)]
    nostr += await _plain(evening, told.view)
    came_at = utc_now()
    discord += await _going(evening, told)
    discord.append(await _counted(evening, told, came_at))
    evening.talk.beside(nostr, discord)
    await evening.breathe()


async def _next(evening: Evening, view: SessionView) -> list[Turn]:
    session = view.session
    with evening.checklist.step("`next` is answered with when, where and what to read"):
        exchange = await evening.mention("next")
        for part in (session.title, session.place, session.readings[0].url):
            require(part in exchange.answer.content, f"“{part}” is missing")
    return evening.exchange(exchange, "mentions the bot", fold=6)


async def _plain(evening: Evening, view: SessionView) -> list[Turn]:
    with evening.checklist.step("`summary plain` is answered with all of its points"):
        exchange = await evening.mention("summary plain")
        _require_points(view, Audience.PLAIN, exchange.answer.content)
    asked, answered = evening.exchange(exchange, "mentions the bot")
    return [asked, replace(answered, brief=12)]


async def _techie(evening: Evening, told: Told) -> list[Turn]:
    guild = evening.guild
    with evening.checklist.step("[Techie summary] shows all of its points, and who made them"):
        shown = await guild.press(guild.ben, told.message, "Techie summary")
        _require_points(told.view, Audience.TECHIE, shown.text)
        by = told.view.summaries[Audience.TECHIE].draft.answered_by
        require(f"from the group's page, by {by}" in shown.text, "it doesn't say who made it")
    return evening.act(guild.ben, "presses [Techie summary]", shown, fold=14)


async def _going(evening: Evening, told: Told) -> list[Turn]:
    guild = evening.guild
    with evening.checklist.step("[Going] is kept in the data file"):
        shown = await guild.press(guild.ben, told.message, "Going")
        found = await evening.rows(
            "SELECT name, answer FROM rsvps JOIN people ON people.id = person_id"
        )
        require(found == [(BEN, "yes")], f"the data file has {found}")
    return evening.act(guild.ben, "presses [Going]", shown)


async def _counted(evening: Evening, told: Told, came_at: datetime) -> Turn:
    """The announcement is edited, for somebody said at ``came_at`` that they come."""
    message = told.message
    with evening.checklist.step("the announcement on Discord is edited to show who is coming"):
        await evening.guild.until(lambda: "Going 1" in message.text or None, "“Going 1”")
        took = (message.edited[-1] - came_at) / timedelta(milliseconds=1)
    turn = evening.message("edits its post", message, f"{took:.0f} ms")
    line = next(each for each in turn.body.splitlines() if "Going 1" in each)
    return replace(turn, body=line, foot=())


def _require_points(view: SessionView, audience: Audience, said: str) -> None:
    for point in view.summaries[audience].draft.points:
        head = point.head.rstrip(":")
        if head not in said:
            raise CheckError(f"“{head}” is missing")
