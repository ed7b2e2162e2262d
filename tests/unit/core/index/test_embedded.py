import pytest

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index import embedded
from wenshu.core.index.embedded import EmbeddedIndex
from wenshu.core.index.port import Entry, Query, ready


def piece(generation, body):
    return Entry(
        collection="DOC", generation=generation, ordinal=0, name="", title="", heading="", body=body, source="",
        start=0, end=len(body), page=None,
    )  # fmt: skip


@pytest.fixture
async def database(tmp_path):
    opened = Database(sqlite_url(tmp_path / "index.sqlite3"))
    await opened.migrate()
    yield opened
    await opened.close()


async def put(database, scope, *entries):
    async with database.write(scope) as tx:
        await EmbeddedIndex().within(tx).put(scope, [ready(entry) for entry in entries])


async def owners(database, scope, *words):
    async with database.read(scope) as tx:
        found = await EmbeddedIndex().within(tx).find(scope, Query("DOC", words, 10))
    return sorted(entry.generation for entry in found.entries)


async def test_batches_larger_than_one_statement(database, monkeypatch):
    monkeypatch.setattr(embedded, "_BATCH", 3)
    scope = Scope("acme")
    await put(database, scope, *(piece(n, "铁路") for n in range(10)))
    async with database.write(scope) as tx:
        await EmbeddedIndex().within(tx).remove(scope, "DOC", range(2, 10))
    assert await owners(database, scope, "铁路") == [0, 1]


async def test_frequent_terms_are_passed_over_once_there_are_enough(database, monkeypatch):
    monkeypatch.setattr(embedded, "_MOST_POSTINGS", 3)
    monkeypatch.setattr(embedded, "_LEAST_TERMS", 1)
    scope = Scope("acme")
    await put(database, scope, piece(1, "铁路公里"), *(piece(n, "铁路") for n in range(2, 8)))
    assert await owners(database, scope, "铁路", "公里") == [1]
    assert await owners(database, scope, "铁路") == [1, 2, 3, 4, 5, 6, 7]  # a frequent term alone is still looked for


async def test_a_row_has_one_owner(database):
    async with database.write(EVERYTHING) as tx:
        with pytest.raises(ValueError, match="one owner"):
            await EmbeddedIndex().within(tx).put(EVERYTHING, [ready(piece(1, "铁路"))])


async def test_the_servers_own_sweep_reaches_all_tenants(database):
    scopes = Scope("acme", "sales"), Scope("globex"), Scope()
    for generation, scope in enumerate(scopes):
        await put(database, scope, piece(generation, "铁路"))
    async with database.write(EVERYTHING) as tx:
        await EmbeddedIndex().within(tx).remove(EVERYTHING, "DOC", [0, 2])
    assert [await owners(database, scope, "铁路") for scope in scopes] == [[], [1], []]


@pytest.mark.parametrize("character", ["\U00020bb7", "\ue000", "é", "한", "Ω", "ば"])
async def test_characters_of_all_planes_are_indexed(database, character):
    scope = Scope("acme")
    await put(database, scope, piece(1, f"铁路{character}家公里"))
    assert await owners(database, scope, "公里") == [1]
    assert (await owners(database, scope, character + "家")) == ([1] if character in "\U00020bb7ば" else [])


async def test_a_transaction_that_fails_leaves_the_index_as_it_was(database):
    scope = Scope("acme")
    await put(database, scope, piece(1, "旧铁路"))
    with pytest.raises(LookupError):
        await put_then_fail(database, scope)
    async with database.read(scope) as tx:
        found = await EmbeddedIndex().within(tx).find(scope, Query("DOC", ["铁路"], 10))
    assert [entry.body for entry in found.entries] == ["旧铁路"]
    assert found.statistics.passages == 1


async def put_then_fail(database, scope):
    async with database.write(scope) as tx:
        passages = EmbeddedIndex().within(tx)
        await passages.remove(scope, "DOC", [1])
        await passages.put(scope, [ready(piece(1, "新铁路"))])
        raise LookupError


def test_the_embedded_index_needs_a_transaction():
    with pytest.raises(TypeError):
        EmbeddedIndex().within(None)
