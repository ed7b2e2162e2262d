"""How well texts say what a question says: in its words, in other words for them, or only in some of their characters.

Each character of a question weighs what it tells (``zh.rarity``); what asks or only joins weighs nothing. What a text
says is a set of the question's characters, kept as the bits of a number.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from operator import contains
from typing import NamedTuple

from wenshu.knowledge.coverage import Folded
from wenshu.knowledge.question import Question, silent
from wenshu.knowledge.thesaurus import stands_in
from wenshu.zh.numerals import numerals
from wenshu.zh.rarity import rarity
from wenshu.zh.sounds import sounds
from wenshu.zh.surnames import SURNAMES


class Said(NamedTuple):
    """What of a question a text says. Each set holds the one before it."""

    literal: int
    """Pairs of characters, words and numbers, as they stand."""
    meant: int
    """Also what stands there in other words."""
    near: int
    """Also single characters, what sounds alike, and pieces of codes."""

    def __or__(self, other: "Said") -> "Said":
        """What either says."""
        return Said(self.literal | other.literal, self.meant | other.meant, self.near | other.near)


class Matcher:
    """A question made ready to be looked for in texts."""

    def __init__(self, question: Question) -> None:
        text = self.text = question.text
        self._weighed: dict[int, float] = {}  # the same few sets come again for passage after passage
        quiet = silent(text)
        self.weights = [0.0 if at in quiet else _weight(text[at]) for at in range(len(text))]
        self._words: list[tuple[str, int]] = []
        self._pairs: list[tuple[str, int]] = []
        self._characters: list[tuple[str, int]] = []
        for match in _RUN.finditer(text):
            start, end = match.span()
            if match.lastgroup == "word":
                if start not in quiet:
                    self._word(match.group(), start, end)
                continue
            for at in range(start, end):
                if self.weights[at] >= _TELLING:
                    self._characters.append((text[at], 1 << at))
                if at + 1 < end and at not in quiet and at + 1 not in quiet:
                    self._pairs.append((text[at : at + 2], 3 << at))
        self._named = self._words + [
            (numeral.value, _bits(numeral.start, numeral.end))
            for numeral in numerals(text)
            if not text[numeral.start : numeral.end].isascii() and numeral.end - numeral.start > 1
        ]
        self._patterns = [(_person(match), _bits(*match.span())) for match in _TITLED.finditer(text)]
        self._others = [
            (
                (*synonym.others, text[synonym.start]) if synonym.end - synonym.start == 1 else synonym.others,
                _bits(synonym.start, synonym.end),
                synonym.own,
            )
            for synonym in question.synonyms
        ]
        self.all = sum(1 << at for at, weight in enumerate(self.weights) if weight > 0)
        self.total = self.weight(self.all) or 1.0

    def said(self, text: Folded) -> Said:
        """What the text says of the question."""
        folded = text.text
        literal = _either(bits for pair, bits in self._pairs if pair in folded)
        pieces = 0
        for word, bits in self._named:
            if word in text.words or word in text.parts:
                literal |= bits
            elif _piece(word, text):
                pieces |= bits
        meant = self._meant(folded, literal)
        near = meant | pieces
        near |= _either(bit for character, bit in self._characters if not bit & near and character in folded)
        return Said(literal, meant, near)

    def named(self, text: Folded) -> int:
        """What the text says by words of other scripts, numbers and synonyms: quick, as most questions have few."""
        found = 0
        for word, bits in self._named:
            if word in text.words:
                found |= bits
        return self._in_other_words(text.text, found)

    def _in_other_words(self, folded: str, found: int) -> int:
        for others, bits, own in self._others:
            holds = stands_in if own else contains
            if bits & ~found and any(holds(folded, other) for other in others):
                found |= bits
        return found

    def _meant(self, folded: str, literal: int) -> int:
        meant = self._in_other_words(folded, literal)
        for pattern, bits in self._patterns:
            if bits & ~meant and pattern.search(folded):
                meant |= bits
        return meant

    def sounding(self, text: Folded, bits: int) -> int:
        """Which of the characters (``bits``) stand in pairs that the text has the sound of."""
        wanted = [(pair, both) for pair, both in self._pairs if not both & ~bits]
        return _either(both for pair, both in wanted if sounds(pair) in text.sounds)

    def where(self, folded: str, bits: int) -> list[tuple[int, int]]:
        """Where in the text the pairs stand that have one of these characters, or else the characters themselves."""
        found = [
            (at, at + len(thing)) for thing, own in self._pairs if own & bits for at in _occurrences(thing, folded)
        ]
        return found or [
            (at, at + 1) for thing, own in self._characters if own & bits for at in _occurrences(thing, folded)
        ]

    def weight(self, bits: int) -> float:
        """What the characters tell together."""
        known = self._weighed.get(bits)
        if known is None:
            known = self._weighed[bits] = sum(weight for at, weight in enumerate(self.weights) if bits >> at & 1)
        return known

    def share(self, bits: int) -> float:
        """The same as a share of the whole question."""
        return self.weight(bits & self.all) / self.total

    @cached_property
    def things(self) -> list[Callable[[Folded], bool]]:
        """For each pair, character and word of the question: whether a text has it."""
        return [
            *(partial(_holds, thing) for thing, _ in (*self._pairs, *self._characters)),
            *(partial(_has_word, word) for word, _ in self._words),
        ]

    @property
    def codes(self) -> list[tuple[str, int]]:
        """The words of other scripts, and their bits, but for mere numbers."""
        return [(word, bits) for word, bits in self._words if not _NUMERIC.fullmatch(word)]

    @cached_property
    def words(self) -> int:
        """The words and numbers of other scripts."""
        return _either(bits for _, bits in self._words)

    def _word(self, word: str, start: int, end: int) -> None:
        self._words.append((word, _bits(start, end)))
        each = (_NUMBER_WEIGHT if word.isdigit() else _WORD_WEIGHT) / (end - start)
        self.weights[start:end] = [each] * (end - start)


NOTHING = Said(0, 0, 0)
_NUMERIC = re.compile("[0-9.,:]+[a-z%]{0,3}")
_TELLING = 1.0
_WORD_WEIGHT, _NUMBER_WEIGHT = 10.0, 5.0
_TITLED = re.compile(
    f"(?<![\u4e00-\u9fff])([{SURNAMES}])(?:总(?!经理|裁|监|部|公司|共|数|额|体|结|量|价|的)|经理|主任|主管|部长|厂长|科长|会计|工程师|工(?=$|[^\u4e00-\u9fff])|老师|先生|女士)"
)
_RUN = re.compile(
    r"(?P<cjk>[\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff]+)"
    r"|(?P<word>(?:(?![\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff_])\w)+(?:[.\-:](?:(?![\u4e00-\u9fff_])\w)+)*)"
)


def _person(match: re.Match[str]) -> re.Pattern[str]:
    """Who is meant by 汤总: a name that begins so."""
    return re.compile(f"{match.group(1)}[\u4e00-\u9fff]{{1,2}}")


def _occurrences(thing: str, text: str) -> Iterator[int]:
    at = text.find(thing)
    while at >= 0:
        yield at
        at = text.find(thing, at + 1)


def _holds(thing: str, text: Folded) -> bool:
    return thing in text.text


def _has_word(word: str, text: Folded) -> bool:
    return word in text.words or word in text.parts


def _weight(character: str) -> float:
    """0 for 的 and 是, 5 for a rare character; marks weigh nothing."""
    return max(0.0, rarity(character) - 1.0) if "\u3005" <= character <= "\u9fff" else 0.0


def _bits(start: int, end: int) -> int:
    return (1 << end) - (1 << start)


def _either(bits: Iterable[int]) -> int:
    found = 0
    for each in bits:
        found |= each
    return found


def _piece(word: str, text: Folded) -> bool:
    """Whether a longer code of the text ends in the word: 380 of XY-V380."""
    return len(word) >= _LEAST_PIECE and any(part.endswith(word) for part in text.parts)


_LEAST_PIECE = 3


def together(said: Sequence[Said]) -> Said:
    """What any of them says."""
    found = NOTHING
    for each in said:
        found |= each
    return found
