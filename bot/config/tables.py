"""Every key of config.toml with its default, table by table.

What a kind of value may be is `values`' own; reading the file, `loading`'s.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from bot.config.values import (
    Amount,
    Count,
    Line,
    Npubs,
    Offsets,
    Relays,
    Seconds,
    Server,
    Shards,
    Slug,
    Snowflake,
    WallTime,
    Zone,
)
from bot.domain.model import Limits
from bot.networks.nostr import nip19


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class GroupTable(_Table):
    """``start_time`` is for a session page that gives a date but no hour."""

    slug: Slug = "my-group"
    name: Line = "My Reading Group"
    timezone: Zone = "UTC"
    start_time: WallTime = "19:00"
    reminders: Offsets = (timedelta(days=7), timedelta(days=1), timedelta(hours=1))


class NostrTable(_Table):
    """``organisers`` are npubs, as written. ``about`` and ``picture`` are the bot's profile."""

    enabled: bool = True
    relays: Relays = ("ws://127.0.0.1:7447",)
    organisers: Npubs = ()
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
    guild: Snowflake = ""
    shard_count: Annotated[int, Field(ge=0, le=10_000)] = 0
    shards: Shards = ()

    @field_validator("shards")
    @classmethod
    def _within_the_count(cls, shards: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        count = info.data.get("shard_count", max(shards, default=0) + 1)
        if shards and shards[-1] >= count:
            raise ValueError("needs ids below shard_count; set that to how many there are in all.")
        return shards


class SummariesTable(_Table):
    """``extractive`` quotes the reading and needs none of the other keys; ``openai`` asks a model,
    at any server that speaks the OpenAI API.

    ``base_url`` is that server's, "" for OpenAI's own. ``timeout`` is for both summaries of a
    reading, ``request_timeout`` for one request, in seconds. A session's summaries take at most
    ``max_cost`` and ``max_tokens`` (0: no such limit). Prices are for a million tokens (0: not
    known; of ``price_cached``: as ``price_in``). ``language`` is a name or a code, "" for the
    reading's own.
    """

    provider: Literal["extractive", "openai"] = "extractive"
    model: Line = "gpt-5-mini"
    base_url: Server = ""
    language: Annotated[str, Field(max_length=50, pattern=r"^[\w ()-]*$")] = ""
    timeout: Seconds = 300
    request_timeout: Seconds = 120
    context_tokens: Annotated[int, Field(ge=2_000, le=10_000_000)] = 128_000
    answer_tokens: Annotated[int, Field(ge=100, le=1_000_000)] = 8_000
    max_tokens: Annotated[int, Field(ge=0, le=1_000_000_000)] = 500_000
    price_in: Amount = 0
    price_out: Amount = 0
    price_cached: Amount = 0
    max_cost: Amount = 0

    @field_validator("max_cost")
    @classmethod
    def _countable(cls, max_cost: float, info: ValidationInfo) -> float:
        """Without both prices nobody can say what has been spent."""
        if max_cost and not (info.data.get("price_in", 1) and info.data.get("price_out", 1)):
            raise ValueError("needs price_in and price_out, from your provider's price list.")
        return max_cost

    @property
    def by_model(self) -> bool:
        return self.provider != "extractive"


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
    ``discord_token`` comes from there too; without it Discord is off. So does ``openai_api_key``,
    which a local model's server may not need.
    """

    path: Path | None = None
    nostr_nsec: SecretStr | None = None
    discord_token: SecretStr | None = None
    openai_api_key: SecretStr | None = None

    @property
    def token(self) -> str | None:
        """What the bot logs in to Discord with; None while Discord is off."""
        if not self.discord.enabled or self.discord_token is None:
            return None
        return self.discord_token.get_secret_value()

    @property
    def model_key(self) -> str:
        """What the model's server is shown; "" for none."""
        return self.openai_api_key.get_secret_value() if self.openai_api_key else ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What may never appear in a log."""
        known = (self.nostr_nsec, self.discord_token, self.openai_api_key)
        return tuple(secret.get_secret_value() for secret in known if secret)

    def domain_limits(self) -> Limits:
        return Limits(**self.limits.model_dump())

    def organiser_keys(self) -> tuple[str, ...]:
        """The organisers' public keys in hex."""
        return tuple(nip19.decode_npub(npub) for npub in self.nostr.organisers)
