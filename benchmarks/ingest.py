"""Ingestion: through HTTP and `wenshu import docs`, beside the bare call below and the peers; and one document more.

Two kinds of documents: Markdown of 20 chunks, and of one chunk, where the call itself is what counts. The peers take
ready-made chunks into their own process's memory: no upload, no parsing in a sandbox, nothing on a disk.
"""

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from bare import bare
from corpus import Chunk, absent, chunks, documents
from peer import Absent, Peer
from report import Report, percentile, progress
from search import AT_ONCE, LIMIT, PEERS
from server import WENSHU, Calls, Served, calling, serving

ROUNDS = 3
EACH = 40
"""Documents a round and way."""
MORE = 10_000
"""Chunks that are there when one document more comes."""
AT_MOST_BARE = 4.0


def main() -> None:
    if reason := absent():
        print(f"ingestion: skipped, {reason}")
        return
    for size in (20, 1):
        asyncio.run(several(size))
    asyncio.run(one_more())


async def several(size: int) -> None:
    report = Report(f"ingestion, Markdown documents of {size} chunk{'s' if size > 1 else ''}")
    made = documents(chunks((4 * ROUNDS * EACH + 4) * size), size)
    seconds: dict[str, float] = {}
    ways = (
        "HTTP, one after another",
        f"HTTP, {AT_ONCE} at once",
        f"wenshu import docs, {AT_ONCE} at once",
        "bare call",
    )
    async with AsyncExitStack() as stack:
        served = stack.enter_context(serving())
        calls = await stack.enter_async_context(calling(served.url))
        own = await stack.enter_async_context(bare(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
        await over_http(calls, [next(made)], 1)
        for number in range(ROUNDS):
            for way in ways:
                progress(f"round {number + 1}/{ROUNDS}: {way}")
                part = [next(made) for _ in range(EACH)]
                if way == ways[0]:
                    taken = await over_http(calls, part, 1)
                elif way == ways[1]:
                    taken = await over_http(calls, part, AT_ONCE)
                elif way == ways[2]:
                    taken = await asyncio.to_thread(by_command, served, part)
                else:
                    taken = await own.add(part)
                seconds[way] = seconds.get(way, 0.0) + taken
    progress("")
    count = ROUNDS * EACH
    for way in ways:
        rate = count * size / seconds[way]
        report.figure(f"Wenshu, {way}", rate, "chunks/s", f"{count / seconds[way]:.0f} documents/s")
    report.ratio(f"bare call / {ways[1]}", seconds[ways[1]] / seconds[ways[3]], at_most=AT_MOST_BARE)
    report.ratio(f"bare call / {ways[2]}", seconds[ways[2]] / seconds[ways[3]])
    report.close()


async def over_http(calls: Calls, part: Sequence[tuple[str, str, str]], at_once: int) -> float:
    """Seconds to upload and add the documents."""
    waiting = list(part)
    started = time.perf_counter()

    async def worker() -> None:
        with suppress(IndexError):
            while True:
                await calls.add(*waiting.pop())

    await asyncio.gather(*(worker() for _ in range(at_once)))
    return time.perf_counter() - started


def by_command(served: Served, part: Sequence[tuple[str, str, str]]) -> float:
    """Seconds of ``wenshu import docs`` on a folder of the documents, its own start included."""
    with tempfile.TemporaryDirectory() as folder:
        for _, name, text in part:
            (Path(folder) / name).write_text(text, "utf-8")
        command = [WENSHU, "import", "docs", folder, "--home", served.home, "--tenant", "bench-import"]
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        return time.perf_counter() - started


async def one_more() -> None:
    """From the call to the first search that finds it, in a library that is there already."""
    report = Report(f"one document of 20 chunks more, in a library of {MORE:,}")
    made = chunks(MORE)
    extra = list(documents(chunks(400), 20))[:10]
    rows = [(chunk.tenant, chunk.title, chunk.text) for chunk in made]
    async with AsyncExitStack() as stack:
        served = stack.enter_context(serving())
        calls = await stack.enter_async_context(calling(served.url))
        async with bare(served.home) as own:
            await own.add(documents(made))
        http = report.spread("Wenshu over HTTP: upload, add, found", [await added(calls, *one) for one in extra])
    for name, (library, setting) in PEERS.items():
        progress(name)
        try:
            with Peer(library, **setting) as peer:
                peer.add(rows)
                theirs = report.spread(f"{name}: add, found", [again(peer, made, number) for number in range(5)])
        except Absent as error:
            report.skipped(name, str(error))
            continue
        report.ratio(f"Wenshu / {name}", http / theirs, at_most=1.0)
    report.close()


async def added(calls: Calls, tenant: str, name: str, text: str) -> float:
    started = time.perf_counter()
    await calls.add(tenant, f"new-{name}", text)
    found = await calls.search(tenant, text[:60], limit=20)
    if not any(hit["doc_name"] == f"new-{name}" for hit in found):
        raise SystemExit("what was added is not found")
    return (time.perf_counter() - started) * 1000


def again(peer: Peer, made: Sequence[Chunk], number: int) -> float:
    part = made[number * 20 : (number + 1) * 20]
    seconds = peer.add([(chunk.tenant, chunk.title, chunk.text) for chunk in part])
    _, asked = peer.ask([(part[0].tenant, part[0].text[:60])], LIMIT)
    return seconds * 1000 + percentile(asked)


if __name__ == "__main__":
    main()
