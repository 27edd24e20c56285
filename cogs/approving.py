"""The buttons under an organiser's look at summaries: approve, edit, again, no AI, post; questions.

Everybody may press them; whether it is done is the service's word. Their ids say which versions
were looked at, so that nobody approves or overwrites what they haven't seen.
"""

from __future__ import annotations

from typing import Any, Self

import discord
from discord.ui import Label, TextInput

from bot.domain.errors import SummaryError, UnknownSummaryError, UserError
from bot.domain.model import Audience, Group, Session, Summary
from bot.networks.discord import limits, render
from bot.networks.discord.errors import explain
from bot.networks.discord.forms import Form, Press, bot_of, caller_of, group_of
from bot.networks.discord.ids import PREFIX, Verb, custom_id, template
from bot.networks.discord.limits import units
from bot.networks.discord.render.message import Button, Message, Row
from bot.networks.discord.splitting import split
from bot.services.find import is_visible
from cogs.answers import say, show
from cogs.making import Wish, desk, make, replace_waiting

_SLUG = r"(?P<slug>[a-z0-9-]{1,60})"
_VERSION = r"\d{1,9}"
_SUMMARY = (_SLUG, "(?P<audience>techie|plain)", f"(?P<version>{_VERSION})")
_PIECE = 1900  # units of a refused text in one message, with its fence


class AnewPress(Press, template=":".join((PREFIX, f"(?P<verb>{Verb.AGAIN}|{Verb.NO_AI})", _SLUG))):
    """Again, and Use the no-AI ones."""

    async def press(self, interaction: discord.Interaction) -> None:
        sessions = bot_of(interaction).services.sessions
        group, by = await group_of(interaction), caller_of(interaction)
        await sessions.require_organiser(group, by=by)
        session = (await sessions.show(group, self.arguments["slug"], by=by)).session
        wish = Wish(without_ai=self.arguments["verb"] == Verb.NO_AI)
        await make(interaction, group, session, wish)


class ApprovePress(
    Press,
    template=template(Verb.APPROVE, _SLUG, f"(?P<techie>{_VERSION})", f"(?P<plain>{_VERSION})"),
):
    """Lets members see the versions that stand above the button; then suggests questions."""

    async def press(self, interaction: discord.Interaction) -> None:
        services = bot_of(interaction).services
        group, by, slug = (
            await group_of(interaction),
            caller_of(interaction),
            self.arguments["slug"],
        )
        seen = {each: self.number(each.value) for each in Audience if self.number(each.value)}
        await services.summaries.approve(group, slug, by=by, audiences=tuple(seen), versions=seen)
        latest = await services.summaries.latest(group, slug, by=by)
        session = (await services.sessions.show(group, slug, by=by)).session
        by_model = services.summaries.by_model
        shown = render.drafts(session, latest, by_model=by_model)[-1]
        await interaction.response.edit_message(
            content=_approved(session), embeds=shown.embeds, view=shown.view()
        )
        if by_model:
            await suggest(interaction, group, slug)


def _approved(session: Session) -> str:
    if is_visible(session, discord.utils.utcnow()):
        return "Approved: this is what members get. The next reminder posts it, or **Post now**."
    return (
        "Approved: members get this once the session is announced, by "
        f"`/session announce session:{session.slug}`; reminders post it then."
    )


class RewritePress(Press, template=template(Verb.REWRITE, *_SUMMARY)):
    """Opens a summary's words in a form."""

    async def press(self, interaction: discord.Interaction) -> None:
        group, slug = await group_of(interaction), self.arguments["slug"]
        audience = Audience(self.arguments["audience"])
        summary = await _newest(interaction, group, slug, audience, self.number("version"))
        if units(summary.draft.body) > limits.TEXT_INPUT:
            raise UserError(
                f"That summary has {units(summary.draft.body):,} characters, and a form takes "
                f"{limits.TEXT_INPUT:,}; change it in the terminal: "
                f"`readalong summary edit {slug} --audience {audience}`."
            )
        form = RewriteForm(slug, audience, summary.version, summary.draft.body)
        await interaction.response.send_modal(form)


