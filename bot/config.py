"""What the operator wants: config.toml and the environment, as one frozen, validated value.

It says everything that is wrong at once, names the key each time, and repeats no secret. Nothing is
read at import, and nothing is opened here but the file itself: whether a relay answers or the data
folder can be written is for `readalong check` and the start to find out.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from bot.domain.errors import ConfigError, InvalidSessionError
from bot.domain.model import Limits
from bot.domain.when import parse_offset, zone_of
from bot.networks.nostr import keys, nip19

DEFAULT_PATH = Path("config.toml")

# The variable that a secret belongs in, what such a secret looks like, and what keys are called.
_SECRETS = tuple(
    (variable, re.compile(text, re.IGNORECASE), re.compile(key, re.IGNORECASE))
    for variable, text, key in (
        ("NOSTR_NSEC", r"(nsec|ncryptsec)1[a-z0-9]{20,}", r"(nsec|private_?key|secret)$"),
        ("OPENAI_API_KEY", r"\bsk-[\w-]{16,}", r"api_?key$"),
        ("DISCORD_TOKEN", r"\b[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}", r"(token|password)$"),
    )
)


def redacted(text: str) -> str:
    """``text`` without anything that looks like a secret of ours."""
    for _, pattern, _ in _SECRETS:
        text = pattern.sub("[secret]", text)
    return text


def _slug(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", text) or len(text) > 40:
        raise ValueError("use small letters, digits and single hyphens, 40 characters at most.")
    return text


def _line(text: str) -> str:
    text = text.strip()
    if not text or len(text) > 100 or not text.isprintable():
        raise ValueError("needs one line of 1 to 100 printable characters.")
    return text


def _zone(text: str) -> str:
    try:
        return zone_of(text).key
    except InvalidSessionError:
        raise ValueError('is not a known time zone; write one like "America/New_York".') from None


def _wall_time(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError('needs hours and minutes, like "19:00".')
    return text


def _offset(value: object) -> object:
    """Defaults are lengths of time already; the file's are text."""
    if isinstance(value, timedelta):
        return value
    try:
        return parse_offset(str(value))
    except ValueError:
        raise ValueError('needs a time before the start, like "7d", "1d" or "90m".') from None


