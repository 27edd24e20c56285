"""The log: a line a record, in UTC, and no secret in it."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from bot.logs import LineFormatter, start
from bot.networks.nostr.keys import Signer

SIGNER = Signer(bytes([3] * 32))
HEX_SECRET = "03" * 32


def record(message: str, *args: object) -> logging.LogRecord:
    made = logging.LogRecord("bot.x", logging.INFO, __file__, 1, message, args, None)
    made.created = 0.5
    return made


def test_a_record_is_one_line_with_its_time_in_utc() -> None:
    line = LineFormatter().format(record("hello %s", "you"))
    assert line == "1970-01-01T00:00:00.500Z INFO bot.x: hello you"


def test_what_a_stranger_wrote_cannot_forge_a_line_or_move_the_cursor() -> None:
    line = LineFormatter().format(record("%s", "a\n2026-01-01 ERROR\x1b[2J\u202e\r b"))
    assert "\n" not in line
    assert not set("\x1b\u202e\r") & set(line)


@pytest.mark.parametrize(
    ("name", "error", "is_one_line"),
    [
        ("discord.shard", ConnectionRefusedError("refused"), True),
        ("discord.shard", TimeoutError("too long"), True),
        ("discord.client", ValueError("a bug"), False),
        ("bot.x", ConnectionRefusedError("refused"), False),
    ],
)
def test_a_librarys_reconnect_is_one_line_and_a_bug_keeps_its_traceback(
    name: str, error: Exception, is_one_line: bool
) -> None:
    made = record("attempting a reconnect")
    made.name, made.exc_info = name, (type(error), error, None)
    text = LineFormatter().format(made)
    assert str(error) in text
    assert ("\n" not in text) == is_one_line


def test_no_discord_token_appears_nor_what_answers_an_interaction() -> None:
    token = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
    address = "https://discord.com/api/v10/webhooks/1234/aW50ZXJhY3Rpb246MTIzNA/messages/@original"
    line = LineFormatter().format(record("Bot %s at %s", token, address))
    assert line.endswith(
        "Bot [secret] at https://discord.com/api/v10/webhooks/1234/[secret]/messages/@original"
    )


def test_no_key_of_a_models_server_appears() -> None:
    record = logging.makeLogRecord({"msg": "it said: bad key sk-proj-abcdefghijklmnop_1234"})
    shown = LineFormatter().format(record)
    assert shown.endswith("it said: bad key [secret]")


def test_no_nsec_and_no_held_secret_appears_even_in_a_traceback() -> None:
    formatter = LineFormatter([HEX_SECRET, "short", ""])
    made = record("%s and %s, not short", SIGNER.nsec, HEX_SECRET)
    try:
        raise ValueError(f"{SIGNER.nsec}\nforged {HEX_SECRET}")
    except ValueError:
        made.exc_info = sys.exc_info()
    text = formatter.format(made)
    assert SIGNER.nsec not in text
    assert HEX_SECRET not in text
    assert "short" in text
    first, *others = text.split("\n")
    assert first.endswith("[secret] and [secret], not short")
    assert others
    assert all(line.startswith("    ") for line in others)


def test_our_records_are_shown_and_only_the_warnings_of_libraries(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root, ours = logging.getLogger(), logging.getLogger("bot")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    try:
        start([HEX_SECRET])
        logging.getLogger("bot.y").info("ours")
        logging.getLogger("apscheduler").info("theirs")
        logging.getLogger("apscheduler").warning("a warning")
    finally:
        logging.captureWarnings(capture=False)
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
    shown = capsys.readouterr().err
    assert "INFO bot.y: ours" in shown
    assert "theirs" not in shown
    assert "WARNING apscheduler: a warning" in shown


@pytest.mark.slow
def test_a_command_shows_no_warning_and_run_does() -> None:
    """In a process of its own, as Python writes warnings by itself where nobody took them."""
    code = (
        "import logging, warnings\n"
        "from bot import logs\n"
        "def warn(text):\n"
        "    logging.getLogger('bot.x').warning(text)\n"
        "    logging.getLogger('trafilatura').error(text)\n"
        "    warnings.warn(text, stacklevel=2)\n"
        "logs.keep_quiet(); warn('quiet'); logs.start(); warn('loud')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert "quiet" not in done.stderr
    assert done.stderr.count(": loud") == 3
