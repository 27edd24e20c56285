"""Whether a text asks where a summary has it from: `evidence plain`, "where does it say that?".

What asks about evidence for something else ("is there evidence of harm?") is a question like any
other, and not meant here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.domain.asking import asks
from bot.domain.commands import Evidence
from bot.domain.model import Audience
from bot.domain.phrases import (
    ALL_AUDIENCES,
    AUDIENCE_WORDS,
    BEFORE_EVIDENCE,
    CHATTER,
    CLAIMS,
    CONNECTORS,
    EVIDENCE_WORDS,
    GIVING,
    POLITE,
    REQUEST,
    SESSION_NAMES,
    STATEMENT,
    SUMMARY_WORDS,
    trimmed,
)

_ASKED = (
    r"(?:can you |could you |would you |will you |please |pls )*+(?:show |tell |give )?(?:me )?"
)
_WHO = r"(?:it|they|he|she|you|this|that|one|(?:the|this|your) \w+(?: \w+)?)"
_SAYING = r"(?:say|says|said|state|states|claim|claims|write|writes|written|mention|mentions)"
_WHAT = r"(?:that|this|so|it|those|these|all that|any of that)"
_IN = r"(?: (?:in|from) (?:the|this|that) \w+)?"


def _asking(what: str, where: str) -> re.Pattern[str]:
    """The ways to ask, with what "it" says and in what it says so as optional as these are."""
    return re.compile(
        rf"(?:{_ASKED}where (?:exactly |precisely )?(?:in the \w+ )?(?:"
        rf"(?:does|did|do) {_WHO} (?:actually |really |exactly )?{_SAYING}{what}{where}"
        rf"|{_WHO} (?:actually |really )?{_SAYING} {_WHAT}{where}"
        rf"|(?:does|did|do) (?:you|it|they) (?:get|have|take|find) {_WHAT}(?: from)?"
        rf"|(?:is|are|was|were) {_WHAT} from"
        rf"|(?:does|do|did) {_WHAT} come from"
        rf"|(?:is|was) {_WHAT} (?:said|written|stated|quoted){where}"
        rf")|says who|who says (?:so|that|this)|how do you know{what})(?!\S)"
    )


_WHERE = _asking(rf"(?: {_WHAT})?", _IN)
_BEFORE_NAME = _asking(f" {_WHAT}", "")
"""Without "in the ...", which may be how the session is named: "in the last session"."""
_NO_WORD = re.compile(r"[\W_]*+")
_NAME_WORDS = 12
_BARE_NAME_WORDS = 3  # without "for" or "of" before it
_NAMING = frozenset(["for", "of", "on", "about", "from", "to", "in"])
_STATING = STATEMENT | {"say", "show", "shows", "suggest", "suggests", "point", "points"}
_NO_NAME = CHATTER | EVIDENCE_WORDS | GIVING
_DROPPED = CONNECTORS | POLITE | CLAIMS | SUMMARY_WORDS | frozenset(AUDIENCE_WORDS) | {"both"}


def audiences(words: Sequence[str]) -> tuple[Audience, ...]:
    """Those that the words name."""
    said = {AUDIENCE_WORDS[word] for word in words if word in AUDIENCE_WORDS}
    if "both" in words:
        return ALL_AUDIENCES
    return tuple(audience for audience in ALL_AUDIENCES if audience in said)


def evidenced(body: str, words: Sequence[str], *, is_reply_to_session: bool) -> Evidence | None:
    """The command that a short text is; None where it is none. ``words`` are those that count."""
    phrase = " ".join(words)
    if _WHERE.fullmatch(phrase):
        return Evidence(audiences(words))
    if (found := _BEFORE_NAME.match(phrase)) is not None:
        return _of_session(body, words, phrase[found.end() :].split(), is_reply=is_reply_to_session)
    at = _position(words)
    if at is None:
        return None
    after = words[at + 1 :]
    name = trimmed(after, _DROPPED)
    if not name:
        if after and after[0] in STATEMENT and not asks(body):
            return None  # "the evidence is there"
        return Evidence(audiences(words), _by_place(after))
    if not _is_name(name, after, is_reply=is_reply_to_session, is_asking=asks(body)):
        return None
    if at > 0 and GIVING.isdisjoint(words[:at]) and not audiences(words[:at]):
        return None  # "is there evidence of harm"
    return _named(words, name)


def _of_session(
    body: str, words: Sequence[str], after: Sequence[str], *, is_reply: bool
) -> Evidence | None:
    """The command, where what comes ``after`` the phrase names a session and isn't what "it" says:
    "where does it say that? llm-moats", and not "where does it say that scaling is over?"."""
    is_apart = _begins_anew(body, after)
    if is_reply and not is_apart:
        return None
    name = trimmed(after, _DROPPED)
    if _NO_NAME.issuperset(name):
        return Evidence(audiences(words), _by_place(after))
    is_slug = len(name) == 1 and "-" in name[0]
    if not is_slug and (is_reply or not _may_follow(name, after, is_apart=is_apart)):
        return None
    return _named(words, name)


def _begins_anew(body: str, after: Sequence[str]) -> bool:
    """Whether a question mark stands before the words that come after the phrase."""
    rest = body.replace("？", "?").partition("?")[2]
    return _NO_WORD.sub("", rest, count=1).casefold().startswith(after[0])


def _may_follow(name: Sequence[str], after: Sequence[str], *, is_apart: bool) -> bool:
    if is_apart:
        return _is_name(name, after, is_reply=False, is_asking=False)
    leads = next((word for word in after if word not in AUDIENCE_WORDS), "")
    return leads in _NAMING and len(name) <= _BARE_NAME_WORDS


def _by_place(after: Sequence[str]) -> str:
    """The session that is named as the next or the last one; "" where none is."""
    return next((SESSION_NAMES[word] for word in after if word in SESSION_NAMES), "")


def _named(words: Sequence[str], name: Sequence[str]) -> Evidence:
    kept = set(name)
    return Evidence(audiences([word for word in words if word not in kept]), " ".join(name))


def _position(words: Sequence[str]) -> int | None:
    """Where the word stands, with nothing but asking words before it."""
    before = POLITE | REQUEST | BEFORE_EVIDENCE | frozenset(AUDIENCE_WORDS) | {"both"}
    for at, word in enumerate(words):
        if word in EVIDENCE_WORDS:
            return at
        if word not in before:
            return None
    return None


def _is_name(name: Sequence[str], after: Sequence[str], *, is_reply: bool, is_asking: bool) -> bool:
    """Whether these words may name a session, and aren't what the evidence is for or what it does.

    Under a session's post they rarely do, and a question for its board is worth more.
    """
    if len(name) > _NAME_WORDS or "code" in name or not _STATING.isdisjoint((after[0], name[0])):
        return False
    leads = next((word for word in after if word not in AUDIENCE_WORDS), "")
    if is_reply:
        is_led = leads in _NAMING or after[0] in AUDIENCE_WORDS or any("-" in w for w in name)
        return is_led and not is_asking
    return leads in _NAMING or len(name) <= _BARE_NAME_WORDS
