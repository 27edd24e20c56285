"""Questions from both networks onto one board, and votes across: Ada for Ben's, Ben for Ada's."""

from __future__ import annotations

from bot.demo.checks import CheckError, require
from bot.demo.conversation import Turn
from bot.demo.evening import ADA, Evening
from bot.demo.guild import BEN
from bot.demo.scenes.announcing import Told
from bot.demo.seen import Written, filled
from bot.domain.model import Session
from bot.networks.discord.local import Shown

ADAS, BENS = 3, 4
"""The numbers of the questions that get votes; the page brought 1 and 2."""

_BY_MENTION = "What becomes of our old notes when the owner of a small relay gives up?"
_BY_COMMAND = "What would it take for our group to run a relay together?"
_BY_REPLY = "Who would notice if a relay quietly left some notes out?"
_BY_FORM = "Is it rude to leave a relay because of its owner's opinions?"


async def ask(evening: Evening, told: Told) -> None:
    first = [*await _mention(evening, told.view.session)], [*await _command(evening)]
    evening.talk.beside(*first)
    await evening.breathe()
    second = [*await _reply(evening, told)], [*await _form(evening, told)]
    evening.talk.beside(*second)
    await evening.breathe()


async def vote(evening: Evening) -> None:
    """Both votes are cast where the question was not asked."""
    nostr = await _vote_by_mention(evening)
    discord = await _vote_by_button(evening)
    evening.talk.beside(nostr, discord)
    await evening.breathe()


async def _mention(evening: Evening, session: Session) -> list[Turn]:
    with evening.checklist.step(f"a question by mention is stored, as number {ADAS}"):
        exchange = await evening.mention(f"ask {_BY_MENTION}")
        said = exchange.answer.content
        require(said.startswith(f"Question {ADAS} for “{session.title}”"), f"it says “{said}”")
        await _require_stored(evening, ADAS, _BY_MENTION, "nostr", evening.ada_address)
    return evening.exchange(exchange, "asks by mention")


async def _reply(evening: Evening, told: Told) -> list[Turn]:
    with evening.checklist.step("so is a reply to the announcement, as 5"):
        exchange = await evening.reply(told.note, _BY_REPLY)
        said = exchange.answer.content
        require(said.startswith("Question 5 for"), f"it says “{said}”")
        await _require_stored(evening, 5, _BY_REPLY, "nostr", evening.ada_address)
    return evening.exchange(exchange, "replies to the announcement")


async def _command(evening: Evening) -> list[Turn]:
    guild = evening.guild
    with evening.checklist.step(f"a question by /ask is stored, as number {BENS}"):
        shown = await guild.slash(guild.ben, "ask", text=_BY_COMMAND)
        _require_number(shown, BENS)
        await _require_stored(evening, BENS, _BY_COMMAND, "discord", str(guild.ben.id))
    return evening.act(
        guild.ben, "asks", shown, body=f"/ask text:{_BY_COMMAND}", only=_number(BENS)
    )


async def _form(evening: Evening, told: Told) -> list[Turn]:
    guild = evening.guild
    with evening.checklist.step(
        "one by the form without a name, as 6, is nobody's in the data file"
    ):
        form = await guild.press(guild.ben, told.message, "Ask a question")
        if form.modal is None:
            raise CheckError("no form was opened")
        values: Written = {"Your question": _BY_FORM, "Ask anonymously": True}
        shown = await guild.fill(guild.ben, form, values)
        _require_number(shown, 6)
        await _require_stored(evening, 6, _BY_FORM, "discord", None)
    written = filled(form.modal, values)
    said = f"{_number(6)}\n{shown.text.splitlines()[-1]}"
    return evening.act(guild.ben, "fills in [Ask a question]", shown, body=written, only=said)


async def _vote_by_mention(evening: Evening) -> list[Turn]:
    with evening.checklist.step(f"Ada's vote for {BEN}'s question counts"):
        exchange = await evening.mention(f"vote {BENS}")
        said = exchange.answer.content
        require("it has 1 vote." in said, f"it says “{said}”")
        require(await _voters(evening, BENS) == [("nostr", evening.ada_address)], "it isn't stored")
    return evening.exchange(exchange, "votes by mention")


async def _vote_by_button(evening: Evening) -> list[Turn]:
    guild = evening.guild
    with evening.checklist.step(f"{BEN}'s vote for {ADA}'s question counts"):
        board = await guild.slash(guild.ben, "questions")
        shown = await guild.press(guild.ben, board, str(ADAS))
        require(await _voters(evening, ADAS) == [("discord", str(guild.ben.id))], "it isn't stored")
        text = guild.reader.sees(*shown.messages).body
        line = next((each for each in text.split("\n\n") if each.startswith(f"{ADAS}.")), "")
        require("▲ 1" in line, f"the board says “{line}”")
    return evening.act(guild.ben, f"presses [▲ {ADAS}] on /questions", shown, only=line)


async def _require_stored(
    evening: Evening, number: int, text: str, network: str, address: str | None
) -> None:
    """It was in the data file before its answer came."""
    found = await evening.rows(
        "SELECT q.text, q.network, address FROM questions q "
        "LEFT JOIN people ON people.id = person_id WHERE number = ?",
        number,
    )
    wanted = [(text, network, address)]
    require(found == wanted, f"the data file has {found}, not {wanted}")


async def _voters(evening: Evening, number: int) -> list[tuple[object, ...]]:
    return await evening.rows(
        "SELECT p.network, address FROM votes JOIN people p ON p.id = votes.person_id "
        "JOIN questions ON questions.id = question_id WHERE number = ? ORDER BY p.network",
        number,
    )


def _require_number(shown: Shown, number: int) -> None:
    require(f"number **{number}** on the board" in shown.text, f"it says “{shown.text}”")


def _number(number: int) -> str:
    return f"Your question is number {number} on the board."
