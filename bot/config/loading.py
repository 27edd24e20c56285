"""config.toml and the environment, read and checked, all problems at once."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails

from bot.config.secrets import Place, redacted, secrets_in
from bot.config.tables import Config, ConfigFile
from bot.domain.errors import ConfigError
from bot.networks.nostr import keys

DEFAULT_PATH = Path("config.toml")


def load(path: Path | None, environ: Mapping[str, str]) -> Config:
    """Read ``path``, or ./config.toml where there is one, or take every default.

    Raises ConfigError with all problems at once.
    """
    source = path or (DEFAULT_PATH if DEFAULT_PATH.exists() else None)
    file, problems = _validated(_read(source) if source else {})
    secrets, wrong = _from_environment(environ)
    if file is None or problems or wrong:
        raise ConfigError(problems + wrong)
    folder = source.parent if source else Path()
    return Config(
        **{
            **{name: getattr(file, name) for name in ConfigFile.model_fields},
            **secrets,
            "data_dir": (folder / file.data_dir.expanduser()).resolve(),
        },
        path=source,
    )


def _from_environment(environ: Mapping[str, str]) -> tuple[dict[str, SecretStr | None], list[str]]:
    """The secrets by the names of the configuration's fields, and what is wrong with them."""
    found, problems = {}, []
    for variable, (is_one, needed) in _VARIABLES.items():
        text = environ.get(variable, "").strip()
        if text and not is_one(text):
            problems.append(f"{variable}: {needed}")
        found[variable.lower()] = SecretStr(text) if text else None
    return found, problems


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


def _is_token(text: str) -> bool:
    """Whether it can stand in an HTTP header."""
    return re.fullmatch(r"[!-~]+", text) is not None


def _is_secret_key(text: str) -> bool:
    try:
        keys.Signer.from_text(text)
    except keys.InvalidKeyError:
        return False
    return True


_VARIABLES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "NOSTR_NSEC": (_is_secret_key, "needs the bot's secret key (nsec); copy it again whole."),
    "DISCORD_TOKEN": (_is_token, "needs the bot's token and nothing else; copy it again."),
    "OPENAI_API_KEY": (_is_token, "needs the key and nothing else; copy it again."),
}


def _validated(data: dict[str, Any]) -> tuple[ConfigFile | None, list[str]]:
    """The file's value, and all that is wrong with it; a secret counts as wrong wherever it is."""
    secrets = dict(secrets_in(data))
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
    "float_type": "needs a number.",
    "finite_number": "needs a number that isn't infinite.",
    "bool_type": "needs true or false.",
    "tuple_type": "needs a list in [brackets].",
    "path_type": "needs the path of a folder in quotes.",
    "model_type": "needs to be a table of its own.",
    "greater_than_equal": "needs {ge:.10g} or more.",
    "less_than_equal": "needs {le:.10g} or less.",
    "too_long": "has too many items; {max_length} are the most.",
    "string_too_long": "is too long; {max_length} characters are the most.",
    "string_pattern_mismatch": 'needs an address that starts with "https://" or "http://".',
}
_SENTENCES_OF: dict[Place, str] = {
    ("summaries", "provider"): 'needs "extractive" (quotes, no AI) or "openai" (asks a model).',
    ("summaries", "language"): 'needs a language by its name or code, such as "German" or "pt-BR".',
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
