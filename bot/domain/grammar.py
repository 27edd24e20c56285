"""What a mention means: free text in, one command out.

Pure and linear in the length of the text. It is generous about case, punctuation, politeness,
typing slips and where the bot's name stands, and it never guesses a question onto the board unless
it was asked for or stands under a session's post. It doesn't clean a question's text, and doesn't
know which session a reply belongs to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from bot.domain.asking import ask, asked, asks, is_question
from bot.domain.commands import (
    Chatter,
    Command,
    Help,
    Next,
    Questions,
    Sessions,
    SummaryOf,
    Unclear,
)
from bot.domain.evidence import audiences, evidenced
from bot.domain.phrases import (
    ALL_AUDIENCES,
    AUDIENCE_WORDS,
    CHATTER,
    CONNECTORS,
    DEMONSTRATIVES,
    HELP_PHRASES,
    HELP_WORDS,
    JOINED,
    KNOWN,
    LONG_COMMANDS,
    NEXT_NOUNS,
    NEXT_WORDS,
    OPENERS,
    POLITE,
    QUESTION_OPENERS,
    QUESTIONS_WORDS,
    READING_WORDS,
    SESSION_NAMES,
    SESSIONS_WORDS,
    SLIPS,
    STATEMENT,
    SUMMARY_WORDS,
    THANKS,
    trimmed,
)
from bot.domain.voting import voted

_COMMAND_LENGTH = 400  # characters; anything longer is a text, not a command
_NAME_WORDS = 12  # a session's name has no more words than that
_SHORT = 5  # words; a longer statement isn't an attempt at a command


def parse(
    text: str,
    *,
    names: Iterable[str] = (),
    is_reply_to_session: bool = False,
    is_reply_to_us: bool = False,
) -> Command:
    """What ``text`` asks of us.

    ``names`` are the bot's name and its ``npub1...``/``nprofile1...`` forms. A reply to a session's
    own post may ask a question without saying so. Never raises.
    """
    patterns = _patterns(frozenset(name.casefold() for name in names if name.strip()))
    # Looking for a name at every position costs more than all the rest, and most texts have none.
    rest = (patterns.addressed.sub(" ", text) if _may_name_us(text) else text).strip()
    start = patterns.lead.match(rest)
    body = rest[start.end() :] if start is not None else rest
    is_reply = is_reply_to_session or is_reply_to_us
    if not body:
        return _nothing_said(rest, is_reply=is_reply)
    if (question := asked(body)) is not None:
        return question
    if len(body) <= _COMMAND_LENGTH:
        words = _words(body, patterns.bare)
        command = _short(body, words, is_reply_to_session)
        if command is not None:
            return command
    else:
        words = _words(body[:_COMMAND_LENGTH], patterns.bare)
    asks_something = is_question(body, words)
    if is_reply_to_session and asks_something:
        return ask(body)
    return _leftover(body, words, is_reply=is_reply, is_question=asks_something)


def _may_name_us(text: str) -> bool:
    return "@" in text or any(word in text.casefold() for word in ("npub1", "nprofile1"))


def _nothing_said(rest: str, *, is_reply: bool) -> Command:
    """Only the bot's name, or only greetings, marks and emoji beside it."""
    if "?" in rest:
        return Help()
    return Chatter() if rest or is_reply else Unclear()


def _leftover(body: str, words: Sequence[str], *, is_reply: bool, is_question: bool) -> Command:
    """What is neither a command nor a question for a session: an attempt at one, or talk."""
    if body[0] in "/!" and len(words) <= _SHORT:
        return Unclear()
    if is_question:
        return Unclear()
    if is_reply or not words or len(words) > _SHORT or _THANKS.match(body):
        return Chatter()
    return Unclear()


@dataclass(frozen=True, slots=True)
class _Patterns:
    addressed: re.Pattern[str]  # @name, nostr:npub1..., npub1...: anywhere
    lead: re.Pattern[str]  # what may stand before the first word that counts
    bare: frozenset[str]  # names of one word, which may stand without an @


