"""Fit which sentence answers, and whether it is evidence enough; written to src/wenshu/knowledge/answer.json.

    python evals/train_answer.py [folder with corpus.jsonl and queries.jsonl]

``rank``: softmax over the sentences of the first five passages, those that hold an answer being right. ``doubt``:
logistic regression of the best sentence of all passages, against the best ones without the pieces and without the
documents that hold an answer; its bias is set so that ``ANSWERED`` of the questions are answered. The printed figures
are those of five folds by document; the weights written are those of a fit on everything.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from library import DATA, FOLDS, ROOT, document_of, library
from train_rerank import Array, Example, fit_likelihood, fit_order, unscaled, with_bias

from wenshu.knowledge.doubt import features
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import Question, read
from wenshu.knowledge.rank import Candidate, measured

WEIGHTS = ROOT / "src/wenshu/knowledge/answer.json"
ANSWERED = 0.94
Found = dict[str, list[Passage]]


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not folder.is_dir():
        print(f"skipped: there is no {folder}")
        return
    questions, found = asyncio.run(search(folder))
    folds = np.array([int(document_of(one["positive_ids"][0]).removeprefix("p")) % FOLDS for one in questions])
    asked = [read(question["query"]) for question in questions]
    scenes = [
        {what: Scene(one, passages) for what, passages in each.items()} for one, each in zip(asked, found, strict=True)
    ]
    rank = cross_validate_rank(questions, scenes, folds)
    doubt = cross_validate_doubt(asked, scenes, folds, rank)
    models = {"source": "evals/train_answer.py on the development half of CMRC 2018", "rank": rank, "doubt": doubt}
    WEIGHTS.write_text(json.dumps(models, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {WEIGHTS}")


async def search(folder: Path) -> tuple[list[dict[str, Any]], list[Found]]:
    async with library(folder) as shelf:
        return shelf.questions, [await shelf.found(question) for question in shelf.questions]


class Scene:
    """The sentences of some passages and their numbers."""

    def __init__(self, question: Question, passages: list[Passage]) -> None:
        self.units = measured(question, passages)
        self.names = list(self.units[0][2]) if self.units else []
        self.numbers = np.array([list(numbers.values()) for _, _, numbers in self.units])

    def best(self, weights: dict[str, float]) -> Candidate | None:
        """The likeliest sentence."""
        if not self.units:
            return None
        scores = self.numbers @ np.array([weights[name] for name in self.names])
        passage, unit, numbers = self.units[int(np.argmax(scores))]
        return Candidate(passage, unit, float(scores.max()), numbers)


def cross_validate_rank(
    questions: list[dict[str, Any]], scenes: list[dict[str, Scene]], folds: Array
) -> dict[str, float]:
    examples: list[Example] = []
    for question, scene, fold in zip(questions, scenes, folds, strict=True):
        units = scene["all"].units
        right = [float(any(answer in unit.said for answer in question["answers"])) for _, unit, _ in units]
        examples.append(Example(scene["all"].numbers, np.array(right), int(fold)))
    names = scenes[0]["all"].names
    first = 0.0
    for fold in range(FOLDS):
        weights = fit_rank([example for example in examples if example.fold != fold])
        for example in (example for example in examples if example.fold == fold):
            first += example.answers[np.argmax(example.numbers @ weights)]
    print(
        f"{len(examples)} questions, five folds by document: best sentence holds an answer {first / len(examples):.4f}"
    )
    return named(names, fit_rank(examples))


def fit_rank(examples: list[Example]) -> Array:
    telling = [example for example in examples if 0 < example.answers.sum() < len(example.answers)]
    everything = np.concatenate([example.numbers for example in telling])
    mean, spread = everything.mean(0), everything.std(0) + 1e-9
    scaled = [Example((one.numbers - mean) / spread, one.answers, one.fold) for one in telling]
    return unscaled(fit_order(scaled), mean, spread)[:-1]


def cross_validate_doubt(
    asked: list[Question], scenes: list[dict[str, Scene]], folds: Array, rank: dict[str, float]
) -> dict[str, float]:
    rows: list[dict[str, float]] = []
    kinds: list[str] = []
    of_fold: list[int] = []
    for question, scene, fold in zip(asked, scenes, folds, strict=True):
        for what, those in scene.items():
            if best := those.best(rank):
                rows.append(features(question, best))
                kinds.append(what)
                of_fold.append(int(fold))
    numbers = np.array([list(row.values()) for row in rows])
    kind, fold_of = np.array(kinds), np.array(of_fold)
    held_out = np.zeros(len(rows))
    for fold in range(FOLDS):
        weights = fit_doubt(numbers[fold_of != fold], kind[fold_of != fold])
        held_out[fold_of == fold] = with_bias(numbers[fold_of == fold]) @ weights
    for answered in (0.90, 0.92, ANSWERED, 0.96):
        least = np.quantile(held_out[kind == "all"], 1 - answered)
        refused = [
            f"{(held_out[kind == what] < least).mean():.3f} without the {what}" for what in ("pieces", "documents")
        ]
        print(f"answered {answered:.2f}: refused {', '.join(refused)}")
    return named([*rows[0], "bias"], fit_doubt(numbers, kind))


def fit_doubt(numbers: Array, kind: Any) -> Array:
    mean, spread = numbers.mean(0), numbers.std(0) + 1e-9
    example = Example((numbers - mean) / spread, (kind == "all").astype(float), 0)
    weights = unscaled(fit_likelihood([example]), mean, spread)
    weights[-1] -= np.quantile(with_bias(numbers[kind == "all"]) @ weights, 1 - ANSWERED)
    return weights


def named(names: list[str], weights: Array) -> dict[str, float]:
    return dict(zip(names, (round(float(weight), 3) for weight in weights), strict=True))


if __name__ == "__main__":
    main()
