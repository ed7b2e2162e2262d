"""Fusing the two legs of a search: by terms, reranked, and by the cosine of vectors."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from wenshu.core.index.port import Entry, Found, Near, Place
from wenshu.knowledge.features import Asked
from wenshu.knowledge.rerank import falling, rerank

K = 60
"""Reciprocal rank fusion's constant: two legs peak at 2/61 = 0.0328, one at 1/61 = 0.0164."""


class Fused(NamedTuple):
    """A candidate, how sure it is in [0, 1], its cosine, and its fused rank."""

    entry: Entry
    score: float
    cosine: float | None = None
    rrf: float | None = None


def fused(asked: Asked, found: Found, near: Sequence[Near], *, by_terms: bool) -> list[Fused]:
    """The candidates of both legs, or of the vectors' alone, best first, their scores never rising.

    All that either leg found is reranked, so that nothing is lost by putting them together.
    """
    ranks = [{one.entry.place: at for at, one in enumerate(near, 1)}]
    if by_terms:
        ranks.append({entry.place: at for at, entry in enumerate(found.entries, 1)})
    rrf = reciprocal_ranks(ranks)
    entries = {entry.place: entry for entry in (*(one.entry for one in near), *(found.entries if by_terms else ()))}
    cosines = {**found.cosines, **{one.entry.place: one.cosine for one in near}}
    moved = _Moved([one.cosine for one in near])
    judged = [
        (entry, moved(score, cosines.get(entry.place)))
        for entry, score in rerank(asked, Found(list(entries.values()), found.statistics))
    ]
    judged.sort(key=lambda one: (-one[1], -rrf[one[0].place]))
    scores = falling([score for _, score in judged])
    return [
        Fused(entry, score, cosines.get(entry.place), rrf[entry.place])
        for (entry, _), score in zip(judged, scores, strict=True)
    ]


def reciprocal_ranks(legs: Sequence[dict[Place, int]]) -> dict[Place, float]:
    """The fused rank of everything that any leg found, from its ranks there (1 the best)."""
    places = dict.fromkeys(place for leg in legs for place in leg)
    return {place: sum(1 / (K + leg[place]) for leg in legs if place in leg) for place in places}


_SURE = 1e-6
_LEAST_WIDTH = 0.02
_STEPS = 2.0
"""What standing out among the nearest is worth, in steps of the logit. On the development questions 1 to 3 do alike:
a good embedder's vectors win four points of hit@1, hashed terms in an embedder's place lose one and a half."""


class _Moved:
    """A likelihood by terms, moved by where the cosine stands between the farthest and the nearest of the nearest.

    Cosines of two models mean different things, so they are only compared with those of the same question.
    """

    def __init__(self, nearest: Sequence[float]) -> None:
        self._low = min(nearest, default=0.0)
        self._width = max(max(nearest, default=0.0) - self._low, _LEAST_WIDTH)
        self._middle = sum(map(self._standing, nearest)) / len(nearest) if nearest else 0.0

    def __call__(self, score: float, cosine: float | None) -> float:
        if cosine is None:
            return score
        sure = min(1 - _SURE, max(_SURE, score))
        logit = math.log(sure / (1 - sure)) + _STEPS * (self._standing(cosine) - self._middle)
        return 1 / (1 + math.exp(-logit))

    def _standing(self, cosine: float) -> float:
        return max(0.0, (cosine - self._low) / self._width)
