"""How soon an answer begins: first byte, first words and end of a streamed answer, beside the bare search.

Without a model the answer is made of the library's own sentences; with one, a model on the loopback that answers at
once says a sentence, and each of ours is checked against the library before it is told.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from bare import bare
from corpus import absent, chunks, documents, questions
from model import dripping
from report import Report, progress
from server import Calls, calling, serving, timed_searches

CHUNKS = 10_000
ROUNDS = 5
EACH = 12
AT_MOST_SEARCH = 3.0


def main() -> None:
    if reason := absent():
        print(f"first byte: skipped, {reason}")
        return
    asyncio.run(measure())


async def measure() -> None:
    report = Report(f"first byte of an answer, library of {CHUNKS:,} chunks")
    made, asked = chunks(CHUNKS), questions(ROUNDS * EACH)
    # The model says what stands in the first chunk, so that is what it is asked: else nothing it says would be told.
    said = made[0].text.partition("。")[0]
    written_about = [(made[0].tenant, f"{made[0].title}：{said[:60]}")] * EACH
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(dripping([f"{said}。[1]"]))
        plain = stack.enter_context(serving())
        written = stack.enter_context(serving(LLM_URL=url, LLM_MODEL="fake"))
        own = await stack.enter_async_context(bare(plain.home))
        await own.add(documents(made))
        async with bare(written.home) as second:
            await second.add(documents(made))
        calls = await stack.enter_async_context(calling(plain.url))
        modelled = await stack.enter_async_context(calling(written.url))
        searched: list[float] = []
        bared: list[float] = []
        answers: dict[str, list[tuple[float, float, float]]] = {"without a model": [], "with a model": []}
        for at in range(ROUNDS):
            progress(f"round {at + 1}/{ROUNDS}")
            part = asked[at * EACH : (at + 1) * EACH]
            searched += await timed_searches(calls, part)
            bared += await own.search(part)
            answers["without a model"] += await streamed(calls, part)
            answers["with a model"] += await streamed(modelled, written_about)
    progress("")
    search = report.spread("bare search, in process", bared)
    report.spread("search over HTTP", searched)
    for name, times in answers.items():
        first, words, end = zip(*times, strict=True)
        byte = report.spread(f"first byte of an answer, {name}", first)
        report.ratio("first byte / bare search", byte / search, at_most=AT_MOST_SEARCH)
        report.spread(f"first words, {name}", words)
        report.spread(f"the whole answer, {name}", end)
    report.close()


async def streamed(calls: Calls, part: Sequence[tuple[str, str]]) -> list[tuple[float, float, float]]:
    """Of each answer the milliseconds to its first byte, first words and end."""
    times: list[tuple[float, float, float]] = []
    for tenant, question in part:
        first = words = end = 0.0
        async for at, event in calls.events(tenant, question):
            first = first or at
            if event.get("content"):
                words = words or at
            end = at
        times.append((first, words or end, end))
    return times


if __name__ == "__main__":
    main()
