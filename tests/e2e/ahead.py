"""`readalong` on a clock that is ahead: `python -m tests.e2e.ahead SECONDS run ...`.

So that what takes minutes to be forgotten is forgotten at once.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta, tzinfo
from types import ModuleType
from typing import Self

from bot.app import desk
from bot.cli import main


def put_ahead(module: ModuleType, by: timedelta) -> None:
    """Let ``module``, which reads the clock, read it ``by`` ahead."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + by

    vars(module)["datetime"] = Ahead


if __name__ == "__main__":
    put_ahead(desk, timedelta(seconds=float(sys.argv.pop(1))))
    main()
