"""Rows and passages in step, on every index: a reader sees one version of a document, whatever happens meanwhile."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from libraries import books
from ports.indexes import ADAPTERS, Library, piece
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.core.index.port import COLLECTIONS, ready
from wenshu.kit import clock
from wenshu.kit.errors import Unavailable
from wenshu.knowledge.items import Pair
from wenshu.knowledge.reindex import Reindexer
from wenshu.knowledge.tables import documents, facts, generations, qa_pairs

ACME, SALES, GLOBEX = Scope("acme"), Scope("acme", "sales"), Scope("globex")


@pytest.fixture(params=["embedded", "file", "milvus"])
def kind(request):
    return request.param


@pytest.fixture
def rows_url(kind, request):
    return None if kind == "embedded" else request.getfixturevalue("postgres_url")


@pytest.fixture
async def shelf(kind, rows_url, tmp_path, lite):
    """The index in SQLite beside the rows, or outside of PostgreSQL."""
    async with ADAPTERS[kind](tmp_path, lite) as library:
        database = library.database or Database(rows_url)
        yield Shelf(library, books(database, library.index))
        await database.close()


class Shelf:
    def __init__(self, library: Library, held) -> None:
        self.library, self.books = library, held
        self.catalog, self.ingest, self.index = held.catalog, held.ingest, library.index
        self.reindexer = Reindexer(held.catalog, held.items)

    async def add(self, scope, name, text):
        await self.ingest.replace_document(scope, name, "", parsed(text))

    async def texts(self, scope, question="铁路", collection="DOC"):
        return [hit.text for hit in await self.books.searcher.search(scope, question, collection=collection, limit=50)]

    async def stored(self, collection="DOC", word="铁路"):
        """The generations that the index itself has."""
        options = {"collection": collection, "limit": 1000}
        of_each = [await self.library.found(scope, [word], **options) for scope in (ACME, GLOBEX)]
        return sorted({generation for found in of_each for generation in found})

    async def named(self, table=documents):
        async with self.catalog.database.read(EVERYTHING) as tx:
            return sorted(
                row.generation for row in await tx.all(select(table.c.generation).where(EVERYTHING.sees(table)))
            )

    async def noted(self):
        async with self.catalog.database.read(EVERYTHING) as tx:
            rows = await tx.all(select(generations.c.state).where(EVERYTHING.sees(generations)))
        return sorted(row.state for row in rows)

    async def stage(self, scope, *entries):
        """What a writer leaves that dies before its rows are written."""
        await self.catalog._stage(
            scope, [(entry.collection, entry.generation) for entry in entries], [ready(entry) for entry in entries]
        )


def parsed(text):
    return Parsed(text, tuple(scan(text)), "", "text/markdown")


def outside(shelf):
    if shelf.index.in_database:
        pytest.skip("passages share the rows' transaction")


async def test_only_what_rows_name_is_in_the_index(shelf):
    await shelf.add(ACME, "手册.txt", "铁路全长364公里。")
    await shelf.add(ACME, "手册.txt", "铁路全长500公里。")
    await shelf.add(SALES, "手册.txt", "铁路在广西。")
    await shelf.ingest.replace_pairs(ACME, [Pair("铁路多长？", "一"), Pair("铁路在哪？", "二")])
    await shelf.ingest.replace_pairs(ACME, [Pair("铁路多长？", "三")])
    assert await shelf.stored() == await shelf.named()
    assert await shelf.stored("QA") == await shelf.named(qa_pairs)
    await shelf.ingest.delete_documents(ACME, ["手册.txt"])
    await shelf.ingest.delete_pairs(ACME, ["铁路在哪？"])
    assert await shelf.stored() == await shelf.named() == []
    assert await shelf.stored("QA") == await shelf.named(qa_pairs)
    await shelf.ingest.clear(ACME)
    assert await shelf.stored("QA") == await shelf.named(qa_pairs) == []
    assert await shelf.noted() == []


async def test_what_documents_state_goes_with_their_rows(shelf):
    await shelf.add(ACME, "手册.txt", "铁路：364公里\n")
    await shelf.add(ACME, "手册.txt", "铁路：500公里\n\n桥梁：12座\n")
    await shelf.add(SALES, "手册.txt", "铁路：广西\n")
    assert set(await shelf.named(facts)) == set(await shelf.named())
    assert len(await shelf.named(facts)) == 3
    async for _ in shelf.reindexer.run(ACME):
        pass
    assert set(await shelf.named(facts)) == set(await shelf.named())
    await shelf.ingest.clear(SALES)
    assert len(await shelf.named(facts)) == 2
    await shelf.ingest.delete_documents(ACME, ["手册.txt"])
    assert await shelf.named(facts) == []


async def test_clearing_a_scope_leaves_the_others(shelf):
    for scope in (ACME, SALES, GLOBEX):
        await shelf.add(scope, "手册.txt", f"铁路属于{scope.tenant}{scope.org}。")
    await shelf.ingest.clear(SALES)
    assert await shelf.texts(ACME) == ["铁路属于acmeNone。"]
    await shelf.ingest.clear(ACME)
    assert (await shelf.texts(ACME), await shelf.texts(GLOBEX)) == ([], ["铁路属于globexNone。"])
    assert await shelf.stored() == await shelf.named()


async def test_a_write_that_fails_leaves_the_old_version(shelf):
    await shelf.add(ACME, "手册.txt", "旧铁路。")
    before = await shelf.stored()
    with pytest.raises(LookupError):
        await replace_and_fail(shelf)
    assert await shelf.texts(ACME) == ["旧铁路。"]
    assert await shelf.stored() == before == await shelf.named()
    assert await shelf.noted() == []


async def replace_and_fail(shelf):
    (old,) = await shelf.named()
    async with shelf.catalog.write(ACME, [ready(piece(old + 1, "新铁路"))]) as tx:
        await shelf.catalog.retire(tx, ACME, "DOC", [old])
        await tx.run(update(documents).where(ACME.sees(documents)).values(generation=old + 1))
        raise LookupError


async def test_a_cancelled_write_leaves_nothing(shelf):
    task = asyncio.create_task(shelf.add(ACME, "手册.txt", "铁路。" * 20_000))
    while not await shelf.noted() and not shelf.index.in_database and not task.done():
        pass  # reading lets the task go on
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await shelf.stored() == await shelf.named() == []
    assert await shelf.noted() == []


async def test_readers_see_one_version_while_it_is_replaced(shelf):
    """Every search finds exactly one whole version: never both, never neither."""
    await shelf.add(ACME, "手册.txt", "铁路第0版。")
    seen: list[list[str]] = []
    writing = asyncio.create_task(replace_often(shelf, 12))
    while not writing.done():
        seen.append(await shelf.texts(ACME))
    await writing
    assert all(len(texts) == 1 for texts in seen), seen
    versions = [int(texts[0].removeprefix("铁路第").removesuffix("版。")) for texts in seen]
    assert versions == sorted(versions)
    assert await shelf.texts(ACME) == ["铁路第12版。"]
    assert await shelf.stored() == await shelf.named()


async def replace_often(shelf, times):
    for version in range(1, times + 1):
        await shelf.add(ACME, "手册.txt", f"铁路第{version}版。")


async def test_what_is_staged_is_not_seen_and_taken_out_in_time(shelf):
    outside(shelf)
    await shelf.add(ACME, "手册.txt", "铁路。")
    await shelf.stage(ACME, *(piece(n, "铁路铁路") for n in range(1, 60)))
    assert await shelf.texts(ACME) == ["铁路。"]
    assert await shelf.catalog.tidy(timedelta(hours=1)) == 0
    assert len(await shelf.stored()) == 60
    assert await shelf.catalog.tidy(timedelta()) == 59
    assert await shelf.stored() == await shelf.named()
    assert await shelf.noted() == []


async def test_what_is_retired_is_not_seen_before_it_is_taken_out(shelf):
    """A crash between the transaction and the tidying: many dead passages would fill the limit."""
    outside(shelf)
    await shelf.add(ACME, "手册.txt", "铁路。")
    await shelf.library.put(ACME, *(piece(n, "铁路铁路") for n in range(1, 90)))
    async with shelf.catalog.database.write(ACME) as tx:
        row = {"collection": "DOC", "state": "retired", "since": clock.now(), **ACME.stamp()}
        await tx.run(insert(generations), [{**row, "generation": n} for n in range(1, 90)])
    assert await shelf.texts(ACME) == ["铁路。"]
    assert await shelf.catalog.tidy() == 89
    assert await shelf.stored() == await shelf.named()


async def test_a_writer_whose_staging_was_given_up_is_told(shelf):
    outside(shelf)

    async def slow():
        async with shelf.catalog.write(ACME, [ready(piece(7, "铁路"))]) as tx:
            # What another process's tidying does to a writer that seems to be dead.
            await tx.run(update(generations).where(ACME.sees(generations)).values(state="retired"))

    with pytest.raises(Unavailable):
        await slow()
    assert (await shelf.stored(), await shelf.noted()) == ([], [])


async def test_another_scopes_passages_never_come_through(shelf):
    """Even where the index gave one: the row must be the caller's."""
    outside(shelf)
    await shelf.add(GLOBEX, "别人.txt", "铁路是别人的。")
    (foreign,) = await shelf.named()
    await shelf.library.put(ACME, piece(foreign, "铁路是别人的。"))
    assert await shelf.texts(ACME) == []


