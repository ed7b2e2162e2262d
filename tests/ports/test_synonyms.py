"""A tenant's own synonyms: kept in rows on both databases, in use at once in every process, on every index."""

import pytest

from libraries import books
from ports.indexes import ADAPTERS
from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.kit.errors import Conflict
from wenshu.knowledge.synonyms import Synonyms

TENANT, SALES, TECH, OTHER = Scope("acme"), Scope("acme", "sales"), Scope("acme", "tech"), Scope("globex")
BOX = [["小蓝盒", "采集终端"]]
KEY = [["通行符", "门禁卡"]]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    return sqlite_url(tmp_path / "rows.sqlite3")


@pytest.fixture
async def database(url):
    database = Database(url)
    await database.migrate()
    yield database
    await database.close()


async def own(synonyms, scope, text="小蓝盒和通行符"):
    return [text[one.start : one.end] for one in (await synonyms.of(scope)).of(text) if one.own]


async def test_they_are_the_scope_s_own(database):
    synonyms = Synonyms(database)
    await synonyms.replace(SALES, BOX)
    await synonyms.replace(TENANT, KEY)
    assert await own(synonyms, SALES) == ["小蓝盒"]
    assert await own(synonyms, TENANT) == ["小蓝盒", "通行符"]
    for scope in (TECH, OTHER, Scope(), Scope("acme", "x")):
        assert await own(synonyms, scope) == []
    assert ((await synonyms.kept(SALES)).groups, (await synonyms.kept(TENANT)).groups) == (BOX, KEY)
    assert await synonyms.kept(TECH) == ([], 0, None)


async def test_a_change_is_in_use_at_once_in_every_process(database):
    """Two of them share only the database; on SQLite there is one."""
    ours = Synonyms(database)
    theirs = Synonyms(database) if database.shared else ours
    assert await own(theirs, SALES) == []
    await ours.replace(SALES, BOX)
    assert await own(theirs, SALES) == ["小蓝盒"]
    assert await own(theirs, TENANT) == ["小蓝盒"]
    # Taken out and put in anew: the version goes on, so that nobody keeps what was there before.
    await ours.replace(SALES, [])
    await ours.replace(SALES, KEY)
    assert await own(theirs, SALES) == ["通行符"]
    assert (await theirs.kept(SALES)).version == 3


async def test_who_has_read_an_older_version_is_told(database):
    synonyms = Synonyms(database)
    first = await synonyms.replace(SALES, BOX, version=0)
    await synonyms.replace(SALES, KEY, version=first.version)
    with pytest.raises(Conflict):
        await synonyms.replace(SALES, BOX, version=first.version)
    assert (await synonyms.kept(SALES)).groups == KEY


@pytest.fixture(params=["embedded", "file", "milvus"])
def kind(request):
    return request.param


@pytest.fixture
def rows_url(kind, request):
    return None if kind == "embedded" else request.getfixturevalue("postgres_url")


async def test_a_passage_is_found_by_its_synonym(kind, rows_url, tmp_path, lite):
    async with ADAPTERS[kind](tmp_path, lite) as library:
        database = library.database or Database(rows_url)
        held = books(database, library.index)
        for name, text in (("清单.md", "采集终端放在二楼库房。"), ("通知.md", "下周三停电检修。")):
            parsed = Parsed(text, tuple(scan(text)), "", "text/markdown")
            await held.ingest.replace_document(SALES, name, "", parsed)
        assert await held.searcher.search(SALES, "小蓝盒", limit=5) == []
        await held.searcher.synonyms.replace(SALES, BOX)
        assert [hit.name for hit in await held.searcher.search(SALES, "小蓝盒", limit=5)] == ["清单.md"]
        assert await held.searcher.search(OTHER, "小蓝盒", limit=5) == []
        await database.close()
