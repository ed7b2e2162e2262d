"""How often the extractive answer holds the right one, how long it is, and how often it refuses when it should.

    python evals/answers.py [folder with corpus.jsonl and queries.jsonl]

The questions of ../shared/evals/retrieval, searched and answered as the product does: with all passages, without the
pieces that hold an answer, and without their whole documents. In the latter two every answer is one too many, but for
those that another piece happens to hold.
"""

import asyncio
import sys
from pathlib import Path

from library import DATA, library

from wenshu.knowledge.answer import answer


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    if not folder.is_dir():
        print(f"skipped: there is no {folder}")
        return
    asyncio.run(evaluate(folder))


async def evaluate(folder: Path) -> None:
    answered: dict[str, int] = {}
    holding: dict[str, int] = {}
    characters: dict[str, int] = {}
    async with library(folder) as shelf:
        for question in shelf.questions:
            for what, passages in (await shelf.found(question)).items():
                given = answer(question["query"], passages)
                said = "".join(statement.text for statement in given.statements)
                answered[what] = answered.get(what, 0) + (given.refusal is None)
                holding[what] = holding.get(what, 0) + any(right in said for right in question["answers"])
                characters[what] = characters.get(what, 0) + len(said)
        count = len(shelf.questions)
    print(
        f"{count} questions: answered {answered['all'] / count:.4f}, holding a right one {holding['all'] / count:.4f}"
        f" ({holding['all'] / answered['all']:.4f} of those answered),"
        f" {characters['all'] / answered['all']:.0f} characters"
    )
    for what in ("pieces", "documents"):
        refused = 1 - answered[what] / count
        print(f"refused without the {what} that answer: {refused:.4f} ({holding[what]} answers hold it all the same)")


if __name__ == "__main__":
    main()
