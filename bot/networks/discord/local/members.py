"""People who act: they use commands, press buttons, fill forms in, write, and see what comes of it.

They act as a Discord client lets them: what it would not offer raises ``CannotDoError``.
"""

from __future__ import annotations

from typing import Any

from bot.networks.discord.local import payloads, permissions
from bot.networks.discord.local.asking import Asking
from bot.networks.discord.local.files import Files
from bot.networks.discord.local.forms import Values, filled_in
from bot.networks.discord.local.interactions import (
    AUTOCOMPLETE,
    COMMAND,
    MODAL_SUBMIT,
    Interaction,
    Interactions,
)
from bot.networks.discord.local.model import (
    Channel,
    Command,
    Event,
    Guild,
    Json,
    Member,
    Message,
    Role,
    User,
)
from bot.networks.discord.local.options import CannotDoError, path_of
from bot.networks.discord.local.permissions import Permission
from bot.networks.discord.local.shown import Answer, Choice, Shown
from bot.networks.discord.local.world import World

_SLASH, _ON_USER, _ON_MESSAGE = 1, 2, 3


class Actor:
    """One person. Each act returns what they see of the bot's answer; none waits longer than told.

    ``within``: seconds that a defer ("is thinking...") may last before an act stops waiting for it.
    """

    def __init__(self, world: World, interactions: Interactions, files: Files, user: User) -> None:
        self.user = user
        self.within = 10.0
        self._world = world
        self._interactions = interactions
        self._asking = Asking(world, interactions, files, user)

    @property
    def id(self) -> int:
        return self.user.id

    # Commands

    async def slash(self, channel: Channel, name: str, /, **options: Any) -> Shown:
        """``slash(channel, "session add", title="...")``.

        An option's value is a str, int, bool, Actor, Channel, Role or ``FileToSend``. A ``-`` in
        its name is written ``_``, and a trailing ``_`` (``from_``) is dropped.
        """
        first, *words = name.removeprefix("/").split()
        path = path_of(self._offered(channel, first, _SLASH), words)
        resolved = self._asking.resolved(channel)
        data: Json = {"options": path.wrapped(resolved.filled(path, options))}
        if resolved.named:
            data["resolved"] = resolved.named
        return await self._seen(self._asking.command(COMMAND, channel, path.command, data))

    async def autocomplete(
        self, channel: Channel, name: str, option: str, typed: str = "", /, **others: Any
    ) -> list[Choice]:
        """What is offered while ``typed`` stands in ``option``; ``others`` are filled in."""
        first, *words = name.removeprefix("/").split()
        path = path_of(self._offered(channel, first, _SLASH), words)
        declared = next((each for each in path.declared if each["name"] == option), None)
        if declared is None or not declared.get("autocomplete"):
            raise CannotDoError(f"{option!r} of /{name} isn't autocompleted")
        resolved = self._asking.resolved(channel)
        sent = resolved.filled(path, {**others, option: typed}, typing=option)
        data = {"options": path.wrapped(sent)}
        return (
            await self._seen(self._asking.command(AUTOCOMPLETE, channel, path.command, data))
        ).choices

    async def menu(self, channel: Channel, name: str, target: Message | Actor) -> Shown:
        """A context menu's command, on a message or a person."""
        if isinstance(target, Message):
            command = self._offered(channel, name, _ON_MESSAGE)
            messages = {str(target.id): payloads.message(target, self._world.bot.id)}
            data: Json = {"target_id": str(target.id), "resolved": {"messages": messages}}
        else:
            command = self._offered(channel, name, _ON_USER)
            users = {str(target.id): payloads.user(target.user)}
            data = {"target_id": str(target.id), "resolved": {"users": users}}
        return await self._seen(self._asking.command(COMMAND, channel, command, data))

    # Messages

    async def click(self, message: Message | Shown, button: str) -> Shown:
        """Press the button with this label, emoji or custom id."""
        message = _message(message)
        found = self._control(message, button, _button_names)
        if found["type"] != 2 or found.get("disabled") or "custom_id" not in found:
            raise CannotDoError(f"{button!r} can't be pressed")
        data = {"component_type": 2, "custom_id": found["custom_id"]}
        return await self._seen(self._asking.component(message, data))

    async def select(self, message: Message | Shown, menu: str, *values: str) -> Shown:
        """Choose in the select menu with this custom id or placeholder; by value or label."""
        message = _message(message)
        found = self._control(message, menu, _menu_names)
        options = found.get("options", [])
        chosen = [
            option["value"]
            for option in options
            if {option["value"], option["label"]} & set(values)
        ]
        if len(chosen) != len(values) or found.get("disabled"):
            raise CannotDoError(f"{values} can't be chosen in {menu!r}")
        data = {"component_type": 3, "custom_id": found["custom_id"], "values": chosen}
        return await self._seen(self._asking.component(message, data))

    def write(self, channel: Channel, text: str) -> Message:
        """A message of this person's own."""
        if not permissions.may(
            channel, self.id, Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES
        ):
            raise CannotDoError(f"{self.user.name} can't write in {channel.name}")
        message = Message(
            self._world.ids.next(), channel, self.user, self._world.now(), content=text
        )
        return self._world.post(message)

    def reads(self, channel: Channel) -> list[Message]:
        """What stands in a channel for this person, oldest first; nothing where they may not read
        it.
        """
        needed = Permission.VIEW_CHANNEL | Permission.READ_MESSAGE_HISTORY
        return channel.history if permissions.may(channel, self.id, needed) else []

    @property
    def direct_messages(self) -> Channel:
        """The channel of direct messages with the bot."""
        return self._world.direct(self.user)

    # Forms and events

    async def submit(self, shown: Shown, values: Values) -> Shown:
        """Fill in the form that was opened: ``values`` by label or custom id of its fields."""
        if shown.modal is None:
            raise CannotDoError("no form was opened")
        data = filled_in(shown.modal, values)
        asked = self._asking.form(MODAL_SUBMIT, shown.channel, shown.source, data)
        return await self._seen(asked)

    def interested(self, event: Event) -> None:
        self._world.interest(event, self.user, interested=True)

    def no_longer_interested(self, event: Event) -> None:
        self._world.interest(event, self.user, interested=False)

    def leave(self, guild: Guild) -> None:
        self._world.remove_member(guild, self.user)

    def member(self, guild: Guild) -> Member:
        return guild.members[self.id]

    def give(self, guild: Guild, *roles: Role) -> None:
        self._world.give_roles(guild, self.member(guild), roles)

    async def _seen(self, interaction: Interaction) -> Shown:
        """After the first answer, or after three seconds without; a defer is waited out."""
        shown = interaction.shown
        left = self._interactions.acknowledge_within - interaction.elapsed_ms() / 1000
        try:
            await shown.own.until(lambda: interaction.acknowledged, left)
            if shown.answer is Answer.THINKING:
                await shown.own.until(lambda: shown.answered_ms is not None, self.within)
        except TimeoutError:
            pass  # what they see then is "did not respond", or "is thinking..." still
        return shown

    def _offered(self, channel: Channel, name: str, kind: int) -> Command:
        """The command as this person's client offers it here, the guild's own before the global
        one.
        """
        guild = channel.guild
        of_kind = [
            each
            for each in self._world.commands.values()
            if each.kind == kind and each.name == name and _stands_in(each, guild)
        ]
        if not of_kind:
            known = ", ".join(sorted(each.name for each in self._world.commands.values()))
            raise CannotDoError(f"no command {name!r} is offered here; registered: {known}")
        command = max(of_kind, key=lambda each: each.guild_id is not None)
        if guild is not None:
            held = permissions.in_channel(channel, self.id)
            needed = _needed(command)
            needed |= Permission.USE_APPLICATION_COMMANDS | Permission.VIEW_CHANNEL
            if held & needed != needed:
                raise CannotDoError(f"{self.user.name} isn't offered {name!r} in {channel.name}")
        return command

    def _control(self, message: Message, name: str, names_of: Any) -> Json:
        seen = not message.deleted
        if not seen or not permissions.may(message.channel, self.id, Permission.VIEW_CHANNEL):
            raise CannotDoError(f"{self.user.name} doesn't see that message")
        for control in message.controls:
            if name in names_of(control):
                return dict(control)
        there = [sorted(names_of(each)) for each in message.controls]
        raise CannotDoError(f"there is no {name!r}; there are: {there}")


def _message(message: Message | Shown) -> Message:
    if isinstance(message, Message):
        return message
    if message.message is None:
        raise CannotDoError("there is no message to press anything on")
    return message.message


def _button_names(control: Json) -> set[str]:
    emoji = (control.get("emoji") or {}).get("name")
    return {each for each in (control.get("label"), control.get("custom_id"), emoji) if each}


def _menu_names(control: Json) -> set[str]:
    return {each for each in (control.get("placeholder"), control.get("custom_id")) if each}


def _needed(command: Command) -> int:
    """The permissions that a command asks of who uses it; 0 asks for an administrator."""
    asked = command.body.get("default_member_permissions")
    return 0 if asked is None else int(asked) or Permission.ADMINISTRATOR


def _stands_in(command: Command, guild: Guild | None) -> bool:
    """Global commands stand everywhere that their contexts say (0 guilds, 1 direct messages)."""
    if command.guild_id is not None:
        return guild is not None and command.guild_id == guild.id
    contexts = command.body.get("contexts")
    if contexts is None:
        return guild is not None or command.body.get("dm_permission") is not False
    return (0 if guild is not None else 1) in contexts
