"""What has no place in a summary whatever the reading says: a chat's preamble, foreign links,
images, HTML, mentions, a prompt's own marks, and orders that the reading gave to the model.

Patterns over the text that would be posted. It finds and names; making text harmless before it is
shown is the networks' own work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.summarisers.instructions import commands
from bot.summarisers.languages import terms, word_set
from bot.summarisers.source import Source, addresses, link_key

_START = re.compile(
    r"""^\W*(?:
    (?:sure|certainly|absolutely|gladly|understood|okay|ok|great\ question|of\ course|no\ problem
        |happy\ to\ help|with\ pleasure|got\ it|alright|gerne|natürlich|selbstverständlich|klar
        |bien\ s[ûu]r|volontiers|avec\ plaisir|claro(?:\ que\ s[íi])?|por\ supuesto|com\ certeza)
        (?:\ thing)?\s*(?:[!.:—–]|-\ |,\s*(?:here|i\b|let|below|the\ following|hier|ich|voici|aqu))
    | (?:here|below|following)(?:['’]s|\ is|\ are)?
        \ (?:an?|the|your|both|my|some|two|five|key|is)?\b
        [^.!?\n]{0,50}\b(?:summar(?:y|ies)|points|overview|takeaways|version|breakdown|tl;?dr)\b
    | i(?:['’]ve|\ have|['’]ll|\ will|['’]d|\ would)\ (?:be\ happy|summari|provide
        |condense|wr(?:ite|ote)|rewr|simplif|be\ glad|love\ to)
    | i(?:['’]m|\ am)\ (?:sorry|unable|happy|glad|an?\ (?:ai|language))
    | i\ (?:can(?:['’]t|not)|could\ not|apologi[sz]e)
    | (?:unfortunately|sorry),?\ i\b
    | let\ me\ (?:summari|know|explain|break)
    | hier\ (?:ist|sind|kommt)\ [^.!?\n]{0,30}\bzusammenfassung
    | voici\ [^.!?\n]{0,30}\b(?:résumé|synthèse|points)
    | aqu[íi]\ (?:está|tienes?|va|vai)\ [^.!?\n]{0,30}\b(?:resum|puntos|pontos)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_ANYWHERE = re.compile(
    r"""
    \bas\ an?\ (?:ai|artificial\ intelligence|large\ language|language|helpful)(?:\ language)?
        (?:\ model|\ assistant|,|\ i\b)
    | \bi(?:['’]m|\ am)\ (?:just\ )?an?\ (?:ai|language\ model|chatbot|virtual\ assistant)\b
    | \b(?:i\ )?hope\ (?:this|that|it)\ (?:summary\ |version\ )?(?:helps|is\ helpful|is\ useful)
    | \blet\ me\ know\ (?:if|whether|how|what)\b | \bfeel\ free\ to\ (?:ask|reach|let)
    | \bwould\ you\ like\ me\ to\b | \bif\ you(?:['’]d|\ would)?\ (?:like|need|want)\b[^.!?]{0,30}
        \b(?:i\ can|let\ me\ know|just\ ask)
    | \bhere(?:['’]s|\ is|\ are)\ (?:an?|the|your|my)\ (?:[\w-]+\ ){0,4}
        (?:summary|version|overview)\b
    | \bmy\ (?:training\ data|knowledge\ cutoff)\b
    | \bals\ (?:eine\ )?ki(?:-modell)?\b,?\ (?:kann|habe) | \bich\ hoffe,\ das\ hilft
    | \ben\ tant\ qu['’](?:ia|intelligence|modèle) | \bcomo\ (?:una\ )?ia,
    """,
    re.IGNORECASE | re.VERBOSE,
)
_IMAGE = re.compile(r"!\[[^\[\]]{0,300}\](?:\(|\[)|<img\b", re.IGNORECASE)
_LINK_TARGET = re.compile(
    r"\]\(\s*<?([^()<>\s]{1,2000})|^[ \t]{0,8}\[[^\[\]]{1,100}\]:\s*(\S{1,2000})", re.M
)
_HOST = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9](?:[a-z0-9-]{0,40}[a-z0-9])?\.){1,4}(?:com|org|net|io|ai|dev|app|co|xyz"
    r"|info|biz|ru|cn|de|uk|fr|eu|ly|gg|site|online|shop|club|tech|cloud|zip|link|example|test|onion"
    r"|invalid|page|news|live|store|click|top|gov|edu|ch|nl|ca|au|in|jp|br)(?:/\S{0,300})?(?![\w-])"
)
_MAIL = re.compile(r"(?<![\w.])[\w.+-]{1,64}@[\w-]{1,60}\.[\w.-]{2,40}")
_ODD_SCHEME = re.compile(r"\b(?:javascript|data|vbscript|file|hxxps?):\S", re.IGNORECASE)
_TAG = re.compile(
    r"</?([A-Za-z][A-Za-z0-9-]{0,30})(?:\s[^<>]{0,300})?/?>|<!--|<(script|iframe|img|svg)\b"
)
_ELEMENTS = re.compile(
    r"a|abbr|audio|b|blockquote|body|br|button|center|code|div|embed|em|font|form|h[1-6]|head|hr|html"
    r"|i|iframe|img|input|ins|li|link|meta|object|ol|p|pre|s|script|small|span|strong|style|sub|sup"
    r"|svg|table|tbody|td|th|tr|u|ul|video",
    re.IGNORECASE,
)
_CODE = re.compile(r"`[^`]{1,300}`")
_MENTION = re.compile(
    r"(?<![\w.])@(?:everyone|here)\b|<(?:@[!&]?|#|a?:\w{1,32}:)\d{1,25}>"
    r"|\bnostr:[a-z0-9]{4,}|\b(?:npub|nsec|note|nevent|naddr|nprofile)1[a-z0-9]{20,}",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w.@/])@[A-Za-z_]\w{2,30}\b")
_MARKS = re.compile(
    r"""
    ^\W{0,4}(?:system|user|assistant|developer|human|chatgpt|me)(?:\ (?:prompt|message))?
        \W{0,3}:(?!//)
    | <\|[a-z_]{2,20}\|?> | \[/?INST\] | <</?SYS>>
    | ^[ \t]{0,8}\#{2,}\s*(?:instructions?|response|system)\b
    | ^[ \t]{0,8}`{3,} | ^[ \t]{0,8}[-=_#*~<>]{3,}[\w\ ]{2,60}[-=_#*~<>]{3,}[ \t]*$
    | \b(?:begin|end|start)(?:\ of|[_-])\s?(?:the\ )?
        (?:reading|document|source|text|untrusted|data)\b
    | </?(?:reading|document|source|text|untrusted|data)\b[^<>]{0,80}>
    | ["']?(?:lead|points|head|quote)["']\s*: | ^[ \t]{0,8}[\[{]\s*["'{\[]
    """,
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
_SECRET = re.compile(
    r"\bsk-[A-Za-z0-9_-]{16,}|\bnsec1[a-z0-9]{20,}|(?<![\w/-])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{12,}(?![\w-])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200e\u200f\U000e0000-\U000e007f\x00-\x08\x0b-\x1f\x7f]"
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u2069\ufeff]")
_SHOWN = 60  # characters of what was found


@dataclass(frozen=True, slots=True)
class Intrusion:
    """What was found, by which gate, and how it is called in a sentence."""

    gate: str
    text: str


def intrusions(text: str, source: Source, *, opens: bool = False) -> Iterator[Intrusion]:
    """All that doesn't belong in the text. ``opens``: a summary or a point starts with it."""
    plain = _INVISIBLE.sub("", text)
    if match := _START.search(plain) if opens else None:
        yield Intrusion("preamble", f"it opens like a chat answer: “{shown(match[0])}”")
    for match in _ANYWHERE.finditer(plain):
        if not source.says(match[0]):
            yield Intrusion("preamble", f"it talks like a chat: “{shown(match[0])}”")
    yield from _links(plain, source)
    yield from _markup(plain, text, source)
    yield from _mentions(plain, source)
    yield from _obeyed(plain, source)


def _links(text: str, source: Source) -> Iterator[Intrusion]:
    if match := _IMAGE.search(text):
        yield Intrusion("link", f"it shows an image: “{shown(text[match.start() :])}”")
    seen: set[str] = set()
    for link in _found_links(text):
        key = link_key(link)
        if key not in seen and not _has_link(key, source):
            seen.add(key)
            yield Intrusion("link", f"the reading has no link “{shown(link)}”")


def _found_links(text: str) -> Iterator[str]:
    yield from addresses(text)
    for match in _LINK_TARGET.finditer(text):
        yield match[1] or match[2]
    for pattern in (_MAIL, _ODD_SCHEME):
        yield from (match[0] for match in pattern.finditer(text))
    for match in _HOST.finditer(_ADDRESSED.sub(" ", text)):
        yield match[0].rstrip(".,;:!?)*_")


_ADDRESSED = re.compile(r"(?:[a-z][a-z0-9+.-]{1,15}://|www\.)\S+|[\w.+-]{1,64}@\S+", re.IGNORECASE)


def _has_link(key: str, source: Source) -> bool:
    """A whole address must be one of the reading's; a bare host must stand in its text."""
    if key in source.links:
        return True
    text = source.text.casefold()
    return re.search(rf"(?<![\w.-]){re.escape(key.casefold())}(?![\w/-])", text) is not None


def _markup(plain: str, text: str, source: Source) -> Iterator[Intrusion]:
    code = {match.span() for match in _CODE.finditer(plain)}
    for match in _TAG.finditer(plain):
        in_code = any(start < match.start() < end for start, end in code)
        element = _ELEMENTS.fullmatch(match[1] or match[2] or "")
        if (in_code or not element) and match[0] in source.raw:
            continue
        yield Intrusion("markup", f"it has HTML: “{shown(match[0])}”")
    if _HIDDEN.search(text):
        yield Intrusion("markup", "it has characters that hide or turn text")


def _mentions(text: str, source: Source) -> Iterator[Intrusion]:
    for match in _MENTION.finditer(text):
        yield Intrusion("mention", f"it would call people: “{shown(match[0])}”")
    for match in _HANDLE.finditer(text):
        if match[0].casefold() not in source.text.casefold() and not _MENTION.match(match[0]):
            yield Intrusion("mention", f"the reading has no “{shown(match[0])}”")


def _obeyed(text: str, source: Source) -> Iterator[Intrusion]:
    """Marks of a prompt, keys, and what the reading told the model rather than its readers."""
    for match in _MARKS.finditer(text):
        yield Intrusion("instruction", f"it has a mark of a prompt: “{shown(match[0])}”")
    for match in _SECRET.finditer(text):
        if match[0].casefold() not in source.raw.casefold():
            yield Intrusion("instruction", f"it has what looks like a key: “{match[0][:6]}…”")
    for match in commands(text):
        order = text[match.start() : match.end()]
        if not _reported(order, text[: match.start()], source):
            yield Intrusion("instruction", f"it gives orders to a model: “{shown(order)}”")
    echoed = set(terms(text, source.language)) & source.order_stems - _ABOUT_ORDERS
    if len(echoed) > 1:
        words = ", ".join(sorted(echoed)[:4])
        yield Intrusion("instruction", f"it says what the reading only tells to models: {words}")


_ABOUT_ORDERS = word_set(
    "ignor instruct model summar assistant ai prompt system read hidden order command text"
)


def _reported(order: str, before: str, source: Source) -> bool:
    """Whether the reading itself only quotes the order, and the summary only speaks of it."""
    opens = re.search(r"(?:^|[.!?:\n])\W*\Z", before) is not None
    return not opens and source.says(order) and not source.orders_models(order)


def shown(text: str) -> str:
    """What was found, on one line, cut where it is long."""
    line = " ".join(_INVISIBLE.sub("", _HIDDEN.sub("", text)).split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
