"""`make eval`: our retrieval and the peers', on the same pieces and questions, in one table.

Ours goes through the documented API. Peers have their defaults, and beside them the setting that their own API offers
for Chinese; each also with the title in front of the text, as ours always knows a document's name.
"""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from peer import Absent, Peer, version
from retrieval import DATA, LEAST_FIRST, LEAST_FIVE, Client, Hits, measured, own_server, read
from train_rerank import held_out, read_examples

LIMIT = 5
PEERS = (
    ("Haystack", "haystack", "haystack-ai", "defaults", {}),
    ("LlamaIndex", "llamaindex", "llama-index-core", "defaults", {"limit": LIMIT}),
    ("LlamaIndex", "llamaindex", "llama-index-core", r"token_pattern \w", {"limit": LIMIT, "characters": True}),
    ("LangChain", "langchain", "langchain-community", "defaults", {}),
    ("LangChain", "langchain", "langchain-community", "preprocess_func jieba.lcut", {"jieba": True}),
)


def main() -> int:
    if not DATA.is_dir():
        print(f"skipped: there is no {DATA}")
        return 0
    rows = [("", "hit@1", "hit@5")]
    missed = False
    with own_server({}) as url:
        for hybrid, hits in measured(Client(url)):
            rows.append(row(f"Wenshu, use_hybrid={str(hybrid).lower()}", hits))
            missed |= hits.miss()
    print("fitting the reranker on four fifths of the documents, five times …", file=sys.stderr, flush=True)
    rows.append(row("Wenshu, its weights fitted on other documents", of_folds()))
    rows += peers()
    for name, *cells in rows:
        print(f"{name:<64}" + "".join(f"{cell:>12}" for cell in cells))
    print(f"targets: hit@1 {LEAST_FIRST}, hit@5 {LEAST_FIVE}, none without a hit: {'missed' if missed else 'met'}")
    return int(missed)


def row(name: str, hits: Hits) -> tuple[str, str, str]:
    return name, f"{hits.first:.4f}", f"{hits.five:.4f}"


def of_folds() -> Hits:
    """The reranker on the candidates of documents that it was not fitted on."""
    started = time.monotonic()
    _, examples = asyncio.run(read_examples(DATA))
    return Hits.of([answers.astype(bool).tolist() for answers, _ in held_out(examples)], time.monotonic() - started)


def peers() -> Iterator[tuple[str, str, str]]:
    for name, library, package, setting, options in PEERS:
        for titled in (False, True):
            title = f"{name} {version(library, package)}, {setting}{', title in front' if titled else ''}"
            print(f"{title} …", file=sys.stderr, flush=True)
            try:
                with Peer(library, **options) as peer:
                    yield row(title, asked(peer, titled=titled))
            except Absent as error:
                yield f"{title}: skipped, {error}", "", ""


def asked(peer: Peer, *, titled: bool) -> Hits:
    corpus, questions = read("corpus.jsonl"), read("queries.jsonl")
    peer.add([("", piece["title"] if titled else "", piece["text"]) for piece in corpus])
    started = time.monotonic()
    ids, _ = peer.ask([("", question["query"]) for question in questions], LIMIT)
    found = [
        [corpus[at]["id"] in question["positive_ids"] for at in places]
        for places, question in zip(ids, questions, strict=True)
    ]
    return Hits.of(found, time.monotonic() - started)


if __name__ == "__main__":
    sys.exit(main())
