"""Every error that crosses a seam of Readalong, and the sentence it has for the person.

ReadalongError
+- ConfigError(problems)
+- UserError
|  +- NoUpcomingSessionError
|  +- UnknownSessionError
|  +- UnknownSummaryError
|  +- InvalidSubmissionError
|  +- InvalidSessionError
|  +- InvalidPageError
|  +- UnknownQuestionError
|  +- NotSetUpError
|  +- NotPermittedError
|  +- LimitError
+- ReadingError(permanent)
+- SummaryError(permanent)
+- DeliveryError(reason, permanent, retry_after, pause, unknown)
+- StorageError(reason, permanent)

Adapters translate their library's exceptions into these with ``raise ... from``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta


class ReadalongError(Exception):
    """The root: anything Readalong raises on purpose."""


class ConfigError(ReadalongError):
    """The configuration, the data file or the keys don't allow a start; nothing was started.

    ``problems`` holds all of them, one sentence each.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))


class UserError(ReadalongError):
    """Shown to the person as it is: one sentence that says what to do."""


class NoUpcomingSessionError(UserError):
    """The group has no session ahead."""

    def __init__(self) -> None:
        super().__init__(
            "No session is planned yet. It will be announced here; `sessions` lists earlier ones."
        )


_BY_TIME = {
    "next": "No session lies ahead yet.",
    "last": "No session has been held yet.",
    "": "That session is off, or it is none of this group's.",  # meant by a button, not by name
}


class UnknownSessionError(UserError):
    """No session of the group goes by that name, or ``several`` do, which are ``known`` then."""

    def __init__(self, name: str, known: Sequence[str] = (), *, several: bool = False) -> None:
        self.name = name
        self.known = tuple(known)
        missing = _BY_TIME.get(name, f"There is no session called “{name}”.")
        if several:
            missing = f"Several sessions may be meant by “{name}”."
        hint = f"Try one of: {', '.join(self.known)}." if known else "There is none to choose from."
        super().__init__(missing if name in _BY_TIME and not known else f"{missing} {hint}")


class UnknownSummaryError(UserError):
    """The session has no summary for that audience, and nothing to make one from."""


class InvalidSubmissionError(UserError):
    """A question that can't be stored: empty, too long, or not text."""


class InvalidSessionError(UserError):
    """A session that can't be planned: its time doesn't exist, is ambiguous or has passed."""


class InvalidPageError(UserError):
    """A session page that can't be imported; nothing of it was stored."""


class UnknownQuestionError(UserError):
    """The board has no question of that number, or members don't see it."""

    def __init__(self, number: int, title: str) -> None:
        self.number = number
        super().__init__(f"There is no question {number} for “{title}”; look at its `questions`.")


class NotSetUpError(UserError):
    """Nobody has set this guild up yet."""

    def __init__(self) -> None:
        super().__init__(
            "This server has no reading group yet; somebody who may manage it runs `/setup` first."
        )


class NotPermittedError(UserError):
    """The person may not do that in this group."""


class LimitError(UserError):
    """The person or the session has reached its limit."""


class ReadingError(ReadalongError):
    """A reading that can't be had or read; ``permanent`` when trying again won't help."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        self.reason = reason
        self.permanent = permanent
        super().__init__(reason)


class SummaryError(ReadalongError):
    """A summary that can't be made; ``permanent`` when trying again won't help."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        self.reason = reason
        self.permanent = permanent
        super().__init__(reason)


class DeliveryError(ReadalongError):
    """One attempt to post failed.

    ``permanent``: the same bytes will never be taken by this destination.
    ``retry_after``: the network asked to wait that long before the next attempt.
    ``pause``: the destination itself is at fault; nothing more goes there until it is resumed.
    ``unknown``: an earlier attempt may have arrived, and there is no way to tell; it is never sent
    again blindly.
    """

    def __init__(
        self,
        reason: str,
        *,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        pause: bool = False,
        unknown: bool = False,
    ) -> None:
        self.reason = reason
        self.permanent = permanent
        self.retry_after = retry_after
        self.pause = pause
        self.unknown = unknown
        super().__init__(reason)


class StorageError(ReadalongError):
    """The data file could not be read or written; nothing of the transaction was stored.

    The disk is full, the file is locked, the device failed: the same thing may work later.
    ``permanent`` when it never will, because the rows themselves don't fit together.
    """

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        self.reason = reason
        self.permanent = permanent
        super().__init__(reason)