class RewriteForm(Form, template=template(Verb.REWRITE, *_SUMMARY)):
    """A summary's words, in Markdown."""

    def __init__(self, slug: str, audience: Audience, version: int, body: str = "") -> None:
        super().__init__(
            title=f"Edit the {audience} summary",
            custom_id=custom_id(Verb.REWRITE, slug, audience, version),
        )
        self._slug, self._audience, self._version = slug, audience, version
        self.body: TextInput[Any] = TextInput(
            custom_id="body",
            style=discord.TextStyle.paragraph,
            default=body or None,
            max_length=limits.TEXT_INPUT,
        )
        hint = "Markdown: some lines to begin with, then numbered points."
        self.add_item(Label(text="What it says", description=hint, component=self.body))

    @classmethod
    def restored(cls, arguments: dict[str, str]) -> Self:
        audience, version = Audience(arguments["audience"]), int(arguments["version"])
        return cls(arguments["slug"], audience, version)

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        try:
            await self._store(interaction)
        except UserError as error:
            await explain(interaction, error)
            await show(interaction, _again(self.body.value))

    async def _store(self, interaction: discord.Interaction[Any]) -> None:
        service, by = bot_of(interaction).services.summaries, caller_of(interaction)
        group = await group_of(interaction)
        await _newest(interaction, group, self._slug, self._audience, self._version)
        await service.edit(group, self._slug, self._audience, self.body.value, by=by)
        await replace_waiting(interaction, await desk(interaction, group, self._slug))


class PostPress(Press, template=template(Verb.POST, _SLUG)):
    """Posts what is approved, once."""

    async def press(self, interaction: discord.Interaction) -> None:
        service, by = bot_of(interaction).services.summaries, caller_of(interaction)
        group = await group_of(interaction)
        posts = (await service.post(group, self.arguments["slug"], by=by)).posts
        if not posts:
            await say(interaction, "What is approved has been posted before.")
            return
        await say(interaction, f"{posts} post{'s are' if posts > 1 else ' is'} on the way.")


class SuggestedPress(
    Press,
    template=template(Verb.SUGGESTED, r"(?P<id>[A-Za-z0-9_-]{1,32})", r"(?P<number>\d{1,2})"),
):
    """Puts a suggested question on the board; its button then says that it is there."""

    async def press(self, interaction: discord.Interaction) -> None:
        service, by = bot_of(interaction).services.summaries, caller_of(interaction)
        group, number = await group_of(interaction), self.number("number")
        question = await service.accept_suggestion(group, self.arguments["id"], number, by=by)
        rows = _with_taken(interaction.message, number)
        await interaction.response.edit_message(view=Message(rows=rows).view())
        await say(interaction, f"It is question {question.number} on the board, as the group's.")


async def suggest(interaction: discord.Interaction, group: Group, slug: str) -> None:
    """Offer questions for the discussion, where the model has any."""
    service, by = bot_of(interaction).services.summaries, caller_of(interaction)
    try:
        found = await service.suggestions(group, slug, by=by)
    except SummaryError as error:
        await say(interaction, f"No questions could be suggested: {error}")
        return
    if found is not None:
        messages = render.suggested(found.id, found.session, found.questions, found.accepted)
        await show(interaction, messages)


async def _newest(
    interaction: discord.Interaction, group: Group, slug: str, audience: Audience, version: int
) -> Summary:
    """The newest version, if it is the one that was shown. Raises UserError."""
    service, by = bot_of(interaction).services.summaries, caller_of(interaction)
    latest = (await service.latest(group, slug, by=by)).get(audience)
    if latest is None:
        raise UnknownSummaryError(f"There is no {audience} summary any more; make one first.")
    if latest.version != version:
        raise UserError(
            f"There is a newer {audience} summary by now; say `/summarise` and edit that one."
        )
    return latest


def _with_taken(message: discord.Message | None, number: int) -> tuple[Row, ...]:
    """The buttons of a list of suggestions, that one done."""
    rows = []
    for row in message.components if message is not None else ():
        if isinstance(row, discord.ActionRow):
            buttons = [each for each in row.children if isinstance(each, discord.Button)]
            rows.append(tuple(_drawn(each, taken=each.label == str(number)) for each in buttons))
    return tuple(rows)


def _drawn(button: discord.components.Button, *, taken: bool) -> Button:
    done = taken or button.disabled
    return Button(
        button.label or "", button.custom_id or "", emoji="✅" if done else "➕", disabled=done
    )


def _again(text: str) -> list[Message]:
    """What was typed, to be copied."""
    pieces = split(text.replace("```", "'''"), _PIECE)
    return [Message(f"This is what you wrote:\n```\n{piece}\n```") for piece in pieces]
