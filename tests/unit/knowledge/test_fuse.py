"""Two legs in one list: never worse than the better of them, and what each hit is measured by."""

import asyncio

import pytest

from embeddings import THINGS, Concepts
from libraries import opened
from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.core.index.port import Place
from wenshu.core.llm.errors import ModelUnavailable
from wenshu.kit.errors import Unavailable
from wenshu.knowledge import search
from wenshu.knowledge.fuse import reciprocal_ranks
from wenshu.knowledge.items import Pair
from wenshu.knowledge.search import Least

ACME = Scope("acme")
TEXTS = {words[0]: f"关于{words[0]}的规定：请按第{at}章办理，经办人为第{at}组。" for at, words in enumerate(THINGS)}
CODES = {f"LX-{n}0{n}": f"型号LX-{n}0{n}的额定功率为{n}5瓦，存放在{n}号库房。" for n in range(1, 9)}


def parsed(text):
    return Parsed(text, tuple(scan(text)), "", "text/markdown")


@pytest.fixture
def embedder():
    return Concepts()


@pytest.fixture(params=["embedded", "file"])
async def books(request, tmp_path, embedder):
    async with opened(tmp_path, request.param, embedder) as books:
        for name, text in {**TEXTS, **CODES}.items():
            await books.ingest.replace_document(ACME, f"{name}.txt", "", parsed(text))
        yield books


QUESTIONS = [(other, TEXTS[words[0]]) for words in THINGS for other in words[1:]] + [
    (f"{code}的额定功率是多少", text) for code, text in CODES.items()
]


async def share(books, books_look, count):
    hits = 0
    for question, answer in QUESTIONS:
        found = [passage.text for passage in await books_look(books, question)][:count]
        hits += answer in found
    return hits / len(QUESTIONS)


async def by_terms(books, question):
    alone = search.Searcher(books.catalog)
    return await alone.search(ACME, question, limit=5)


async def by_vector(books, question):
    searched = await books.searcher.look(ACME, question, limit=5, hybrid=False)
    assert searched.legs == "vector"
    return [hit.passage for hit in searched.hits]


async def by_both(books, question):
    searched = await books.searcher.look(ACME, question, limit=5)
    assert searched.legs == "both"
    return [hit.passage for hit in searched.hits]


@pytest.mark.parametrize("count", [1, 5])
async def test_both_legs_are_never_worse_than_the_better_one(books, count):
    """Other words for a thing are found by their meaning alone, a product's code by its terms alone."""
    terms, vector, both = [await share(books, look, count) for look in (by_terms, by_vector, by_both)]
    assert both >= max(terms, vector)
    assert both == 1
    assert terms < 1


async def test_a_score_never_rises_down_the_list_and_stays_in_bounds(books):
    for question, _ in QUESTIONS:
        for hybrid in (True, False):
            hits = (await books.searcher.look(ACME, question, limit=20, hybrid=hybrid)).hits
            scores = [hit.passage.score for hit in hits]
            assert scores == sorted(scores, reverse=True)
            assert all(0 <= score <= 1 for score in scores)


async def test_thresholds_apply_to_what_they_are_named_for(books):
    every = (await books.searcher.look(ACME, "带薪休假", limit=50)).hits
    assert all(hit.cosine is not None and hit.rrf is not None and 0 < hit.rrf <= 2 / 61 for hit in every)
    cosine = max(hit.cosine for hit in every)
    near = (await books.searcher.look(ACME, "带薪休假", limit=50, least=Least(cosine=cosine))).hits
    assert [hit.passage.text for hit in near] == [TEXTS["年假"]]
    both = (await books.searcher.look(ACME, "年假的规定", limit=50, least=Least(rrf=1.5 / 61))).hits
    assert both
    assert all(hit.rrf >= 1.5 / 61 for hit in both)
    assert len(both) < len((await books.searcher.look(ACME, "年假的规定", limit=50)).hits)
    alone = (await books.searcher.look(ACME, "带薪休假", limit=50, hybrid=False, least=Least(rrf=1.0))).hits
    assert alone  # fused ranks are of both legs only


async def test_a_pair_is_near_by_its_question(books):
    await books.ingest.replace_pairs(ACME, [Pair("年假怎么请？", "找主管。"), Pair("食堂在哪？", "三楼。")])
    searched = await books.searcher.look(ACME, "歇几天要找谁", collection="QA", limit=5)
    assert searched.hits[0].passage.text == "找主管。"


async def test_a_failing_embedder_leaves_the_terms(books, embedder):
    embedder.fault = ModelUnavailable("connect")
    searched = await books.searcher.look(ACME, "LX-101的额定功率", limit=5)
    assert (searched.legs, searched.embedder_failed) == ("terms", True)
    assert searched.hits[0].passage.text == CODES["LX-101"]
    assert searched.hits[0].cosine is None


async def test_an_embedder_that_hangs_is_waited_for_once(books, embedder, monkeypatch):
    async def hang(texts):
        embedder.asked += texts
        await asyncio.Event().wait()

    monkeypatch.setattr(search, "_PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(embedder, "embed", hang)
    embedder.asked.clear()
    for _ in range(3):
        assert (await books.searcher.look(ACME, "年假", limit=5)).embedder_failed
    assert len(embedder.asked) == 1


@pytest.mark.parametrize("fault", [ModelUnavailable("timeout"), None])
async def test_nothing_is_stored_where_the_embedder_fails(books, embedder, fault, monkeypatch):
    if fault is None:
        monkeypatch.setattr(embedder, "dimension", 32)  # of another model
    embedder.fault = fault
    with pytest.raises(Unavailable):
        await books.ingest.replace_document(ACME, "年假.txt", "", parsed("年假取消。"))
    with pytest.raises(Unavailable):
        await books.ingest.replace_pairs(ACME, [Pair("年假？", "取消")])
    monkeypatch.undo()
    embedder.fault = None
    assert [passage.text for passage in await books.searcher.search(ACME, "年假", limit=1)] == [TEXTS["年假"]]
    assert await books.searcher.search(ACME, "年假", collection="QA", limit=1) == []


def test_reciprocal_ranks_peak_where_both_legs_have_it_first():
    first, second, third = Place(1, 0), Place(2, 0), Place(3, 0)
    ranks = reciprocal_ranks([{first: 1, second: 2}, {first: 1, third: 2}])
    assert ranks[first] == pytest.approx(2 / 61)
    assert ranks[second] == ranks[third] == pytest.approx(1 / 62)
