"""The form behind `/ask`, the menu "Ask this at the session" and an announcement's button.

It collects a question and hands it to the board; what is accepted is the service's word. It works
after a restart too: its id names the session that it was opened for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import discord
from discord.ui import Checkbox, Label, Select, TextInput

from bot.domain.model import Group, Session, Submission
from bot.networks.discord.forms import Form, author_of, bot_of, group_of
from bot.networks.discord.ids import Verb, custom_id, template
from bot.networks.discord.limits import units
from bot.networks.discord.render import accepted
from bot.networks.discord.splitting import cut
from bot.networks.discord.text import plain
from cogs.answers import show

_LONGEST_INPUT = 4000  # characters that Discord takes in a form's text
_LONGEST_LABEL = 100


class AskForm(
    Form, title="Ask at the session", template=template(Verb.ASK, r"(?P<session>\d{1,18})")
):
    """A question, the session it is for, and whether it is asked without a name."""

    def __init__(
        self,
        session_id: int,
        sessions: Sequence[discord.SelectOption] = (),
        *,
        length: int = _LONGEST_INPUT,
        text: str = "",
        anonymous: bool = False,
    ) -> None:
        super().__init__(custom_id=custom_id(Verb.ASK, session_id))
        length = min(length, _LONGEST_INPUT)
        self.question: TextInput[Any] = TextInput(
            custom_id="question",
            style=discord.TextStyle.paragraph,
            default=cut(text, length) or None,
            max_length=length,
        )
        self.session: Select[Any] = Select(custom_id="session", options=list(sessions))
        self.anonymous: Checkbox[Any] = Checkbox(custom_id="anonymous", default=anonymous)
        cut_short = f"It was cut to {length} characters." if units(text) > length else None
        self.add_item(Label(text="Your question", description=cut_short, component=self.question))
        self.add_item(Label(text="For which session", component=self.session))
        self.add_item(
            Label(
                text="Ask anonymously",
                description="Your name isn't stored with it; nobody sees who asked.",
                component=self.anonymous,
            )
        )

    @classmethod
    def restored(cls, arguments: dict[str, str]) -> Self:
        return cls(int(arguments["session"]))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        group = await group_of(interaction)
        name = self.session.values[0]
        session = await bot_of(interaction).services.sessions.find(group, name)
        await put(interaction, group, session, self.question.value, anonymous=self.anonymous.value)


async def open_form(
    interaction: discord.Interaction[Any],
    session: Session,
    *,
    text: str = "",
    anonymous: bool = False,
) -> None:
    """Show the form with that session chosen; others may be chosen in it."""
    services = bot_of(interaction).services
    names = services.directory.matching(session.group_id, "", members_only=True)
    form = AskForm(
        session.id,
        _options(session, names),
        length=services.limits.question_length,
        text=text,
        anonymous=anonymous,
    )
    await interaction.response.send_modal(form)


async def put(
    interaction: discord.Interaction[Any],
    group: Group,
    session: Session | None,
    text: str,
    *,
    anonymous: bool,
) -> None:
    """Put a question on the board of that session, or the next one's, and say its number."""
    services = bot_of(interaction).services
    submission = Submission(
        group_id=group.id,
        author=author_of(interaction.user),
        source_id=str(interaction.id),
        text=text,
        submitted_at=services.now(),
        session_id=None if session is None else session.id,
        anonymous=anonymous,
    )
    outcome = await services.questions.submit_one(submission)
    if outcome.error is not None:
        raise outcome.error
    if outcome.question is None or outcome.session is None:
        return  # told twice by a connection that was resumed; it was answered the first time
    await show(interaction, [accepted(outcome.question, outcome.session)])


def _options(session: Session, names: Sequence[tuple[str, str]]) -> list[discord.SelectOption]:
    """25 at most, the session's own among them and chosen."""
    if session.slug not in [slug for _, slug in names]:
        own = (cut(plain(session.title), _LONGEST_LABEL), session.slug)
        names = [own, *names[:24]]
    return [
        discord.SelectOption(label=label, value=slug, default=slug == session.slug)
        for label, slug in names
    ]
