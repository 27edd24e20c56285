"""The command line as its users meet it: every command, good and bad, on real files."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli import exit_code
from bot.networks.discord.permissions import invite_url
from bot.networks.nostr.keys import Signer, read_key_file
from bot.networks.nostr.local_relay import LocalRelay
from tests.adapters.scripted_relay import Scripted
from tests.e2e.processes import end, environment
from tests.waiting import until

ROOT = Path(__file__).parents[2]
NSEC = Signer(bytes([9] * 32)).nsec
AHEAD = "2036-12-02 19:00"
READING = """# Who runs the relays?

Nostr is a simple protocol for notes that travel between people. Every note is signed by the key of
the person who wrote it. A relay stores notes and hands them to whoever asks for them. Clients talk
to several relays at once and merge what they hear. Nobody needs permission to start a relay of
their own. Running one costs money, because storage and traffic have to be paid for. Some operators
charge a small fee, and others keep theirs open for their friends. A relay may refuse whatever its
operator does not want to store. People who are refused at one relay can still write to another one.
"""
PAGE = """---
date: "2026-03-04"
title: "Who runs the relays?"
---
# Who runs the relays?

We read [a short text](https://example.org/relays).

## Questions to consider

- Who pays for the relays?
- What happens when one closes?
"""


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Readalong = Callable[..., Done]


@pytest.fixture
def readalong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Readalong:
    """The command in this process, in an empty folder, without anybody's secrets."""
    monkeypatch.chdir(tmp_path)
    for name in ("NOSTR_NSEC", "DISCORD_TOKEN", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str) -> Done:
        capsys.readouterr()
        code = exit_code(words)
        shown = capsys.readouterr()
        return Done(code, shown.out, shown.err)

    return call


@pytest.fixture
def group(readalong: Readalong) -> Readalong:
    """The same, where `init` has been."""
    assert readalong("init", "--name", "Atlanta Reading Group").code == 0
    return readalong


def added(group: Readalong, *more: str, title: str = "Nostr night") -> str:
    done = group("session", "add", "--title", title, "--at", AHEAD, "--format", "json", *more)
    assert done.code == 0, done.err
    slug: str = done.json["slug"]
    return slug


def refused(done: Done) -> str:
    """The one line of a refusal."""
    assert done.code == 1, (done.out, done.err)
    assert done.err.count("\n") == 1, done.err
    return done.err


# Help


def commands(words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    import click

    from bot.cli import cli

    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    yield words
    if isinstance(command, click.Group):
        for name in command.commands:
            yield from commands((*words, name))


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_and_option_says_what_it_does(
    readalong: Readalong, words: tuple[str, ...]
) -> None:
    import click

    from bot.cli import cli

    done = readalong(*words, "--help")
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert "..." not in done.out.partition("Commands:")[2], "a command's line is cut"
    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, f"{' '.join(words)} {option.name} has no help"


@pytest.mark.parametrize("words", [(), ("session",), ("question",), ("summary",)])
def test_without_a_command_it_shows_the_help(readalong: Readalong, words: tuple[str, ...]) -> None:
    done = readalong(*words)
    assert done.code == 0
    assert "Commands:" in done.out


def test_it_says_its_version(readalong: Readalong) -> None:
    from bot import __version__

    assert __version__ in readalong("--version").out


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from bot.cli import exit_code; exit_code(['session', 'add', '--help']);"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, cwd=ROOT
    )
    heavy = "asyncio aiohttp sqlalchemy alembic pydantic apscheduler rich pynostr coincurve ftfy"
    for name in (*heavy.split(), "discord", "cogs"):
        assert f"'{name}'" not in done.stderr, f"{name} is imported for help"


def test_an_unknown_command_is_a_usage_error(readalong: Readalong) -> None:
    done = readalong("sesion", "list")
    assert done.code == 2
    assert "No such command" in done.err


# init


def test_init_writes_a_config_and_a_key_that_only_its_owner_reads(
    readalong: Readalong, tmp_path: Path
) -> None:
    done = readalong(
        *("init", "--dir", "atl", "--name", "Büchergruppe „Süd“", "--timezone", "Europe/Berlin"),
        *("--relay", "wss://one.example", "--relay", "ws://127.0.0.1:7"),
    )
    assert done.code == 0
    text = (tmp_path / "atl" / "config.toml").read_text(encoding="utf-8")
    assert 'slug = "buchergruppe-sud"' in text
    assert 'name = "Büchergruppe „Süd“"' in text
    assert 'timezone = "Europe/Berlin"' in text
    assert 'relays = ["wss://one.example", "ws://127.0.0.1:7"]' in text
    assert "# an IANA name" in text, "the comments are kept"
    key = tmp_path / "atl" / "data" / "nostr.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert read_key_file(key).npub in done.out
    assert "nsec" not in done.out


def test_init_prints_the_link_that_invites_the_bot_with_exactly_what_it_uses(
    readalong: Readalong, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "https://discord.com/developers/applications" in readalong("init", "--dir", "a").out
    token = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
    monkeypatch.setenv("DISCORD_TOKEN", token)
    done = readalong("init", "--dir", "b")
    assert invite_url(198622483471925248) in done.out
    assert token not in done.out
    assert "/setup" in done.out
    monkeypatch.setenv("DISCORD_TOKEN", "not-of-discord")
    assert "`readalong check` asks Discord" in readalong("init", "--dir", "c").out


def test_init_never_overwrites(group: Readalong, tmp_path: Path) -> None:
    before = (tmp_path / "config.toml").read_bytes(), (tmp_path / "data/nostr.key").read_bytes()
    again = refused(group("init"))
    assert "exist already" in again
    assert "`readalong check`" in again
    assert "exists already" in refused(group("init", "--name", "Other"))
    after = (tmp_path / "config.toml").read_bytes(), (tmp_path / "data/nostr.key").read_bytes()
    assert after == before


def test_init_makes_a_missing_key_for_a_config_that_is_there(
    group: Readalong, tmp_path: Path
) -> None:
    (tmp_path / "data" / "nostr.key").unlink()
    done = group("init")
    assert done.code == 0
    assert read_key_file(tmp_path / "data" / "nostr.key").npub in done.out


def test_init_checks_the_answers_before_it_writes(readalong: Readalong, tmp_path: Path) -> None:
    done = readalong("init", "--timezone", "Mars/Base", "--relay", "https://x")
    assert done.code == 2
    assert "[group] timezone" in done.err
    assert "[nostr] relays, item 1" in done.err
    assert not (tmp_path / "config.toml").exists()


def test_init_fills_the_answers_in_where_the_comments_still_line_up(
    readalong: Readalong, tmp_path: Path
) -> None:
    done = readalong("init", "--name", "日本", "--timezone", "Asia/Tokyo")
    assert done.code == 0
    assert "1. edit config.toml: the relays\n" in done.out, "the rest was told"
    text = (tmp_path / "config.toml").read_text(encoding="utf-8")
    assert 'name = "日本"\n' in text
    assert 'slug = "my-group"                      # short name' in text, "no letters for a slug"
    assert 'timezone = "Asia/Tokyo"                # an IANA' in text


# Configuration


def test_config_stands_before_or_after_the_command(readalong: Readalong, tmp_path: Path) -> None:
    readalong("init", "--dir", "g")
    config = ("--config", "g/config.toml")
    for words in (
        (*config, "session", "list"),
        ("session", *config, "list"),
        ("session", "list", *config),
    ):
        assert readalong(*words).code == 0
    assert (tmp_path / "g" / "data" / "readalong.sqlite").exists()
    assert not (tmp_path / "data").exists()


def test_a_config_that_is_missing_is_exit_2(readalong: Readalong) -> None:
    done = readalong("session", "list", "--config", "nowhere.toml")
    assert (done.code, done.out) == (2, "")
    assert "no such file" in done.err


@pytest.mark.parametrize("words", [("session", "list"), ("run",), ("backup", "x"), ("say", "hi")])
def test_every_problem_of_a_config_is_listed_and_no_secret_shown(
    readalong: Readalong, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "config.toml").write_text(
        f"[group]\ntimezone = 'x'\nfoo = 1\n[nostr]\nkey = '{NSEC}'\n", encoding="utf-8"
    )
    done = readalong(*words)
    assert done.code == 2
    assert len(done.err.splitlines()) == 3
    assert NSEC not in done.err + done.out


def test_the_bot_needs_a_key(readalong: Readalong) -> None:
    assert "readalong init" in readalong("run").err
    assert readalong("run").code == 2
    slug = added(readalong)
    done = readalong("session", "announce", slug)
    assert done.code == 2
    assert "readalong init" in done.err
    done = readalong("session", "add", "--title", "X", "--at", AHEAD, "--announce")
    assert done.code == 2
    assert len(readalong("session", "list", "--format", "json").json) == 1, "nothing was stored"


def test_a_key_file_that_others_read_is_refused(group: Readalong, tmp_path: Path) -> None:
    (tmp_path / "data" / "nostr.key").chmod(0o644)
    done = group("session", "list")
    assert done.code == 2
    assert "chmod 600" in done.err


def test_a_data_file_of_another_program_is_exit_2(group: Readalong, tmp_path: Path) -> None:
    (tmp_path / "data" / "readalong.sqlite").write_text("this is no database at all " * 50)
    done = group("session", "list")
    assert done.code == 2
    assert "is not a SQLite file" in done.err


# Sessions


def test_a_session_from_plan_to_cancellation(group: Readalong) -> None:
    slug = added(
        group, "--tag", "Nostr", "--tag", "relays", "--place", "c-base", "--duration", "90m"
    )
    first = group("session", "announce", slug)
    again = group("session", "announce", slug)
    assert "2 posts are queued" in first.out
    assert "announced before" in again.out
    moved = group("session", "edit", slug, "--at", "2036-12-03 20:00", "--tag", "other")
    assert "2036-12-03 20:00" in moved.out
    shown = group("session", "show", slug, "--format", "json").json
    assert shown["tags"] == ["other"]
    assert shown["status"] == "announced"
    assert shown["duration_minutes"] == 90
    assert shown["place"] == "c-base"
    assert "is off" in group("session", "cancel", slug).out
    assert group("session", "list", "--format", "json").json[0]["status"] == "cancelled"


def test_show_has_the_keys_that_scripts_build_on(group: Readalong) -> None:
    slug = added(group, "--reading", "https://example.org/a")
    group("question", "add", slug, "Why?")
    shown = group("session", "show", slug, "--format", "json").json
    contract = "slug title starts_at timezone status tags readings summaries questions rsvps"
    assert set(contract.split()) <= set(shown)
    assert shown["starts_at"] == "2036-12-02T19:00:00Z"
    assert shown["readings"][0]["url"] == "https://example.org/a"
    assert shown["rsvps"] == {"yes": 0, "maybe": 0, "no": 0}
    assert {"number", "text", "votes", "network", "author"} <= set(shown["questions"][0])


def test_show_in_words_has_everything_too(group: Readalong, tmp_path: Path) -> None:
    (tmp_path / "r.md").write_text(READING, encoding="utf-8")
    slug = added(group, "--reading", "r.md", "--topic", "About *relays*.", "--tag", "nostr")
    group("summary", "make", slug)
    group("question", "add", slug, "Why?")
    shown = group("session", "show", slug).out
    for part in ("Nostr night", AHEAD, "About *relays*.", "nostr", "TECHIE", "PLAIN", "Why?"):
        assert part in shown


def test_list_is_empty_at_first_and_fits_100_columns_later(group: Readalong) -> None:
    assert "no session yet" in group("session", "list").out
    assert group("session", "list", "--format", "json").json == []
    slug = added(group, title="A session whose title is long enough to need a second line")
    listed = group("session", "list").out
    assert slug in listed
    assert max(map(len, listed.splitlines())) <= 100
    assert len(group("session", "list", "--limit", "1", "--format", "json").json) == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--at", "2020-01-01 19:00"), "has passed"),
        (("--at", "soon"), "is not a time"),
        (("--at", "tomorrow"), "has no hour"),
        (("--at", "2036-99-99 19:00"), "not a date that exists"),
        (("--at", "wednesday 7"), "7am or 7pm"),
        (("--at", "12/2 7pm"), "the month's name"),
        (("--at", AHEAD, "--timezone", "Mars/Base"), "no time zone"),
        (("--at", "2036-03-09 02:30", "--timezone", "America/New_York"), "the clocks skip it"),
        (("--at", AHEAD, "--duration", "48h"), "between 1 minute and 24 hours"),
        (("--at", AHEAD, "--reading", "nowhere.md"), "There is no file “nowhere.md”; give a file,"),
        (("--at", AHEAD, "--reading", "arXiv:20.1"), "or an arXiv id, such as 2001.08361."),
        (("--at", AHEAD, "--reading", "file:///etc/passwd"), "link that starts with https://"),
        (("--at", AHEAD, "--reading", "gopher://x"), "link that starts with https://"),
        (("--at", AHEAD, "--reading", "https://u:p@x.example/"), "carries no user name"),
        (("--at", AHEAD, "--reading", "https://[::1"), "link that starts with https://"),
        (("--at", AHEAD, "--reading", "https://x.example/a b"), "has no spaces"),
    ],
)
def test_a_session_that_cannot_be_gets_one_line(
    group: Readalong, words: tuple[str, ...], reason: str
) -> None:
    assert reason in refused(group("session", "add", "--title", "X", *words))
    assert group("session", "list", "--format", "json").json == []


