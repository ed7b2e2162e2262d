"""Search through HTTP at 10,000 and 100,000 chunks of four tenants, beside the bare calls below and two peers.

    python benchmarks/search.py [chunks …]

The peers hold the same chunks in their own process's memory and are called there, without HTTP; each question is
narrowed to its tenant, as ours is. All answer in turn, round by round.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress

from bare import Bare, bare
from corpus import Chunk, absent, chunks, documents, questions
from peer import Absent, Peer
from report import Report, milliseconds_since, number, percentile, progress
from server import Calls, Served, calling, cpu_seconds, serving, timed_searches

SIZES = (10_000, 100_000)
ROUNDS = 6
EACH = 25
"""Questions a round; fewer for a peer that takes long over one."""
AT_ONCE = 4
MOST_OVER_HTTP = 20_000
"""Chunks; more are put in by the bare call, which is quicker: ``ingest.py`` measures the way over HTTP."""
LIMIT = 5
PEERS = {
    "Haystack": ("haystack", {"tenants": True}),
    "LlamaIndex": ("llamaindex", {"tenants": True, "limit": LIMIT}),
    r"LlamaIndex, token_pattern \w": ("llamaindex", {"tenants": True, "limit": LIMIT, "characters": True}),
}
AT_MOST_INDEX = 3.0


def main() -> None:
    if reason := absent():
        print(f"search: skipped, {reason}")
        return
    for size in map(int, sys.argv[1:]) if len(sys.argv) > 1 else SIZES:
        asyncio.run(measure(size))


async def measure(size: int) -> None:
    report = Report(f"search, {size:,} chunks of four tenants")
    made = chunks(size)
    async with AsyncExitStack() as stack:
        peers = {name: peer for name, peer in load_peers(report, stack, made)}  # noqa: C416
        served = stack.enter_context(serving())
        calls = await stack.enter_async_context(calling(served.url))
        own = await stack.enter_async_context(bare(served.home))
        if size <= MOST_OVER_HTTP:
            await fill(report, calls, made)
        else:
            progress(f"Wenshu: {size} chunks by the bare call")
            report.figure("Wenshu takes them in by the bare call", size / await own.add(documents(made)), "chunks/s")
        tenant, question = questions(1)[0]
        if not await calls.search(tenant, question):
            raise SystemExit("nothing was found")
        times = await in_turn(served, calls, own, peers)
        await together(report, calls)
    http = report.spread("Wenshu over HTTP, reranked", times["http"])
    index = report.spread("Wenshu's index alone, in process", times["index"])
    search = report.spread("Wenshu's search, in process", times["search"])
    report.ratio("over HTTP / index alone", http / index, at_most=AT_MOST_INDEX)
    report.ratio("over HTTP / search in process", http / search)
    cpu = sum(times["cpu"]) / len(times["cpu"])
    of_index, of_search = (sum(times[f"{name} cpu"]) / ROUNDS for name in ("index", "search"))
    in_process = f"index alone {number(of_index)} ms, search in process {number(of_search)} ms"
    report.figure("Wenshu over HTTP, CPU of the server", cpu, "ms", in_process)
    report.ratio("over HTTP / index alone in CPU, which a busy machine blurs less", cpu / of_index)
    for name, peer in peers.items():
        theirs = report.spread(f"{name}, in process", times[name])
        report.ratio(f"over HTTP / {name} in process", http / theirs, at_most=1.0)
        report.ratio("the same in CPU", cpu / (peer.cpu / peer.asked))
    report.close()


def load_peers(report: Report, stack: AsyncExitStack, made: Sequence[Chunk]):
    rows = [(chunk.tenant, chunk.title, chunk.text) for chunk in made]
    for name, (library, setting) in PEERS.items():
        progress(f"{name}: {len(rows)} chunks")
        try:
            peer = stack.enter_context(Peer(library, **setting))
            seconds = peer.add(rows)
            peer.ask([(tenant, "预热") for tenant in sorted({chunk.tenant for chunk in made})], LIMIT)
        except Absent as error:
            report.skipped(name, str(error))
            continue
        report.figure(f"{name} takes them in", len(rows) / seconds, "chunks/s", "ready-made, into memory")
        yield name, peer


async def fill(report: Report, calls: Calls, made: Sequence[Chunk]) -> None:
    waiting = list(documents(made))
    count, started = len(waiting), time.perf_counter()

    async def worker() -> None:
        with suppress(IndexError):
            while True:
                await calls.add(*waiting.pop())
                progress(f"{count - len(waiting)}/{count} documents added over HTTP")

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    seconds = time.perf_counter() - started
    progress("")
    report.figure("Wenshu takes them in over HTTP", len(made) / seconds, "chunks/s", f"Markdown, {AT_ONCE} at once")


async def in_turn(served: Served, calls: Calls, own: Bare, peers: dict[str, Peer]) -> dict[str, list[float]]:
    asked = questions(ROUNDS * EACH)
    times: dict[str, list[float]] = {
        name: [] for name in ("http", "index", "search", "cpu", "index cpu", "search cpu", *peers)
    }
    shares = dict.fromkeys(peers, EACH)
    for at in range(ROUNDS):
        progress(f"round {at + 1}/{ROUNDS}")
        part = asked[at * EACH : (at + 1) * EACH]
        used = cpu_seconds(served.pid)
        times["http"] += await timed_searches(calls, part)
        times["cpu"].append((cpu_seconds(served.pid) - used) * 1000 / len(part))
        for name, call in (("index", own.find), ("search", own.search)):
            used = time.process_time()
            times[name] += await call(part)
            times[f"{name} cpu"].append((time.process_time() - used) * 1000 / len(part))
        for name, peer in peers.items():
            _, taken = peer.ask(part[: shares[name]], LIMIT)
            times[name] += taken
            shares[name] = EACH if percentile(taken) < 50 else 5
    progress("")
    return times


async def together(report: Report, calls: Calls) -> None:
    """Eight clients at once: searches a second, and what one of them waits."""
    asked = questions(400)
    count, times = len(asked), []
    started = time.perf_counter()

    async def client() -> None:
        with suppress(IndexError):
            while True:
                tenant, question = asked.pop()
                begun = time.perf_counter()
                await calls.search(tenant, question)
                times.append(milliseconds_since(begun))

    await asyncio.gather(*(client() for _ in range(8)))
    rate = count / (time.perf_counter() - started)
    waits = f"p50 {number(percentile(times))} ms, p95 {number(percentile(times, 0.95))} ms"
    report.figure("Wenshu over HTTP, eight clients at once", rate, "/s", waits)


if __name__ == "__main__":
    main()
