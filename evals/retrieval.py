"""Retrieval through the documented API: each piece is a document, each question a search with ``limit`` 5.

    python evals/retrieval.py [--index embedded|file|milvus] [base URL of a running server]

Without a URL a server of its own is started in a temporary folder, on the index named: ``file`` beside a PostgreSQL of
its own, ``milvus`` on a Milvus Lite of its own (test dependencies). Prints hit@1, hit@5 and questions without any hit,
for both values of ``use_hybrid``; exits with 1 where they miss the targets. The data in ../shared/evals/retrieval is
the half that the reranker was fitted on: ``side_by_side.py`` has the cross-validated figures, and the peers'.
"""

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import local
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared/evals/retrieval"
TENANT = "eval-retrieval"
LEAST_FIRST, LEAST_FIVE = 0.90, 0.985
AT_ONCE = 4


def main() -> int:
    options = argparse.ArgumentParser(description="Retrieval through the documented API.")
    options.add_argument("url", nargs="?", help="of a running server")
    options.add_argument("--index", choices=["embedded", "file", "milvus"], default="embedded")
    chosen = options.parse_args()
    if not DATA.is_dir():
        print(f"skipped: there is no {DATA}")
        return 0
    if chosen.url:
        return evaluate(Client(chosen.url))
    with outside(chosen.index) as settings, own_server(settings) as url:
        print(f"index: {chosen.index}")
        return evaluate(Client(url))


@contextmanager
def outside(index: str) -> Iterator[dict[str, str]]:
    """What the index needs beside the server, and the settings that name it."""
    sys.path.insert(0, str(ROOT / "tests"))
    if index == "milvus":
        from lite import Lite  # noqa: PLC0415 (a test dependency)

        with tempfile.TemporaryDirectory() as data:
            lite = Lite(Path(data) / "lite").start()
            try:
                yield {"WENSHU_MILVUS_URI": lite.uri, "WENSHU_MILVUS_TIMEOUT_SECONDS": "60"}
            finally:
                lite.close()
    elif index == "file":
        from postgres import PostgresServer  # noqa: PLC0415 (a test dependency)

        server = PostgresServer()
        try:
            yield {"WENSHU_DATABASE_URL": server.start().url(server.create())}
        finally:
            server.close()
    else:
        yield {}


def evaluate(client: "Client") -> int:
    missed = False
    for hybrid, hits in measured(client):
        print(
            f"use_hybrid={str(hybrid).lower():5}  hit@1 {hits.first:.4f}  hit@5 {hits.five:.4f}"
            f"  without a hit {hits.empty}  ({hits.a_second:.0f} questions a second, {AT_ONCE} at once)"
        )
        missed |= hits.miss()
    print(f"targets: hit@1 {LEAST_FIRST}, hit@5 {LEAST_FIVE}, none without a hit: {'missed' if missed else 'met'}")
    return int(missed)


@dataclass(frozen=True)
class Hits:
    """How well the questions were answered: shares of them, how many found nothing, and how many a second."""

    first: float
    five: float
    empty: int
    a_second: float

    @classmethod
    def of(cls, found: list[list[bool]], seconds: float) -> "Hits":
        """From each question's hits, best first: whether it is a piece that answers."""
        first = sum(ranks[:1] == [True] for ranks in found) / len(found)
        five = sum(any(ranks[:5]) for ranks in found) / len(found)
        return cls(first, five, sum(not ranks for ranks in found), len(found) / seconds)

    def miss(self) -> bool:
        """Whether a target is missed."""
        return self.first < LEAST_FIRST or self.five < LEAST_FIVE or self.empty > 0


def measured(client: "Client") -> Iterator[tuple[bool, Hits]]:
    """Add the pieces, then ask every question with each value of ``use_hybrid``."""
    corpus, questions = read("corpus.jsonl"), read("queries.jsonl")
    started = time.monotonic()
    each("documents", corpus, lambda piece: add(client, piece))
    print(f"{len(corpus)} documents added in {time.monotonic() - started:.0f} s")
    for hybrid in (False, True):
        started = time.monotonic()
        found = each("questions", questions, lambda question, hybrid=hybrid: search(client, question, hybrid=hybrid))
        yield hybrid, Hits.of(found, time.monotonic() - started)


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def name_of(piece: dict[str, Any]) -> str:
    return f"{piece['title']}（{piece['id']}）.txt"


def add(client: "Client", piece: dict[str, Any]) -> None:
    uploaded = client.upload("/chat_service/upload", name_of(piece), piece["text"].encode())
    client.post(
        "/vector_db_service/add_document",
        {"doc_url": uploaded["data"]["file_url"], "doc_name": name_of(piece), "tenant_code": TENANT},
    )


def search(client: "Client", question: dict[str, Any], *, hybrid: bool) -> list[bool]:
    """Of each hit, best first: whether it is a piece that answers."""
    body = {
        "query": question["query"],
        "collection_type": "DOC",
        "limit": 5,
        "use_hybrid": hybrid,
        "tenant_code": TENANT,
    }
    hits = client.post("/vector_db_service/search_from_vector_db", body)["data"]["entities"][0]
    ids = [re.search(r"（([^（）]*)）\.txt$", hit["doc_name"]) for hit in hits]
    return [found is not None and found.group(1) in question["positive_ids"] for found in ids]


def each(what: str, items: list[Any], work: Any) -> list[Any]:
    """``work`` of each item, several at once, in order, with progress on standard error."""
    results: list[Any] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for result in pool.map(work, items):
            results.append(result)
            if len(results) % 100 == 0 or len(results) == len(items):
                print(f"\r{what}: {len(results)}/{len(items)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return results


class Client:
    """JSON and multipart over one kept connection a thread."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc
        self._own = local()

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        return self._send(path, json.dumps(body).encode(), "application/json")

    def upload(self, path: str, name: str, content: bytes) -> dict[str, Any]:
        boundary, quoted = "wenshu-evaluation", name.replace('"', "%22")
        head = (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; filename="{quoted}"\r\n'
            "Content-Type: text/plain\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self._send(path, body, f"multipart/form-data; boundary={boundary}")

    def _send(self, path: str, body: bytes, media_type: str) -> dict[str, Any]:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection(self._address, timeout=60)
        connection.request("POST", path, body, {"Content-Type": media_type})
        response = connection.getresponse()
        answer = response.read()
        if response.status != http.HTTPStatus.OK:
            raise SystemExit(f"{path} answered {response.status}: {answer.decode('utf-8', 'replace')[:500]}")
        return json.loads(answer)


@contextmanager
def own_server(settings: dict[str, str]) -> Iterator[str]:
    """A server on a free port with a data folder that goes away."""
    program = ROOT / ".venv/bin/wenshu"
    with tempfile.TemporaryDirectory(prefix="wenshu-eval-") as home:
        process = subprocess.Popen(
            [program, "serve", "--port", "0", "--home", home],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | {"WENSHU_RATE_LIMIT": "1000000/minute", "WENSHU_LOG_LEVEL": "error"} | settings,
        )
        try:
            yield listening(process)
        finally:
            process.terminate()
            process.wait(timeout=30)


def listening(process: subprocess.Popen[str]) -> str:
    for line in process.stdout or ():
        if found := re.search(r"http://[^\s/]+", line):
            return found.group()
    raise SystemExit(f"the server ended with {process.wait()}; run `wenshu serve` to see why")


if __name__ == "__main__":
    sys.exit(main())
