"""Chunks to search at any size: sentences of ../shared/evals/retrieval put together anew, the same ones each time."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parents[2] / "shared/evals/retrieval"
TENANTS = {"bench-a": 0.7, "bench-b": 0.15, "bench-c": 0.1, "bench-d": 0.05}
"""Tenant → share of the chunks and of the questions."""
CHARACTERS = 240
DOCUMENT = 100
"""Chunks of one document."""
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One passage to be found; ``id`` is its place among all chunks."""

    id: int
    tenant: str
    document: str
    title: str
    text: str


def absent() -> str:
    """Why nothing can be measured; empty where the data is there."""
    return "" if DATA.is_dir() else f"there is no {DATA}"


def chunks(count: int) -> list[Chunk]:
    """``count`` chunks of some ``CHARACTERS`` characters, each tenant's own in documents of ``DOCUMENT``."""
    pieces = _read("corpus.jsonl")
    sentences = [text for piece in pieces for text in _SENTENCE.findall(piece["text"]) if 8 <= len(text) <= CHARACTERS]
    titles = [piece["title"].strip() for piece in pieces]
    generator = random.Random(7)  # noqa: S311 (made-up text)
    made: list[Chunk] = []
    for tenant, share in TENANTS.items():
        for number in range(round(count * share)):
            document = f"{tenant}-{number // DOCUMENT}.md"
            made.append(Chunk(len(made), tenant, document, generator.choice(titles), _text(sentences, generator)))
    return made


def documents(made: Sequence[Chunk]) -> Iterator[tuple[str, str, str]]:
    """(tenant, name, Markdown) of each document: every chunk under a heading of its own, so that it is one piece."""
    texts: dict[tuple[str, str], list[str]] = {}
    for chunk in made:
        texts.setdefault((chunk.tenant, chunk.document), []).append(f"## {chunk.title}\n\n{chunk.text}")
    for (tenant, name), parts in texts.items():
        yield tenant, name, "\n\n".join(parts)


def questions(count: int) -> list[tuple[str, str]]:
    """(tenant, question), tenants by their shares, mixed."""
    generator = random.Random(11)  # noqa: S311 (made-up order)
    asked = generator.sample([question["query"] for question in _read("queries.jsonl")], count)
    tenants = generator.choices(list(TENANTS), list(TENANTS.values()), k=count)
    return list(zip(tenants, asked, strict=True))


def _read(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def _text(sentences: Sequence[str], generator: random.Random) -> str:
    text = generator.choice(sentences)
    while len(text) < CHARACTERS // 2 or len(more := text + generator.choice(sentences)) > CHARACTERS + 60:
        if len(text) >= CHARACTERS // 2:
            return text
        text += generator.choice(sentences)
    return more
