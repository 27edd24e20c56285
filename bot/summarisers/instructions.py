"""Words in a text that are meant for the model that reads it, rather than for people.

A reading may carry them to steer its summary. What they say is no part of what the reading says, so
they prove nothing; a text that only quotes such words, between quotation marks or as code, is about
them. The patterns are a few plain ones: this is one line of defence, not the only one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_lowercase, ascii_uppercase

from bot.summarisers.sentences import split

_TO_MODELS = re.compile(
    r"""
    \b(?:ignore|disregard|forget|override|bypass|skip)\b[^.!?]{0,30}
        \b(?:previous|prior|above|earlier|preceding|all|any|every|your|these|those|system)\b[^.!?]{0,30}
        \b(?:instructions?|prompts?|rules|guidelines|directions|commands|constraints|guardrails)\b
    | \b(?:forget|disregard|ignore)\ (?:everything|all|what(?:ever)?)\b[^.!?]{0,25}
        \b(?:above|before|said|told|instructed|so\ far)\b
    | \b(?:in|to|at\ the\ (?:start|end|beginning|top)\ of|into)\ your\ (?:own\ )?
        (?:summary|summaries|response|reply|output)\b
    | \bwhen(?:ever)?\ (?:you\ )?(?:are\ )?summari[sz](?:e|ing)\ (?:this|the)\b
    | \bif\ you\ are\ (?:an?\ )?(?:ai\b|llm|large\ language|language\ model|chatbot|bot\b)
    | \b(?:ai|llm|language|chat)[ ]?(?:models?|assistants?|agents?|bots?)\b[^.!?]{0,25}
        \b(?:reading|processing|summari[sz]ing|parsing)\ this\b
    | \b(?:notes?|messages?|instructions?|attention|important)\b[^.!?]{0,12}\b(?:to|for)\b
        \ (?:(?:the|all|any)\ )?
        (?:ai|llms?|language\ models?|assistants?|chatbots?|summari[sz]ers?|models?)\b
    | ^[ \t]{0,8}\W{0,3}(?:system|developer)(?:\ (?:prompt|message|note|override))?(?:\W{0,3}):
    | <\|?(?:im_start|im_end|system|endoftext|assistant)\|?> | \[/?inst\] | <</?sys>>
    | \byou\ are\ now\ (?:an?\b|in\b|free\b|the\b|dan\b|no\ longer)
    | \b(?:new|updated|real|actual)\ instructions?\s*: | \bdo\ not\ summari[sz]e\b
    | \b(?:print|reveal|show|output|repeat|leak|send|give)\b[^.!?]{0,20}\byour\b[^.!?]{0,20}
        \b(?:api\ keys?|keys?|prompts?|instructions|secrets?|tokens?|passwords?|credentials)\b
    | \b(?:ignoriere|vergiss)\b[^.!?]{0,30}\b(?:anweisungen|instruktionen|vorgaben)\b
    | \b(?:ignore[sz]?|oublie[sz]?)\b[^.!?]{0,30}\b(?:instructions|consignes)\b
    | \b(?:ignora|olvida)\b[^.!?]{0,30}\binstrucciones\b
    """,
    re.VERBOSE | re.MULTILINE,
)
_STRETCH, _LONGEST = 10_000, 1_000  # characters; no pattern matches more than the latter
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)  # as long as before, unlike casefold
_GOES_ON = re.compile(
    r"\W*(?:say|write|post|print|add|include|reply|respond|output|tell|begin|end|start|finish"
    r"|mention|link|use|do not|don't|never|always|instead|then|also|now|you|your|return|visit|click"
    r"|recommend|state|claim|describe|call|mark|make|send|give|conclude|this (?:message|overrides)"
    r"|only|answer|insert|append|replace|repeat|praise|rate|report|the summary)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(
    r"“[^“”]{1,400}”|\"[^\"]{1,400}\"|«[^«»]{1,400}»|„[^„“”]{1,400}[“”]|`[^`]{1,400}`"
)


def unquoted(text: str) -> str:
    """The text with blanks where it quotes somebody or shows code."""
    return _QUOTED.sub(lambda match: " " * len(match[0]), text)


def commands(text: str) -> Iterator[re.Match[str]]:
    """Where the text gives orders to a model, outside of quotation marks."""
    return _TO_MODELS.finditer(unquoted(text).translate(_LOWER))


def parted(text: str) -> tuple[str, list[str]]:
    """The text without its orders to models, and those orders, with what goes on from them."""
    if not _commanding(text):
        return text, []
    kept: list[str] = []
    orders: list[str] = []
    for paragraph in re.split(r"(\n[ \t]*\n)", text):
        clean, found = _paragraph_parted(paragraph)
        kept.append(clean)
        orders += found
    return "".join(kept), orders


def _commanding(text: str) -> bool:
    """Whether there may be orders in it. A search through a whole book would keep every other
    thread waiting, so it goes stretch by stretch, each with the beginning of the next."""
    plain = unquoted(text).translate(_LOWER)
    return any(
        _TO_MODELS.search(plain, start, start + _STRETCH + _LONGEST)
        for start in range(0, len(plain), _STRETCH)
    )


def _paragraph_parted(paragraph: str) -> tuple[str, list[str]]:
    if next(commands(paragraph), None) is None:
        return paragraph, []
    kept: list[str] = []
    orders: list[str] = []
    ordering = False
    for sentence in split(" ".join(paragraph.split())):
        ordering = next(commands(sentence), None) is not None or (
            ordering and _GOES_ON.match(sentence) is not None
        )
        (orders if ordering else kept).append(sentence)
    return " ".join(kept), orders
