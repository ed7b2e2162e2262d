"""Questions of staff over the papers of offices: the sample material's, and the development half of evals/office.

Each question has id, kind, question, history (the conversation before it), gold (one of these stands in a right
answer) or gold_all (all of them), gold_not (none of these), doc (where the answer stands) and answerable.
"""

import csv
import json
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from library import ROOT

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.documents.sandbox import ParserPool
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.followup import rewrite
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.items import Items, Pair
from wenshu.knowledge.reply import Exchange, Replier, turns_of
from wenshu.knowledge.search import Searcher
from wenshu.knowledge.sources import Sources

SCOPE = Scope("office")
TODAY = date(2026, 11, 24)
"""The day that the papers were written for: what 今年 means in the questions."""
Asking = dict[str, Any]


@dataclass(frozen=True)
class Papers:
    """Where an office's material and pairs lie, and the questions about them."""

    folder: Path
    questions: Path

    def read(self) -> list[Asking]:
        return [json.loads(line) for line in self.questions.read_text("utf-8").splitlines()]


def papers(folder: Path) -> Papers:
    """The papers of a folder with ``material/`` and ``qa.csv``; the sample material's questions stand in evals."""
    own = folder / "questions.jsonl"
    return Papers(folder, own if own.exists() else ROOT / "evals/demo/questions.jsonl")


def found_office(half: str) -> Path | None:
    """A half of evals/office."""
    place = ROOT / "evals/office" / half
    return place if place.is_dir() else None


def for_fitting() -> dict[str, Papers]:
    """What weights may be fitted on, by name; the held-out half never."""
    dev = found_office("dev")
    return {"demo": papers(ROOT / "demo"), **({"dev": papers(dev)} if dev else {})}


@dataclass(frozen=True)
class Office:
    """The material in a library of its own."""

    searcher: Searcher
    replier: Replier


@asynccontextmanager
async def office(of: Papers) -> AsyncIterator[Office]:
    """Parse, cut and index the material, as the product does."""
    with tempfile.TemporaryDirectory() as home:
        database, index = Database(sqlite_url(Path(home) / "library.db")), EmbeddedIndex()
        try:
            await database.migrate()
            catalog = Catalog(database, index)
            ingest = Ingest(catalog, Items())
            async with ParserPool() as parser:
                for path in sorted((of.folder / "material").iterdir()):
                    await ingest.replace_document(SCOPE, path.name, "", await parser.parse(path, path.name))
            with (of.folder / "qa.csv").open(encoding="utf-8-sig", newline="") as lines:
                rows = list(csv.reader(lines))[1:]
            await ingest.replace_pairs(SCOPE, [Pair(*row) for row in rows])
            searcher = Searcher(catalog)
            yield Office(searcher, Replier(searcher, Sources(catalog)))
            await index.close()
        finally:
            await database.close()


def history_of(asked: Asking) -> tuple[Exchange, ...]:
    return tuple(Exchange(turn["role"], turn["content"]) for turn in asked["history"])


def whole(asked: Asking) -> str:
    """The question made whole by the conversation before it."""
    return rewrite(asked["question"], turns_of(history_of(asked))).wordings[-1 if asked["history"] else 0]


def golds(asked: Asking) -> list[list[str]]:
    """What a right answer holds one each of, as ``normal`` writes it; empty where there is none."""
    wanted = asked.get("gold_all") or ([asked["gold"]] if asked["gold"] else [])
    return [[normal(one) for one in ([item] if isinstance(item, str) else item)] for item in wanted]


def holds(wanted: list[list[str]], text: str) -> bool:
    """Whether a text (``normal``) has all of the gold."""
    return all(any(one in text for one in item) for item in wanted)


def normal(text: str) -> str:
    """Width, case, blanks, markers and commas between thousands do not count."""
    folded = unicodedata.normalize("NFKC", re.sub(r"\[\d{1,3}\]", "", text))
    return re.sub(r"\s+", "", re.sub(r"(?<=\d),(?=\d)", "", folded)).lower()
