"""Which sentences say most of a text: graph ranking over TF-IDF, and a choice without repetition.

Sentences are nodes, their cosine similarity is the weight between them, and a random reader who
prefers some sentences beforehand (the prior) settles on the central ones: LexRank (Erkan and Radev,
2004) with a personalised start. The choice is by maximal marginal relevance (Carbonell and
Goldstein, 1998). Pure Python and deterministic; it knows nothing of languages or headings.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

_DAMPING = 0.85
_ROUNDS = 40
_SETTLED = 1e-6
_FAINT = 0.05  # similarities below it are noise
_MANY = 100
_COMMON = 0.2  # a term in more than this share of many sentences connects nothing,
_MOST = 120  # nor does one in more sentences than this: it bounds the work on any text


class Graph:
    """The sentences of a text as vectors, and how alike they are.

    ``terms`` holds one sequence of terms a sentence. In a long text terms that stand everywhere are
    left out of the edges, so that work grows with its length and not with its square.
    """

    def __init__(self, terms: Sequence[Sequence[str]]) -> None:
        self._vectors = _vectors(terms)
        self.edges = _edges(self._vectors)

    def __len__(self) -> int:
        return len(self._vectors)

    def similarity(self, one: int, other: int) -> float:
        """The cosine between two sentences, 0 to 1."""
        if one == other:
            return 1.0
        shorter, longer = sorted((self._vectors[one], self._vectors[other]), key=len)
        return min(1.0, sum(weight * longer.get(term, 0.0) for term, weight in shorter.items()))

    def weight(self, sentence: int, term: str) -> float:
        """What the term adds to the sentence's meaning; 0 when it isn't in it."""
        return self._vectors[sentence].get(term, 0.0)


def _vectors(terms: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """Unit vectors of term weights: (1 + log tf) * idf."""
    documents = Counter(term for sentence in terms for term in set(sentence))
    total = len(terms)
    vectors: list[dict[str, float]] = []
    for sentence in terms:
        counts = Counter(sentence)
        raw = {
            term: (1 + math.log(count)) * math.log(1 + total / documents[term])
            for term, count in counts.items()
        }
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        vectors.append({term: weight / length for term, weight in raw.items()})
    return vectors


def _edges(vectors: Sequence[dict[str, float]]) -> list[dict[int, float]]:
    """For each sentence the others that are like it: index -> cosine. Symmetric."""
    postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for index, vector in enumerate(vectors):
        for term, weight in vector.items():
            postings[term].append((index, weight))
    limit = min(_MOST, len(vectors) * _COMMON) if len(vectors) > _MANY else len(vectors)
    edges: list[dict[int, float]] = [{} for _ in vectors]
    for index, vector in enumerate(vectors):
        dots: dict[int, float] = defaultdict(float)
        for term, weight in vector.items():
            entries = postings[term]
            if len(entries) > limit:
                continue
            for other, other_weight in entries:
                if other >= index:
                    break
                dots[other] += weight * other_weight
        for other, dot in dots.items():
            if dot >= _FAINT:
                edges[index][other] = edges[other][index] = dot
    return edges


def rank(graph: Graph, prior: Sequence[float]) -> list[float]:
    """How central each sentence is, 0 to 1; the most central one has 1."""
    total = sum(prior) or 1.0
    start = [weight / total for weight in prior]
    flow = [
        [(other, weight / sum(edges.values())) for other, weight in edges.items()]
        for edges in graph.edges
    ]
    scores = start
    for _ in range(_ROUNDS):
        lost = sum(score for score, out in zip(scores, flow, strict=True) if not out)
        after = [(1 - _DAMPING + _DAMPING * lost) * weight for weight in start]
        for score, out in zip(scores, flow, strict=True):
            for other, share in out:
                after[other] += _DAMPING * score * share
        moved = sum(abs(new - old) for new, old in zip(after, scores, strict=True))
        scores = after
        if moved < _SETTLED:
            break
    best = max(scores, default=0.0) or 1.0
    return [score / best for score in scores]


def diverse(
    graph: Graph, scores: Sequence[float], among: Iterable[int], count: int, balance: float = 0.7
) -> list[int]:
    """The ``count`` best of ``among``, each unlike those before it; best first.

    ``balance`` is the share of the score against that of being unlike (0 to 1).
    """
    left = sorted(among, key=lambda index: (-scores[index], index))
    likeness = dict.fromkeys(left, 0.0)
    chosen: list[int] = []
    while left and len(chosen) < count:
        best = max(
            left,
            key=lambda index: (
                balance * scores[index] - (1 - balance) * likeness[index],
                -index,
            ),
        )
        chosen.append(best)
        left.remove(best)
        for index in left:
            likeness[index] = max(likeness[index], graph.similarity(index, best))
    return chosen
