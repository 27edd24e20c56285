"""What holds for every test."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

# The same examples each time, so that a change is judged and not the day; `search` looks further:
# make test ARGS=--hypothesis-profile=search
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("same")

_CONFIGURED = (None, "bot", "cogs")  # by `bot.logs.start`


@pytest.fixture(autouse=True)
def no_logging_left_behind() -> Iterator[None]:
    """A test that starts our logging in this process ends it too: the next ones would write to the
    stream that pytest has closed by then, and find the complaint in what they captured."""
    loggers = [logging.getLogger(name) for name in _CONFIGURED]
    levels = [logger.level for logger in loggers]
    root = loggers[0]
    before = set(root.handlers)
    yield
    for handler in [*root.handlers]:
        if type(handler) is logging.StreamHandler and handler not in before:
            root.removeHandler(handler)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
