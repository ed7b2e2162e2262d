"""Which sentence answers: features of each sentence of the passages, and their learned weights."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import orjson

from wenshu.knowledge.coverage import Folded, Probe
from wenshu.knowledge.evidence import evidence, names_focus
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.units import Unit, units
from wenshu.zh.sentences import Span


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence or row that may answer; ``score`` compares within one question only."""

    passage: Passage
    unit: Unit
    score: float
    features: dict[str, float]

    @property
    def span(self) -> Span:
        """Where it stands in its passage's text."""
        return self.unit.span

    @property
    def text(self) -> str:
        """The sentence as it stands, a row in words."""
        return self.unit.said


def rank(question: Question, passages: Sequence[Passage]) -> list[Candidate]:
    """Every sentence and row of the passages, the likeliest answer first; equal ones in the passages' order."""
    learned = weights("rank")
    ranked = [
        Candidate(passage, unit, sum(learned[name] * value for name, value in features.items()), features)
        for passage, unit, features in measured(question, passages)
    ]
    return sorted(ranked, key=lambda candidate: -candidate.score)


def measured(question: Question, passages: Sequence[Passage]) -> list[tuple[Passage, Unit, dict[str, float]]]:
    """Every sentence and row of the passages in their order, with its features by name, each about 0 to 1."""
    return _Scene(question, passages).units()


@cache
def weights(model: str) -> dict[str, float]:
    """The learned weights of ``rank`` or ``doubt``; ``evals/train_answer.py`` fits both and writes ``answer.json``."""
    return orjson.loads(files("wenshu.knowledge").joinpath("answer.json").read_bytes())[model]


class _Scene:
    """The question against all its passages: what each covers, and how rare each pair of characters is here."""

    def __init__(self, question: Question, passages: Sequence[Passage]) -> None:
        self.question = question
        self.probe = Probe(question)
        self.passages = passages
        self.pieces = [units(passage) for passage in passages]
        self.texts = [[Folded(unit.said) for unit in pieces] for pieces in self.pieces]
        self.rarity = self._rarity()

    def _rarity(self) -> dict[str, float]:
        """Inverse document frequency (BM25's) of the question's pairs over the sentences at hand."""
        sentences = [text.text for texts in self.texts for text in texts]
        count = len(sentences)
        rarity: dict[str, float] = {}
        for pair in self.probe.pairs:
            seen = sum(pair in sentence for sentence in sentences)
            rarity[pair] = math.log(1 + (count - seen + 0.5) / (seen + 0.5))
        return rarity

    def units(self) -> list[tuple[Passage, Unit, dict[str, float]]]:
        probe = self.probe
        wholes = [probe.covered(Folded(f"{p.title} {p.heading} {p.text}")) for p in self.passages]
        most = max((probe.weight(whole) for whole in wholes), default=0.0) or 1.0
        found: list[tuple[Passage, Unit, dict[str, float]]] = []
        for passage, pieces, texts, whole in zip(self.passages, self.pieces, self.texts, wholes, strict=True):
            name = Folded(f"{passage.title} {passage.heading}")
            head = probe.covered(name)
            for at, (unit, text) in enumerate(zip(pieces, texts, strict=True)):
                said = probe.covered(text)
                before = probe.covered(texts[at - 1]) if at else frozenset[int]()
                wanted = probe.weight(probe.all - head)
                features = {
                    "covered": probe.weight(said - head) / wanted if wanted else 0.0,
                    "context": probe.weight(before - said - head) / wanted if wanted else 0.0,
                    "opening": float(passage.start == 0 and at == 0),
                    "passage": probe.weight(whole) / most,
                    "score": passage.score,
                    **self._own(text, name),
                }
                found.append((passage, unit, features))
        return found

    def _own(self, text: Folded, name: Folded) -> dict[str, float]:
        """Measure the sentence alone; what its source is called is no merit of it."""
        question, folded = self.question, text.text
        pairs = [pair for pair in self.probe.pairs if pair in folded and pair not in name.text]
        held = evidence(question, folded)
        return {
            "rarest": max((self.rarity[pair] for pair in pairs), default=0.0) / 3,
            "before": _tail_shared(question.before, folded) / 6,
            "after": _head_shared(question.after, folded) / 6,
            "length": min(math.log(1 + len(folded)), 5) / 5,
            "asks_back": float(folded.endswith("?")),
            "focus": names_focus(question, folded),
            "list": float(question.several) * min(folded.count("、"), 3) / 3,
            **{f"holds_{asks}": held if asks == question.asks else 0.0 for asks in _HELD},
        }


_HELD = ("when", "count", "where", "who", "why", "how", "alias", "define")


def _tail_shared(left: str, text: str) -> int:
    return next((size for size in range(min(6, len(left)), 0, -1) if left[-size:] in text), 0)


def _head_shared(right: str, text: str) -> int:
    return next((size for size in range(min(6, len(right)), 0, -1) if right[:size] in text), 0)
