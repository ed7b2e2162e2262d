"""Fit which sentence answers, and whether it is evidence enough; written to src/wenshu/knowledge/answer.json.

    python evals/train_answer.py [folder with corpus.jsonl and queries.jsonl]

``rank``: softmax over the sentences and rows of the passages at hand, those that hold an answer being right. ``doubt``:
logistic regression of what was found with all passages against what is found without the pieces, and without the
documents, that hold an answer; in its cases (``doubt.cases``) the numbers have weights of their own. Its bias is set so
that ``ANSWERED`` of the development half of CMRC 2018 is answered. The questions of ``staff`` count several times.

The figures printed are of five folds by document, and for the questions of staff of a fit without them; the weights
written are those of a fit on everything.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import train_rerank
from library import DATA, FOLDS, ROOT, library
from staff import SCOPE, TODAY, Asking, Office, for_fitting, golds, holds, normal, office, whole
from train_rerank import Array, Example, fit_likelihood, fit_order, fold_of, unscaled

from wenshu.knowledge.doubt import cases, features
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import read
from wenshu.knowledge.rank import candidate_of
from wenshu.knowledge.reply import DOCUMENTS, PAIRS
from wenshu.knowledge.scene import Measured, Scene

WEIGHTS = ROOT / "src/wenshu/knowledge/answer.json"
ANSWERED = 0.92
STAFF_IN_RANK, STAFF_IN_DOUBT = 4, 2
DOUBT_L2 = 10.0
SHOWN = 3


@dataclass
class Case:
    """A question with some passages, and the numbers of their sentences; ``of`` is where the question is from."""

    of: str
    fold: int
    variant: str
    answerable: bool
    scene: Scene
    units: list[Measured]
    numbers: Array
    texts: list[str]
    wanted: list[list[str]]

    @property
    def right(self) -> Array:
        """Of each sentence whether it holds some of the answer."""
        return np.array([float(any(any(one in text for one in each) for each in self.wanted)) for text in self.texts])


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not folder.is_dir():
        print(f"skipped: there is no {folder}")
        return
    found = asyncio.run(read_cases(folder))
    rank = fit_rank(found)
    show_rank(found)
    doubt = fit_and_show_doubt(found, rank)
    names = list(next(case for case in found if case.units).units[0].features)
    models = {
        "source": "evals/train_answer.py on the development half of CMRC 2018 and the questions of evals/staff.py",
        "rank": named(names, rank),
        "doubt": doubt,
    }
    WEIGHTS.write_text(json.dumps(models, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {WEIGHTS}")


async def read_cases(folder: Path) -> list[Case]:
    found: list[Case] = []
    async with library(folder) as shelf:
        for question in shelf.questions:
            wanted = [[normal(answer) for answer in question["answers"]]]
            for variant, passages in (await shelf.found(question)).items():
                found.append(case("cmrc", fold_of(question), variant, question["query"], passages, wanted))
    for name, of in for_fitting().items():
        async with office(of) as opened:
            for question in of.read():
                if not question.get("calc"):
                    for variant, passages in (await of_staff(opened, question)).items():
                        found.append(case(name, -1, variant, whole(question), passages, golds(question)))
    return found


async def of_staff(opened: Office, question: Asking) -> dict[str, list[Passage]]:
    """What is found with all material, without the passages that hold an answer, and without their documents."""
    asked, wanted = whole(question), golds(question)
    documents = await opened.searcher.search(SCOPE, asked, collection="DOC", limit=30)
    pairs = await opened.searcher.search(SCOPE, asked, collection="QA", limit=10)
    found = {"all": documents[:DOCUMENTS] + pairs[:PAIRS]}
    if wanted:
        for variant, out in (("pieces", set[str]()), ("documents", set(question["doc"]))):

            def kept(passage: Passage, out: set[str] = out) -> bool:
                text = normal(f"{passage.heading} {passage.text}")
                held = any(any(one in text for one in each) for each in wanted)
                return not held and passage.name not in out and passage.url not in out

            found[variant] = [*filter(kept, documents)][:DOCUMENTS] + [*filter(kept, pairs)][:PAIRS]
    return found


def case(of: str, fold: int, variant: str, asked: str, passages: list[Passage], wanted: list[list[str]]) -> Case:
    scene = Scene(read(asked), passages, TODAY)
    units = list(scene.measured())
    numbers = np.array([list(unit.features.values()) for unit in units])
    texts = [normal(unit.unit.said) for unit in units]
    return Case(of, fold, variant, bool(wanted), scene, units, numbers, texts, wanted)


def fit_rank(found: list[Case], without: Callable[[Case], bool] = lambda _: False) -> Array:
    examples: list[Example] = []
    for one in found:
        right = one.right
        if one.variant == "all" and not without(one) and 0 < right.sum() < len(right):
            examples += [Example(one.numbers, right, one.fold)] * (1 if one.of == "cmrc" else STAFF_IN_RANK)
    everything = np.concatenate([example.numbers for example in examples])
    mean, spread = everything.mean(0), everything.std(0) + 1e-9
    scaled = [Example((one.numbers - mean) / spread, one.answers, one.fold) for one in examples]
    return unscaled(fit_order(scaled), mean, spread)[:-1]


def order_of(one: Case, rank: Array) -> Array:
    return np.argsort(-(one.numbers @ rank), kind="stable")


def is_right(one: Case, rank: Array, shown: int = SHOWN) -> bool:
    """Whether the first sentences hold the answer."""
    if not one.units or not one.wanted:
        return False
    return holds(one.wanted, "\n".join(one.texts[at] for at in order_of(one, rank)[:shown]))


def show_rank(found: list[Case]) -> None:
    every = [one for one in found if one.variant == "all" and one.answerable]
    for name in sorted({one.of for one in every}):
        held: list[tuple[bool, bool]] = []
        for fold in range(FOLDS) if name == "cmrc" else (-1,):
            without = lambda one, fold=fold, name=name: one.of == name and one.fold == fold  # noqa: E731
            rank = fit_rank(found, without)
            held += [(is_right(one, rank, 1), is_right(one, rank)) for one in every if without(one)]
        first, three = np.mean(held, 0)
        print(f"{len(held)} questions of {name}: the best sentence holds it {first:.4f}, one of three {three:.4f}")


def fit_and_show_doubt(found: list[Case], rank: Array) -> dict[str, dict[str, float]]:
    rows = [one for one in found if one.units]
    measured = [measure(one, rank) for one in rows]
    names = list(measured[0][0])
    numbers = np.array([list(own.values()) for own, _ in measured])
    held = np.array([[float(flag) for flag in of_case.values()] for _, of_case in measured])
    wide = np.hstack([np.hstack([numbers * flag[:, None], flag[:, None]]) for flag in held.T])
    right = np.array([float(one.variant == "all" if one.of == "cmrc" else is_right(one, rank)) for one in rows])
    of, folds = np.array([one.of for one in rows]), np.array([one.fold for one in rows])
    times = np.where(of == "cmrc", 1, STAFF_IN_DOUBT)
    score = np.zeros(len(rows))
    for name in sorted(set(of)):
        for fold in range(FOLDS) if name == "cmrc" else (-1,):
            out = (of == name) & (folds == fold)
            score[out] = wide[out] @ fit_doubt(wide[~out], right[~out], times[~out])
    show_doubt(rows, score, rank)
    weights = fit_doubt(wide, right, times)
    answered = np.array([one.variant == "all" and one.of == "cmrc" for one in rows])
    weights[len(names)] -= np.quantile(wide[answered] @ weights, 1 - ANSWERED)
    kinds = list(measured[0][1])
    return {
        kind: named([*names, "bias"], weights[at * (len(names) + 1) : (at + 1) * (len(names) + 1)])
        for at, kind in enumerate(kinds)
    }


def measure(one: Case, rank: Array) -> tuple[dict[str, float], dict[str, bool]]:
    scores = one.numbers @ rank
    ranked = [candidate_of(one.units[at], float(scores[at])) for at in order_of(one, rank)]
    return features(one.scene, ranked), cases(one.scene.question, ranked[0])


def fit_doubt(numbers: Array, right: Array, times: Array) -> Array:
    """Weights of the wide numbers; the first case holds always, so that its bias is the model's."""
    mean, spread = numbers.mean(0), numbers.std(0) + 1e-9
    example = Example(np.repeat((numbers - mean) / spread, times, 0), np.repeat(right, times), 0)
    train_rerank.LIKELIHOOD_L2 = DOUBT_L2
    weights = unscaled(fit_likelihood([example]), mean, spread)
    always = int(np.flatnonzero((numbers == 1).all(0))[0])
    weights[always] += weights[-1]
    return weights[:-1]


