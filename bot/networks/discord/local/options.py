"""What a person fills in for a slash command, as their Discord client checks it and sends it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.networks.discord.local import payloads, permissions
from bot.networks.discord.local.files import Files
from bot.networks.discord.local.model import Channel, Command, Json, Role, User
from bot.networks.discord.local.world import World

_SUBCOMMAND, _GROUP = 1, 2
_STRING, _INTEGER, _BOOLEAN, _USER, _CHANNEL, _ROLE = 3, 4, 5, 6, 7, 8
_MENTIONABLE, _NUMBER, _ATTACHMENT = 9, 10, 11

_TEXT_MOST = 6000  # what a client lets one type where the command names no maximum


class CannotDoError(Exception):
    """The person's client would not let them do this; the message says why. The bot isn't told."""


@dataclass(frozen=True, slots=True)
class FileToSend:
    """A file that a member attaches to a command."""

    filename: str
    content: bytes
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Path:
    """A command down to the part that is run: ``session add`` -> the command, ("add",), its
    options.
    """

    command: Command
    below: tuple[Json, ...]

    @property
    def declared(self) -> Sequence[Json]:
        last = self.below[-1] if self.below else self.command.body
        return last.get("options") or []

    def wrapped(self, options: list[Json]) -> list[Json]:
        """The options inside the subcommands that lead to them."""
        for part in reversed(self.below):
            options = [{"type": part["type"], "name": part["name"], "options": options}]
        return options


def path_of(command: Command, words: Sequence[str]) -> Path:
    """``words`` after the command's own name."""
    below: list[Json] = []
    here: Json = command.body
    for word in words:
        parts = [each for each in here.get("options") or [] if each["type"] in (1, 2)]
        found = next((each for each in parts if each["name"] == word), None)
        if found is None:
            names = ", ".join(each["name"] for each in parts) or "none"
            raise CannotDoError(f"/{command.name} has no {word!r}; it has: {names}")
        below.append(found)
        here = found
    if any(each["type"] in (_SUBCOMMAND, _GROUP) for each in here.get("options") or []):
        raise CannotDoError(f"/{command.name} {' '.join(words)} needs a subcommand")
    return Path(command, tuple(below))


class Resolved:
    """Options' values as sent, and beside them the people, channels and files that they name."""

    def __init__(self, world: World, files: Files, channel: Channel) -> None:
        self.named: dict[str, Json] = {}
        self._world = world
        self._files = files
        self._channel = channel

    def filled(self, path: Path, values: Mapping[str, Any], *, typing: str = "") -> list[Json]:
        """``values`` by option name; ``typing`` is the option being typed (autocomplete)."""
        given = {name.rstrip("_").replace("_", "-"): value for name, value in values.items()}
        declared = {each["name"]: each for each in path.declared}
        sent: list[Json] = []
        for name, value in given.items():
            option = declared.get(name) or declared.get(name.replace("-", "_"))
            if option is None:
                raise CannotDoError(f"no option {name!r}; there are: {', '.join(declared)}")
            if option["name"] == typing:
                filled = {"type": option["type"], "name": option["name"], "value": value}
                sent.append({**filled, "focused": True})
            elif value is not None:
                sent.append(self._one(option, value))
        if not typing:
            _all_required(declared, {each["name"] for each in sent})
        return sent

    def _one(self, option: Json, value: Any) -> Json:
        sent: Any = value
        match option["type"]:
            case 3:
                sent = _text(option, value)
            case 4 | 10:
                sent = _number(option, value)
            case 5 if isinstance(value, bool):
                pass
            case 6:
                sent = self._user(value.user)
            case 7:
                sent = self._place(value)
            case 8:
                sent = self._role(value)
            case 9:
                sent = self._role(value) if isinstance(value, Role) else self._user(value.user)
            case 11:
                sent = self._file(value)
            case _:
                raise CannotDoError(f"{option['name']} can't be {value!r}")
        return {"type": option["type"], "name": option["name"], "value": sent}

    def _name(self, kind: str, number: int, said: Json) -> str:
        self.named.setdefault(kind, {})[str(number)] = said
        return str(number)

    def _user(self, user: User) -> str:
        guild = self._channel.guild
        if guild is not None and (member := guild.members.get(user.id)):
            said = payloads.member(member)
            del said["user"]
            said["permissions"] = str(permissions.in_channel(self._channel, user.id))
            self._name("members", user.id, said)
        return self._name("users", user.id, payloads.user(user))

    def _place(self, channel: Channel) -> str:
        held = permissions.in_channel(channel, self._world.bot.id)
        said = {**payloads.channel(channel), "permissions": str(held)}
        return self._name("channels", channel.id, said)

    def _role(self, role: Role) -> str:
        return self._name("roles", role.id, payloads.role(role))

    def _file(self, file: FileToSend) -> str:
        kept = self._files.keep(file.filename, file.content, file.content_type)
        kept.ephemeral = True
        return self._name("attachments", kept.id, payloads.attachment(kept))


def _all_required(declared: Mapping[str, Json], sent: set[str]) -> None:
    missing = [name for name, each in declared.items() if each.get("required") and name not in sent]
    if missing:
        raise CannotDoError(f"these options are required: {', '.join(missing)}")


def _text(option: Json, value: object) -> str:
    if not isinstance(value, str):
        raise CannotDoError(f"{option['name']} is a text, not {value!r}")
    if choices := option.get("choices"):
        return str(_chosen(option, choices, value))
    least, most = option.get("min_length", 0), option.get("max_length", _TEXT_MOST)
    if not max(least, int(bool(option.get("required")))) <= len(value) <= most:
        raise CannotDoError(f"{option['name']} takes {least} to {most} characters")
    return value


def _number(option: Json, value: object) -> int | float:
    if choices := option.get("choices"):
        value = _chosen(option, choices, value)
    whole = option["type"] == _INTEGER
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        raise CannotDoError(f"{option['name']} is a number, not {value!r}")
    least, most = option.get("min_value"), option.get("max_value")
    if (least is not None and value < least) or (most is not None and value > most):
        raise CannotDoError(f"{option['name']} takes {least} to {most}")
    return value


def _chosen(option: Json, choices: Sequence[Json], value: object) -> Any:
    """By value or by the name that is shown."""
    for choice in choices:
        if value in (choice["value"], choice["name"]):
            return choice["value"]
    names = ", ".join(choice["name"] for choice in choices)
    raise CannotDoError(f"{option['name']} must be one of: {names}")
