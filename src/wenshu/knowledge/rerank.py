"""Reranking: the order of the index's candidates, and how sure each of them is.

Documents: two logistic regressions over the numbers of ``features``, one fitted to put the answering passage first, one
to say how likely a passage answers at all, and before them a quick one that tells which candidates are worth both;
``evals/train_rerank.py`` fits all three and writes ``rerank.json``. QA pairs: how alike two questions are, and how much
of the asked one the pair covers.
"""

import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from operator import mul
from typing import NamedTuple

import orjson

from wenshu.core.index.port import Entry, Found
from wenshu.knowledge.coverage import folded
from wenshu.knowledge.features import Asked, Comparison, Sought
from wenshu.knowledge.question import content_of, standard
from wenshu.zh.rarity import term_rarity
from wenshu.zh.tokens import query_terms


class Ranked(NamedTuple):
    """A candidate and how sure it is, in [0, 1]."""

    entry: Entry
    score: float


def rerank(asked: Asked, found: Found, limit: int | None = None) -> list[Ranked]:
    """The candidates, best first, their scores never rising; all of them, or at least the best ``limit``.

    With a limit only the likeliest documents at a glance are read closely: of the development questions none loses its
    first passage by that, none its answer among the first five, and 2 in 100 another one of those.

    A document's score is the likelihood that the passage answers. A pair's is 1 for the same question, whatever its
    script, width and punctuation, and 0 for one that has nothing in common.
    """
    pairs = [Ranked(entry, _alike(asked, entry)) for entry in found.entries if entry.collection == "QA"]
    comparison, models = Comparison(asked, found.statistics), _models()
    seen = [(entry, comparison.glance(entry)) for entry in found.entries if entry.collection == "DOC"]
    if limit is not None and len(seen) > (closely := max(_LEAST_CLOSELY, 3 * limit)):
        seen = sorted(seen, key=lambda one: -models.glance(one[1].told))[:closely]
    judged = [(entry, comparison.features(glance)) for entry, glance in seen]
    judged.sort(key=lambda one: -models.order(one[1]))
    likely = falling([1 / (1 + math.exp(-models.likelihood(numbers))) for _, numbers in judged])
    documents = [Ranked(entry, score) for (entry, _), score in zip(judged, likely, strict=True)]
    return sorted(documents + pairs, key=lambda ranked: -ranked.score)


def falling(values: Sequence[float]) -> list[float]:
    """The nearest sequence that never rises: neighbours in the wrong order take their mean (isotonic regression)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        total, size = value, 1
        while pools and pools[-1][0] / pools[-1][1] < total / size:
            earlier_total, earlier_size = pools.pop()
            total, size = total + earlier_total, size + earlier_size
        pools.append((total, size))
    return [total / size for total, size in pools for _ in range(size)]


class _Model:
    """A weighted sum of named numbers."""

    def __init__(self, weights: dict[str, float]) -> None:
        self._bias = weights["bias"]
        self._names = [name for name in weights if name != "bias"]
        self._weights = [weights[name] for name in self._names]

    def __call__(self, numbers: dict[str, float]) -> float:
        return self._bias + sum(map(mul, self._weights, [numbers[name] for name in self._names]))


class _Models(NamedTuple):
    glance: _Model
    order: _Model
    likelihood: _Model


@cache
def _models() -> _Models:
    fitted = orjson.loads(files("wenshu.knowledge").joinpath("rerank.json").read_bytes())
    return _Models(_Model(fitted["glance"]), _Model(fitted["order"]), _Model(fitted["likelihood"]))


def _alike(asked: Asked, entry: Entry) -> float:
    """How much of each question the other says; what only the pair's answer says counts little."""
    title, matcher = folded(entry.title), asked.matcher
    said = matcher.said(title)
    ours = matcher.share(said.meant)
    answered = matcher.share(matcher.said(folded(entry.body)).meant & ~said.meant)
    stored = _things(query_terms(content_of(standard(entry.title))) or query_terms(entry.title))
    theirs = _share(Sought(stored), asked.text) if stored else 0.0
    if asked.question.text == standard(entry.title):
        return 1.0
    return min(_MOST_ALIKE, ours * (0.4 + 0.6 * theirs) + 0.3 * answered)


def _share(sought: Sought, text: str) -> float:
    return sought.share(sought.found(text))


_LEAST_CLOSELY = 16
_MOST_ALIKE = 0.95  # what is not the same question


def _things(terms: Sequence[str]) -> dict[str, float]:
    return {thing: term_rarity(thing) for term in terms for thing in ((term, *term) if not term.isascii() else (term,))}