async def test_pieces_are_those_of_the_version_that_is_named(shelf):
    text = "# 手册\n\n" + "".join(f"第{n}句说明了铁路的用法和注意事项。" for n in range(100))
    await shelf.add(ACME, "手册.txt", text)
    await shelf.add(ACME, "手册.txt", text.replace("铁路", "公路"))
    async with shelf.catalog.database.read(ACME) as tx:
        row = await tx.first(select(documents.c.id, documents.c.text, documents.c.chunks).where(ACME.sees(documents)))
    pieces = await shelf.catalog.pieces(ACME, row.id, range(100))
    assert [entry.ordinal for entry in pieces] == list(range(row.chunks))
    assert all(row.text[entry.start : entry.end] == entry.body for entry in pieces)
    assert await shelf.catalog.pieces(GLOBEX, row.id, range(100)) == []
    assert await shelf.catalog.pieces(ACME, row.id + 1, range(100)) == []


async def rebuild(shelf, scope=EVERYTHING):
    return [progress async for progress in shelf.reindexer.run(scope)]


async def everything(shelf):
    """All passages that the index has, without what tells versions apart."""
    found = []
    for collection in COLLECTIONS:
        for scope in (ACME, GLOBEX):
            hits = await shelf.library.find(scope, ["铁路"], collection=collection, limit=1000)
            found += [(scope.tenant, entry.name, entry.ordinal, entry.heading, entry.body) for entry in hits.entries]
            found.append((hits.statistics.passages, hits.statistics.holding.get("铁路")))
    return sorted(map(str, found))


