"""The `readalong` command: parse, call a service, print. No rule of the group stands here.

Nothing heavy is imported before a command really runs, so that `readalong --help` is quick: each
command imports what it needs inside its function.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from bot import __version__
from bot.cli.frame import DONE, MISUSED, REFUSED, Group
from bot.cli.operate import backup, check, demo, init, run
from bot.cli.questions import question
from bot.cli.say import say
from bot.cli.sessions import session
from bot.cli.summaries import summary
from bot.domain.errors import ConfigError, ReadalongError

__all__ = ["cli", "main"]


@click.group(
    cls=Group,
    context_settings={"max_content_width": 100},
    epilog="""\b
Examples:
  readalong demo                 a whole reading group on this machine
  readalong init                 write config.toml and make the bot's key
  readalong check                say what would start and what is wrong
  readalong run                  the bot

Exit codes: 0 done; 1 refused or failed, and one line on stderr says why; 2 usage or configuration.
""",
)
@click.version_option(__version__, prog_name="readalong")
def cli() -> None:
    """Readalong runs a reading group on Discord and Nostr at once.

    Sessions, summaries, questions and reminders, from one process and one file.
    """


for command in (demo, init, check, run, session, summary, question, say, backup):
    cli.add_command(command)


def main() -> None:
    """Run the command line of this process and end it with the exit code."""
    from bot import logs

    logs.keep_quiet()  # `run` starts the log
    sys.exit(exit_code(sys.argv[1:]))


def exit_code(words: Sequence[str]) -> int:
    """Run one command line; every error that is meant to be seen becomes a line on stderr."""
    try:
        result = cli.main(list(words), prog_name="readalong", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else DONE
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return DONE
    except click.UsageError as error:
        error.show()
        return MISUSED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except ConfigError as error:
        for problem in error.problems:
            _complain(problem)
        return MISUSED
    except ReadalongError as error:
        _complain(str(error))
        return REFUSED
    except BrokenPipeError:  # the reader (`head`, a pager) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except OSError as error:
        click.echo(f"{error.filename or 'The system'}: {error.strerror or error}.", err=True)
        return REFUSED
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped.", err=True)
        return REFUSED


def _complain(sentence: str) -> None:
    """On one line; it may quote a stranger, so nothing in it reaches the terminal as a command."""
    from bot.cli.show import one_line

    click.echo(one_line(sentence), err=True)
