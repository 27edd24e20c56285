"""The bases of our buttons, menus and modals, and who and where an interaction is.

Nothing that happens in them escapes `errors.explain`. What they need to know stands in their custom
id, so that they work after a restart as before it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

import discord

from bot.domain.errors import UserError
from bot.domain.model import Author, Caller, Group, Network
from bot.networks.discord.errors import SERVERS_ONLY, explain

if TYPE_CHECKING:
    from bot.networks.discord.client import ReadalongBot

_NEVER = r"(?!)"


class Press(discord.ui.DynamicItem[discord.ui.Item[Any]], template=_NEVER):
    """A button or menu that works on messages of any age: its custom id says all it needs.

    A subclass gives ``template=ids.template(...)``, implements ``press`` and is registered once
    with ``bot.add_dynamic_items``. ``arguments`` are the template's groups by name.
    """

    def __init__(self, item: discord.ui.Item[Any], arguments: dict[str, str]) -> None:
        super().__init__(item)
        self.arguments = arguments

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        return cls(item, match.groupdict())

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        try:
            await self.press(interaction)
        except Exception as error:  # the one handler; discord.py would only log it
            await explain(interaction, error)

    async def press(self, interaction: discord.Interaction[Any]) -> None:
        """What the button does. Whatever it raises is told to the person."""
        raise NotImplementedError

    def number(self, name: str) -> int:
        """The argument of that name, as a number."""
        return int(self.arguments[name])


class Form(discord.ui.Modal, title="Form"):
    """A modal. Whatever ``on_submit`` raises is told to the person.

    With ``template=ids.template(...)`` and a ``custom_id`` that matches it, a form that was opened
    before a restart can be submitted after it: register the class once with ``bot.add_forms`` and
    implement ``restored``. Without a template it is gone with the process.
    """

    template: ClassVar[re.Pattern[str] | None] = None

    def __init_subclass__(cls, *, template: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if template is not None:
            cls.template = re.compile(template)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if self.template is not None:
            if not self.template.fullmatch(self.custom_id):
                raise ValueError(f"{self.custom_id!r} doesn't match {self.template.pattern!r}")
            self.stop()  # so that discord.py doesn't keep it: every submission is restored

    @classmethod
    def restored(cls, arguments: dict[str, str]) -> Self:
        """The form again, from its custom id: ``arguments`` are the template's groups by name."""
        raise NotImplementedError

    async def on_error(
        self,
        interaction: discord.Interaction[Any],
        error: Exception,
        item: discord.ui.Item[Any] | None = None,
        /,
    ) -> None:
        await explain(interaction, error)


def bot_of(interaction: discord.Interaction[Any]) -> ReadalongBot:
    return cast("ReadalongBot", interaction.client)


def author_of(user: discord.User | discord.Member) -> Author:
    return Author(Network.DISCORD, str(user.id), user.display_name)


def caller_of(interaction: discord.Interaction[Any]) -> Caller:
    """Who asks, and what Discord says they may do where they ask."""
    user, may = interaction.user, interaction.permissions
    roles = user.roles if isinstance(user, discord.Member) else ()
    return Caller(
        author=author_of(user),
        guild=str(interaction.guild_id or ""),
        roles=frozenset(str(role.id) for role in roles),
        manages_events=may.manage_events or may.administrator,
        manages_guild=may.manage_guild or may.administrator,
    )


async def group_of(interaction: discord.Interaction[Any]) -> Group:
    """The group of the guild it came from. Raises NotSetUpError, and UserError in a DM."""
    if interaction.guild_id is None:
        raise UserError(SERVERS_ONLY)
    return await bot_of(interaction).services.groups.of_guild(str(interaction.guild_id))
