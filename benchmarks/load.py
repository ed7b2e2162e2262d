"""Load: many open answer streams and steady searches on one server, with its memory and descriptors watched.

    python benchmarks/load.py [--streams 500] [--searches 50] [--seconds 60] [--drip 1] [--json]

Each stream is an answer that a model on the loopback drips; where one ends, the next question is asked. Searches leave
by the clock, whether or not earlier ones have come back. Exits with 1 where anything failed.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import aiohttp
import orjson
from model import dripping
from report import Report, percentile, progress
from server import Served, calling, serving

PLACES = ["东门", "西门", "南门", "北门", "城东", "城西", "城南", "城北", "河东", "河西"]
PEOPLE = ["林晓峰", "周雨晴", "郑大海", "吴思远", "钱文博", "孙立新", "何静怡", "冯志强", "许嘉明", "沈若兰"]
FACTS = [f"{place}仓库由{person}负责。" for place, person in zip(PLACES, PEOPLE, strict=True)]
QUESTION = "各仓库分别由谁负责？"
TENANT = "load"
PIECE = 6
"""Characters that the model says at a time."""
WARM = 32
"""Searches at once before anything is counted, so that what a server opens once is open."""
DOCUMENTS, PARAGRAPHS = 10, 100
SETTLE = 0.4
"""The share of the run that memory is given to reach its level."""


class Wrong(Exception):
    """An answer that is not what it should be."""


@dataclass
class Outcome:
    """What came of it. Times in milliseconds, memory in MiB."""

    streams: int
    seconds: float
    answers: int = 0
    events: int = 0
    searches: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    search_p50: float = 0.0
    search_p95: float = 0.0
    first_p50: float = 0.0
    first_p95: float = 0.0
    memory_before: float = 0.0
    memory_peak: float = 0.0
    memory_slope: float = 0.0
    """MiB a minute, once it had time to reach its level."""
    descriptors_before: int = 0
    descriptors_peak: int = 0
    descriptors_after: int = 0
    cores: float = 0.0
    """Of the server, on average."""


class Load:
    """One run against one server."""

    def __init__(self, served: Served, streams: int, rate: float, seconds: float) -> None:
        self._served = served
        self._rate = rate
        self._seconds = seconds
        self._until = 0.0
        self._searched: list[float] = []
        self._first: list[float] = []
        self._errors: Counter[str] = Counter()
        self._samples: list[tuple[float, float, int]] = []
        self._outcome = Outcome(streams, seconds)

    async def run(self) -> Outcome:
        """Load the server, let it come to rest, and tell."""
        told, pid = self._outcome, self._served.pid
        told.memory_before, told.descriptors_before = memory(pid), descriptors(pid)
        used, started = cpu_seconds(pid), time.monotonic()
        self._until = started + self._seconds
        async with _session(self._served.url) as session:
            watching = asyncio.create_task(self._watch(started))
            streams = (self._stream(session, number) for number in range(told.streams))
            await asyncio.gather(self._search(session), *streams)
            told.cores = (cpu_seconds(pid) - used) / (time.monotonic() - started)
            watching.cancel()
        told.descriptors_after = await self._rested()
        return self._told()

    async def _stream(self, session: aiohttp.ClientSession, number: int) -> None:
        # Spread over the first seconds: people do not all ask in the same instant.
        await asyncio.sleep(number / self._outcome.streams * min(5.0, self._seconds / 3))
        while time.monotonic() < self._until:
            with self._counted("stream"):
                await self._answer(session, {"user_id": f"u-{number}", "question": QUESTION, "tenant_code": TENANT})

    async def _answer(self, session: aiohttp.ClientSession, body: dict[str, str]) -> None:
        asked, first, last = time.perf_counter(), 0.0, {}
        async with session.post("/chat_service/chat", json=body) as response:
            _expect(response.status == 200, f"HTTP {response.status}")
            async for line in response.content:
                if line.startswith(b"data: "):
                    first = first or (time.perf_counter() - asked) * 1000
                    last = orjson.loads(line[6:])
                    _expect(last.get("status") != "fail", str(last))
                    self._outcome.events += 1
        _expect(bool(last.get("done")) and all(fact.rstrip("。") in last["content"] for fact in FACTS), str(last))
        self._first.append(first)
        self._outcome.answers += 1

    async def _search(self, session: aiohttp.ClientSession) -> None:
        started, calls = time.monotonic(), []
        for number in range(int(self._rate * self._seconds)):
            await asyncio.sleep(max(0.0, started + number / self._rate - time.monotonic()))
            calls.append(asyncio.create_task(self._one_search(session, number)))
        await asyncio.gather(*calls)

    async def _one_search(self, session: aiohttp.ClientSession, number: int) -> None:
        question = f"第{number % (DOCUMENTS * PARAGRAPHS)}号柜由哪个小组保管？"
        body = {"query": question, "collection_type": "DOC", "tenant_code": TENANT}
        asked = time.perf_counter()
        with self._counted("search"):
            async with session.post("/vector_db_service/search_from_vector_db", json=body) as response:
                answer = orjson.loads(await response.read())
                _expect(response.status == 200 and answer["data"]["entities"][0], str(answer))
            self._searched.append((time.perf_counter() - asked) * 1000)

    @contextmanager
    def _counted(self, what: str) -> Iterator[None]:
        """Count what goes wrong, by its words."""
        try:
            yield
        except (Wrong, aiohttp.ClientError, TimeoutError) as error:
            self._errors[f"{what}: {type(error).__name__} {error}"[:300]] += 1

    async def _watch(self, started: float) -> None:
        pid = self._served.pid
        while True:
            passed = time.monotonic() - started
            self._samples.append((passed, memory(pid), descriptors(pid)))
            done, wrong = self._outcome.answers, self._errors.total()
            progress(
                f"{passed:.0f} of {self._seconds:.0f} s, {done} answers, {len(self._searched)} searches, {wrong} errors"
            )
            await asyncio.sleep(0.5)

    async def _rested(self) -> int:
        """Open descriptors once every connection is closed: those to the model are kept for some seconds more."""
        most = self._outcome.descriptors_before + 10
        for _ in range(60):
            if descriptors(self._served.pid) <= most:
                break
            await asyncio.sleep(0.5)
        return descriptors(self._served.pid)

    def _told(self) -> Outcome:
        told = self._outcome
        progress("")
        self._errors.update(f"log: {fault}"[:300] for fault in self._served.faults())
        told.errors = dict(self._errors.most_common(5))
        told.searches = len(self._searched)
        if self._searched and self._first:
            told.search_p50, told.search_p95 = percentile(self._searched), percentile(self._searched, 0.95)
            told.first_p50, told.first_p95 = percentile(self._first), percentile(self._first, 0.95)
        told.memory_peak = max(memory for _, memory, _ in self._samples)
        told.descriptors_peak = max(count for _, _, count in self._samples)
        level = [(at, memory) for at, memory, _ in self._samples if SETTLE * self._seconds <= at <= self._seconds]
        told.memory_slope = slope(level) * 60
        return told


def _expect(fine: object, otherwise: str) -> None:
    if not fine:
        raise Wrong(otherwise)


@asynccontextmanager
async def _session(url: str) -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    async with aiohttp.ClientSession(url, connector=connector, timeout=timeout, read_bufsize=2**20) as session:
        yield session


def memory(pid: int) -> float:
    """Resident memory in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def descriptors(pid: int) -> int:
    """Open file descriptors."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def cpu_seconds(pid: int) -> float:
    """CPU time used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def slope(points: list[tuple[float, float]]) -> float:
    """Of the straight line nearest to the points (least squares)."""
    if len(points) < 3:
        return 0.0
    middle = sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)
    spread = sum((x - middle[0]) ** 2 for x, _ in points)
    return sum((x - middle[0]) * (y - middle[1]) for x, y in points) / spread


