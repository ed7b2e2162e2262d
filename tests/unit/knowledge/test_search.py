import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import literal, select

from libraries import opened, shelve
from wenshu.core.database.scope import Scope
from wenshu.core.index.filters import DOC_FIELDS, parse_filter
from wenshu.core.index.port import Entry
from wenshu.kit.errors import Unavailable
from wenshu.knowledge import search
from wenshu.knowledge.search import CANDIDATES, Least

ACME, GLOBEX = Scope("acme"), Scope("globex")


def entry(generation, title, body, *, collection="DOC", ordinal=0, name="", source=""):
    return Entry(
        collection=collection, generation=generation, ordinal=ordinal, name=name or f"{title}.txt", title=title,
        heading="", body=body, source=source, start=10, end=10 + len(body), page=1,
    )  # fmt: skip


@pytest.fixture(params=["embedded", "file"])
async def books(request, tmp_path):
    async with opened(tmp_path, request.param) as books:
        await shelve(
            books.catalog,
            ACME,
            entry(1, "广茂铁路", "广茂铁路全长364.6公里。", ordinal=2, source="http://x/1"),
            entry(2, "广茂铁路", "1991年全线通车。"),
            entry(3, "铁路有多长？", "364.6公里。", collection="QA", name="铁路有多长？", source="手册"),
        )
        yield books


@pytest.fixture
def searcher(books):
    return books.searcher


async def test_a_document_hit_carries_what_answers_cite(searcher):
    best, *_ = await searcher.search(ACME, "廣茂鐵路全長多少公里", limit=5)
    assert (best.key, best.kind, best.name, best.title) == ("doc:1:2", "doc", "广茂铁路.txt", "广茂铁路")
    assert (best.url, best.text, best.ordinal, best.page) == ("http://x/1", "广茂铁路全长364.6公里。", 2, 1)
    assert (best.start, best.end) == (10, 10 + len(best.text))
    assert 0.5 < best.score <= 1


async def test_a_pair_hit_is_named_by_its_question(searcher):
    best = (await searcher.search(ACME, "铁路有多长", collection="QA", limit=5))[0]
    assert (best.key, best.kind, best.name, best.text, best.url) == (
        "qa:3",
        "qa",
        "铁路有多长？",
        "364.6公里。",
        "手册",
    )
    assert best.score == pytest.approx(1.0)


async def test_limit_least_and_filter_narrow(searcher):
    assert len(await searcher.search(ACME, "广茂铁路", limit=1)) == 1
    every = await searcher.search(ACME, "广茂铁路全长多少公里", limit=5)
    assert len(every) == 2
    between = (every[0].score + every[1].score) / 2
    for least in Least(cosine=between), Least(rrf=between):
        searched = await searcher.look(ACME, "广茂铁路全长多少公里", limit=5, least=least)
        assert [hit.passage for hit in searched.hits] == every[:1]
    expression = parse_filter("chunk_index == 0", DOC_FIELDS)
    assert [hit.key for hit in await searcher.search(ACME, "广茂铁路全长", limit=5, expression=expression)] == [
        "doc:2:0"
    ]


async def test_other_tenants_find_nothing(searcher):
    assert await searcher.search(GLOBEX, "广茂铁路", limit=5) == []
    assert await searcher.search(Scope(), "广茂铁路", limit=5) == []


async def test_other_tenants_do_not_move_a_score(searcher, books):
    before = await searcher.search(ACME, "广茂铁路全长多少公里", limit=5)
    await shelve(books.catalog, GLOBEX, *(entry(n, "广茂铁路", "全长多少公里") for n in range(9, 99)))
    assert await searcher.search(ACME, "广茂铁路全长多少公里", limit=5) == before


async def test_a_large_limit_reads_more_than_the_rerankers_usual_number(searcher, books):
    await shelve(books.catalog, GLOBEX, *(entry(n, "站台", f"第{n}号站台") for n in range(100, 100 + 3 * CANDIDATES)))
    assert len(await searcher.search(GLOBEX, "站台", limit=200)) == 3 * CANDIDATES


@pytest.mark.parametrize("question", ["", "？", "是什么", "铁" * 20_000, "铁路公里" * 5000, '" OR owner : *'])
async def test_odd_questions_are_answered(searcher, question):
    assert len(await searcher.search(ACME, question, limit=5)) <= 2


async def test_many_searches_at_once_leave_a_connection_to_other_calls(books):
    searches = [asyncio.create_task(books.searcher.search(ACME, "广茂铁路全长多少公里", limit=1)) for _ in range(200)]
    await asyncio.sleep(0)
    async with books.catalog.database.read(ACME) as tx:
        assert await tx.value(select(literal(1))) == 1
    assert sum(search.done() for search in searches) < 100
    assert all(len(found) == 1 for found in await asyncio.gather(*searches))


async def test_a_search_whose_turn_does_not_come_is_told_so(searcher, monkeypatch):
    monkeypatch.setattr(search, "_QUEUE_SECONDS", 0.01)
    async with AsyncExitStack() as held:
        while not searcher._places.locked():
            await held.enter_async_context(searcher._place())
        with pytest.raises(Unavailable, match="检索繁忙"):
            await searcher.search(ACME, "广茂铁路", limit=1)
    assert await searcher.search(ACME, "广茂铁路", limit=1)
