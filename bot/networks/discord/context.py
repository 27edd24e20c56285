"""What the Discord side calls: the services, in one value that the client carries to its cogs.

It builds none of them; `bot.app` does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.model import Author, Limits
from bot.domain.ports import Now
from bot.services.attendance import Attendance
from bot.services.directory import Directory
from bot.services.groups import Groups
from bot.services.people import People
from bot.services.questions import Questions
from bot.services.sessions import Sessions
from bot.services.summaries import Summaries


def name_or_address(author: Author) -> str:
    return author.name or author.address


@dataclass(frozen=True, slots=True)
class Services:
    """``names`` says how a person of any network is shown: by name, else by a short address."""

    groups: Groups
    sessions: Sessions
    questions: Questions
    summaries: Summaries
    attendance: Attendance
    people: People
    directory: Directory
    now: Now
    limits: Limits
    names: Callable[[Author], str] = name_or_address
