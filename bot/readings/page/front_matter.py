"""The YAML at the head of a session page, read as text and written so that it stays text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from bot.readings.markdown import normal

VERBATIM = "verbatim"
"""The key of a page whose characters and shapes are meant as they stand: nothing is mended."""

_MAX_CHARACTERS = 64 * 1024
_HASHTAG = re.compile(r"#([^\s#,\[\]]+)")


class _Words(yaml.SafeLoader):
    """YAML whose scalars are all text: 9999-99-99 is no error and 19:00 no number."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (the library's own class attribute)


class _Handler(YAMLHandler):
    def load(self, fm: str, **kwargs: object) -> Any:
        if len(fm) > _MAX_CHARACTERS:
            raise ValueError("front matter too long")
        return yaml.load(fm, Loader=_Words)  # noqa: S506 (a SafeLoader without its resolvers)


def front_matter(text: str) -> tuple[dict[str, object], str, list[str]]:
    """The front matter, the rest of the page, and what was wrong with it.

    One that can't be read is cut off all the same.
    """
    handler = _Handler()
    if not handler.detect(text):
        return {}, text, []
    try:
        _, body = handler.split(text)
    except ValueError:
        return {}, text, ["The front matter has no end, so it was read as text."]
    try:
        metadata, _ = frontmatter.parse(text, handler=handler)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return {}, body, ["The front matter could not be read as YAML, so none of it was taken."]
    return dict(metadata), body, []


def line(value: object) -> str:
    """A value that is text, on one line; "" for anything else."""
    return re.sub(r"\s*\n\s*", " ", normal(value)) if isinstance(value, str) else ""


def first(metadata: Mapping[str, object], *names: str) -> str:
    """The first of these keys that says something."""
    return next((words for name in names if (words := line(metadata.get(name)))), "")


def when(metadata: Mapping[str, object]) -> tuple[str, str]:
    """The date and the time in the page's own words, from one key or two."""
    date, time = first(metadata, "date"), first(metadata, "time")
    both = re.fullmatch(r"(\d{4}-\d{2}-\d{2})[T ]+(\d{1,2}:\d{2})\b.*", date)
    return (both[1], time or both[2]) if both else (date, time)


def tags(given: object, found: Sequence[str]) -> tuple[str, ...]:
    """Tags of the front matter (a list, or words with commas), then those ``found`` below."""
    listed: list[object] = given if isinstance(given, list) else []
    if isinstance(given, str):
        listed = list(split_tags(given))
    words = (line(tag).lstrip("#").strip() for tag in (*listed, *found))
    return tuple(dict.fromkeys(word for word in words if word))


def split_tags(words: str) -> list[str]:
    """The tags in "ai, llm" or "#ai #llm"."""
    if "," not in words and (marked := _HASHTAG.findall(words)):
        return list(marked)
    return words.split(",")


def written(values: Mapping[str, str | Sequence[str]]) -> str:
    """Front matter with a line for each value that isn't empty; every text is quoted."""
    lines = [f"{key}: {_value(value)}" for key, value in values.items() if value]
    return "\n".join(("---", *lines, "---"))


def _value(value: str | Sequence[str]) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return f"[{', '.join(_quoted(item) for item in value)}]"


def _quoted(text: str) -> str:
    if text in ("Doc", "true"):  # the page's own words, as people write them
        return text
    quoted: str = yaml.safe_dump(
        normal(text), default_style='"', allow_unicode=True, width=float("inf")
    )
    return quoted.strip()
