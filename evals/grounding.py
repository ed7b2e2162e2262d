"""How often a written sentence that is true comes through the check, and one with another figure in its place does.

    python evals/grounding.py [folder with corpus.jsonl and queries.jsonl]

Sentences are made of the questions of ../shared/evals/retrieval: the asking words give way to a right answer, or to
another figure of the same kind that the passages hold somewhere. Nobody reads well what comes of it, but a model that
says it cites the right passage.
"""

import asyncio
import re
import sys
from collections import Counter
from pathlib import Path

from library import DATA, library

from wenshu.knowledge.ground import check

ASKING = re.compile(
    r"什么时候|什么时间|哪一?年|哪一?天|何时|多少|几(?=[个次种位名条座家部人年月天])|谁|哪[个位家]?(?:人|公司|国家|地方|城市)|什么|哪里|哪"
)
FIGURE = re.compile(r"\d[\d,.]*(?:年|月|日|公里|米|人|个|次|元|万|亿|%)")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not folder.is_dir():
        print(f"skipped: there is no {folder}")
        return
    asyncio.run(evaluate(folder))


async def evaluate(folder: Path) -> None:
    true: Counter[str] = Counter()
    false: Counter[str] = Counter()
    async with library(folder) as shelf:
        for question in shelf.questions:
            asked = question["query"].rstrip("？?")
            asking = ASKING.search(asked)
            passages = (await shelf.found(question))["all"]
            right = question["answers"][0]
            cited = next((at for at, one in enumerate(passages, 1) if right in one.text), 0)
            if not asking or not cited:
                continue
            rest = asked[asking.end() :]
            said = f"{asked[: asking.start()]}{right}{'' if rest[:1] and rest[0] in right[-2:] else rest}。[{cited}]"
            true[check(said, passages).reason] += 1
            figure = FIGURE.search(right)
            others = [
                one for one in FIGURE.findall(passages[cited - 1].text) if figure and one[-1] == figure.group()[-1]
            ]
            other = next((one for one in others if figure and one not in right and figure.group() not in one), None)
            if figure and other:
                false[check(said.replace(figure.group(), other), passages).reason] += 1
    for what, counts in (("true", true), ("with another figure of the passage", false)):
        total = counts.total()
        reasons = ", ".join(f"{reason} {count / total:.3f}" for reason, count in counts.most_common() if reason)
        print(f"{total} sentences {what}: {counts[''] / total:.3f} come through; cut for {reasons}")


if __name__ == "__main__":
    main()
