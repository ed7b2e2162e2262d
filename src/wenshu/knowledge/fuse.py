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
    """The candidates of both legs, or of the vectors' alone, best first, their scores never rising."""
    ranks = [{entry.place: at for at, entry in enumerate(found.entries, 1)}] if by_terms else []
    ranks.append({one.entry.place: at for at, one in enumerate(near, 1)})
    rrf = reciprocal_ranks(ranks)
    entries = {entry.place: entry for entry in [*(one.entry for one in near), *(found.entries if by_terms else ())]}
    cosines = {**found.cosines, **{one.entry.place: one.cosine for one in near}}
    judged = rerank(asked, Found(list(entries.values()), found.statistics))
    weighed = [
        (entry, _weighed(score, cosines.get(entry.place), near), cosines.get(entry.place)) for entry, score in judged
    ]
    weighed.sort(key=lambda one: (-one[1], -rrf[one[0].place]))
    scores = falling([score for _, score, _ in weighed])
    return [
        Fused(entry, score, cosine, rrf[entry.place]) for (entry, _, cosine), score in zip(weighed, scores, strict=True)
    ]


def reciprocal_ranks(legs: Sequence[dict[Place, int]]) -> dict[Place, float]:
    """The fused rank of everything that any leg found, from its ranks there (1 the best)."""
    places = dict.fromkeys(place for leg in legs for place in leg)
    return {place: sum(1 / (K + leg[place]) for leg in legs if place in leg) for place in places}


_SURE = 1e-6
_STEPS = 3.0


def _weighed(score: float, cosine: float | None, near: Sequence[Near]) -> float:
    """The likelihood by terms, moved by how far the cosine stands out among those of the nearest."""
    if cosine is None or not near:
        return score
    low, high = near[-1].cosine, near[0].cosine
    out = max(0.0, (cosine - low) / max(high - low, 0.02))
    sure = min(1 - _SURE, max(_SURE, score))
    return 1 / (1 + math.exp(-(math.log(sure / (1 - sure)) + _STEPS * (out - 0.5))))
