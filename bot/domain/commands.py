"""What a mention can mean, one frozen class a command: the grammar makes them, networks obey."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.model import Audience


@dataclass(frozen=True, slots=True)
class Help:
    """What can I say?"""


@dataclass(frozen=True, slots=True)
class Next:
    """When and what is the next session?"""


@dataclass(frozen=True, slots=True)
class Sessions:
    """Which sessions are there?"""


@dataclass(frozen=True, slots=True)
class SummaryOf:
    """The summaries of a session; ``session`` is its name as typed, empty for the one at hand."""

    audiences: tuple[Audience, ...]
    session: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a summary's points stand in the reading; ``session`` as in ``SummaryOf``.

    Without ``audiences`` it is the summary at hand, or both.
    """

    audiences: tuple[Audience, ...] = ()
    session: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question for the board; ``text`` is as it was written, without the bot's name."""

    text: str
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Questions:
    """The board of a session; ``session`` as in ``SummaryOf``."""

    session: str = ""


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote for the question of that number, or (not ``up``) taking it back; ``session`` as in
    ``SummaryOf``."""

    number: int
    session: str = ""
    up: bool = True


@dataclass(frozen=True, slots=True)
class Chatter:
    """Nothing that wants an answer."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Meant for us, but not understood."""


Command = Help | Next | Sessions | SummaryOf | Evidence | Ask | Questions | Vote | Chatter | Unclear