def test_a_time_can_be_given_as_people_say_it_and_is_shown(group: Readalong) -> None:
    at = ("--at", "2 december 2036 7pm", "--timezone", "America/New_York")
    done = group("session", "add", "--title", "Spoken", *at)
    assert (done.code, "2036-12-02 19:00" in done.out) == (0, True)
    moved = group("session", "edit", "spoken", "--at", "3 dec 2036 20:00", "--format", "json")
    assert moved.json["starts_at"].startswith("2036-12-04T01:00")


@pytest.mark.parametrize(
    "words",
    [
        ("session", "add", "--title", "X"),
        ("session", "add", "--title", "X", "--at", AHEAD, "--duration", "long"),
        ("session", "edit", "x"),
        ("session", "list", "--format", "xml"),
        ("session", "list", "--limit", "0"),
        ("summary", "show", "x", "--audience", "experts"),
        ("say", "hi", "--relay", "http://x"),
        ("say", "hi", "--to", "npub1nobody"),
    ],
)
def test_wrong_usage_is_exit_2(group: Readalong, words: tuple[str, ...]) -> None:
    done = group(*words)
    assert done.code == 2
    assert done.err


@pytest.mark.parametrize(
    "words",
    [
        ("session", "show", "zzz"),
        ("session", "edit", "zzz", "--place", "x"),
        ("session", "cancel", "zzz"),
        ("session", "announce", "zzz"),
        ("session", "export", "zzz"),
        ("summary", "show", "zzz"),
        ("summary", "make", "zzz"),
        ("question", "list", "zzz"),
        ("question", "add", "zzz", "Why?"),
    ],
)
def test_an_unknown_session_is_told_with_names_that_exist(
    group: Readalong, words: tuple[str, ...]
) -> None:
    slug = added(group, "--announce")
    line = refused(group(*words))
    assert "no session called “zzz”" in line
    assert slug in line


