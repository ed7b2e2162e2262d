"""Questions of staff over the papers of an office: what is answered, cited and refused, by kind of question.

    python evals/office.py [folder] [--misses]

The folder holds ``material/``, ``qa.csv`` and ``questions.jsonl`` (``staff`` says what stands in it); by default the
development half of evals/office; ``demo`` is the sample material. The material goes the product's own way: parsed,
cut, indexed, searched, answered.

Right: answered and the gold is held; of what has no answer, refused. Cited: of what was answered, a right document is
named; strictly: and no other. Width, case, blanks and commas between thousands do not count.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staff import SCOPE, found_office, golds, history_of, holds, normal, office, papers

from wenshu.knowledge.reply import Reply, ReplyRequest
from wenshu.knowledge.telling import Telling

LIMIT = 3


@dataclass(frozen=True)
class Outcome:
    """One question and what came of it."""

    asked: dict[str, Any]
    reply: Reply
    milliseconds: float

    @property
    def answered(self) -> bool:
        return bool(self.reply.citations)

    @property
    def right(self) -> bool:
        """Held where there is an answer, refused where there is none."""
        if not self.asked["answerable"]:
            return not self.answered
        said = normal(self.reply.text)
        never = any(normal(one) in said for one in self.asked.get("gold_not", ()))
        return self.answered and holds(golds(self.asked), said) and not never

    @property
    def cited(self) -> set[str]:
        """The documents that the answer names; of a pair, the document that it comes from."""
        return {
            source["url"] if source["url"] in self.asked["doc"] else source["name"] for source in self.reply.sources
        }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", nargs="?", type=Path, default=found_office("dev"))
    options.add_argument("--misses", action="store_true", help="list what went wrong")
    chosen = options.parse_args()
    if chosen.folder is None or not chosen.folder.is_dir():
        print("skipped: there is no evals/office")
        return
    outcomes = asyncio.run(evaluate(chosen.folder))
    report(outcomes)
    if chosen.misses:
        for outcome in outcomes:
            if not outcome.right:
                show(outcome)


async def evaluate(folder: Path) -> list[Outcome]:
    outcomes: list[Outcome] = []
    of = papers(folder)
    async with office(of) as opened:
        for asked in of.read():
            history = history_of(asked)
            request = ReplyRequest(asked["question"], "general", "", use_library=True, limit=LIMIT, history=history)
            started = time.perf_counter()
            reply = await opened.replier.reply(SCOPE, request, Telling(lambda _: None))
            outcomes.append(Outcome(asked, reply, (time.perf_counter() - started) * 1000))
    return outcomes


def report(outcomes: list[Outcome]) -> None:
    kinds = sorted({outcome.asked["kind"] for outcome in outcomes})
    print(f"{'kind':14} {'count':>5} {'right':>6} {'answered':>8} {'cited':>6} {'strictly':>8} {'characters':>10}")
    for kind in kinds:
        line(kind, [outcome for outcome in outcomes if outcome.asked["kind"] == kind])
    answerable = [outcome for outcome in outcomes if outcome.asked["answerable"]]
    line("answerable", answerable)
    line("all", outcomes)
    rest = [outcome for outcome in outcomes if not outcome.asked["answerable"]]
    times = sorted(outcome.milliseconds for outcome in outcomes)
    print(f"answered rightly {share(answerable)}, refused rightly {share(rest)}; {times[len(times) // 2]:.0f} ms p50")


def share(outcomes: list[Outcome]) -> str:
    right = sum(outcome.right for outcome in outcomes)
    return f"{right}/{len(outcomes)} = {right / len(outcomes):.3f}"


def line(name: str, outcomes: list[Outcome]) -> None:
    answered = [outcome for outcome in outcomes if outcome.answered]
    count, said = len(outcomes), len(answered) or 1
    right = sum(outcome.right for outcome in outcomes) / count
    cited = sum(bool(outcome.cited & set(outcome.asked["doc"])) for outcome in answered) / said
    strictly = sum(outcome.cited <= set(outcome.asked["doc"]) for outcome in answered) / said
    size = sum(len(normal(outcome.reply.text)) for outcome in answered) / said
    print(f"{name:14} {count:5} {right:6.3f} {len(answered) / count:8.3f} {cited:6.3f} {strictly:8.3f} {size:10.0f}")


def show(outcome: Outcome) -> None:
    asked = outcome.asked
    for turn in asked["history"]:
        print(f"      {turn['role']}: {turn['content']}")
    print(f"{asked['id']}  {asked['question']}  ({outcome.reply.searched})")
    print(f"      wanted {asked.get('gold_all') or asked.get('gold')} of {asked['doc']}")
    print("      " + outcome.reply.text.replace("\n", "\n      "))
    print(f"      {[source['name'] for source in outcome.reply.sources]}")


if __name__ == "__main__":
    main()
