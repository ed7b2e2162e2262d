"""How much of a question a text covers, character by character."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from wenshu.knowledge.question import Question, without_separators
from wenshu.knowledge.wording import sayings
from wenshu.zh.fold import fold
from wenshu.zh.numerals import numerals
from wenshu.zh.sounds import sounds


class Folded:
    """A text as it is compared: folded, with the words and numbers of other scripts that stand in it."""

    def __init__(self, text: str) -> None:
        self.text = fold(text)

    @cached_property
    def words(self) -> frozenset[str]:
        """Latin words and numbers, whole; Chinese numerals in digits too."""
        plain = without_separators(self.text)
        return frozenset(_WORD.findall(plain)) | {numeral.value for numeral in numerals(plain)}

    @cached_property
    def parts(self) -> frozenset[str]:
        """Of codes the pieces that name something by themselves: v380 of xy-v380, lx-u20 and u20-15 of lx-u20-15."""
        found: set[str] = set()
        for word in self.words:
            pieces = word.split("-")
            if len(pieces) > 1:
                found.update(piece for piece in pieces if not piece.isdigit() and _CODED.search(piece))
                if len(pieces) > _PAIR:
                    found.add("-".join(pieces[:-1]))
                    found.add("-".join(pieces[1:]))
            elif _CODED.search(word) and not word.isdigit():
                found.add(word)
        return frozenset(found)

    @cached_property
    def sounds(self) -> str:
        """How it sounds (``zh.sounds``)."""
        return sounds(self.text)


@lru_cache(maxsize=4096)
def folded(text: str) -> Folded:
    """A text made ready to be compared; kept, as the same passages are read for question after question."""
    return Folded(text)


@dataclass(frozen=True, slots=True)
class _Term:
    text: str
    start: int
    end: int
    other: re.Pattern[str] | None = None


class Probe:
    """A question made ready to be looked for in texts. Indices are into ``question.content``."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self._terms = _terms(question)
        self._weights = tuple(
            min(1.0, 4 / len(run)) if run.isascii() else 1.0 for run in question.runs for _ in range(len(run))
        )
        self.pairs = frozenset(pair for run in question.runs for pair in _pairs(run))

    def covered(self, text: Folded) -> frozenset[int]:
        """Find the content characters that the text says, in the question's words or (``wording``) in others."""
        return self._found(self._terms, text)

    def literal(self, text: Folded) -> frozenset[int]:
        """Find the content characters that the text says in the question's own words."""
        return self._found([term for term in self._terms if term.other is None], text)

    def weight(self, indices: frozenset[int]) -> float:
        """Weigh them: 1 a Chinese character, at most 4 a word of another script."""
        return sum(self._weights[index] for index in indices)

    def share(self, wanted: frozenset[int], found: frozenset[int]) -> float:
        """Give the share of ``wanted``, by weight, that is in ``found``; 1 when nothing is wanted."""
        whole = self.weight(wanted)
        return self.weight(wanted & found) / whole if whole else 1.0

    @property
    def all(self) -> frozenset[int]:
        """Every content character."""
        return frozenset(range(len(self._weights)))

    @property
    def subject(self) -> frozenset[int]:
        """First run of the content: mostly what the question is about."""
        return frozenset(range(len(self.question.runs[0]) if self.question.runs else 0))

    def _found(self, terms: Iterable[_Term], text: Folded) -> frozenset[int]:
        found: set[int] = set()
        for term in terms:
            if self._says(term, text):
                found.update(range(term.start, term.end))
        return frozenset(found)

    def _says(self, term: _Term, text: Folded) -> bool:
        if term.other is not None:
            return term.other.search(text.text) is not None
        return term.text in text.words if term.text[0].isascii() else term.text in text.text


def gaps(question: Question, said: frozenset[int]) -> list[str]:
    """List the longest stretches of content, each within one run, whose indices are not in ``said``."""
    found: list[str] = []
    start = 0
    for run in question.runs:
        gap = ""
        for at, character in enumerate(run):
            if start + at in said:
                found.append(gap)
                gap = ""
            else:
                gap += character
        found.append(gap)
        start += len(run)
    return [gap for gap in found if gap]


_PAIR = 2
_CODED = re.compile(r"[a-z]+[0-9]|[0-9]+[a-z]")
_WORD = re.compile(r"[a-z0-9]+(?:[.\-:][a-z0-9]+)*|(?:(?![\u3400-\u4dbf\u4e00-\u9fff_])\w)+")


def _pairs(run: str) -> list[str]:
    """Pairs of neighbouring Chinese characters; a lone one, or a word of another script, stands whole."""
    return [run] if run[0].isascii() or len(run) == 1 else [run[at : at + 2] for at in range(len(run) - 1)]


@lru_cache(maxsize=256)
def _terms(question: Question) -> tuple[_Term, ...]:
    found: list[_Term] = []
    start = 0
    for run in question.runs:
        found.extend(_Term(pair, start + at, start + at + len(pair)) for at, pair in enumerate(_pairs(run)))
        found.extend(
            _Term(numeral.value, start + numeral.start, start + numeral.end)
            for numeral in numerals(run)
            if numeral.end - numeral.start > 1 and not run.isascii()
        )
        for term, pattern in sayings():
            at = run.find(term)
            if at >= 0 and (len(term) > 1 or len(run) <= 2):
                found.append(_Term(term, start + at, start + at + len(term), pattern))
        start += len(run)
    return tuple(found)