def test_the_organiser_is_told_of_plans_too(group: Readalong) -> None:
    assert refused(group("session", "show", "next")) == "No session lies ahead yet.\n"
    assert refused(group("session", "show", "last")) == "No session has been held yet.\n"
    assert "none to choose from" in refused(group("session", "show", "zzz"))
    assert added(group) in refused(group("session", "show", "zzz"))


def test_long_lines_are_broken_between_words_and_links_never() -> None:
    from bot.cli.show import wrapped

    link = f"https://example.org/{'x' * 40}"
    assert wrapped(f"1. one two three four five six {link} seven\n\nshort", 20) == (
        f"1. one two three\n   four five six\n   {link}\n   seven\n\nshort"
    )


def test_a_page_comes_in_and_goes_out_the_same(group: Readalong, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    taken = group("session", "import", "page.md", "--timezone", "America/New_York")
    assert taken.code == 0, taken.err
    assert "Imported “Who runs the relays?”" in taken.out
    assert "questions  2 on the board" in taken.out
    assert "19:00 was assumed" in taken.out
    assert "Nothing new" in group("session", "import", "page.md").out
    slug = "who-runs-the-relays"
    before = group("session", "show", slug, "--format", "json").json
    assert group("session", "export", slug, "--output", "out.md").code == 0
    assert (tmp_path / "out.md").read_text(encoding="utf-8") == (
        group("session", "export", slug).out
    )
    again = group("session", "import", "out.md", "--format", "json").json
    assert (again["slug"], again["created"]) == (slug, False)
    assert (
        group("session", "show", slug, "--format", "json").json["questions"]
        == (before["questions"])
    )
    assert "exists already" in refused(group("session", "export", slug, "--output", "out.md"))


def test_an_imported_page_can_be_announced_at_once(group: Readalong, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(PAGE, encoding="utf-8")
    done = group("session", "import", "page.md", "--at", AHEAD, "--announce")
    assert done.code == 0, done.err
    assert "2 posts are queued" in done.out
    assert group("session", "list", "--format", "json").json[0]["status"] == "announced"


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (b"", ""),
        (b"%PDF-1.7 \x00\x01", ""),
        (b"x" * (4 * 1024 * 1024 + 1), "larger than 4 MiB"),
        (b"# A title\n\nBut no date.", "no date"),
        (b"---\ntitle: [open\n---\nText.\n", "could not be read as YAML"),
        (b'---\ndate: "9999-99-99"\n---\n# A title\n', "not a date that exists"),
    ],
)
def test_a_file_that_is_no_page_stores_nothing(
    group: Readalong, tmp_path: Path, page: bytes, reason: str
) -> None:
    (tmp_path / "page.md").write_bytes(page)
    assert reason in refused(group("session", "import", "page.md"))
    assert group("session", "list", "--format", "json").json == []


