"""What speaks for a sentence beside its place in the graph: its section, its build, its ease.

Rules of thumb, each a factor or a deduction. It sees one sentence or heading at a time and chooses
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.summarisers.languages import spelled, word_count
from bot.summarisers.sentences import has_citation, has_code

_NUMBER = r"^\W*(?:(?:\d+(?:\.\d+)*|[ivx]+|[a-z]|appendix [a-z\d]+)[.:)]?\s+)?"
_DROPPED = re.compile(
    _NUMBER + r"(?:references?|bibliography|works cited|literature cited|citations?|sources"
    r"|acknowledge?ments?|thanks|appendi(?:x|ces)|suppl\w*(?: \w+)?|end ?notes|foot ?notes|notes"
    r"|funding|author contributions?|about the authors?|conflicts? of interest|competing interests"
    r"|licen[sc]e|copyright|further reading|see also|external links|related posts|contents"
    r"|table of contents|index|change ?log|credits|data availability|colophon"
    r"|literatur(?:verzeichnis)?|quellen|einzelnachweise|danksagung|anhang|références|remerciements"
    r"|annexes?|referencias|bibliografía|agradecimientos|referências|agradecimentos|参考文献|致谢)\W*$",
    re.IGNORECASE,
)
_APPENDIX = re.compile(r"^\W*(?:appendix\b|[A-Z](?:\.\d+)*[.:]?\s+\S)", re.IGNORECASE)
_RAISED = re.compile(
    _NUMBER + r"(?:abstract|(?:executive )?summary|introduction|overview|conclusions?|discussion"
    r"|(?:key )?(?:findings|takeaways|points)|in short|tl;?dr|zusammenfassung|einleitung|fazit"
    r"|résumé|conclusion|resumen|introducción|conclusiones|resumo|introdução|摘要|结论|引言)\b",
    re.IGNORECASE,
)
_LOWERED = re.compile(
    _NUMBER + r"(?:related work|prior work|methods?|methodology|materials|experimental|set-?up"
    r"|installation|prerequisites|proofs?|implementation details|datasets?|notation)\b",
    re.IGNORECASE,
)
_ROADMAP = re.compile(
    r"^see\b|\b(?:see also|see the|, see|for (?:more|further) (?:information|details?)"
    r"|(?:rest|remainder) of (?:this|the)|is (?:organi[sz]ed|structured) as|as follows"
    r"|in this (?:section|paper|post|article|tutorial|chapter|guide|essay)|the following"
    r"|(?:see|in) (?:section|chapter)|(?:shown|mentioned|described|discussed) (?:earlier|here)"
    r"|(?:figure|fig\.|table|section|chapter|appendix|equation|eq\.) ?\d|above\.|below\."
    r"|(?:shown|mentioned|described|discussed|listed|noted) (?:above|below)|next section|later in"
    r"|let['’]s|you['’]ll (?:need|learn|see)|we['’]ll|we will (?:see|look|discuss|show))",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"\b(?:I|I['’]\w+|my|me)\b")
_SPEECH = re.compile(r"[\"“”]")
_ABBREVIATION = re.compile(r"\b(?=\w*[A-Z]\w*[A-Z])[A-Za-z][\w&]{1,9}\b")
_DIGITS = re.compile(r"\d[\d.,%]*")


def dropped(heading: str, *, after_references: bool = False) -> bool:
    """Whether a section of this heading is around the text rather than of it."""
    if _DROPPED.match(heading) or re.match(r"\W*appendix\b", heading, re.IGNORECASE):
        return True
    return after_references and _APPENDIX.match(heading) is not None


def section_prior(heading: str, number: int, total: int) -> float:
    """How much a section's name and place speak for its sentences; 1 is neutral."""
    if _RAISED.match(heading):
        return 1.4
    if _LOWERED.match(heading):
        return 0.75
    return 1.15 if total > 2 and number in {0, total - 1} else 1.0


def worth(sentence: str) -> float:
    """How well the sentence serves as a point, 0 to 1: neither curt nor endless, no aside."""
    words = word_count(sentence)
    value = min(1.0, 0.2 + words / 25) if words < 20 else max(0.5, 1.0 - max(0, words - 36) * 0.04)
    for pattern, factor in ((_ROADMAP, 0.35), (_PERSONAL, 0.8), (_SPEECH, 0.8)):
        if pattern.search(sentence):
            value *= factor
    if sentence.endswith(("?", "!", "？", "！")):
        value *= 0.45
    if has_code(sentence):
        value *= 0.6
    return value * 0.93 ** max(0, len(_DIGITS.findall(sentence)) - 1)


def ease(sentence: str, long_forms: Mapping[str, str]) -> float:
    """How easily the sentence reads: 1 is easy, below 0 is hard.

    Short words and sentences, few figures, few abbreviations that the reading doesn't explain.
    """
    words = spelled(sentence)
    count = max(1, word_count(sentence))
    letters = sum(map(len, words)) / max(1, len(words))
    long_words = sum(len(word) > 8 for word in words) / count
    unexplained = sum(
        short.removesuffix("s") not in long_forms for short in _ABBREVIATION.findall(sentence)
    )
    deductions = (
        max(0, count - 14) * 0.045
        + max(0.0, letters - 4.6) * 0.15
        + long_words * 0.9
        + len(_DIGITS.findall(sentence)) * 0.18
        + unexplained * 0.12
        + (0.35 if has_citation(sentence) else 0.0)
        + (0.3 if has_code(sentence) else 0.0)
        + 0.06 * sum(map(sentence.count, "(;—–:"))
        + (0.35 if "?" in sentence or "？" in sentence else 0.0)
        + (0.15 if _SPEECH.search(sentence) else 0.0)
        + (0.25 if count < 8 else 0.0)
        + (0.5 if _ROADMAP.search(sentence) else 0.0)
    )
    return max(-0.5, 1.0 - deductions)
