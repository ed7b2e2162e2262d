import pytest
from sqlalchemy import select

from libraries import opened
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.knowledge.items import Pair, title_of
from wenshu.knowledge.tables import documents, generations, qa_pairs

T1, T1A, T2, GLOBAL = Scope("t1"), Scope("t1", "a"), Scope("t2"), Scope()


@pytest.fixture(params=["embedded", "file"])
async def books(request, tmp_path):
    async with opened(tmp_path, request.param) as books:
        yield books


@pytest.fixture
def database(books):
    return books.database


@pytest.fixture
def ingest(books):
    return books.ingest


@pytest.fixture
def search(books):
    async def find(scope, question, collection="DOC"):
        hits = await books.searcher.search(scope, question, collection=collection, limit=10)
        return [hit.text for hit in hits]

    return find


def parsed(text):
    return Parsed(text, tuple(scan(text)), "", "text/markdown")


async def count(database, table):
    async with database.read(EVERYTHING) as tx:
        return len(await tx.all(select(table).where(EVERYTHING.sees(table))))


async def test_the_same_name_in_the_same_scope_replaces(database, ingest, search):
    await ingest.replace_document(T1, "手册.md", "u1", parsed("铁路全长364公里。"))
    await ingest.replace_document(T1, "手册.md", "u2", parsed("铁路全长500公里。"))
    assert await search(T1, "铁路全长多少公里") == ["铁路全长500公里。"]
    assert await count(database, documents) == 1


async def test_the_same_name_elsewhere_does_not(ingest, search):
    for scope, text in ((T1, "铁路在广东。"), (T1A, "铁路在广西。"), (T2, "铁路在江西。"), (GLOBAL, "铁路在山西。")):
        await ingest.replace_document(scope, "手册.md", "", parsed(text))
    assert sorted(await search(T1, "铁路在哪里")) == ["铁路在广东。", "铁路在广西。"]
    assert await search(T1A, "铁路在哪里") == ["铁路在广西。"]
    assert await search(GLOBAL, "铁路在哪里") == ["铁路在山西。"]
    await ingest.delete_documents(T1A, ["手册.md"])
    assert await search(T1, "铁路在哪里") == ["铁路在广东。"]
    await ingest.clear(GLOBAL)
    assert await search(GLOBAL, "铁路在哪里") == []
    assert await search(T2, "铁路在哪里") == ["铁路在江西。"]


async def test_pairs_replace_by_question_and_the_last_of_a_batch_wins(database, ingest, search):
    await ingest.replace_pairs(T1, [Pair("铁路多长？", "一"), Pair("铁路多长？ ", "二"), Pair("铁路在哪？", "三")])
    assert await count(database, qa_pairs) == 2
    await ingest.replace_pairs(T1, [Pair("铁路多长？", "四")])
    assert "四" in await search(T1, "铁路多长", "QA")
    assert "二" not in await search(T1, "铁路多长", "QA")
    assert await ingest.delete_pairs(T2, ["铁路多长？"]) == 0
    assert await ingest.delete_pairs(T1, ["铁路多长？", "没有"]) == 1
    assert await search(T1, "铁路在哪", "QA") == ["三"]
    assert await count(database, generations) == 0


async def test_spans_point_into_the_stored_text(books, database, ingest):
    text = "# 手册\n\n" + "".join(f"第{n}句说明了水表的用法和注意事项。" for n in range(100))
    await ingest.replace_document(T1, "手册.md", "", parsed(text))
    async with database.read(T1) as tx:
        row = await tx.first(select(documents.c.id, documents.c.text, documents.c.chunks).where(T1.sees(documents)))
    stored, pieces = row.text, await books.catalog.pieces(T1, row.id, range(1000))
    assert len(pieces) == row.chunks > 1
    assert all(stored[piece.start : piece.end] == piece.body for piece in pieces)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("战国无双3（p0#0）.txt", "战国无双3"),
        ("制度/差旅管理办法 v2.docx", "制度/差旅管理办法 v2"),
        ("报告（2025）.pdf", "报告（2025）"),
        ("说明", "说明"),
        (".txt", ".txt"),
    ],
)
def test_titles(name, title):
    assert title_of(name) == title
