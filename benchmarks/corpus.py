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
"""Chunks of one document where nothing else is said."""
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")


@dataclass(frozen=True, slots=True)
class Chunk:
    """One passage to be found."""

    tenant: str
    title: str
    text: str


def absent() -> str:
    """Why nothing can be measured; empty where the data is there."""
    return "" if DATA.is_dir() else f"there is no {DATA}"


def chunks(count: int) -> list[Chunk]:
    """``count`` chunks of at most ``CHARACTERS`` characters, tenant by tenant."""
    pieces = _read("corpus.jsonl")
    sentences = [text for piece in pieces for text in _SENTENCE.findall(piece["text"]) if 8 <= len(text) <= CHARACTERS]
    titles = [piece["title"].strip() for piece in pieces]
    generator = random.Random(7)  # noqa: S311 (made-up text)
    made: list[Chunk] = []
    for tenant, share in TENANTS.items():
        made += [
            Chunk(tenant, generator.choice(titles), _text(sentences, generator)) for _ in range(round(count * share))
        ]
    return made


def documents(made: Sequence[Chunk], size: int = DOCUMENT) -> Iterator[tuple[str, str, str]]:
    """(tenant, name, Markdown) of documents of ``size`` chunks, each under a heading of its own: one piece."""
    for tenant in TENANTS:
        own = [chunk for chunk in made if chunk.tenant == tenant]
        for at in range(0, len(own), size):
            parts = (f"## {chunk.title}\n\n{chunk.text}" for chunk in own[at : at + size])
            yield tenant, f"{tenant}-{at // size}.md", "\n\n".join(parts)


def questions(count: int) -> list[tuple[str, str]]:
    """(tenant, question), tenants by their shares, mixed."""
    generator = random.Random(11)  # noqa: S311 (made-up order)
    asked = generator.sample([question["query"] for question in _read("queries.jsonl")], count)
    tenants = generator.choices(list(TENANTS), list(TENANTS.values()), k=count)
    return list(zip(tenants, asked, strict=True))


def _read(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def _text(sentences: Sequence[str], generator: random.Random) -> str:
    text = ""
    while len(more := text + generator.choice(sentences)) <= CHARACTERS:
        text = more
    return text or more[:CHARACTERS]