def test_a_page_that_is_not_there_gets_one_line(group: Readalong) -> None:
    assert "No such file" in refused(group("session", "import", "nowhere.md"))


# Summaries and questions


def test_summaries_are_made_once_shown_and_made_anew(group: Readalong, tmp_path: Path) -> None:
    (tmp_path / "r.md").write_text(READING, encoding="utf-8")
    slug = added(group, "--reading", "r.md")
    first = group("summary", "show", slug, "--format", "json").json
    assert list(first) == ["techie", "plain"]
    assert first["techie"]["origin"] == "extractive"
    assert group("summary", "show", slug, "--format", "json").json == first
    made = group("summary", "make", slug, "--audience", "plain", "--format", "json").json
    assert list(made) == ["plain"]
    assert made["plain"]["version"] == 2
    assert made["plain"]["body"] in group("summary", "show", slug, "--audience", "plain").out


def test_a_summary_of_nothing_is_refused_in_one_line(group: Readalong) -> None:
    assert "no reading" in refused(group("summary", "show", added(group)))
    linked = added(group, "--reading", "http://127.0.0.1/a", title="Linked")
    assert "only a link" in refused(group("summary", "show", linked))


def test_the_board_in_every_format(group: Readalong) -> None:
    slug = added(group)
    assert "no question" in group("question", "list", slug).out
    for text in ("=HYPERLINK(1)", "a | b", "<script>", "line\nbreak"):
        assert group("question", "add", slug, text).code == 0
    assert [q["number"] for q in group("question", "list", slug, "--format", "json").json] == [
        *range(1, 5)
    ]
    board = group("question", "list", slug, "--format", "csv").out
    assert "'=HYPERLINK(1)" in board
    table = group("question", "list", slug, "--format", "md").out.splitlines()
    assert len(table) == 6
    assert "a \\| b" in table[3]
    assert "line break" in group("question", "list", slug).out


