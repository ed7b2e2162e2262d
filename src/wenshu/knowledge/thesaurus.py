"""Other words for the words of a question: built in for offices, and beside them the groups that a tenant keeps."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from wenshu.zh.fold import fold


class Synonym(NamedTuple):
    """A word at ``[start, end)`` of a text, and what may stand for it elsewhere; all folded."""

    start: int
    end: int
    others: tuple[str, ...]


class Thesaurus:
    """Words and what may stand for them. Immutable."""

    def __init__(self, others: dict[str, tuple[str, ...]]) -> None:
        self._others = others
        self._longest = max(map(len, others), default=0)

    def of(self, folded: str) -> list[Synonym]:
        """The text's known words, left to right, at each place the longest, not overlapping."""
        found: list[Synonym] = []
        at = 0
        while at < len(folded):
            for size in range(min(self._longest, len(folded) - at), 0, -1):
                others = self._others.get(folded[at : at + size])
                if others:
                    found.append(Synonym(at, at + size, others))
                    at += size
                    break
            else:
                at += 1
        return found

    def with_groups(self, groups: Iterable[Sequence[str]]) -> "Thesaurus":
        """The same, and of each group every word for every other."""
        others = dict(self._others)
        for group in groups:
            _add(others, [fold(word) for word in group], ())
        return Thesaurus(others) if len(others) > len(self._others) or others != self._others else self


@cache
def built_in() -> Thesaurus:
    """The words of offices, from the data file beside this module."""
    others: dict[str, tuple[str, ...]] = {}
    for line in files("wenshu.knowledge").joinpath("thesaurus.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            asked, _, said = line.partition(" > ")
            _add(others, fold(asked).split(), fold(said).split())
    return Thesaurus(others)


def _add(others: dict[str, tuple[str, ...]], group: Sequence[str], said: Sequence[str]) -> None:
    for word in group:
        alike = [other for other in (*said, *group) if other != word]
        others[word] = tuple(dict.fromkeys((*others.get(word, ()), *alike)))