def _longest_first(offsets: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    return tuple(sorted(set(offsets), reverse=True))


def _relay(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.scheme not in ("ws", "wss") or re.search(r"\s", text):
        raise ValueError('needs a relay address that starts with "wss://" or "ws://".')
    if parts.username or parts.password or parts.fragment:
        raise ValueError("may not carry a user name, a password or a fragment.")
    return text.rstrip("/") if parts.path == "/" and not parts.query else text


def _npub(text: str) -> str:
    try:
        nip19.decode_npub(text)
    except nip19.InvalidNameError:
        raise ValueError("needs a public key (npub); copy it again whole.") from None
    return text


def _snowflake(text: str) -> str:
    if text and not re.fullmatch(r"[1-9]\d{14,19}", text):
        raise ValueError('needs a server\'s id, such as "1234567890123456789", in quotes.')
    return text


def _ascending(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


def _unique(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


Offset = Annotated[timedelta, BeforeValidator(_offset)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class GroupTable(_Table):
    """``start_time`` is for a session page that gives a date but no hour."""

    slug: Annotated[str, AfterValidator(_slug)] = "my-group"
    name: Annotated[str, AfterValidator(_line)] = "My Reading Group"
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    start_time: Annotated[str, AfterValidator(_wall_time)] = "19:00"
    reminders: Annotated[
        tuple[Offset, ...], Field(strict=False, max_length=20), AfterValidator(_longest_first)
    ] = (timedelta(days=7), timedelta(days=1), timedelta(hours=1))


class NostrTable(_Table):
    """``organisers`` are npubs, as written. ``about`` and ``picture`` are the bot's profile."""

    enabled: bool = True
    relays: Annotated[
        tuple[Annotated[str, AfterValidator(_relay)], ...],
        Field(strict=False, max_length=50),
        AfterValidator(_unique),
    ] = ("ws://127.0.0.1:7447",)
    organisers: Annotated[
        tuple[Annotated[str, AfterValidator(_npub)], ...],
        Field(strict=False),
        AfterValidator(_unique),
    ] = ()
    about: Annotated[str, Field(max_length=1000)] = "I run a reading group. Mention me with `help`."
    picture: Annotated[str, Field(max_length=1000, pattern=r"^(https?://\S+)?$")] = ""

    @field_validator("relays")
    @classmethod
    def _needed_where_enabled(
        cls, relays: tuple[str, ...], info: ValidationInfo
    ) -> tuple[str, ...]:
        if info.data.get("enabled") and not relays:
            raise ValueError("name at least one relay, or set enabled to false.")
        return relays


class DiscordTable(_Table):
    """``guild`` is where the group of this file lives; empty, the first guild that is set up.

    ``shards`` is this process's share of ``shard_count``; empty, all of them (as many as Discord
    asks for, where ``shard_count`` is 0).
    """

    enabled: bool = True
    guild: Annotated[str, AfterValidator(_snowflake)] = ""
    shard_count: Annotated[int, Field(ge=0, le=10_000)] = 0
    shards: Annotated[
        tuple[Annotated[int, Field(ge=0)], ...], Field(strict=False), AfterValidator(_ascending)
    ] = ()

    @field_validator("shards")
    @classmethod
    def _within_the_count(cls, shards: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        count = info.data.get("shard_count", max(shards, default=0) + 1)
        if shards and shards[-1] >= count:
            raise ValueError("needs ids below shard_count; set that to how many there are in all.")
        return shards


class SummariesTable(_Table):
    """``model`` and ``base_url`` are for a provider that asks a model; ``extractive`` doesn't."""

    provider: Literal["extractive"] = "extractive"
    model: str = "gpt-5-mini"
    base_url: str = ""


class LimitsTable(_Table):
    """See ``Limits``, which these become."""

    questions_per_person: Count = 5
    questions_per_session: Count = 200
    question_length: Annotated[int, Field(ge=1, le=10_000)] = 1000
    mentions_per_minute: Count = 10
    strangers_per_minute: Count = 120


class ConfigFile(_Table):
    """Everything that config.toml may say."""

    data_dir: Annotated[Path, Field(strict=False)] = Path("data")
    group: GroupTable = GroupTable()
    nostr: NostrTable = NostrTable()
    discord: DiscordTable = DiscordTable()
    summaries: SummariesTable = SummariesTable()
    limits: LimitsTable = LimitsTable()


class Config(ConfigFile):
    """``path`` is the file it was read from, None when there was none. ``data_dir`` is resolved.

    ``nostr_nsec`` comes from the environment; without it the key file in ``data_dir`` counts.
    ``discord_token`` comes from there too; without it Discord is off.
    """

    path: Path | None = None
    nostr_nsec: SecretStr | None = None
    discord_token: SecretStr | None = None

    @property
    def token(self) -> str | None:
        """What the bot logs in to Discord with; None while Discord is off."""
        if not self.discord.enabled or self.discord_token is None:
            return None
        return self.discord_token.get_secret_value()

    def domain_limits(self) -> Limits:
        return Limits(**self.limits.model_dump())

    def organiser_keys(self) -> tuple[str, ...]:
        """The organisers' public keys in hex."""
        return tuple(nip19.decode_npub(npub) for npub in self.nostr.organisers)


Place = tuple[str | int, ...]
"""Where in the file: ("nostr", "organisers", 0)."""


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read ``path``, or ./config.toml where there is one, or take every default.

    Raises ConfigError with all problems at once.
    """
    source = path or (DEFAULT_PATH if DEFAULT_PATH.exists() else None)
    data = _read(source) if source else {}
    nsec = environ.get("NOSTR_NSEC", "").strip()
    file, problems = _validated(data)
    if nsec and not _is_secret_key(nsec):
        problems.append("NOSTR_NSEC: needs the bot's secret key (nsec); copy it again whole.")
    token = environ.get("DISCORD_TOKEN", "").strip()
    if token and not re.fullmatch(r"[!-~]+", token):  # what can stand in an HTTP header
        problems.append("DISCORD_TOKEN: needs the bot's token and nothing else; copy it again.")
    if file is None or problems:
        raise ConfigError(problems)
    folder = source.parent if source else Path()
    return Config(
        **{
            **{name: getattr(file, name) for name in ConfigFile.model_fields},
            "data_dir": (folder / file.data_dir.expanduser()).resolve(),
        },
        path=source,
        nostr_nsec=SecretStr(nsec) if nsec else None,
        discord_token=SecretStr(token) if token else None,
    )


def _read(path: Path) -> dict[str, Any]:
    """A library's message may repeat the line, and a secret with it: only the place is told."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; `readalong init` writes one.") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't be read ({error.strerror}).") from None
    except (UnicodeDecodeError, RecursionError):
        raise ConfigError(f"{path}: is not a TOML file in UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at [^()]*\)$", str(error))
        raise ConfigError(f"{path}: is not valid TOML {at.group() if at else ''}.") from None


def _is_secret_key(text: str) -> bool:
    try:
        keys.Signer.from_text(text)
    except keys.InvalidKeyError:
        return False
    return True


def _validated(data: dict[str, Any]) -> tuple[ConfigFile | None, list[str]]:
    """The file's value, and all that is wrong with it; a secret counts as wrong wherever it is."""
    secrets = dict(_secrets(data))
    problems = [f"{_name(place)}: {sentence}" for place, sentence in secrets.items()]
    try:
        return ConfigFile.model_validate(data), problems
    except ValidationError as invalid:
        problems.extend(
            f"{_name(error['loc'])}: {_sentence(error)}"
            for error in invalid.errors(include_url=False, include_input=False)
            if error["loc"] not in secrets
        )
        return None, problems


def _secrets(node: Any, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Where a secret stands, and what to do about it; the secret itself is never repeated."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in items:
        here = (*place, key)
        nested = isinstance(value, dict | list)
        variable = _variable(str(key), "" if nested else str(value))
        if variable and place == ("nostr", "organisers"):
            yield here, "holds a secret key (nsec) where a public one (npub) belongs; replace it."
        elif variable:
            yield (
                here,
                f"a secret may not stand in this file; set {variable} in the environment "
                "and remove it here.",
            )
        if nested:
            yield from _secrets(value, here)


def _variable(key: str, value: str) -> str | None:
    """Which secret this entry gives away, by what it looks like or by what it is called."""
    for variable, looks, called in _SECRETS:
        if looks.search(key) or looks.search(value) or (called.search(key) and value):
            return variable
    return None


def _name(place: Place) -> str:
    """("nostr", "organisers", 0) -> "[nostr] organisers, item 1", with no secret in it."""
    words = [f"item {step + 1}" if isinstance(step, int) else redacted(step) for step in place]
    if len(words) == 1:
        is_table = place[0] in ConfigFile.model_fields and place[0] != "data_dir"
        return f"[{words[0]}]" if is_table else words[0]
    return f"[{words[0]}] {', '.join(words[1:])}"


_SENTENCES = {
    "literal_error": "is not a value that this version knows.",
    "string_type": "needs text in quotes.",
    "int_type": "needs a whole number.",
    "bool_type": "needs true or false.",
    "tuple_type": "needs a list in [brackets].",
    "path_type": "needs the path of a folder in quotes.",
    "model_type": "needs to be a table of its own.",
    "greater_than_equal": "needs {ge} or more.",
    "less_than_equal": "needs {le} or less.",
    "too_long": "has too many items; {max_length} are the most.",
    "string_too_long": "is too long; {max_length} characters are the most.",
    "string_pattern_mismatch": 'needs an address that starts with "https://" or "http://".',
}
_SENTENCES_OF: dict[Place, str] = {
    ("summaries", "provider"): 'this version has "extractive" only; set it to that.',
}


def _sentence(error: ErrorDetails) -> str:
    place, kind, context = error["loc"], error["type"], error.get("ctx", {})
    if place in _SENTENCES_OF:
        return _SENTENCES_OF[place]
    if kind == "extra_forbidden":
        return f"is not a known key{_guess(place)}"
    if kind == "value_error":
        return str(context["error"])
    return _SENTENCES.get(kind, "has a value that can't be used.").format(**context)


def _guess(place: Place) -> str:
    table: Any = ConfigFile
    for step in place[:-1]:
        field = table.model_fields.get(step)
        table = field.annotation if field else None
    known = list(table.model_fields) if table else []
    close = difflib.get_close_matches(str(place[-1]), known, n=1)
    return f"; did you mean “{close[0]}”?" if close else "."
