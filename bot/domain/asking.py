"""Whether a text asks something: by saying so (``ask``, ``question:``, ``q:``) or by its form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain.commands import Ask, Help
from bot.domain.phrases import QUESTION_OPENERS, QUESTION_VERBS, SUBJECTS

_ANON = r"\(?anon(?:ymous(?:ly)?)?\)?"
_ASK = re.compile(
    rf"""
    [/!]?+
    (?:(?:i\ would\ like|i['’]?d\ like|i\ want|i\ have|i['’]?ve\ got|can\ (?:i|you|we)
        |could\ (?:i|you|we)|may\ i|let\ me|here(?:['’]?s|\ is)|this\ is|to|just|a|an|one|another
        |quick|new|my)\s++){{0,6}}+
    (?P<before>{_ANON}\s*+[:,-]?+\s*+)?+
    (?:
        (?:ask|aks|asking|question\ is|question\ for\ the\ (?:board|group|session|next\ session))
        (?!['’\w&])
      | question(?!['’\w&?]|\ boards?\b|\ list\b|\ \d+\ for\ “)  # that one is a bot's answer
      | questions(?=\s?:[^?]*+\?)
      | q\d{{0,3}}+(?=[:.)\s–—-]|$)
      | (?<=[:,-]\ )(?=\S) | (?<=[:,-])(?=\S)
    )
    (?P<after>\s*+[:,]?+\s*+{_ANON}(?!\w))?+
    (?P<marks>[\s:;,.)=>–—-]*+)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ASK_LINE = re.compile(
    rf"^[ \t]{{0,8}}+[/!]?+(?P<before>{_ANON}\s)?+(?:ask|question|q)(?P<after>\s{_ANON})?+[ \t]?+:",
    re.IGNORECASE | re.MULTILINE,
)
_ANON_END = re.compile(rf"[\s,;–—-]*\(?(?:{_ANON})(?: please)?\)?[.!]?$", re.IGNORECASE)
_NOT_A_QUESTION = frozenset(
    {"", "a question", "question", "questions", "something", "you something", "you", "me", "away"}
)


def asked(body: str) -> Ask | Help | None:
    """The question that ``ask``, ``question:`` or ``q:`` brings, at any line's start."""
    found = _ASK.match(body) or _ASK_LINE.search(body)
    if found is None:
        return None
    text = body[found.end() :].strip()
    if text.casefold().rstrip("?!. ") in _NOT_A_QUESTION:
        return Help()
    anonymous = found.group("before") is not None or found.group("after") is not None
    return ask(text, anonymous=anonymous)


def ask(text: str, *, anonymous: bool = False) -> Ask:
    tail = text[-40:]
    end = _ANON_END.search(tail)
    if end is not None and (
        end.group().lstrip()[:1] in "(,;–—-" or tail[: end.start()][-1:] in "?!."
    ):
        kept = text[: len(text) - len(tail) + end.start()].rstrip()
        return Ask(kept, anonymous=True) if kept else Ask(text, anonymous=anonymous)
    return Ask(text, anonymous=anonymous)


_QUESTION_MARK = re.compile(r"[?？؟](?=[\s\"'”’»)\]!?？؟]|$)")  # not the one inside a link


def asks(body: str) -> bool:
    return body.startswith("¿") or _QUESTION_MARK.search(body) is not None


def is_question(body: str, words: Sequence[str]) -> bool:
    """It carries a question mark, or starts the way a question does."""
    if asks(body):
        return True
    if len(words) < 3 or body.rstrip().endswith("!"):
        return False
    first, second = words[0], words[1]
    if first in ("when", "where"):
        return second in QUESTION_VERBS
    if first in QUESTION_OPENERS:
        return second not in SUBJECTS and second not in ("a", "an", "nice", "cool", "great")
    return first in QUESTION_VERBS and (second in SUBJECTS or second in ("the", "a", "an"))