def test_what_strangers_write_never_reaches_the_terminal_as_commands(group: Readalong) -> None:
    slug = added(group, title="A \x1b[31mred\x1b[0m \u202etitle")
    group("question", "add", slug, "clear \x1b[2J screen \x9b1m \u202e")
    for words in (
        ("session", "show", slug),
        ("session", "list"),
        ("session", "list", "--format", "json"),
        ("question", "list", slug),
        ("question", "list", slug, "--format", "csv"),
        ("question", "list", slug, "--format", "md"),
    ):
        shown = group(*words).out
        assert not set("\x1b\x9b\u202e") & set(shown), words


def test_a_question_can_be_added_as_json_and_an_empty_one_not(group: Readalong) -> None:
    slug = added(group)
    asked = group("question", "add", slug, "Why?", "--format", "json").json
    assert (asked["number"], asked["author"], asked["network"]) == (1, None, "local")
    assert "nothing to read" in refused(group("question", "add", slug, "\u200b"))


# check, backup


def free_relay() -> str:
    return "ws://127.0.0.1:9"


def relays_are(folder: Path, *urls: str) -> None:
    config = folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('["ws://127.0.0.1:7447"]', json.dumps(urls)), encoding="utf-8")


def test_check_says_that_no_relay_answers(group: Readalong, tmp_path: Path) -> None:
    relays_are(tmp_path, free_relay())
    done = group("check", "--format", "json")
    assert done.code == 2
    report = done.json
    assert report["nostr"]["npub"].startswith("npub1")
    assert report["nostr"]["pubkey"] == read_key_file(tmp_path / "data/nostr.key").public_key
    (relay,) = report["nostr"]["relays"]
    assert (relay["url"], relay["ok"]) == (free_relay(), False)
    assert "can't be reached" in relay["detail"]
    assert "PROBLEM" in group("check").out


