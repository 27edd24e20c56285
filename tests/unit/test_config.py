"""The configuration: its defaults, its example, and all that can be wrong with it at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Config, load
from bot.domain.errors import ConfigError
from bot.domain.model import Limits
from bot.networks.nostr.keys import Signer

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
SIGNER = Signer(bytes([7] * 32))
DISCORD_TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
OPENAI_KEY = "sk-proj-abcdefghijklmnopqrstuvwxyz123456"


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(written(folder, text), environ)
    return list(caught.value.problems)


def test_the_example_holds_every_key_with_its_default(tmp_path: Path) -> None:
    example = load(EXAMPLE, {})
    defaults = Config(data_dir=EXAMPLE.parent / "data", path=EXAMPLE)
    assert example == defaults
    text = EXAMPLE.read_text(encoding="utf-8")
    for table in ("group", "nostr", "discord", "summaries", "limits"):
        assert f"[{table}]" in text
        for key in type(getattr(defaults, table)).model_fields:
            assert f"\n{key} = " in text, f"[{table}] {key} is missing from the example"


def test_no_file_means_every_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load(None, {})
    assert config.path is None
    assert config.data_dir == tmp_path / "data"
    assert config.group.reminders == (timedelta(days=7), timedelta(days=1), timedelta(hours=1))


def test_a_config_in_the_working_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, '[group]\nslug = "atl"')
    monkeypatch.chdir(tmp_path)
    assert load(None, {}).group.slug == "atl"


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; `readalong init` writes one"):
        load(tmp_path / "other.toml", {})


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read"):
        load(tmp_path, {})


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="is not a TOML file in UTF-8"):
        load(tmp_path / "config.toml", {})


def test_broken_toml_is_told_by_its_place_and_never_quoted(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, f'a = 1\n"{SIGNER.nsec}" = 1\n"{SIGNER.nsec}" = 2\n')
    assert "is not valid TOML (at line 3" in problem
    assert "nsec1" not in problem


def test_the_data_folder_is_relative_to_the_file(tmp_path: Path) -> None:
    assert load(written(tmp_path, 'data_dir = "x/y"'), {}).data_dir == tmp_path / "x" / "y"
    assert load(written(tmp_path, 'data_dir = "/srv/readalong"'), {}).data_dir == Path(
        "/srv/readalong"
    )


def test_what_the_file_says_is_what_counts(tmp_path: Path) -> None:
    config = load(
        written(
            tmp_path,
            f"""
            [group]
            slug = "atl"
            name = "Atlanta Reading Group"
            timezone = "America/New_York"
            reminders = ["1h", "2d", "1h", "30s"]
            [nostr]
            relays = ["wss://relay.example/", "ws://127.0.0.1:7447", "wss://relay.example"]
            organisers = ["{SIGNER.npub}"]
            [discord]
            enabled = false
            [summaries]
            provider = "extractive"
            model = "gpt-5-mini"
            base_url = ""
            [limits]
            questions_per_person = 2
            """,
        ),
        {},
    )
    assert config.group.reminders == (
        timedelta(days=2),
        timedelta(hours=1),
        timedelta(seconds=30),
    )
    assert config.nostr.relays == ("wss://relay.example", "ws://127.0.0.1:7447")
    assert config.organiser_keys() == (SIGNER.public_key,)
    assert config.domain_limits() == Limits(questions_per_person=2)


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    problems = problems_of(
        tmp_path,
        """
        data_dri = "data"
        [group]
        slug = "My Group"
        timezone = "America/Atlanta"
        reminders = ["7d", "soon", -1]
        [nostr]
        relays = ["https://relay.example", 5]
        [limits]
        questions_per_person = 0
        mentions_per_minute = "ten"
        """,
        NOSTR_NSEC="nsec1wrong",
    )
    named = [problem.partition(":")[0] for problem in problems]
    assert sorted(named) == sorted(
        [
            "data_dri",
            "[group] slug",
            "[group] timezone",
            "[group] reminders, item 2",
            "[group] reminders, item 3",
            "[nostr] relays, item 1",
            "[nostr] relays, item 2",
            "[limits] questions_per_person",
            "[limits] mentions_per_minute",
            "NOSTR_NSEC",
        ]
    )
    assert "data_dri: is not a known key; did you mean “data_dir”?" in problems
    assert "[limits] questions_per_person: needs 1 or more." in problems
    assert "[limits] mentions_per_minute: needs a whole number." in problems
    assert all(problem.endswith((".", "?")) for problem in problems)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[grup]\nname = 'x'", "grup: is not a known key; did you mean “group”?"),
        ("[group]\ntimezon = 'UTC'", "[group] timezon: is not a known key; did you mean"),
        ("[group]\nzzz = 1", "[group] zzz: is not a known key."),
        ("path = 'x'", "path: is not a known key."),
        ("nostr_nsec = 'x'", "nostr_nsec: a secret may not stand in this file"),
        ("group = 3", "[group]: needs to be a table of its own."),
        ("data_dir = 3", "data_dir: needs the path of a folder in quotes."),
        ("[group]\nname = ''", "[group] name: needs one line"),
        ("[group]\nname = 'a\\u0007'", "[group] name"),
        ("[group]\ntimezone = '../etc/passwd'", "[group] timezone: is not a known time zone"),
        ("[group]\ntimezone = 'America'", "[group] timezone: is not a known time zone"),
        ("[group]\ntimezone = ''", "[group] timezone: is not a known time zone"),
        ("[group]\nstart_time = '7pm'", "[group] start_time: needs hours and minutes"),
        ("[group]\nreminders = '7d'", "[group] reminders: needs a list"),
        ("[group]\nreminders = ['0m']", "[group] reminders, item 1: needs a time before"),
        ("[group]\nreminders = ['9999w']", "[group] reminders, item 1: needs a time before"),
        ("[nostr]\nenabled = 'yes'", "[nostr] enabled: needs true or false."),
        ("[nostr]\nrelays = []", "[nostr] relays: name at least one relay"),
        ("[nostr]\nrelays = ['wss://']", "[nostr] relays, item 1: needs a relay address"),
        ("[nostr]\nrelays = ['wss://a b']", "[nostr] relays, item 1: needs a relay address"),
        ("[nostr]\nrelays = ['wss://a:99999']", "[nostr] relays, item 1: needs a relay address"),
        ("[nostr]\nrelays = ['wss://[::1']", "[nostr] relays, item 1: needs a relay address"),
        ("[nostr]\nrelays = ['wss://me:pw@a']", "[nostr] relays, item 1: may not carry a user"),
        ("[nostr]\norganisers = ['npub1xyz']", "[nostr] organisers, item 1: needs a public key"),
        ("[nostr]\npicture = 'javascript:x'", "[nostr] picture: needs an address that starts"),
        ("[nostr]\nabout = '" + "x" * 1001 + "'", "[nostr] about: is too long; 1000 characters"),
        ("[discord]\nenabled = 'no'", "[discord] enabled: needs true or false."),
        ("[discord]\nguild = 'atl'", "[discord] guild: needs a server's id"),
        ("[discord]\nguild = 1234567890123456789", "[discord] guild: needs text in quotes."),
        ("[discord]\nshards = [0]", "[discord] shards: needs ids below shard_count"),
        ("[discord]\nshards = [3, 1]\nshard_count = 3", "[discord] shards: needs ids below"),
        ("[discord]\nshards = [-1]", "[discord] shards, item 1: needs 0 or more."),
        ("[discord]\nshard_count = -1", "[discord] shard_count: needs 0 or more."),
        ("[discord]\nshards = 'all'", "[discord] shards: needs a list in [brackets]."),
        ("[summaries]\nprovider = 'oracle'", '[summaries] provider: needs "extractive"'),
        ("[summaries]\nprovider = 1", '[summaries] provider: needs "extractive"'),
        ("[summaries]\nmodel = ''", "[summaries] model: needs one line"),
        ("[summaries]\nbase_url = 'ftp://x'", "[summaries] base_url: needs an address that starts"),
        ("[summaries]\nbase_url = 'http://'", "[summaries] base_url: needs an address that starts"),
        ("[summaries]\nbase_url = 'http://[::1'", "[summaries] base_url: needs an address"),
        ("[summaries]\nbase_url = 'http://a:99999'", "[summaries] base_url: needs an address"),
        ("[summaries]\nbase_url = 'http://me:pw@a/v1'", "[summaries] base_url: may not carry a u"),
        ("[summaries]\nbase_url = 'http://a/v1?k=1'", "[summaries] base_url: may not carry a que"),
        ("[summaries]\nlanguage = 'de\\n'", "[summaries] language: needs a language by its name"),
        ("[summaries]\ntimeout = 0", "[summaries] timeout: needs 1 or more."),
        ("[summaries]\ntimeout = '5m'", "[summaries] timeout: needs a number."),
        (
            "[summaries]\nmax_cost = inf",
            "[summaries] max_cost: needs a number that isn't infinite.",
        ),
        ("[summaries]\nmax_cost = -1", "[summaries] max_cost: needs 0 or more."),
        ("[summaries]\nmax_cost = 0.5", "[summaries] max_cost: needs price_in and price_out"),
        (
            "[summaries]\nmax_cost = 1\nprice_in = 0.25",
            "[summaries] max_cost: needs price_in and price_out",
        ),
        ("[summaries]\nmax_tokens = 1.5", "[summaries] max_tokens: needs a whole number."),
        ("[summaries]\ncontext_tokens = 100", "[summaries] context_tokens: needs 2000 or more."),
        ("[limits]\nquestion_length = 10001", "[limits] question_length: needs 10000 or less."),
        ("[limits]\nquestions_per_person = true", "[limits] questions_per_person: needs a whole"),
    ],
)
def test_one_wrong_key_gets_one_clear_sentence(tmp_path: Path, text: str, problem: str) -> None:
    found = problems_of(tmp_path, text.replace("'a\\u0007'", '"a\\u0007"'))
    assert len(found) == 1, found
    assert found[0].startswith(problem)


@pytest.mark.parametrize(
    ("text", "secret", "where"),
    [
        (f"[discord]\ntoken = '{DISCORD_TOKEN}'", DISCORD_TOKEN, "[discord] token"),
        (f"[nostr]\nnsec = '{SIGNER.nsec}'", SIGNER.nsec, "[nostr] nsec"),
        (f"[nostr]\nabout = 'me {SIGNER.nsec}'", SIGNER.nsec, "[nostr] about"),
        (f"[nostr]\n{SIGNER.nsec} = 'x'", SIGNER.nsec, "[nostr] [secret]"),
        (f"[nostr]\norganisers = ['{SIGNER.nsec}']", SIGNER.nsec, "[nostr] organisers, item 1"),
        (f"[summaries]\nbase_url = '{OPENAI_KEY}'", OPENAI_KEY, "[summaries] base_url"),
        ("OPENAI_API_KEY = 'anything'", "anything", "OPENAI_API_KEY"),
        ("[[nostr.x]]\nprivate_key = 'anything'", "anything", "[nostr] x, item 1, private_key"),
        (f"[{SIGNER.nsec}]\na = 1", SIGNER.nsec, "[secret]"),
    ],
)
def test_a_secret_in_the_file_is_an_error_that_never_repeats_it(
    tmp_path: Path, text: str, secret: str, where: str
) -> None:
    problems = problems_of(tmp_path, text)
    assert any(problem.startswith(f"{where}: ") for problem in problems), problems
    assert secret not in "\n".join(problems)
    assert sum(where in problem for problem in problems) == 1


def test_the_secret_says_which_variable_to_set(tmp_path: Path) -> None:
    text = f"a = '{DISCORD_TOKEN}'\nb = '{SIGNER.nsec}'\nc = '{OPENAI_KEY}'"
    discord, nostr, openai = sorted(
        problem for problem in problems_of(tmp_path, text) if "environment" in problem
    )
    assert "set DISCORD_TOKEN in the environment" in discord
    assert "set NOSTR_NSEC in the environment" in nostr
    assert "set OPENAI_API_KEY in the environment" in openai


def test_an_nsec_where_an_npub_belongs_is_named_as_such(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, f"[nostr]\norganisers = ['{SIGNER.nsec}']")
    assert "secret key (nsec) where a public one (npub) belongs" in problem


@pytest.mark.parametrize("form", [SIGNER.nsec, f"  {SIGNER.nsec}\n", "07" * 32])
def test_the_key_comes_from_the_environment_and_is_never_shown(tmp_path: Path, form: str) -> None:
    config = load(written(tmp_path, ""), {"NOSTR_NSEC": form})
    assert config.nostr_nsec is not None
    assert Signer.from_text(config.nostr_nsec.get_secret_value()).npub == SIGNER.npub
    assert form.strip() not in f"{config!r} {config}"


def test_a_key_in_the_environment_that_is_none_is_named_without_repeating_it(
    tmp_path: Path,
) -> None:
    (problem,) = problems_of(tmp_path, "", NOSTR_NSEC=SIGNER.npub)
    assert problem.startswith("NOSTR_NSEC: ")
    assert SIGNER.npub not in problem


def test_the_token_comes_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    config = load(written(tmp_path, ""), {"DISCORD_TOKEN": f" {DISCORD_TOKEN}\n"})
    assert config.token == DISCORD_TOKEN
    assert DISCORD_TOKEN not in f"{config!r} {config} {config.model_dump()}"


def test_discord_is_off_without_a_token_and_where_the_file_says_so(tmp_path: Path) -> None:
    assert load(written(tmp_path, ""), {}).token is None
    off = load(written(tmp_path, "[discord]\nenabled = false"), {"DISCORD_TOKEN": DISCORD_TOKEN})
    assert off.token is None


@pytest.mark.parametrize("token", [f"Bot {DISCORD_TOKEN}", f"{DISCORD_TOKEN}\nx", "…"])
def test_a_token_that_is_none_is_named_without_repeating_it(tmp_path: Path, token: str) -> None:
    (problem,) = problems_of(tmp_path, "", DISCORD_TOKEN=token)
    assert problem.startswith("DISCORD_TOKEN: ")
    assert token not in problem


def test_shards_are_this_processs_share_in_order(tmp_path: Path) -> None:
    text = "[discord]\nguild = '1234567890123456789'\nshards = [3, 1, 3]\nshard_count = 4"
    table = load(written(tmp_path, text), {}).discord
    assert (table.guild, table.shards, table.shard_count) == ("1234567890123456789", (1, 3), 4)


def test_a_model_is_described_whole(tmp_path: Path) -> None:
    text = """
        [summaries]
        provider = "openai"
        model = "qwen3:8b"
        base_url = "http://127.0.0.1:11434/v1/"
        language = "Português (Brasil)"
        timeout = 600
        context_tokens = 32000
        price_in = 0.25
        price_out = 2
        max_cost = 0.10
    """
    config = load(written(tmp_path, text), {"OPENAI_API_KEY": f" {OPENAI_KEY}\n"})
    table = config.summaries
    assert table.by_model
    assert (table.base_url, table.timeout) == ("http://127.0.0.1:11434/v1", 600.0)
    assert (table.price_in, table.price_out, table.max_cost) == (0.25, 2.0, 0.1)
    assert config.model_key == OPENAI_KEY
    assert OPENAI_KEY not in f"{config!r} {config} {config.model_dump()}"
    assert config.secrets == (OPENAI_KEY,)


def test_no_model_is_asked_and_no_key_needed_by_default(tmp_path: Path) -> None:
    config = load(written(tmp_path, ""), {})
    assert not config.summaries.by_model
    assert (config.model_key, config.secrets) == ("", ())


def test_a_model_key_that_is_none_is_named_without_repeating_it(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, "", OPENAI_API_KEY=f"Bearer {OPENAI_KEY}")
    assert problem.startswith("OPENAI_API_KEY: ")
    assert OPENAI_KEY not in problem


def test_no_relay_is_needed_where_nostr_is_off(tmp_path: Path) -> None:
    config = load(written(tmp_path, "[nostr]\nenabled = false\nrelays = []"), {})
    assert not config.nostr.enabled


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().group.slug = "other"
