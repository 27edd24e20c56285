"""Discord's refusals: a status, a code, a sentence, as its documentation lists them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.networks.discord.local.model import Json

KNOWN: dict[int, tuple[int, str]] = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    10070: (404, "Unknown Guild Scheduled Event"),
    30032: (400, "Maximum number of application commands reached (100)"),
    30038: (400, "Maximum number of uncompleted guild scheduled events reached (100)"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50024: (403, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    160004: (400, "A thread has already been created for this message"),
}
"""Code -> HTTP status and Discord's sentence."""


class Problem(NamedTuple):
    """One field that broke a limit: where (``"embeds.0.title"``), Discord's code, its sentence."""

    path: str
    code: str
    message: str


class Refusal(Exception):
    """What a route raises; the server answers it."""

    def __init__(
        self, status: int, code: int, message: str, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.problems = tuple(problems)

    def body(self) -> Json:
        said: Json = {"message": self.message, "code": self.code}
        if self.problems:
            said["errors"] = _tree(self.problems)
        return said


def refused(code: int) -> Refusal:
    """The refusal that Discord gives this code to."""
    status, message = KNOWN[code]
    return Refusal(status, code, message)


def invalid(problems: Sequence[Problem]) -> Refusal:
    """50035 with every field that is wrong."""
    status, message = KNOWN[50035]
    return Refusal(status, 50035, message, problems)


def _tree(problems: Sequence[Problem]) -> Json:
    root: Json = {}
    for path, code, message in problems:
        node = root
        for part in path.split("."):
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})
    return root
