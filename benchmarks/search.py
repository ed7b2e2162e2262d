"""`make bench`: search and ingestion through HTTP against the bare calls below, on the same rows in the same run.

The limit of a search is the searcher called in this process on the same database file; the limit of ingestion is writing
the same passages straight into the library. Ratios count, absolute times depend on the machine.
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

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.knowledge.ingest import Ingest
from wenshu.knowledge.search import Searcher

WENSHU = Path(sys.executable).parent / "wenshu"
SCOPE = Scope("bench")
WORDS = ["水表", "质保", "采购", "合同", "项目", "经营", "报告", "客户", "安装", "通信", "电池", "验收", "预付", "仪表", "流量", "阀门", "小区", "平台", "巡检", "服务", "价格", "交付"]


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
    ingest = Ingest(database, EmbeddedIndex())
    started = time.perf_counter()
    for number, text in enumerate(texts):
        await ingest.replace_document(SCOPE, f"{number}.md", "", Parsed(text, tuple(scan(text)), "", "text/markdown"))
    seconds = time.perf_counter() - started
    async with database.read(SCOPE) as tx:
        from sqlalchemy import func, select  # noqa: PLC0415 (only this count needs it)

        from wenshu.core.index.tables import passages  # noqa: PLC0415 (only this count needs it)

        count = await tx.value(select(func.count()).select_from(passages).where(SCOPE.sees(passages)))
    await database.close()
    return count, count / seconds


async def main() -> None:
    """Print the table."""
    generator = random.Random(7)  # noqa: S311 (made-up text)
    questions = [
        f"{generator.choice(WORDS)}{generator.choice(WORDS)}第{generator.randrange(1000)}号是多少元？"
        for _ in range(200)
    ]
    documents = int(os.environ.get("BENCH_DOCUMENTS", "200"))
    with tempfile.TemporaryDirectory(prefix="wenshu-bench-") as folder:
        home = Path(folder)
        count, bare_rate = await bare_ingestion(home, [document(number, generator) for number in range(documents)])
        database = Database(sqlite_url(home / "wenshu.sqlite3"))
        searcher = Searcher(database, EmbeddedIndex())
        bare = await percentile(lambda question: searcher.search(SCOPE, question, limit=5), questions)
        await database.close()
        await through_http(home, questions, count, bare, bare_rate)


async def through_http(home: Path, questions: list[str], count: int, bare: float, bare_rate: float) -> None:
    """The same searches through a server, first bytes of answers, and ingestion through upload and add."""
    env = {**os.environ, "WENSHU_HOME": str(home), "WENSHU_LOG_LEVEL": "error", "WENSHU_RATE_LIMIT": "1000000/minute"}
    server = subprocess.Popen([WENSHU, "serve", "--port", "0"], env=env, stdout=subprocess.PIPE, text=True)
    try:
        ready = next(line for line in server.stdout or () if "/console/" in line)
        async with aiohttp.ClientSession(ready.split()[-1].removesuffix("/console/")) as session:
            search = await percentile(lambda question: post_search(session, question), questions)
            first = await percentile(lambda question: first_byte(session, question), questions[:50])
            rate = await http_ingestion(session)
    finally:
        server.terminate()
        server.wait()
    print(f"{count} passages")
    print(f"search p50         HTTP {search:6.1f} ms   bare {bare:6.1f} ms   ratio {search / bare:.2f}")
    print(f"first SSE byte p50 HTTP {first:6.1f} ms   bare search {bare:6.1f} ms   ratio {first / bare:.2f}")
    print(
        f"ingestion          HTTP {rate:6.0f} passages/s   bare {bare_rate:6.0f} passages/s   ratio {bare_rate / rate:.2f}"
    )


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
        assert json.loads(await answer.read())["data"]["entities"][0], "nothing was ingested"
    from wenshu.core.documents.chunk import chunk  # noqa: PLC0415 (to count alike)

    for text in texts:
        pieces += len(chunk(Parsed(text, tuple(scan(text)), "", "text/markdown")))
    return pieces / seconds


if __name__ == "__main__":
    asyncio.run(main())