@lru_cache(maxsize=64)
def _patterns(names: frozenset[str]) -> _Patterns:
    keys = [re.escape(name) for name in names if name.startswith(("npub1", "nprofile1"))]
    plain = sorted((name for name in names if re.escape(name) not in keys), key=len, reverse=True)
    bare = "|".join(re.escape(name.removeprefix("@")) for name in plain) or r"(?!)"
    addressed = (
        rf"(?:(?:web\+)?nostr:)?@?(?:{'|'.join(keys) or '(?!)'})(?!\w)"
        rf"|(?<!\w)@(?:{bare})(?!\w)"
    )
    others = r"(?:nostr:|@)(?:npub|nprofile|note|nevent|naddr)1[a-z0-9]++"
    greeting = r"(?:hey|hi|hello|yo|dear|please|pls|plz|ok|okay|gm|and|so)(?![\w'’])"
    other = r"[^\w/!¿+-]|[+-](?!1(?!\w))"  # "+1 3" is a vote
    lead = rf"(?:(?:{other})++|_|[/!]++(?!\w)|(?:{others}|{greeting}|(?:{bare})(?![\w'’-])))*+"
    return _Patterns(
        addressed=re.compile(addressed, re.IGNORECASE),
        lead=re.compile(lead, re.IGNORECASE),
        bare=frozenset(name for name in plain if name.isalnum()),
    )


_WORD = re.compile(r"\d+(?:\.\d+)++|[^\W_]++(?:[-_+&][^\W_]++)*+")
_ENTITY = re.compile(
    r"(?:nostr:)?(?:npub|nprofile|note|nevent|naddr)1[a-z0-9]{20,}+|https?://\S++", re.IGNORECASE
)


def _words(body: str, bare: frozenset[str]) -> list[str]:
    """The words that count, in lower case: no names, links, marks, or politeness at the ends."""
    plain = unicodedata.normalize("NFKC", _ENTITY.sub(" ", body)).lower()[: 2 * _COMMAND_LENGTH]
    plain = plain.replace("’", "'").replace("'", "")
    for pattern, instead in JOINED:
        plain = pattern.sub(instead, plain)
    plain = "".join(char for char in plain if unicodedata.category(char) not in ("Cf", "Mn"))
    return trimmed(_WORD.findall(plain), POLITE | bare)


def _short(body: str, words: list[str], is_reply_to_session: bool) -> Command | None:
    """The command of a short text; None where it is none."""
    if not words:
        return _without_words(body)
    if (vote := voted(body, words, is_reply_to_session=is_reply_to_session)) is not None:
        return vote
    if _is_chatter(body, words):
        return Chatter()
    mended = _mended(words)
    return (
        _help(mended, is_reply_to_session)
        or evidenced(body, mended, is_reply_to_session=is_reply_to_session)
        or _summary(mended, is_reply_to_session)
        or _questions(mended, is_reply_to_session)
        or _sessions(mended, is_reply_to_session)
        or _next(mended, is_reply_to_session)
    )


def _without_words(body: str) -> Command:
    if any(char.isalnum() for char in body) and not _ENTITY.search(body):
        return Chatter()  # politeness alone
    return Help() if body.strip("/!?. ") == "" and "?" in body else Chatter()


def _mended(words: list[str]) -> list[str]:
    """The same words with an obvious slip in the first one put right."""
    first = words[0]
    if first in KNOWN or len(words) > _SHORT or len(first) > 14:
        return words
    right = SLIPS.get(first, "")
    if not right and len(first) >= 5:
        right = next(iter(get_close_matches(first, LONG_COMMANDS, n=1, cutoff=0.8)), "")
    return [right, *words[1:]] if right else words


