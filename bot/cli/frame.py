"""What all commands share: `--config` before or after the command, and how their work is run.

It knows no command. Configuration, storage and services are imported only when a command asks.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from bot.app import Desk
    from bot.config import Config

DONE, REFUSED, MISUSED = 0, 1, 2
"""The exit codes: done; refused or failed; usage or configuration."""

_KEY = "bot.cli.config"
T = TypeVar("T")


def _remember(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.meta[_KEY] = value  # shared by the contexts of all commands on the line


def _config_option() -> click.Option:
    return click.Option(
        ["--config"],
        type=click.Path(path_type=Path),
        metavar="F",
        expose_value=False,
        callback=_remember,
        help="The configuration file.  [default: ./config.toml]",
    )


class Command(click.Command):
    """A command that takes `--config`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_config_option())


class Group(click.Group):
    """A group of commands that takes `--config`, and lists its commands in the order given."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_config_option())

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def format_option(*choices: str) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """`--format`, with the first choice as its default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="How to print it.",
    )


def config_path() -> Path | None:
    """The file that `--config` named, wherever on the line it stood."""
    path: Path | None = click.get_current_context().meta.get(_KEY)
    return path


def next_command(words: str) -> str:
    """A command to go on with, as it is typed where this one was."""
    path = config_path()
    return f"readalong {words}" + (f" --config {path}" if path else "")


def load_config() -> Config:
    from bot.config import load

    return load(config_path(), os.environ)


def at_desk(work: Callable[[Desk], Awaitable[T]]) -> T:
    """Run ``work`` with the data file open and the services built; no network is touched."""
    from bot.app import open_desk

    config = load_config()

    async def opened() -> T:
        async with open_desk(config) as desk:
            return await work(desk)

    return run_async(opened)


def run_async(work: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine function to its end on a new event loop."""
    import asyncio

    async def main() -> T:
        return await work()

    return asyncio.run(main())
