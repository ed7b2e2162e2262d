"""Other words for the words of a question: built in for offices, and beside them the groups that a tenant keeps."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from wenshu.zh.fold import fold


class Synonym(NamedTuple):
    """A word at ``[start, end)`` of a text, and what may stand for it elsewhere; all folded."""

    start: int
    end: int
    others: tuple[str, ...]
    own: bool = False
    """Whether the tenant says so itself."""


class Thesaurus:
    """Words and what may stand for them. Immutable."""

    def __init__(self, others: dict[str, tuple[str, ...]], own: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._others = others
        self._longest = max(map(len, others), default=0)
        self._own = own or {}

    def of(self, folded: str) -> list[Synonym]:
        """The text's known words, left to right, at each place the longest, not overlapping."""
        found: list[Synonym] = []
        at = 0
        while at < len(folded):
            for size in range(min(self._longest, len(folded) - at), 0, -1):
                word = folded[at : at + size]
                others = self._others.get(word)
                own = others is not None and word in self._own
                if others and not (own and _is_glued(folded, at, at + size)):
                    found.append(Synonym(at, at + size, others, own))
                    at += size
                    break
            else:
                at += 1
        return found

    def with_groups(self, groups: Iterable[Sequence[str]]) -> "Thesaurus":
        """The same, and of each group every word for every other, before what may stand for it already."""
        own: dict[str, tuple[str, ...]] = {}
        for group in groups:
            _add(own, [fold(word) for word in group], ())
        others = {word: tuple(dict.fromkeys((*said, *self._others.get(word, ())))) for word, said in own.items()}
        return Thesaurus({**self._others, **others}, own) if own else self

    def wordings(self, question: str, texts: Sequence[str]) -> list[str]:
        """The question in the material's own words: each of the tenant's terms as the first of the texts say it.

        Once with all terms in other words, once with only those that no text has; none where nothing would change.
        """
        if not self._own:
            return []
        said = [fold(text) for text in texts]
        terms = [synonym for synonym in self.of(fold(question)) if synonym.own]
        words = [fold(question[one.start : one.end]) for one in terms]
        others = [
            next((other for text in said for other in self._own[word] if stands_in(text, other)), "") for word in words
        ]
        kept = [
            "" if any(stands_in(text, word) for text in said) else other
            for word, other in zip(words, others, strict=True)
        ]
        made = [_replaced(question, terms, chosen) for chosen in (kept, others)]
        return [wording for wording in dict.fromkeys(made) if wording != question]


@cache
def built_in() -> Thesaurus:
    """The words of offices, from the data file beside this module."""
    others: dict[str, tuple[str, ...]] = {}
    for line in files("wenshu.knowledge").joinpath("thesaurus.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            asked, _, said = line.partition(" > ")
            _add(others, fold(asked).split(), fold(said).split())
    return Thesaurus(others)


def stands_in(text: str, word: str) -> bool:
    """Whether a folded text has the word, and not only as a part of a word or number of another script: ai of email."""
    at = text.find(word)
    while at >= 0:
        if not _is_glued(text, at, at + len(word)):
            return True
        at = text.find(word, at + 1)
    return False


def _is_glued(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    return (_is_latin(text[start]) and _is_latin(before)) or (_is_latin(text[end - 1]) and _is_latin(after))


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _replaced(question: str, terms: Sequence[Synonym], others: Sequence[str]) -> str:
    for term, other in reversed(list(zip(terms, others, strict=True))):
        if other:
            question = question[: term.start] + other + question[term.end :]
    return question


def _add(others: dict[str, tuple[str, ...]], group: Sequence[str], said: Sequence[str]) -> None:
    for word in group:
        alike = [other for other in (*said, *group) if other != word]
        others[word] = tuple(dict.fromkeys((*others.get(word, ()), *alike)))