def show_doubt(rows: list[Case], score: Array, rank: Array) -> None:
    of = np.array([one.of for one in rows])
    variant = np.array([one.variant for one in rows])
    answerable = np.array([one.answerable for one in rows])
    right = np.array([is_right(one, rank) for one in rows])
    every = (of == "cmrc") & (variant == "all")
    for answered in (0.90, 0.92, 0.94, 0.96):
        least = np.quantile(score[every], 1 - answered)
        print(f"where {answered:.2f} of cmrc is answered:")
        for name in sorted(set(of)):
            mine = (of == name) & (variant == "all") & answerable
            said = [
                f"answered {(score[mine] >= least).mean():.3f}, rightly {(right & (score >= least))[mine].mean():.3f}"
            ]
            said += [
                f"refused without the {what} {(score[(of == name) & (variant == what)] < least).mean():.3f}"
                for what in ("pieces", "documents")
            ]
            never = (of == name) & ~answerable
            said += [f"refused of what has no answer {(score[never] < least).mean():.3f}"] if never.any() else []
            print(f"  {name}: {', '.join(said)}")


def named(names: list[str], weights: Any) -> dict[str, float]:
    return dict(zip(names, (round(float(weight), 3) for weight in weights), strict=True))


if __name__ == "__main__":
    main()
