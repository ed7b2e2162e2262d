"""A question against all its passages: what each sentence and row says of it, in numbers that ``rank`` weighs."""

import math
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import NamedTuple

from wenshu.knowledge.columns import asked_column, named_cell
from wenshu.knowledge.coverage import Folded, Probe, folded
from wenshu.knowledge.evidence import defines, evidence, names_focus, names_person
from wenshu.knowledge.match import NOTHING, Matcher, Said, together
from wenshu.knowledge.moments import moments, years
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.units import Unit, units
from wenshu.knowledge.wording import sayings


class Measured(NamedTuple):
    """A sentence or row, what of the question it says, what is said above it, and its numbers by name."""

    passage: Passage
    unit: Unit
    said: Said
    above: Said
    features: dict[str, float]


class Scene:
    """All the passages' pieces beside the question. ``today`` is what 今年 goes by."""

    def __init__(self, question: Question, passages: Sequence[Passage], today: date | None = None) -> None:
        self.question = question
        self.passages = passages
        self.matcher = Matcher(question)
        self._today = today
        self.when = moments(question.text, today)
        self._probe = Probe(question)
        self._pieces = [units(passage) for passage in passages]
        self._texts = [[folded(unit.said) for unit in pieces] for pieces in self._pieces]
        self._said = [[self.matcher.said(text) for text in texts] for texts in self._texts]
        self._wholes = [self.matcher.said(folded(f"{one.title} {one.heading} {one.text}")) for one in passages]
        self._most = max((self.matcher.share(whole.meant) for whole in self._wholes), default=0.0) or 1.0
        self._best = max((passage.score for passage in passages), default=0.0) or 1.0
        self._above: dict[tuple[str, str], tuple[Said, frozenset[str]]] = {}

    def over(self, passages: Sequence[Passage]) -> "Scene":
        """The same question against other passages."""
        return Scene(self.question, passages, self._today)

    @cached_property
    def everything(self) -> Said:
        """What all the passages together say of the question."""
        return together(self._wholes)

    def sounds_like(self, bits: int) -> bool:
        """Whether a passage says something that sounds like these characters, or says them in its own way."""
        texts = [folded(f"{one.title} {one.name} {one.heading} {one.text}") for one in self.passages]
        if any(self.matcher.sounding(text, bits) for text in texts):
            return True
        start = (bits & -bits).bit_length() - 1
        asked = self.matcher.text[start : bits.bit_length()]
        says = [pattern for term, pattern in sayings() if term in asked]
        return any(pattern.search(text.text) for pattern in says for text in texts)

    def whole(self, passage: Passage) -> Said:
        """What one of the passages says of the question, with its title and heading."""
        at = next(at for at, one in enumerate(self.passages) if one.key == passage.key)
        return self._wholes[at]

    def measured(self) -> Iterator[Measured]:
        """Every sentence and row in the passages' order, each number about 0 to 1."""
        telling = self._telling()
        for at, passage in enumerate(self.passages):
            title = folded(f"{passage.title} {passage.heading}")
            titled = self._probe.covered(title)
            before = frozenset[int]()
            for place, unit in enumerate(self._pieces[at]):
                text, said = self._texts[at][place], self._said[at][place]
                above, when = self._over(passage, unit)
                covered = self._probe.covered(text)
                wanted = self._probe.weight(self._probe.all - titled)
                features = {
                    "covered": self._probe.weight(covered - titled) / wanted if wanted else 0.0,
                    "context": self._probe.weight(before - covered - titled) / wanted if wanted else 0.0,
                    **self._shares(said, above, self._around(at, place), self._wholes[at]),
                    **self._times(text, when),
                    "telling": telling[at][place],
                    "opening": float(passage.start == 0 and place == 0),
                    "passage": self.matcher.share(self._wholes[at].meant) / self._most,
                    "score": passage.score,
                    "score_of_best": passage.score / self._best,
                    "pair": float(passage.kind == "qa"),
                    "score_of_pair": passage.score if passage.kind == "qa" else 0.0,
                    **self._own(unit, text),
                }
                before = covered
                yield Measured(passage, unit, said, above, features)

    def _around(self, at: int, place: int) -> Said:
        said = self._said[at]
        return together([said[near] for near in (place - 1, place + 1) if 0 <= near < len(said)]) if said else NOTHING

    def _over(self, passage: Passage, unit: Unit) -> tuple[Said, frozenset[str]]:
        """What stands over a piece: title and headings, and the times that they name."""
        key = (passage.key, unit.under)
        found = self._above.get(key)
        if found is None:
            name = folded(f"{passage.title} {passage.heading} {unit.under}")
            found = self._above[key] = self.matcher.said(name), moments(name.text)
        return found

    def _shares(self, said: Said, above: Said, around: Said, whole: Said) -> dict[str, float]:
        """Shares of the question by where they are said: here, above, in the neighbours, elsewhere in the passage."""
        share, weight = self.matcher.share, self.matcher.weight
        known, words = said.near | above.near, self.matcher.words
        left = self.matcher.all & ~above.meant
        return {
            "literal": share(said.literal),
            "meant": share(said.meant & ~said.literal),
            "near": share(said.near & ~said.meant),
            "above": share(above.meant & ~said.meant),
            "near_above": share(above.near & ~above.meant & ~said.near),
            "beyond": weight(said.meant & left) / (weight(left) or 1.0),
            "near_beyond": weight(said.near & left) / (weight(left) or 1.0),
            "around": share(around.meant & ~known),
            "rest": share(whole.meant & ~known & ~around.meant),
            "words": share(said.near & words),
            "words_above": share(above.near & words & ~said.near),
            "words_lacking": share(words & ~whole.near),
        }

    def _times(self, text: Folded, above: frozenset[str]) -> dict[str, float]:
        """Whether it speaks of the time that is asked about, or of another year."""
        if not self.when:
            return {"time": 0.0, "other_time": 0.0}
        own = moments(text.text)
        said = own | (above if not years(own) else above - years(above))
        asked = years(self.when)
        other = bool(asked) and bool(years(said)) and not asked & years(said)
        return {"time": len(self.when & said) / len(self.when), "other_time": float(other)}

    def _telling(self) -> list[list[float]]:
        """The share of what is asked, each thing by how few of the pieces at hand have it (BM25's idf)."""
        wanted = self.matcher.things
        held = [[[has(text) for has in wanted] for text in texts] for texts in self._texts]
        count = sum(map(len, held))
        seen = [sum(column) for column in zip(*(row for rows in held for row in rows), strict=True)]
        worth = [math.log(1 + (count - number + 0.5) / (number + 0.5)) if number else 0.0 for number in seen]
        total = sum(worth) or 1.0
        return [
            [sum(value for value, has in zip(worth, row, strict=True) if has) / total for row in rows] for rows in held
        ]

    def _own(self, unit: Unit, text: Folded) -> dict[str, float]:
        """Measure the piece alone: its form, and whether it holds the kind of thing that is asked for."""
        question, folded = self.question, text.text
        held = evidence(question, folded)
        cell = column = 0.0
        if unit.row:
            cell = named_cell(self.matcher.text, unit.row)
            column = asked_column(question, unit.row)
        return {
            "before": _tail_shared(question.before, folded) / 6,
            "after": _head_shared(question.after, folded) / 6,
            "length": min(math.log(1 + len(folded)), 5) / 5,
            "asks_back": float(folded.endswith("?")),
            "focus": names_focus(question, folded),
            "list": float(question.several) * min(folded.count("、"), 3) / 3,
            "row": float(unit.kind == "row"),
            "item": float(unit.kind == "item"),
            "cell": cell,
            "column": column,
            "cell_and_column": cell * column,
            "person": names_person(unit, folded) if question.asks == "who" else 0.0,
            "defined": defines(question, folded),
            **{f"holds_{asks}": held if asks == question.asks else 0.0 for asks in _HELD},
        }


_HELD = ("when", "count", "where", "who", "why", "how", "alias", "define", "yesno")


def _tail_shared(left: str, text: str) -> int:
    return next((size for size in range(min(6, len(left)), 0, -1) if left[-size:] in text), 0)


def _head_shared(right: str, text: str) -> int:
    return next((size for size in range(min(6, len(right)), 0, -1) if right[:size] in text), 0)