def test_check_without_key_or_with_a_bad_config_says_so(
    readalong: Readalong, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(f'[nostr]\nrelays = ["{free_relay()}"]')
    done = readalong("check", "--format", "json")
    assert done.code == 2
    assert any("readalong init" in problem for problem in done.json["problems"])
    (tmp_path / "config.toml").write_text("[nostr]\nfoo = 1")
    done = readalong("check", "--format", "json")
    assert done.code == 2
    assert done.json["problems"] == ["[nostr] foo: is not a known key."]
    (tmp_path / "config.toml").write_text("[nostr]\nenabled = false")
    assert "nothing to run" in readalong("check").out
    assert "no DISCORD_TOKEN" in readalong("run").err
    assert readalong("run").code == 2


async def test_check_looks_at_every_relay_and_at_the_outbox(tmp_path: Path) -> None:
    async with LocalRelay() as relay, LocalRelay(auth=True) as members_only:
        await command(tmp_path, "init")
        relays_are(tmp_path, relay.url, members_only.url, free_relay())
        await command(
            tmp_path, *f"session add --title X --announce --at {AHEAD[:10]}T19:00".split()
        )
        done = await command(tmp_path, "check", "--format", "json")
        assert done.code == 0
        report = done.json
        assert [each["ok"] for each in report["nostr"]["relays"]] == [True, True, False]
        assert [each["auth"] for each in report["nostr"]["relays"]] == [False, True, False]
        assert report["nostr"]["relays"][0]["rtt_ms"] > 0
        assert report["outbox"]["pending"] == 2
        assert "1 of 3 relays" in (await command(tmp_path, "check")).out


def test_backup_copies_once_and_never_over_a_file(group: Readalong, tmp_path: Path) -> None:
    assert "no data file" in refused(group("backup", "copy.sqlite"))
    slug = added(group)
    assert group("backup", "copy.sqlite").code == 0
    assert "exists already" in refused(group("backup", "copy.sqlite"))
    assert refused(group("backup", "nowhere/copy.sqlite"))
    (tmp_path / "data" / "readalong.sqlite").write_bytes((tmp_path / "copy.sqlite").read_bytes())
    assert group("session", "list", "--format", "json").json[0]["slug"] == slug


def test_a_complaint_repeats_no_escape_sequence(group: Readalong, tmp_path: Path) -> None:
    added(group)
    name = "clear\x1b[2J.sqlite"
    (tmp_path / name).touch()
    assert "\x1b" not in refused(group("backup", name))


# run and say, as processes


async def command(folder: Path, *words: str) -> Done:
    """The command as its own process."""
    import asyncio

    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
        cwd=folder,
    )
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


class Running:
    def __init__(self, folder: Path) -> None:
        self._log = folder / "log.txt"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "run"],
                stderr=log,
                text=True,
                env=environment(),
                cwd=folder,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    async def is_ready(self) -> None:
        await until(lambda: " ready " in self.log or self.process.poll() is not None, 20)
        assert self.process.poll() is None, self.log


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Running]]:
    started: list[Running] = []

    def begin() -> Running:
        started.append(Running(tmp_path))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
        each.process.wait(5)


