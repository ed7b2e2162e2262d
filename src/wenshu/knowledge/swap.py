"""Facts given to the wrong thing: 一季度 said to have sold what the source says the second did."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from wenshu.knowledge.claims import amounts, names, without_amounts
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.units import units
from wenshu.zh.fold import fold
from wenshu.zh.sentences import clauses, split


def swapped(text: str, sources: Sequence[Passage]) -> bool:
    """Whether the text gives an amount or name to what the sources give another one of its kind.

    So it is where what is said around the fact fits, of all places in the sources, worse with each that has this fact
    than with one that has another. Clauses and whole sentences are compared; where the two fit alike nothing is said.
    """
    read = [_pieces(passage) for passage in sources]
    levels = ([piece for whole, _ in read for piece in whole], [piece for _, parts in read for piece in parts])
    return any(_is_swapped(clause, level) for clause in _read_clauses(text) for level in levels)


class _Piece(NamedTuple):
    """Facts as (kind, value); the pairs of characters around them, with ordinals and the facts themselves as words."""

    facts: frozenset[tuple[str, str]]
    words: frozenset[str]


def _is_swapped(said: _Piece, pieces: Sequence[_Piece]) -> bool:
    for fact in said.facts:
        context = said.words - {_word(other) for other in said.facts if _comparable(fact, other)}
        rivals = [piece for piece in pieces if any(_comparable(fact, other) for other in piece.facts)]
        holding = [_holds(piece, fact) for piece in rivals]
        fitting = [context & piece.words for piece, holds in zip(rivals, holding, strict=True) if holds]
        others = [context & piece.words for piece, holds in zip(rivals, holding, strict=True) if not holds]
        if fitting and any(all(_outdone(mine, theirs, fact[0]) for mine in fitting) for theirs in others):
            return True
    return False


def _comparable(fact: tuple[str, str], other: tuple[str, str]) -> bool:
    """A number without a measure, as in a table's cell, may be of any."""
    return fact[0] == other[0] or ("name" not in {fact[0], other[0]} and "" in {fact[0], other[0]})


def _holds(piece: _Piece, fact: tuple[str, str]) -> bool:
    return any(value == fact[1] and _comparable(fact, (kind, value)) for kind, value in piece.facts)


def _outdone(mine: frozenset[str], theirs: frozenset[str], kind: str) -> bool:
    """Whether another place holds all that the fact's own place does of the sentence, and more.

    A place without a word in common says the fact its own way: then the other has to hold much, and names never count.
    """
    return mine < theirs and (bool(mine) or (kind != "name" and len(theirs) > 2))


@lru_cache(maxsize=128)
def _pieces(passage: Passage) -> tuple[tuple[_Piece, ...], tuple[_Piece, ...]]:
    """The passage's sentences and rows, and its clauses (rows whole)."""
    found = units(passage)
    parts = [_read_clauses(unit.said) if unit.kind != "row" else [_read(unit.said)] for unit in found]
    return tuple(_read(unit.said) for unit in found), tuple(piece for part in parts for piece in part)


def _read_clauses(text: str) -> Iterator[_Piece]:
    for sentence in split(text):
        begin, parts = sentence.start, clauses(text, sentence)
        for clause in parts:
            said = text[begin : clause.end]
            # What 、 parts is said of one thing; a date before a comma belongs to what follows it.
            open_ = said.rstrip().endswith("、") or len(_RUN.findall(without_amounts(said))) == 0
            if open_ and clause is not parts[-1]:
                continue
            yield _read(said)
            begin = clause.end


def _read(text: str) -> _Piece:
    facts = {(amount.measure, f"{amount.value.normalize():f}") for amount in amounts(text)}
    rest = without_amounts(text)
    for name in names(text):
        facts.add(("name", name))
        rest = rest.replace(fold(name), " ")
    pairs = {pair for run in _RUN.findall(rest) for pair in _pairs(run)}
    ordinals = set(_ORDINAL.findall(fold(text)))
    return _Piece(frozenset(facts), frozenset(pairs | ordinals | set(map(_word, facts))))


def _word(fact: tuple[str, str]) -> str:
    return f"{fact[1]} {fact[0]}"


_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z0-9]+")
_ORDINAL = re.compile(r"第[一二三四五六七八九十百\d]+|[一二三四1234上下](?=季度|半年)")


def _pairs(run: str) -> list[str]:
    return [run] if run[0].isascii() or len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]
