"""From every earlier release to this one, on both databases: no row is lost or changed, and what was is served."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import text

from everything import fill_tables
from serving import BIN, ServerProcess
from wenshu.core.database.engine import Database, SchemaNewer, sqlite_url
from wenshu.core.database.migrations import revisions, tables_at
from wenshu.core.database.scope import EVERYTHING
from wenshu.server.home import Home
from wenshu.server.move.rows import Rows

FROZEN = json.loads((Path(__file__).with_name("first_release.json")).read_text("utf-8"))
BODY = "差旅费须在返程后三日内提交。"
SCOPE = {"tenant_code": "t", "org_code": "o"}
ROWS = 12


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    """An empty database."""
    if request.param == "sqlite":
        home = Home(tmp_path / "home")
        home.path.mkdir()
        yield sqlite_url(home.database)
        return
    server = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


async def stored(database, revision):
    """Table → key → column → value as it is stored."""
    found = {}
    for table in tables_at(revision):
        rows, names = Rows(table), [column.name for column in table.columns]
        found[table.name] = {
            rows.key_of(row): dict(zip(names, row, strict=True))
            async for batch in rows.batches(database)
            for row in batch.rows
        }
    return found


def assert_kept(before, after):
    for name, rows in before.items():
        assert rows.keys() == after[name].keys(), name
        for key, row in rows.items():
            now = after[name][key]
            assert {column: now[column] for column in row if column in now} == {
                column: value for column, value in row.items() if column in now
            }, name


@pytest.mark.parametrize("revision", revisions()[:-1])
async def test_no_row_is_lost_on_the_way(url, revision):
    database = Database(url)
    await database.migrate(revision)
    assert await database.revision() == revision
    await fill_tables(database, tables_at(revision), ROWS)
    before = await stored(database, revision)
    assert all(before.values())
    await database.migrate()
    assert await database.revision() == revisions()[-1]
    assert_kept(before, await stored(database, revisions()[-1]))
    await database.close()


async def first_release(url):
    database = Database(url)
    await database.migrate(FROZEN["revision"])
    for table in tables_at(FROZEN["revision"]):
        rows, frozen = Rows(table), FROZEN["tables"][table.name]
        assert [column.name for column in table.columns] == frozen["columns"], "a migration that is out was changed"
        async with database.write(EVERYTHING) as tx:
            await tx.run(rows.insertion(), rows.parameters(list(map(tuple, frozen["rows"]))))
    found = await stored(database, FROZEN["revision"])
    await database.close()
    return found


async def now(url):
    database = Database(url)
    found = await stored(database, revisions()[-1])
    await database.close()
    return found


def test_the_first_release_is_served(url, tmp_path):
    before = asyncio.run(first_release(url))
    assert before.keys() == FROZEN["tables"].keys()
    settings = {"WENSHU_DATABASE_URL": url} if url.startswith("postgresql") else {}
    server = ServerProcess(tmp_path / "home", **settings)
    (tmp_path / "home" / "objects").mkdir(parents=True)
    (tmp_path / "home" / "objects" / FROZEN["tables"]["files"]["rows"][0][0]).write_text(BODY, "utf-8")
    if settings:  # the first release had its index in SQLite alone
        reindex(server)
    try:
        with server.start().client() as client:
            messages = client.get("/chat_service/session/s-1/messages").json()["data"]
            assert [message["content"] for message in messages] == ["何时报销？", "返程后三日内。[1]"]
            if not settings:
                reindex(server)
            search = {"query": "差旅费何时提交", "collection_type": "DOC", **SCOPE}
            (hit,) = client.post("/vector_db_service/search_from_vector_db", json=search).json()["data"]["entities"][0]
            assert hit["content"] == BODY
            assert client.get(hit["doc_url"]).text == BODY
            search = {"query": "预订会议室", "collection_type": "QA", **SCOPE}
            (hit,) = client.post("/vector_db_service/search_from_vector_db", json=search).json()["data"]["entities"][0]
            assert hit["answer"] == "在前台登记。"
    finally:
        server.stop()
    assert_kept(before, asyncio.run(now(url)))


def reindex(server):
    command = [BIN, "reindex", "--home", server.home]
    done = subprocess.run(command, env=server.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_a_later_release_s_database_is_left_alone(url, tmp_path):
    database = Database(url)
    await database.migrate()
    async with database.write(EVERYTHING) as tx:
        await tx.run(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaNewer, match="9999"):
        await database.migrate()
    assert await database.revision() == "9999"
    await database.close()
    settings = {"WENSHU_DATABASE_URL": url} if url.startswith("postgresql") else {}
    server = ServerProcess(tmp_path / "home", **settings)
    for command in (["serve", "--port", "0"], ["reindex"], ["doctor"]):
        refused = await asyncio.to_thread(
            subprocess.run,
            [BIN, *command, "--home", server.home],
            env=server.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.returncode == 1
        assert "更新版本" in refused.stdout + refused.stderr
        assert "Traceback" not in refused.stderr