async def load(streams: int, rate: float, seconds: float, drip: float) -> Outcome:
    """Start a server with a small library and a model that says a piece every ``drip`` seconds, and load it."""
    said = "".join(f"{fact}[1]" for fact in FACTS)
    pieces = [said[at : at + PIECE] for at in range(0, len(said), PIECE)]
    async with dripping(pieces, drip) as url:
        with serving(LLM_URL=url, LLM_MODEL="fake") as served:
            async with calling(served.url) as calls:
                await calls.add(TENANT, "仓库负责人.md", "".join(FACTS))
                for number in range(DOCUMENTS):
                    await calls.add(TENANT, f"{number}.md", _document(number))
                await asyncio.gather(*(calls.search(TENANT, QUESTION) for _ in range(WARM)))
            return await Load(served, streams, rate, seconds).run()


def _document(number: int) -> str:
    first = number * PARAGRAPHS
    return "\n\n".join(
        f"第{at}号柜由第{at % 50}小组保管，每月{at % 28 + 1}日盘点，差异超过{at % 9 + 1}件须当日上报。"
        for at in range(first, first + PARAGRAPHS)
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--searches", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--drip", type=float, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.json:
        outcome = asyncio.run(load(asked.streams, asked.searches, asked.seconds, asked.drip))
        print(json.dumps(asdict(outcome), ensure_ascii=False))
        return int(bool(outcome.errors))
    report = Report(
        f"load, {asked.streams} open streams and {asked.searches:g} searches a second for {asked.seconds:g} s"
    )
    outcome = asyncio.run(load(asked.streams, asked.searches, asked.seconds, asked.drip))
    report.figure("answers streamed", outcome.answers, "", f"{outcome.events} events")
    report.figure("searches", outcome.searches, "", f"p50 {outcome.search_p50:.0f} ms, p95 {outcome.search_p95:.0f} ms")
    report.figure("first byte of an answer", outcome.first_p50, "ms p50", f"p95 {outcome.first_p95:.0f} ms")
    report.figure("errors", sum(outcome.errors.values()), "")
    for words, count in outcome.errors.items():
        print(f"  {count} × {words}")
    before, peak = outcome.memory_before, outcome.memory_peak
    report.figure(
        "memory", peak, "MiB peak", f"before {before:.0f}, {(peak - before) * 1024 / asked.streams:.0f} KiB a stream"
    )
    report.figure("memory, once it had its level", outcome.memory_slope, "MiB/min")
    counts = f"before {outcome.descriptors_before}, after {outcome.descriptors_after}"
    report.figure("file descriptors", outcome.descriptors_peak, "peak", counts)
    report.figure("cores used by the server", outcome.cores, "")
    report.close()
    return int(bool(outcome.errors))


if __name__ == "__main__":
    sys.exit(main())