def _help(words: list[str], is_reply: bool) -> Help | None:
    phrase = " ".join(words)
    if phrase in HELP_PHRASES:
        return Help()
    if words[0] in HELP_WORDS and (_all_known(words) or (len(words) <= 3 and not is_reply)):
        return Help()
    return None


def _summary(words: list[str], is_reply: bool) -> SummaryOf | None:
    at = _position(words, SUMMARY_WORDS)
    if at is None:
        if set(words) <= {"plain", "techie", "both", "in", "words", "english", "the", "one", "and"}:
            said = audiences(words)
            return SummaryOf(said) if said else None
        return None
    audience = words[:at] + words[at + 1 :] + (["plain"] if words[at] == "eli5" else [])
    name = _session_name(words, at, is_reply, extra=frozenset(AUDIENCE_WORDS) | {"both", "and"})
    if name is None:
        return None
    kept = set(name.split())
    said = audiences([word for word in audience if word not in kept])
    return SummaryOf(said or ALL_AUDIENCES, name)


def _questions(words: list[str], is_reply: bool) -> Questions | None:
    at = _position(words, QUESTIONS_WORDS)
    if at is None:
        return None
    name = _session_name(words, at, is_reply)
    return None if name is None else Questions(name)


def _sessions(words: list[str], is_reply: bool) -> Sessions | None:
    at = _position(words, SESSIONS_WORDS)
    if words == ["session"]:
        return Sessions()
    if at is None or (is_reply and not DEMONSTRATIVES.isdisjoint(words)):
        return None  # "is this on a calendar?" is about what it stands under
    if _all_known(words) or (at == 0 and len(words) <= 4 and not is_reply):
        return Sessions()
    return None


def _next(words: list[str], is_reply: bool) -> Next | None:
    if not _all_known(words):
        return None
    said = set(words)
    if said & NEXT_WORDS:
        return Next()
    if said & {"when", "whens", "where", "wheres"} and said & NEXT_NOUNS:
        return Next()
    if said & {"what", "whats"} and said & READING_WORDS:
        return Next()
    is_bare = words in (["when", "is", "it"], ["when"], ["where"], ["where", "is", "it"])
    return Next() if is_bare and not is_reply else None


def _position(words: Sequence[str], wanted: frozenset[str]) -> int | None:
    """Where the command's word stands, with nothing but asking words before it."""
    for at, word in enumerate(words):
        if word in wanted:
            return at
        if word not in KNOWN and word not in AUDIENCE_WORDS:
            return None
    return None


def _session_name(
    words: list[str], at: int, is_reply: bool, extra: frozenset[str] = frozenset()
) -> str | None:
    """The session named after the command's word; None when the text is no command at all."""
    after = words[at + 1 :]
    name = trimmed(after, CONNECTORS | POLITE | extra)
    if not name:
        return SESSION_NAMES.get(next((w for w in after if w in SESSION_NAMES), ""), "")
    if len(name) > _NAME_WORDS or name[0] in STATEMENT or (at > 0 and is_reply):
        return None
    is_asked = at == 0 or words[0] in OPENERS or words[0] in extra or after[0] in CONNECTORS
    if not is_asked:
        return None
    phrase = " ".join(name)
    return SESSION_NAMES.get(phrase, phrase)


def _all_known(words: Sequence[str]) -> bool:
    return all(word in KNOWN for word in words)


_THANKS = re.compile(rf"(?:{'|'.join(sorted(THANKS))})(?!\w)", re.IGNORECASE)
_THANKS_FOR = re.compile(_THANKS.pattern + r"(?:\W++\w++){0,3}?\W++for(?!\w)", re.IGNORECASE)


def _is_chatter(body: str, words: Sequence[str]) -> bool:
    """Nothing but small talk, or thanks for something."""
    if words[0] in QUESTION_OPENERS and asks(body):
        return False
    return all(word in CHATTER for word in words) or (
        _THANKS_FOR.match(body) is not None and not asks(body)
    )
