"""Fit the reranker's weights and write them to src/wenshu/knowledge/rerank.json.

    python evals/train_rerank.py [folder with corpus.jsonl and queries.jsonl]

Two logistic regressions over the numbers of ``wenshu.knowledge.features``, L2, on the development half of CMRC 2018 in
../shared/evals/retrieval and the questions of ``staff``: ``order`` by the softmax over each question's candidates,
``likelihood`` by single passages. ``glance`` comes as near to ``order`` as what is told at once can (least squares).
The printed figures are those of five folds by document; the weights written are those of a fit on everything.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from library import DATA, FOLDS, ROOT, document_of, library
from numpy.typing import NDArray
from staff import SCOPE, Asking, for_fitting, golds, normal, office, whole

from wenshu.core.index.port import Entry, Found
from wenshu.knowledge.features import Asked, Comparison
from wenshu.knowledge.rerank import falling
from wenshu.knowledge.search import CANDIDATES

WEIGHTS = ROOT / "src/wenshu/knowledge/rerank.json"
ORDER_L2, LIKELIHOOD_L2 = 10.0, 3.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A question: its candidates' numbers (candidates × features), which of them answer, and its fold."""

    numbers: Array
    answers: Array
    glances: Array
    fold: int
    """Of five, by document; -1 for what is never left out."""
    of: str = "cmrc"


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not folder.is_dir():
        print(f"skipped: there is no {folder}")
        return
    names, examples = asyncio.run(read_examples(folder))
    cross_validate(examples)
    leave_one_out(examples)
    order, likelihood = fit(examples)
    glance = fit_glance(examples, order)
    sieve(examples, order, glance)
    models = {
        "source": "evals/train_rerank.py on the development half of CMRC 2018 and the questions of evals/staff.py",
        "glance": named(names.glance, glance),
        "order": named(names.features, order),
        "likelihood": named(names.features, likelihood),
    }
    WEIGHTS.write_text(json.dumps(models, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {WEIGHTS}")


class Names(NamedTuple):
    """Of the numbers."""

    features: list[str]
    glance: list[str]


def named(names: list[str], weights: Array) -> dict[str, float]:
    return dict(zip([*names, "bias"], (round(float(weight), 4) for weight in weights), strict=True))


async def read_examples(folder: Path) -> tuple[Names, list[Example]]:
    examples: list[Example] = []
    names = Names([], [])
    async with library(folder) as shelf:
        for question in shelf.questions:
            asked, looked = await shelf.candidates(question["query"])
            names, numbers, glances = measured(asked, looked.found)
            right = [float(shelf.id_of(entry) in question["positive_ids"]) for entry in looked.found.entries]
            examples.append(Example(numbers, np.array(right), glances, fold_of(question), "cmrc"))
    for name, of in for_fitting().items():
        async with office(of) as opened:
            for question in of.read():
                wanted = golds(question)
                if not wanted or question.get("calc"):
                    continue
                asked, looked = await opened.searcher.candidates(SCOPE, whole(question), "DOC", CANDIDATES)
                if looked.found.entries:
                    right = [float(answers(question, wanted, entry)) for entry in looked.found.entries]
                    _, numbers, glances = measured(asked, looked.found)
                    examples.append(Example(numbers, np.array(right), glances, -1, name))
    return names, examples


def answers(question: Asking, wanted: list[list[str]], entry: Entry) -> bool:
    """Whether a passage is of a right document and holds some of the answer."""
    text = normal(f"{entry.heading} {entry.body}")
    return entry.name in question["doc"] and any(any(one in text for one in each) for each in wanted)


def measured(asked: Asked, found: Found) -> tuple[Names, Array, Array]:
    comparison = Comparison(asked, found.statistics)
    glances = [comparison.glance(entry) for entry in found.entries]
    rows, told = [comparison.features(glance) for glance in glances], [glance.told for glance in glances]
    arrays = [np.array([list(row.values()) for row in of]) for of in (rows, told)]
    return Names(list(rows[0]), list(told[0])), arrays[0], arrays[1]


def fold_of(question: dict[str, Any]) -> int:
    return int(document_of(question["positive_ids"][0]).removeprefix("p")) % FOLDS


def leave_one_out(examples: list[Example]) -> None:
    """What the weights are worth for papers that none of them were fitted on."""
    for name in sorted({example.of for example in examples} - {"cmrc"}):
        order, _ = fit([example for example in examples if example.of != name])
        ranks = [
            example.answers[np.argsort(-(with_bias(example.numbers) @ order), kind="stable")]
            for example in examples
            if example.of == name
        ]
        found = [f"hit@{size} {np.mean([rank[:size].any() for rank in ranks]):.3f}" for size in (1, 3, 10)]
        print(f"{len(ranks)} questions of {name}, fitted without them: {', '.join(found)}")


def cross_validate(examples: list[Example]) -> None:
    """Print how the order and the score do on documents that the weights were not fitted on."""
    judged = list(held_out(examples))
    first = sum(bool(answers[0]) for answers, _ in judged)
    five = sum(bool(answers[:5].any()) for answers, _ in judged)
    scores = [pair for answers, likely in judged for pair in zip(likely[:5], answers[:5], strict=True)]
    examples = [example for example in examples if example.of == "cmrc"]
    reached = sum(bool(example.answers.any()) for example in examples)
    count = len(examples)
    print(f"{count} questions, five folds by document: hit@1 {first / count:.4f}, hit@5 {five / count:.4f}")
    print(f"an answering passage among the {CANDIDATES} candidates: {reached / count:.4f}")
    print("score of the first five → how many of them answer")
    table = np.array(scores)
    for low in np.arange(0, 1, 0.1):
        held = table[(table[:, 0] >= low) & (table[:, 0] < low + 0.1)]
        if len(held):
            print(f"  {held[:, 0].mean():.2f} → {held[:, 1].mean():.2f}   ({len(held)} passages)")


def held_out(examples: list[Example]) -> Iterator[tuple[Array, list[float]]]:
    """Of each question, by weights fitted on the other folds' documents: which of the ranked answer, and the scores."""
    for fold in range(FOLDS):
        order, likelihood = fit([example for example in examples if example.fold != fold])
        for example in (example for example in examples if example.fold == fold):
            numbers = with_bias(example.numbers)
            ranked = np.argsort(-(numbers @ order), kind="stable")
            yield example.answers[ranked], falling(list(sigmoid(numbers @ likelihood)[ranked]))


def fit(examples: list[Example]) -> tuple[Array, Array]:
    """Weights (features + bias) for the order and for the likelihood, in the features' own units."""
    everything = np.concatenate([example.numbers for example in examples])
    mean, spread = everything.mean(0), everything.std(0) + 1e-9
    scaled = [Example((e.numbers - mean) / spread, e.answers, e.glances, e.fold, e.of) for e in examples]
    order = fit_order([example for example in scaled if example.answers.any()])
    likelihood = fit_likelihood(scaled)
    return unscaled(order, mean, spread), unscaled(likelihood, mean, spread)


def fit_glance(examples: list[Example], order: Array) -> Array:
    """What comes nearest to the order's differences within each question."""
    seen = np.concatenate([example.glances - example.glances.mean(0) for example in examples])
    wanted = [with_bias(example.numbers) @ order for example in examples]
    weights = np.linalg.lstsq(seen, np.concatenate([values - values.mean() for values in wanted]), rcond=None)[0]
    return np.append(weights, 0.0)


def sieve(examples: list[Example], order: Array, glance: Array) -> None:
    """Print of how many questions the first passages are among the likeliest at a glance."""
    for size in (12, 16, 24):
        kept: list[list[bool]] = []
        for example in examples:
            first = np.argsort(-(with_bias(example.numbers) @ order), kind="stable")
            likely = set(np.argsort(-(with_bias(example.glances) @ glance), kind="stable")[:size])
            right = [at for at in first[:5] if example.answers[at]]
            kept.append([likely >= set(first[:1]), likely >= set(first[:5]), not right or bool(likely & set(right))])
        first, five, answers = np.mean(kept, axis=0)
        print(f"{size} at a glance: the first {first:.4f}, the first five {five:.4f}, an answer of them {answers:.4f}")


def unscaled(weights: Array, mean: Array, spread: Array) -> Array:
    own = weights[:-1] / spread
    return np.append(own, weights[-1] - own @ mean)


def with_bias(numbers: Array) -> Array:
    return np.hstack([numbers, np.ones((len(numbers), 1))])


def sigmoid(values: Array) -> Array:
    return 1 / (1 + np.exp(-values))


def fit_likelihood(examples: list[Example]) -> Array:
    """Newton's method on the penalised log-likelihood (iteratively reweighted least squares)."""
    numbers = with_bias(np.concatenate([example.numbers for example in examples]))
    answers = np.concatenate([example.answers for example in examples])
    penalty = np.full(numbers.shape[1], LIKELIHOOD_L2)
    penalty[-1] = 0
    weights = np.zeros(numbers.shape[1])
    for _ in range(50):
        likely = sigmoid(numbers @ weights)
        gradient = numbers.T @ (likely - answers) + penalty * weights
        curvature = (numbers * (likely * (1 - likely))[:, None]).T @ numbers + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        weights -= step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def fit_order(examples: list[Example]) -> Array:
    """Newton's method on minus the log of the softmax mass of each question's answering passages.

    The curvature is that of the softmax alone, which is positive; the step halves where it would not help.
    """
    weights = np.zeros(examples[0].numbers.shape[1])
    loss, gradient, curvature = _order_terms(examples, weights)
    for _ in range(100):
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while size > 1e-6:
            trial = _order_terms(examples, weights - size * step)
            if trial[0] < loss:
                break
            size /= 2
        else:
            break
        weights, gained = weights - size * step, loss - trial[0]
        loss, gradient, curvature = trial
        if gained < 1e-7 * loss:
            break
    return np.append(weights, 0.0)


def _order_terms(examples: list[Example], weights: Array) -> tuple[float, Array, Array]:
    size = len(weights)
    loss, gradient, curvature = ORDER_L2 * weights @ weights / 2, ORDER_L2 * weights, np.eye(size) * ORDER_L2
    for example in examples:
        values = example.numbers @ weights
        mass = np.exp(values - values.max())
        share = mass / mass.sum()
        right = share * example.answers
        loss -= np.log(right.sum())
        mean = share @ example.numbers
        gradient = gradient + mean - (right / right.sum()) @ example.numbers
        centred = example.numbers - mean
        curvature += (centred * share[:, None]).T @ centred
    return float(loss), gradient, curvature


if __name__ == "__main__":
    main()
