"""The operator's commands: `demo`, `init`, `check`, `run`, `backup`."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.frame import MISUSED, Command, format_option, load_config, run_async


@click.command(
    epilog="""\b
Examples:
  readalong demo
  readalong demo --once
"""
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("readalong-demo"),
    show_default=True,
    help="Where it keeps its files; removed and made again.",
)
@click.option("--once", is_flag=True, help="End by itself, with exit code 0 if every step held.")
@click.option("--svg", type=click.Path(path_type=Path, dir_okay=False), hidden=True)
def demo(*, folder: Path, once: bool, svg: Path | None) -> int:
    """A whole reading group on this machine, nothing to set up."""
    from bot.demo import demo as perform

    return perform(folder, once=once, svg=svg)


@click.command(
    epilog="""\b
Examples:
  readalong init
  readalong init --dir atlanta --name "Atlanta Reading Group" \\
      --timezone America/New_York --relay wss://relay.example
"""
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where config.toml goes.  [default: here]",
)
@click.option("--name", help="The group's name.")
@click.option("--timezone", metavar="ZONE", help="Its time zone, like America/New_York.")
@click.option("--relay", "relays", multiple=True, metavar="URL", help="A relay; several times.")
def init(*, folder: Path, name: str | None, timezone: str | None, relays: tuple[str, ...]) -> None:
    """Write config.toml and make the bot's Nostr key. What exists is never overwritten."""
    from bot.cli.setup import set_up

    set_up(folder, name=name, timezone=timezone, relays=relays)


@click.command(
    cls=Command,
    epilog="""\b
Exit code 0 when the bot can start and Discord or at least one relay answers,
else 2.
""",
)
@format_option("text", "json")
def check(*, form: str) -> int:
    """Say what would start and what is wrong.

    It looks at the configuration, the keys, the data file, what waits to be posted, every relay,
    whether Discord takes the bot, and whether the model's server answers.
    """
    from bot.cli.check import examine, tell

    report = run_async(lambda: examine(load_config))
    tell(report, form)
    return 0 if report.ok else MISUSED


@click.command(
    cls=Command,
    epilog="""\b
Stop it with Ctrl-C or SIGTERM: it finishes what it is sending (20 s at most)
and ends with 0.
A second Ctrl-C ends it at once; nothing is lost by that either.
""",
)
@click.option("--verbose", is_flag=True, help="Log more.")
def run(*, verbose: bool) -> None:
    """The bot. It logs to stderr, and one line with `ready` when it is."""
    import logging

    from bot import logs

    config = load_config()
    logs.start(config.secrets, logging.DEBUG if verbose else logging.INFO)
    from bot.app.process import run as work

    run_async(lambda: work(config))


@click.command(
    cls=Command,
    epilog="""\b
Example:
  readalong backup tonight.sqlite
""",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(file: Path) -> None:
    """Copy the data file, also while the bot runs.

    FILE must not exist. The copy is consistent; the key files are not in it.
    """
    from bot.app import utc_now
    from bot.cli.show import say
    from bot.domain.errors import UserError
    from bot.instance import DataFolder
    from bot.storage.store import SqliteStore

    source = DataFolder(load_config().data_dir).data_file
    if not source.exists():
        raise UserError(f"There is no data file at {source} yet.")

    async def work() -> None:
        async with SqliteStore.open(source, utc_now) as store:
            await store.backup(file)

    run_async(work)
    say(f"Wrote {file} ({file.stat().st_size / 1024:.0f} KiB). The key files are not in it.")
