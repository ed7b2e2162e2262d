"""Which sentence answers: features of each sentence of the passages, and their learned weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from wenshu.knowledge.match import Said
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question
from wenshu.knowledge.scene import Measured, Scene
from wenshu.knowledge.units import Unit
from wenshu.zh.sentences import Span


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence or row that may answer; ``score`` compares within one question only."""

    passage: Passage
    unit: Unit
    score: float
    features: dict[str, float]
    said: Said
    """What of the question it says, and below what is said above it."""
    above: Said

    @property
    def span(self) -> Span:
        """Where it stands in its passage's text."""
        return self.unit.span

    @property
    def text(self) -> str:
        """The sentence as it stands, a row in words."""
        return self.unit.said


def rank(question: Question, passages: Sequence[Passage], today: date | None = None) -> list[Candidate]:
    """Every sentence and row of the passages, the likeliest answer first; equal ones in the passages' order."""
    return ranked(Scene(question, passages, today))


def ranked(scene: Scene) -> list[Candidate]:
    """The same for a scene that is set already."""
    learned = weights("rank")
    found = [candidate_of(one, _score(one, learned)) for one in scene.measured()]
    return sorted(found, key=lambda candidate: -candidate.score)


def _score(one: Measured, learned: dict[str, float]) -> float:
    return sum(learned[name] * value for name, value in one.features.items())


def candidate_of(one: Measured, score: float) -> Candidate:
    """What was measured, with its score."""
    return Candidate(one.passage, one.unit, score, one.features, one.said, one.above)


@cache
def weights(model: str) -> dict[str, Any]:
    """The learned weights of ``rank`` or ``doubt``; ``evals/train_answer.py`` fits both and writes ``answer.json``."""
    return orjson.loads(files("wenshu.knowledge").joinpath("answer.json").read_bytes())[model]