TABLE = "# 车站\n\n| 车站 | 铁路 |\n| --- | --- |\n" + "".join(f"| 第{n}站 | 铁路{n} |\n" for n in range(80))


async def fill(shelf):
    await shelf.add(ACME, "车站.md", TABLE)
    await shelf.add(SALES, "手册.txt", "铁路全长500公里。")
    await shelf.add(GLOBEX, "手册.txt", "铁路在广西。")
    await shelf.ingest.replace_pairs(ACME, [Pair(f"铁路{n}多长？", f"{n}公里") for n in range(250)])
    await shelf.ingest.replace_pairs(SALES, [Pair("铁路多长？", "一")])


async def test_rebuilding_gives_the_same_passages_under_new_generations(shelf):
    await fill(shelf)
    before, named, pairs = await everything(shelf), await shelf.named(), await shelf.named(qa_pairs)
    progress = await rebuild(shelf)
    assert (progress[0].done, progress[-1].done, progress[-1].total) == (0, 254, 254)
    assert await everything(shelf) == before
    assert not set(named) & set(await shelf.named())
    assert not set(pairs) & set(await shelf.named(qa_pairs))
    assert await shelf.stored() == await shelf.named()
    assert await shelf.noted() == []


async def test_rebuilding_one_tenant_leaves_the_others(shelf):
    await fill(shelf)
    before = set(await shelf.named())
    await rebuild(shelf, GLOBEX)
    assert len(before & set(await shelf.named())) == 2
    assert await shelf.stored() == await shelf.named()


async def test_rebuilding_takes_out_what_nothing_knows_of(shelf):
    await fill(shelf)
    await shelf.library.put(ACME, piece(5, "铁路铁路"), piece(6, "铁路", collection="QA"))
    await rebuild(shelf)
    assert await shelf.stored() == await shelf.named()
    assert 6 not in await shelf.stored("QA")


async def test_a_document_stored_before_its_structure_was_is_read_again(shelf):
    await fill(shelf)
    before = await everything(shelf)
    async with shelf.catalog.database.write(ACME) as tx:
        await tx.run(update(documents).where(ACME.sees(documents)).values(structure=""))
    await rebuild(shelf)
    assert await everything(shelf) == before
    async with shelf.catalog.database.read(ACME) as tx:
        rows = await tx.all(select(documents.c.structure).where(ACME.sees(documents)))
    assert all(row.structure for row in rows)


async def test_rebuilding_while_the_library_changes(shelf):
    await fill(shelf)
    rebuilding = asyncio.create_task(rebuild(shelf))
    for version in range(5):
        await shelf.add(GLOBEX, "手册.txt", f"铁路第{version}版。")
        await shelf.ingest.replace_pairs(ACME, [Pair(f"铁路{version}多长？", f"新{version}")])
        assert await shelf.texts(GLOBEX) == [f"铁路第{version}版。"]
        assert await shelf.texts(SALES) == ["铁路全长500公里。"]
    await shelf.ingest.delete_pairs(ACME, [f"铁路{n}多长？" for n in range(200, 250)])
    await rebuilding
    assert await shelf.stored() == await shelf.named()
    assert len(await shelf.named(qa_pairs)) == 201
    answers = await shelf.library.find(ACME, "公里", collection="QA", limit=1000)
    assert {entry.generation for entry in answers.entries} <= set(await shelf.named(qa_pairs))
    assert await shelf.noted() == []
