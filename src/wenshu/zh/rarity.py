"""Rarity: how telling a character or a term is in Chinese at large, before any corpus is known."""

from functools import cache
from importlib.resources import files

RAREST = 6.0
"""The value of every character that is not among the common ones."""


def rarity(character: str) -> float:
    """``ln(1 + 1 / share of passages that hold it)``, in [0.5, 6]; the table's header names its source."""
    return _common().get(character, RAREST)


def term_rarity(term: str) -> float:
    """A rough order among index terms: a pair is as telling as its characters together, a word or number more so."""
    if len(term) == 2 and not term.isascii():
        return rarity(term[0]) + rarity(term[1])
    return rarity(term) if len(term) == 1 and not term.isascii() else 2 * RAREST


@cache
def _common() -> dict[str, float]:
    lines = files("wenshu.zh").joinpath("rarity.txt").read_text(encoding="utf-8").splitlines()
    rows = (line.split(" ", 1) for line in lines if not line.startswith("#"))
    return {character: float(value) for value, characters in rows for character in characters}
