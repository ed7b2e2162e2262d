"""Fit the reranker's weights and write them to src/wenshu/knowledge/rerank.json.

    python evals/train_rerank.py [folder with corpus.jsonl and queries.jsonl]

Two logistic regressions over the numbers of ``wenshu.knowledge.features``, L2, on the development half of CMRC 2018 in
../shared/evals/retrieval: ``order`` by the softmax over each question's candidates, ``likelihood`` by single passages.
The printed figures are those of five folds by document; the weights written are those of a fit on everything.
"""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.port import Entry, Query, ready
from wenshu.core.index.tables import CREATE_PASSAGE_TERMS, create_tables
from wenshu.knowledge.features import Asked, Comparison
from wenshu.knowledge.rerank import falling
from wenshu.knowledge.search import CANDIDATES

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared/evals/retrieval"
WEIGHTS = ROOT / "src/wenshu/knowledge/rerank.json"
FOLDS = 5
ORDER_L2, LIKELIHOOD_L2 = 10.0, 3.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """A question: its candidates' numbers (candidates × features), which of them answer, and its fold."""

    numbers: Array
    answers: Array
    fold: int


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not folder.is_dir():
        print(f"skipped: there is no {folder}")
        return
    names, examples = asyncio.run(read_examples(folder))
    cross_validate(examples)
    order, likelihood = fit(examples)
    models = {
        "source": "evals/train_rerank.py on the development half of CMRC 2018",
        "order": dict(zip([*names, "bias"], (round(float(weight), 4) for weight in order), strict=True)),
        "likelihood": dict(zip([*names, "bias"], (round(float(weight), 4) for weight in likelihood), strict=True)),
    }
    WEIGHTS.write_text(json.dumps(models, indent=2) + "\n", encoding="utf-8")
    print(f"wrote {WEIGHTS}")


async def read_examples(folder: Path) -> tuple[list[str], list[Example]]:
    corpus = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    questions = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as home:
        database = Database(sqlite_url(Path(home) / "train.db"))
        try:
            return await _collect(database, corpus, questions)
        finally:
            await database.close()


async def _collect(database: Database, corpus: list[dict], questions: list[dict]) -> tuple[list[str], list[Example]]:
    scope, index = Scope("train"), EmbeddedIndex()
    async with database.write(scope) as tx:
        for statement in (*create_tables(), text(CREATE_PASSAGE_TERMS)):
            await tx.run(statement)
        await index.within(tx).put(scope, [ready(entry(at, piece)) for at, piece in enumerate(corpus)])
    names: list[str] = []
    examples: list[Example] = []
    for question in questions:
        asked = Asked(question["query"])
        async with database.read(scope) as tx:
            found = await index.within(tx).find(scope, Query("DOC", asked.terms, CANDIDATES))
        comparison = Comparison(asked, found.statistics)
        rows = [comparison.features(candidate) for candidate in found.entries]
        names = list(rows[0])
        answers = [float(corpus[candidate.generation]["id"] in question["positive_ids"]) for candidate in found.entries]
        fold = int(question["positive_ids"][0].split("#")[0].removeprefix("p")) % FOLDS
        examples.append(Example(np.array([list(row.values()) for row in rows]), np.array(answers), fold))
    return names, examples


def entry(at: int, piece: dict) -> Entry:
    return Entry(
        collection="DOC", generation=at, ordinal=0, name="", title=piece["title"], heading="", body=piece["text"],
        source="", start=0, end=len(piece["text"]), page=None,
    )  # fmt: skip


def cross_validate(examples: list[Example]) -> None:
    """Print how the order and the score do on documents that the weights were not fitted on."""
    judged = list(held_out(examples))
    first = sum(bool(answers[0]) for answers, _ in judged)
    five = sum(bool(answers[:5].any()) for answers, _ in judged)
    scores = [pair for answers, likely in judged for pair in zip(likely[:5], answers[:5], strict=True)]
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
    scaled = [Example((e.numbers - mean) / spread, e.answers, e.fold) for e in examples]
    order = fit_order([example for example in scaled if example.answers.any()])
    likelihood = fit_likelihood(scaled)
    return unscaled(order, mean, spread), unscaled(likelihood, mean, spread)


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
