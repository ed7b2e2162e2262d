"""`make bench`: search and ingestion through HTTP against the bare calls below, on the same rows in the same run.

The limit of a search is the searcher called in this process on the same database file; that of ingestion is writing
such passages straight into the library. Ratios count, absolute times depend on the machine.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
from sqlalchemy import func, select

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.documents.chunk import chunk
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.tables import passages
from wenshu.knowledge.catalog import Catalog
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.items import Items
from wenshu.knowledge.search import Searcher

WENSHU = Path(sys.executable).parent / "wenshu"
SCOPE = Scope("bench")
WORDS = [
    "水表",
    "质保",
    "采购",
    "合同",
    "项目",
    "经营",
    "报告",
    "客户",
    "安装",
    "通信",
    "电池",
    "验收",
    "预付",
    "仪表",
    "流量",
    "阀门",
    "小区",
    "平台",
    "巡检",
    "服务",
    "价格",
    "交付",
]


def document(number: int, generator: random.Random) -> str:
    """Some 20 pieces of plausible text."""
    lines = [f"# 文件{number}"]
    for section in range(5):
        lines.append(f"## {generator.choice(WORDS)}{section}")
        lines.extend(
            f"{generator.choice(WORDS)}{generator.choice(WORDS)}第{generator.randrange(1000)}号{generator.choice(WORDS)}为"
            f"{generator.randrange(10_000)}元，由{generator.choice(WORDS)}部于{generator.randrange(1, 12)}月办理。"
            for _ in range(30)
        )
    return "\n\n".join(lines)


async def percentile(call: Callable[[str], Awaitable[object]], questions: list[str], share: float = 0.5) -> float:
    """Milliseconds of one call, one after another."""
    times: list[float] = []
    for question in questions:
        started = time.perf_counter()
        await call(question)
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)[int(len(times) * share)]


async def bare_ingestion(home: Path, texts: list[str]) -> tuple[int, float]:
    """Write the documents without HTTP and without the parser process; passages, and passages a second."""
    database = Database(sqlite_url(home / "wenshu.sqlite3"))
    await database.migrate()
    ingest = Ingest(Catalog(database, EmbeddedIndex()), Items())
    started = time.perf_counter()
    for number, text in enumerate(texts):
        await ingest.replace_document(SCOPE, f"{number}.md", "", Parsed(text, tuple(scan(text)), "", "text/markdown"))
    seconds = time.perf_counter() - started
    async with database.read(SCOPE) as tx:
        count = await tx.value(select(func.count()).select_from(passages).where(SCOPE.sees(passages)))
    await database.close()
    return count, count / seconds


def main() -> None:
    """Print the table."""
    generator = random.Random(7)  # noqa: S311 (made-up text)
    words = [(generator.choice(WORDS), generator.choice(WORDS), generator.randrange(1000)) for _ in range(200)]
    questions = [f"{first}{second}第{number}号是多少元？" for first, second, number in words]
    documents = [document(number, generator) for number in range(int(os.environ.get("BENCH_DOCUMENTS", "200")))]
    with tempfile.TemporaryDirectory(prefix="wenshu-bench-") as folder:
        count, bare_rate, bare = asyncio.run(bare_calls(Path(folder), documents, questions))
        env = {**os.environ, "WENSHU_HOME": folder, "WENSHU_LOG_LEVEL": "error", "WENSHU_RATE_LIMIT": "1000000/minute"}
        server = subprocess.Popen([WENSHU, "serve", "--port", "0"], env=env, stdout=subprocess.PIPE, text=True)
        try:
            ready = next(line for line in server.stdout or () if "/console/" in line)
            search, first, rate = asyncio.run(through_http(ready.split()[-1].removesuffix("/console/"), questions))
        finally:
            server.terminate()
            server.wait()
    print(f"{count} passages")
    print(f"search p50          HTTP {search:6.1f} ms  bare search {bare:6.1f} ms  ratio {search / bare:.2f}")
    print(f"first SSE byte p50  HTTP {first:6.1f} ms  bare search {bare:6.1f} ms  ratio {first / bare:.2f}")
    print(
        f"ingestion           HTTP {rate:6.0f} pieces/s  bare {bare_rate:6.0f} pieces/s  ratio {bare_rate / rate:.2f}"
    )


async def bare_calls(home: Path, documents: list[str], questions: list[str]) -> tuple[int, float, float]:
    """Passages, passages a second written, and milliseconds of a search, all in this process."""
    count, rate = await bare_ingestion(home, documents)
    database = Database(sqlite_url(home / "wenshu.sqlite3"))
    searcher = Searcher(Catalog(database, EmbeddedIndex()))
    bare = await percentile(lambda question: searcher.search(SCOPE, question, limit=5), questions)
    await database.close()
    return count, rate, bare


async def through_http(url: str, questions: list[str]) -> tuple[float, float, float]:
    """Milliseconds of a search and to the first byte of an answer, and passages a second through upload and add."""
    async with aiohttp.ClientSession(url) as session:
        search = await percentile(lambda question: post_search(session, question), questions)
        first = await percentile(lambda question: first_byte(session, question), questions[:50])
        return search, first, await http_ingestion(session)


async def post_search(session: aiohttp.ClientSession, question: str) -> None:
    """One search."""
    body = {"query": question, "collection_type": "DOC", "tenant_code": "bench"}
    async with session.post("/vector_db_service/search_from_vector_db", json=body) as answer:
        json.loads(await answer.read())


async def first_byte(session: aiohttp.ClientSession, question: str) -> None:
    """The first event of an answer."""
    body = {"user_id": "u", "question": question, "tenant_code": "bench"}
    async with session.post("/chat_service/chat", json=body) as answer:
        await answer.content.readline()


async def http_ingestion(session: aiohttp.ClientSession) -> float:
    """Passages a second through upload and add_document."""
    generator = random.Random(11)  # noqa: S311 (made-up text)
    texts = [document(number, generator) for number in range(20)]
    pieces = 0
    started = time.perf_counter()
    for number, text in enumerate(texts):
        form = aiohttp.FormData()
        form.add_field("file", text.encode(), filename=f"{number}.md")
        async with session.post("/chat_service/upload", data=form) as answer:
            url = json.loads(await answer.read())["data"]["file_url"]
        body = {"doc_url": url, "doc_name": f"{number}.md", "tenant_code": "bench2"}
        async with session.post("/vector_db_service/add_document", json=body) as answer:
            await answer.read()
    seconds = time.perf_counter() - started
    body = {"query": "水表质保采购", "collection_type": "DOC", "tenant_code": "bench2", "limit": 1}
    async with session.post("/vector_db_service/search_from_vector_db", json=body) as answer:
        if not json.loads(await answer.read())["data"]["entities"][0]:
            raise SystemExit("nothing was ingested")
    for text in texts:
        pieces += len(chunk(Parsed(text, tuple(scan(text)), "", "text/markdown")))
    return pieces / seconds


if __name__ == "__main__":
    main()
