"""Our own sparse vectors: terms saturated in the passage, rarity on the question's side; their product is nearly BM25.

So every Milvus ranks alike, scores positively and needs no analyzer; only the average length is a constant of ours.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from zlib import crc32

from wenshu.core.index.port import Statistics
from wenshu.zh.rarity import term_rarity

MOST_COUNTED = 1_000
"""Passages that hold a term are counted up to so many; of more frequent terms the number is estimated."""

_K1, _B = 1.2, 0.75
_AVERAGE = 300.0  # terms: pieces are cut at 320 characters
_NOTHING = 0  # the dimension of a passage without terms; no term has it
_DIMENSIONS = 2**32 - 2


def document_vector(terms: str) -> dict[int, float]:
    """Weight by dimension, of terms as in ``Item.terms``."""
    words = terms.split()
    counts = Counter(map(_dimension, words))
    counts.update(_opening(word[0]) for word in words if not word[0].isascii())
    norm = _K1 * (1 - _B + _B * len(words) / _AVERAGE)
    return {place: count * (_K1 + 1) / (count + norm) for place, count in counts.items()} or {_NOTHING: 1.0}


def term_vector(term: str) -> dict[int, float]:
    """The one dimension of a term: a lone character beyond ASCII stands for every term that begins with it."""
    return {_opening(term) if len(term) == 1 and not term.isascii() else _dimension(term): 1.0}


def query_vector(statistics: Statistics) -> dict[int, float]:
    """The terms that any passage has, each by its rarity in the scope."""
    vector: dict[int, float] = {}
    for term, count in statistics.holding.items():
        if count:
            rarity = math.log(1 + (statistics.passages - count + 0.5) / (count + 0.5))
            vector |= dict.fromkeys(term_vector(term), rarity)
    return vector


def holding(terms: Sequence[str], counted: Sequence[int], passages: int) -> Mapping[str, int]:
    """How many passages hold each term: as counted, and beyond ``MOST_COUNTED`` by how frequent it is in Chinese."""
    return {
        term: count
        if count < MOST_COUNTED
        else min(passages, max(count, round(passages / math.expm1(term_rarity(term)))))
        for term, count in zip(terms, counted, strict=True)
    }


def _dimension(term: str) -> int:
    return 1 + crc32(term.encode()) % _DIMENSIONS


def _opening(character: str) -> int:
    return _dimension(f"{character}*")