async def test_the_bot_answers_notices_other_processes_and_ends_with_0(
    tmp_path: Path, start: Callable[[], Running]
) -> None:
    async with LocalRelay() as relay:
        await command(tmp_path, "init")
        relays_are(tmp_path, relay.url)
        bot = start()
        await bot.is_ready()
        second = await command(tmp_path, "run")
        assert second.code == 1
        assert f"already running on this data folder (pid {bot.process.pid})" in second.err
        await command(
            tmp_path, "session", "add", "--title", "Nostr night", "--at", AHEAD, "--announce"
        )
        answer = await command(tmp_path, "say", "next")
        assert answer.code == 0, answer.err
        assert "Nostr night" in answer.out
        key = tmp_path / "data" / "member.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        asked = await command(tmp_path, "say", "ask", "Who pays for", "the relays?")
        assert "Question 1" in asked.out
        board = await command(tmp_path, "question", "list", "next", "--format", "json")
        assert board.json[0]["author"] == read_key_file(key).npub

        async def all_sent() -> bool:
            report = await command(tmp_path, "check", "--format", "json")
            return "pending" not in report.json["outbox"]

        await until(all_sent, 15)
        assert end(bot.process) == 0
        assert "stopped" in bot.log
        assert "Traceback" not in bot.log


async def test_it_is_ready_while_its_relay_is_down_and_ends_with_0(
    tmp_path: Path, start: Callable[[], Running]
) -> None:
    await command(tmp_path, "init")
    relays_are(tmp_path, free_relay())
    bot = start()
    await bot.is_ready()
    bot.process.send_signal(signal.SIGINT)
    await until(lambda: bot.process.poll() is not None, 25)
    assert bot.process.returncode == 0, bot.log
    again = start()
    await again.is_ready()
    assert end(again.process) == 0, "the lock was let go of"


async def test_a_second_signal_ends_it_at_once(
    tmp_path: Path, start: Callable[[], Running]
) -> None:
    async with Scripted() as silent:  # which takes an event and never says so
        await command(tmp_path, "init")
        relays_are(tmp_path, silent.url)
        bot = start()
        await bot.is_ready()
        await until(lambda: any('"EVENT"' in frame for frame in silent.frames), 10)
        bot.process.terminate()
        await until(lambda: "stopping" in bot.log)
        assert bot.process.poll() is None, "it waits for what it is sending"
        bot.process.terminate()
        await until(lambda: bot.process.poll() is not None, 10)
        assert bot.process.returncode == 1
    again = start()
    await again.is_ready()
    assert end(again.process) == 0


async def test_the_log_is_one_line_a_record_and_holds_no_secret(
    tmp_path: Path, start: Callable[[], Running]
) -> None:
    await command(tmp_path, "init")
    relays_are(tmp_path, free_relay())
    bot = start()
    await bot.is_ready()
    end(bot.process)
    signer = read_key_file(tmp_path / "data" / "nostr.key")
    assert signer.nsec not in bot.log
    assert signer.npub in bot.log
    for line in bot.log.splitlines():
        assert line[:4].isdigit(), line
        assert line[10] == "T", line


async def test_say_without_a_bot_or_a_relay_is_told_in_one_line(tmp_path: Path) -> None:
    await command(tmp_path, "init")
    relays_are(tmp_path, free_relay())
    assert "can't be reached" in refused(await command(tmp_path, "say", "next"))


async def test_say_speaks_to_the_demo_where_there_is_no_config(tmp_path: Path) -> None:
    await command(tmp_path, "init", "--dir", "readalong-demo")
    relays_are(tmp_path / "readalong-demo", free_relay())
    done = await command(tmp_path, "say", "next")
    assert free_relay() in refused(done)
    assert (tmp_path / "readalong-demo" / "data" / "member.key").exists()
    assert not (tmp_path / "data").exists()


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--help"],
        stdout=write,
        stderr=subprocess.PIPE,
        env=environment(),
        cwd=tmp_path,
        timeout=30,
    )
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == b""
