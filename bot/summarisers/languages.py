"""Words of a text: how they are told apart and counted, and which of them carry no meaning.

It knows just enough of five languages to skip their commonest words and to see a sentence that
leans on the one before it. In any other language every word counts, and the commoner ones weigh
less by themselves. It keeps no dictionary and does no grammar.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_CJK_RUN = re.compile(f"[{_CJK}]+")
_WORD = re.compile(f"[{_CJK}]+|(?:(?![{_CJK}])[^\\W_])+(?:['’-](?:(?![{_CJK}])[^\\W_])+)*")

_ENGLISH_STOP = """
a about above after again against all almost also although always am among an and another any are
aren't as at away be because been before being below between both but by came can can't cannot
come could couldn't did didn't do does doesn't doing don't done down during each either else
enough even ever every few first for from further get gets getting give given go goes going good
got had hadn't has hasn't have haven't having he he's her here hers herself him himself his how
however i i'm i've if in instead into is isn't it it's its itself just keep kind last least less
let let's like likely made make makes making many may maybe me might more most much must my myself
need needs neither never next no nor not nothing now of off often on once one ones only onto or
other others our ours ourselves out over own part per perhaps put quite rather really said same
say says see seem seems several shall she should shouldn't show shows since so some something soon
still such take takes than that that's the their theirs them themselves then there there's
therefore these they they're thing things think this those though through thus to together too
toward towards two under until up upon us use used uses using very via want was wasn't way ways we
we're well went were weren't what what's when where whether which while who whom whose why will
with within without won't would wouldn't yes yet you you're your yours yourself
"""
_GERMAN_STOP = """
aber alle allem allen aller als also am an auch auf aus bei beim bin bis da damit dann das dass
dem den denn der des die dies diese diesem diesen dieser dieses doch dort du durch ein eine einem
einen einer eines er es etwas für gegen haben hat hatte hier ich ihr ihre im in ist ja jede jeder
kann kein keine können man mehr mit muss nach nicht noch nur ob oder ohne schon sehr sein seine
sich sie sind so über um und uns unter vom von vor war waren was wenn werden wie wieder wir wird
wurde wurden zu zum zur zwischen
"""
_FRENCH_STOP = """
à ainsi alors au aucun aussi autre aux avait avec avoir c'est car ce cela ces cet cette comme d'un
d'une dans de des deux donc du elle elles en encore entre est et été être eux fait il ils je l'on
la le les leur leurs lui mais même mes moins mon ne ni non nos notre nous on ont ou où par pas peu
peut plus pour qu'il qu'on que quand qui sa sans se ses si son sont sous sur ta tous tout toute
toutes très tu un une vos votre vous y
"""
_SPANISH_STOP = """
a al algo ante antes así aunque cada como con contra cual cuando de del desde donde dos el ella
ellas ellos en entre era es esa ese eso esta estaba está están este esto estos fue ha hacia han
hasta hay la las le les lo los más me mi mientras muy ni no nos o otra otro para pero poco por
porque puede que quien se según ser si sin sobre son su sus también tan tanto te tiene todo todos
tras tu un una uno unos y ya
"""
_PORTUGUESE_STOP = """
à ao aos as até cada com como da das de dela dele depois do dos e é ela elas ele eles em entre era
essa esse esta está este eu foi foram há isso isto já lhe mais mas me mesmo muito na não nas nem
no nos o os ou para pela pelas pelo pelos pode por porque quando que quem se sem ser seu seus só
sua suas também tem têm todo todos um uma você
"""

_ENGLISH_LEANING = """
accordingly additionally again also although and another as besides both but consequently
conversely either else even finally further furthermore he hence her here him his however i'd
including indeed instead it it's its likewise meanwhile moreover neither nevertheless nonetheless
nor or otherwise rather second secondly she similarly so still such than that that's their them
then there's thereby therefore these they they're third this those though thus too which yes yet
"""
_ENGLISH_LEANING_PAIRS = """
above all|after all|as a|as mentioned|as shown|as noted|at that|by contrast|even so|for example
for instance|for this|for that|for these|from this|here is|here are|in addition|in contrast
in other|in particular|in short|in such|in that|in these|in this|in turn|of course|on the
one reason|one such|that is|to do|to this|to that|with this|with that|with these|the former
the latter|the same|the following|the above|the other|the first|the second|the third|the next
the result|the reason|all of|most of|some of|none of|both of|each of|because of|as such|as we
as you|first of|some are|others are
"""
_GERMAN_LEANING = """
aber allerdings also auch außerdem damit daher dann das deshalb dennoch dies diese dieser dieses
er es hingegen ihr ihre jedoch sie so trotzdem und zudem zwar
"""
_FRENCH_LEANING = """
ainsi alors car ce cela celui celle ces cependant cet cette de donc elle elles enfin ensuite et il
ils leur lui mais or pourtant puis son toutefois
"""
_SPANISH_LEANING = """
además así aunque él ella ello ellas ellos en entonces esa ese eso esta este esto estos luego pero
por también y
"""
_PORTUGUESE_LEANING = """
além aliás assim contudo e ela elas ele eles então essa esse esta este isso isto mas porém
portanto também
"""


_OF_THEM = re.compile(
    r"(?:\w+ ){1,4}of (?:them|these|those|which|us|it)\b|\w+ the (?:two|former|latter|other)\b"
)


@dataclass(frozen=True, slots=True)
class Language:
    """What is known of a language: its empty words, and openings that lean on what came before."""

    code: str
    stop: frozenset[str]
    leaning: frozenset[str]
    leaning_pairs: frozenset[str] = frozenset()

    def leans(self, sentence: str) -> bool:
        """Whether the sentence opens with a word that points outside of it ("This", "However")."""
        if self.code == "en" and _OF_THEM.match(sentence):
            return True
        opening = [word.casefold() for word in _WORD.findall(sentence[:80])[:2]]
        first = opening[0].split("'")[0].split("’")[0] if opening else ""
        return first in self.leaning or " ".join(opening) in self.leaning_pairs


def _known() -> tuple[Language, ...]:
    pairs = frozenset(
        pair for line in _ENGLISH_LEANING_PAIRS.split("\n") for pair in line.split("|") if pair
    )
    return (
        Language("en", word_set(_ENGLISH_STOP), word_set(_ENGLISH_LEANING), pairs),
        Language("de", word_set(_GERMAN_STOP), word_set(_GERMAN_LEANING)),
        Language("fr", word_set(_FRENCH_STOP), word_set(_FRENCH_LEANING)),
        Language("es", word_set(_SPANISH_STOP), word_set(_SPANISH_LEANING)),
        Language("pt", word_set(_PORTUGUESE_STOP), word_set(_PORTUGUESE_LEANING)),
    )


def word_set(words: str) -> frozenset[str]:
    """The words of a list written with spaces between."""
    return frozenset(words.split())


def language_of(text: str) -> Language:
    """The known language whose common words fill most of the text; else one without any list."""
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(text[:20_000])]
    shares = [(sum(word in language.stop for word in words), language) for language in _known()]
    hits, best = max(shares, key=lambda share: share[0])
    if hits * 6 < len(words) or not words:
        return Language("", frozenset(), frozenset())
    return best


def word_count(text: str) -> int:
    """Words between spaces; where a script writes none, two characters count as a word."""
    spaced = _CJK_RUN.sub(" ", text)
    characters = sum(len(run) for run in _CJK_RUN.findall(text))
    return sum(any(map(str.isalnum, part)) for part in spaced.split()) + (characters + 1) // 2


def spelled(text: str) -> list[str]:
    """The words as they are written."""
    return _WORD.findall(text)


def terms(text: str, language: Language) -> list[str]:
    """What a sentence is about: its words folded, without empty ones and without endings.

    A run of Chinese or Japanese is taken as its overlapping pairs of characters.
    """
    found: list[str] = []
    for word in _WORD.findall(text):
        if _CJK_RUN.match(word):
            found.extend(_pairs(word))
            continue
        folded = word.casefold().replace("’", "'")
        if folded not in language.stop and (len(folded) > 1) and not folded.isdigit():
            found.append(_stem(folded) if language.code == "en" else folded)
    return found


def _pairs(run: str) -> Sequence[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def _stem(word: str) -> str:
    """A crude stem, only to make "model", "models" and "modelling" meet."""
    word = word.removesuffix("'s")
    for ending, least in (("ings", 4), ("ing", 4), ("ies", 3), ("ed", 4), ("es", 4), ("s", 3)):
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            root = word[: -len(ending)]
            return root[:-1] if len(root) > 4 and root[-1] == root[-2] else root.removesuffix("e")
    return word.removesuffix("e") if len(word) > 4 else word
