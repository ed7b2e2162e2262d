import pytest
from sqlalchemy import select

from libraries import opened
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.knowledge.factbook import FactBook
from wenshu.knowledge.reindex import Reindexer
from wenshu.knowledge.tables import documents, facts

T1, T1A, T2, GLOBAL = Scope("t1"), Scope("t1", "a"), Scope("t2"), Scope()
PRICES = "| 型号 | 单价（元） |\n|---|---|\n| LX-U20 | {} |\n| LX-N10 | 328 |\n"


@pytest.fixture(params=["embedded", "file"])
async def books(request, tmp_path):
    async with opened(tmp_path, request.param) as books:
        yield books


@pytest.fixture
def add(books):
    async def put(scope, name, text):
        await books.ingest.replace_document(scope, name, "", Parsed(text, tuple(scan(text)), "", "text/markdown"))

    return put


@pytest.fixture
def book(books):
    return FactBook(books.catalog)


@pytest.fixture
def values(book):
    async def find(scope, question="lx-u20的单价"):
        return sorted(known.fact.value for known in await book.about(scope, question, []))

    return find


async def stored(books):
    async with books.database.read(EVERYTHING) as tx:
        rows = await tx.all(select(facts.c.generation).where(EVERYTHING.sees(facts)))
        live = await tx.all(select(documents.c.generation).where(EVERYTHING.sees(documents)))
    assert {row.generation for row in rows} <= {row.generation for row in live}
    return len(rows)


async def test_facts_go_with_their_document(books, add, values):
    await add(T1, "价目表.md", PRICES.format(618))
    await add(T1, "价目表.md", PRICES.format(599))
    assert await values(T1) == ["599"]
    assert await stored(books) == 2
    await books.ingest.delete_documents(T1, ["价目表.md"])
    assert await stored(books) == 0


async def test_each_scope_knows_its_own(books, add, values):
    for scope, price in ((T1, 1), (T1A, 2), (T2, 3), (GLOBAL, 4)):
        await add(scope, "价目表.md", PRICES.format(price))
    assert await values(T1) == ["1", "2"]
    assert await values(T1A) == ["2"]
    assert await values(T2) == ["3"]
    assert await values(GLOBAL) == ["4"]
    await books.ingest.clear(T1A)
    assert await values(T1) == ["1"]
    await books.ingest.clear(GLOBAL)
    assert await values(GLOBAL) == []
    assert await values(T2) == ["3"]
    assert await stored(books) == 4


async def test_a_passage_of_another_scope_opens_no_facts(books, add, book):
    await add(T1, "公司.md", "负责人：陈晓\n")
    theirs = await books.searcher.search(T1, "负责人", limit=1)
    assert await book.about(T2, "负责人是谁", theirs) == []
    assert await book.of_documents(T2, theirs, 10) == []
    known = await book.about(T1, "负责人是谁", theirs)
    assert [one.fact.value for one in known] == ["陈晓"]
    assert await book.told(T2, known) == []
    assert await book.tables(T2, known) == []


async def test_reindexing_takes_them_down_anew(books, add, values):
    await add(T1, "价目表.md", PRICES.format(618))
    async with books.database.write(T1) as tx:
        await tx.run(facts.delete().where(T1.sees(facts)))
    assert await values(T1) == []
    async for _ in Reindexer(books.catalog, books.items).run(EVERYTHING):
        pass
    assert await values(T1) == ["618"]
    assert await stored(books) == 2


async def test_a_fact_is_told_with_the_passage_that_it_stands_in(add, book):
    rows = "".join(f"| LX-{number} | {number} | {'好' * 30} |\n" for number in range(100, 160))
    await add(T1, "价目表.md", f"# 价目\n\n| 型号 | 单价（元） | 备注 |\n|---|---|---|\n{rows}")
    known = await book.about(T1, "lx-150的单价", [])
    (told,) = await book.told(T1, [one for one in known if one.fact.attribute == "单价"])
    at = told.known.fact.start - told.passage.start
    assert told.passage.text[at:].startswith("150 |")
    whole = await book.tables(T1, known)
    assert len(whole) > 3
    assert "".join(piece.text for piece in whole).count("LX-") == 60


async def test_what_changed_since_it_was_read_is_not_told(add, book):
    await add(T1, "价目表.md", PRICES.format(618))
    known = await book.about(T1, "lx-u20的单价", [])
    await add(T1, "价目表.md", PRICES.format(59))
    told = await book.told(T1, known)
    assert [one.known.fact.value for one in told] == []


async def test_any_question_is_looked_up(add, book):
    await add(T1, "价目表.md", PRICES.format(618))
    for question in ("", " ", "单", "'; drop table facts; --", "%_\\", "甲" * 10_000):
        assert await book.about(T1, question, []) == []
