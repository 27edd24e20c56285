"""Sentences of a paragraph, and which of them can stand alone as a quotation.

Splitting errs on the side of too long: a wrong cut makes a half sentence, a missed one only a long
sentence that is passed over. Nothing here knows what a sentence is worth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.summarisers.languages import Language, spelled, word_count, word_set

MIN_WORDS = 6
MAX_WORDS = 45
MAX_CHARACTERS = 400

_END = re.compile(r"[.!?…]+|[。！？]+")
_CLOSERS = "\"'”’»)]）」』"
_OPENERS = "\"'“‘«([（「『¿¡„"

# What a full stop follows without ending the sentence, folded and without its own stop.
_NEVER_LAST = word_set(
    """
    al approx art bd betr bsp bzw ca cf ch chap cit cp d.h dept dr e.g ed eds ej eq eqs etw ev
    evtl ex fig figs gen ggf gov hon i.e incl lt m mme mlle mr mrs ms mt mx no nos nr num op p pag
    par pp pr prof pt pág ref refs rep resp rev s.o sec sect sen sog sr sra srta st std tab tel
    u.a v vgl viz vol vols vs z.b zit
    """
)
# These may end a sentence; the next word tells.
_MAYBE_LAST = word_set(
    """
    a.m ave b.c a.d co corp d.c etc e.u inc jr ltd p.m ph.d u.k u.n u.s u.s.a usw jan feb apr aug
    sept sep oct nov dec
    """
)

_PAIRS = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»", "「": "」", "『": "』", "（": "）"}
_BEFORE = re.compile(r"[^\s(\[“\"'—–/]{1,24}\Z")

_ADDRESS = re.compile(r"https?:|www\.|\b\w[\w.+-]*@\w|\bdoi\b|\barxiv:", re.IGNORECASE)
_REFERENCE = re.compile(
    r"^\[?\d|^[A-Z][\w'’-]+, (?:[A-Z]\.)|\bISBN\b|\bISSN\b|\bpp?\. ?\d|\b[Vv]ol\. ?\d"
    r"|\bIn Proceedings\b|\bRetrieved (?:from|on)\b|\b[Aa]ccessed (?:on )?\d"
    r"|\(\d{4}[a-z]?\)\.\s|\bet al\.?,? \d{4}[a-z]?\.$"
)
_CAPTION = re.compile(
    r"^(?:fig(?:ure)?|table|listing|algorithm|box|plate|image|photo(?:graph)?|source|credit)s?\.?"
    r"(?:\s*\d+(?:\.\d+)?)?\s*[.:|–—]",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"\b(?:all rights reserved|copyright|©|licen[sc]ed under|terms of (?:use|service)"
    r"|privacy policy|subscribe|sign up|newsletter|click here|cookies?\b.{0,20}\bpolicy"
    r"|follow (?:me|us) on"
    r"|(?:we|i)(?: would like to| want to|'d like to)? (?:thank|gratefully)|thanks to .{0,60} for"
    r"|corresponding author|conflicts? of interest|translated by)\b",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_CODE = re.compile(
    r"(?:^|\s)(?:--?\w|\.{0,2}/\w|\.\w)|\w\.(?:js|py|rs|json|toml|md)\b|\w_\w|[{}\\|<>=;$^~`]\S|\w\(\)|\S[{}\\|]|==|->|=>|::|\ue000"
)
_CITATION = re.compile(r"\[\d[\d,;\s–-]*\]|\([^()]*\b(?:19|20)\d\d[a-z]?\)|\bet al\b")

_VERBS = word_set(
    """
    is are was were be been being am has have had does do did can could will would shall should
    may might must isn't aren't wasn't weren't hasn't haven't hadn't doesn't don't didn't can't
    cannot couldn't won't wouldn't shouldn't needn't became began bought brought broke built came
    caught chose cost cut drew drove fell felt fought found fled forgot froze gave got grew heard
    held hid hit kept knew laid led left lent let lost made meant met paid put quit ran rang read
    rose said sang sat saw sent set shook shone shot shut slept sold spent spoke spread stole
    stood stuck sunk swam swore taught thought threw told took understood went woke won wore wrote
    dealt dug lay
    """
)
_NOTE_OPENERS = word_set("allows contains describes enables gives lets makes provides returns sets")
_VERB_ROOTS = word_set(
    """
    accept achieve act add affect agree aim allow answer appear apply argue arise arrive ask
    assume avoid base become begin behave believe belong break bring build buy call care carry
    catch cause change choose claim close collect come compare compute consider consist contain
    continue control cost count cover create cut decide define demand depend describe design
    determine develop differ do draw drive drop earn enable encourage end enjoy enter exist expect
    explain face fail fall feel fill find finish fit follow force forget gain get give go grow
    handle happen hear help hide hold hope hurt identify ignore imagine imply improve include
    increase indicate inform involve join keep kill know lack last lay lead learn leave let lie
    like limit listen live look lose love make manage mark matter mean measure meet miss move name
    need notice occur offer open own pay perform pick place plan play point prefer prevent produce
    promise prove provide pull push put raise reach read receive reduce refer reflect refuse
    release rely remain remember remove repeat replace reply report represent require rest return
    reveal rise run save say see seek seem sell send serve set share shift show sit sleep solve
    sound speak spend stand start stay stop store study succeed suffer suggest support take talk
    teach tell tend test thank think throw touch treat try turn understand use vary visit wait
    walk want warn watch wear win wish wonder work worry write yield outperform exceed
    leak deserve punish survive rule cross sign fetch commit merge push pull drift warm cool
    freeze melt
    """
)


def split(paragraph: str) -> list[str]:
    """The sentences of a paragraph on one line, in order; together they are the whole paragraph."""
    found: list[str] = []
    start = 0
    for end in _ends(paragraph):
        sentence = paragraph[start:end].strip()
        if sentence:
            found.append(sentence)
        start = end
    rest = paragraph[start:].strip()
    return [*found, rest] if rest else found


def _ends(text: str) -> Iterator[int]:
    """Where sentences end: after their mark and whatever closes with it."""
    for match in _END.finditer(text):
        end = match.end()
        while end < len(text) and text[end] in _CLOSERS:
            end += 1
        spaced = end < len(text) and text[end].isspace()
        if match[0][0] in "。！？" or (spaced and not _goes_on(text, match, end)):
            yield end


def _goes_on(text: str, mark: re.Match[str], end: int) -> bool:
    """Whether the sentence goes on after this mark although white space follows it."""
    following = text[end : end + 40].lstrip()
    bare = following.lstrip(_OPENERS)
    if not bare or bare[0].islower() or bare[0] in "–—-,;:&=+":
        return bool(following)
    if mark[0] != ".":
        return "…" in mark[0] or ".." in mark[0]
    if (
        end > mark.end()
    ):  # a closing quote or bracket after the stop: the word before doesn't matter
        return False
    return _stop_of_a_word(text[max(0, mark.start() - 24) : mark.start()], following)


def _stop_of_a_word(before: str, following: str) -> bool:
    """Whether a full stop belongs to the word before it: "Dr.", "J.", "e.g.", "2." at the start."""
    last = _BEFORE.search(before)
    if last is None:
        return False
    word = last[0].casefold().strip("“”‘’\"'")
    if word in _NEVER_LAST:
        return not (word == "no" and not following[0].isdigit())
    initial = (len(word) == 1 and word.isalpha() and last[0] != "I") or (
        re.fullmatch(r"(?:[^\W\d_]\.)+[^\W\d_]", word) is not None
    )
    if word in _MAYBE_LAST or initial:
        return following.split()[0].casefold().strip(_OPENERS) not in _STARTERS
    return last[0] == before.lstrip() and word.isdigit()


# Words that, capitalised after "U.S." or "etc.", begin a new sentence rather than a name.
_STARTERS = word_set(
    """
    the a an this that these those it he she they we you but and in on at for if when while as our
    his her their its there what who how why after before since because although however most many
    some
    """
)


def balanced(text: str) -> bool:
    """Whether every bracket and quotation mark has its partner in the text."""
    open_: list[str] = []
    straight = 0
    for at, character in enumerate(text):
        if character in _PAIRS:
            open_.append(_PAIRS[character])
        elif character in ")]}”»」』）":
            # German closes „ with “, which opens elsewhere; such a pair is left to the reader.
            if not open_ or open_.pop() != character:
                return False
        elif character == '"':
            straight += 1
        elif character == "‘" and "’" not in text[at + 1 :]:
            return False
    return not open_ and straight % 2 == 0


def whole(paragraph: str, language: Language) -> Iterator[str]:
    """The sentences of the paragraph that can be quoted alone, as they stand.

    Left out: half sentences, fragments without a verb, sentences out of the midst of somebody's
    speech, captions, references, code, and anything with an address in it.
    """
    inside = ""
    for sentence in split(paragraph):
        before, inside = inside, _speech_after(inside, sentence)
        if not before and can_stand(sentence, language):
            yield sentence


def _speech_after(open_quote: str, sentence: str) -> str:
    """The quotation mark that is still open after the sentence, given the one open before it."""
    for character in sentence:
        if open_quote:
            open_quote = "" if character == open_quote else open_quote
        elif character in "“«「『":
            open_quote = _PAIRS[character]
        elif character == '"':
            open_quote = '"'
    return open_quote


def can_stand(sentence: str, language: Language) -> bool:
    """Whether the sentence is whole and makes sense as prose when quoted alone."""
    if len(sentence) > MAX_CHARACTERS or not MIN_WORDS <= word_count(sentence) <= MAX_WORDS:
        return False
    return (
        _well_formed(sentence)
        and balanced(sentence)
        and not _is_apparatus(sentence)
        and (language.code != "en" or (has_verb(sentence) and has_subject(sentence)))
    )


def _well_formed(sentence: str) -> bool:
    """A capital (or a script without capitals) at the start, a mark at the end, prose between."""
    first = sentence.lstrip(_OPENERS)[:1]
    body = sentence.rstrip(_CLOSERS)
    if not first.isalpha() or first.islower() or body.endswith(("...", "…", "..")):
        return False
    if not body.endswith((".", "!", "?", "。", "！", "？")):
        return False
    letters = sum(character.isalpha() for character in sentence)
    return letters * 3 >= len(sentence) * 2 and not sentence.isupper()


def _is_apparatus(sentence: str) -> bool:
    """References, captions, notices and code: around the text, not of it."""
    patterns = (_ADDRESS, _REFERENCE, _CAPTION, _BOILERPLATE)
    return "\\" in sentence or any(pattern.search(sentence) for pattern in patterns)


def has_verb(sentence: str) -> bool:
    """Whether an English sentence seems to have a verb; generous, since the list is short."""
    for word in spelled(_BRACKETED.sub(" ", sentence)):
        folded = word.casefold().replace("’", "'")
        if (
            folded in _VERBS
            or folded in _VERB_ROOTS
            or folded.endswith(("ed", "n't", "'re", "'ll"))
        ):
            return True
        if _root(folded) in _VERB_ROOTS:
            return True
    return False


def has_subject(sentence: str) -> bool:
    """False for English notes such as "Allows you to ..." that open with their verb."""
    return next(iter(spelled(sentence)), "").casefold() not in _NOTE_OPENERS


def is_verb(word: str) -> bool:
    """Whether an English word is likely used as a verb; for keeping it out of a short head."""
    folded = word.casefold().replace("’", "'")
    return folded in _VERBS or folded in _VERB_ROOTS or _root(folded) in _VERB_ROOTS


def _root(folded: str) -> str:
    if folded.endswith("ies"):
        return folded[:-3] + "y"
    if folded.endswith("es") and folded[:-2] in _VERB_ROOTS:
        return folded[:-2]
    return folded.removesuffix("s")


def has_code(sentence: str) -> bool:
    return _CODE.search(sentence) is not None


def has_citation(sentence: str) -> bool:
    return _CITATION.search(sentence) is not None
