"""Hand-written stand-ins for what the services reach outside. Each obeys its seam's contract tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FakeNow:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, by: timedelta) -> None:
        self.at += by
