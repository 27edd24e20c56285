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
_WHERE = re.compile(
    rf"{_ASKED}where (?:exactly |precisely )?(?:in the \w+ )?(?:"
    rf"(?:does|did|do) {_WHO} (?:actually |really |exactly )?{_SAYING}(?: {_WHAT})?{_IN}"
    rf"|{_WHO} (?:actually |really )?{_SAYING} {_WHAT}{_IN}"
    rf"|(?:does|did|do) (?:you|it|they) (?:get|have|take|find) {_WHAT}(?: from)?"
    rf"|(?:is|are|was|were) {_WHAT} from"
    rf"|(?:does|do|did) {_WHAT} come from"
    rf"|(?:is|was) {_WHAT} (?:said|written|stated|quoted){_IN}"
    rf")|says who|who says (?:so|that|this)|how do you know(?: (?:that|this))?"
)
_NAME_WORDS = 12
_BARE_NAME_WORDS = 3  # without "for" or "of" before it
_NAMING = frozenset(["for", "of", "on", "about", "from", "to", "in"])
_STATING = STATEMENT | {"say", "show", "shows", "suggest", "suggests", "point", "points"}
_DROPPED = CONNECTORS | POLITE | CLAIMS | SUMMARY_WORDS | frozenset(AUDIENCE_WORDS) | {"both"}


def audiences(words: Sequence[str]) -> tuple[Audience, ...]:
    """Those that the words name."""
    said = {AUDIENCE_WORDS[word] for word in words if word in AUDIENCE_WORDS}
    if "both" in words:
        return ALL_AUDIENCES
    return tuple(audience for audience in ALL_AUDIENCES if audience in said)


def evidenced(body: str, words: Sequence[str], *, is_reply_to_session: bool) -> Evidence | None:
    """The command that a short text is; None where it is none. ``words`` are those that count."""
    if _WHERE.fullmatch(" ".join(words)):
        return Evidence(audiences(words))
    at = _position(words)
    if at is None:
        return None
    after = words[at + 1 :]
    name = trimmed(after, _DROPPED)
    if not name:
        if after and after[0] in STATEMENT and not asks(body):
            return None  # "the evidence is there"
        named = next((SESSION_NAMES[word] for word in after if word in SESSION_NAMES), "")
        return Evidence(audiences(words), named)
    if not _is_name(name, after, is_reply=is_reply_to_session, is_asking=asks(body)):
        return None
    if at > 0 and GIVING.isdisjoint(words[:at]) and not audiences(words[:at]):
        return None  # "is there evidence of harm"
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
