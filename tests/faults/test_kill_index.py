"""SIGKILL amid replacing, deleting and clearing where the index is outside of the rows' database.

After the restart a reader sees one version, and once the sweep has come by nothing is in the index that no row names.
"""

import asyncio
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from faults.acts import Act, Clear, DeleteDocuments, ReplaceDocument
from faults.material import marks, whole
from lite import Lite
from serving import eventually
from wenshu.core.index.milvus.calls import Server
from wenshu.core.index.milvus.index import Collections, open_milvus

SIZE = 1_500


class Outside:
    """Rows here, passages there."""

    def rows(self, query: str) -> list[tuple]:
        raise NotImplementedError

    def run(self, statement: str) -> None:
        raise NotImplementedError

    def passages(self) -> set[int]:
        """The generations of documents that the index has."""
        raise NotImplementedError

    def named(self) -> set[int]:
        return {row[0] for row in self.rows("SELECT generation FROM documents")}

    def states(self) -> set[str]:
        return {row[0] for row in self.rows("SELECT state FROM generations")}

    def document(self, tenant: str, name: str) -> list[tuple[str, int]] | None:
        query = f"SELECT text FROM documents WHERE tenant_code = '{tenant}' AND doc_name = '{name}'"  # noqa: S608
        found = self.rows(query)
        return marks(found[0][0]) if found else None

    def pairs(self, tenant: str) -> dict[str, str]:
        query = f"SELECT question, answer FROM qa_pairs WHERE tenant_code = '{tenant}'"  # noqa: S608
        return dict(self.rows(query))


class FileBesidePostgres(Outside):
    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.settings = {"WENSHU_DATABASE_URL": url}
        self._url = url

    def rows(self, query):
        with psycopg.connect(self._url) as connection:
            return connection.execute(query).fetchall()

    def run(self, statement):
        with psycopg.connect(self._url) as connection:
            connection.execute(statement)

    def passages(self):
        with closing(sqlite3.connect(self.home / "index.sqlite3")) as index:
            assert index.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            return {
                row[0] for row in index.execute("SELECT DISTINCT generation FROM passages WHERE collection = 'DOC'")
            }

    def close(self) -> None:
        """Nothing runs."""


class MilvusLite(Outside):
    def __init__(self, home: Path) -> None:
        self.home = home
        self._folder = TemporaryDirectory()
        self._lite = Lite(Path(self._folder.name) / "data").start()
        self.settings = {"WENSHU_MILVUS_URI": self._lite.uri}

    def rows(self, query):
        with closing(sqlite3.connect(self.home / "wenshu.sqlite3", timeout=30)) as database:
            return database.execute(query).fetchall()

    def run(self, statement):
        with closing(sqlite3.connect(self.home / "wenshu.sqlite3", timeout=30)) as database:
            database.execute(statement)
            database.commit()

    def passages(self):
        ((identity,),) = self.rows("SELECT identity FROM index_state")
        return asyncio.run(self._passages(identity))

    async def _passages(self, identity):
        ours = Collections("wenshu", identity)
        index = await open_milvus(Server(self._lite.uri, seconds=60), ours)
        try:
            given = {"collection_name": ours.name("DOC"), "filter": "generation >= 0", "limit": 16_384}
            rows = await index._calls.read(index._calls.client.query, output_fields=["generation"], **given)
            return {row["generation"] for row in rows}
        finally:
            await index.close()

    def close(self) -> None:
        self._lite.close()
        self._folder.cleanup()


@pytest.fixture(params=["file", pytest.param("milvus", marks=pytest.mark.slow)])
def outside(request, wenshu):
    if request.param == "file":
        made = FileBesidePostgres(wenshu.home, request.getfixturevalue("postgres_url"))
    else:
        made = MilvusLite(wenshu.home)
    yield made
    wenshu.close()
    made.close()


def found(client, act: Act, name: str) -> set[str]:
    """The versions of a document that a search shows."""
    asked = {"query": "仓库每月盘点", "collection_type": "DOC", "limit": 200, "filter_expr": f"doc_name == '{name}'"}
    (hits,) = act.call(client, "/vector_db_service/search_from_vector_db", **asked)["data"]["entities"]
    return {version for hit in hits for version, _ in marks(hit["content"])}


def judge(wenshu, outside, act, *, answered, names):
    """Start again: rows and searches agree at once; after an hour, which we make pass, the index has nothing else."""
    wenshu.restart(**outside.settings)
    with wenshu.client() as client:
        act.verdict(After(outside), answered=answered)
        for name in names:
            stored = outside.document(act.tenant, name)
            assert found(client, act, name) == {version for version, _ in stored or ()}
    wenshu.stop()
    outside.run("UPDATE generations SET since = 0")
    wenshu.restart(**outside.settings)
    eventually(lambda: not outside.states())
    with wenshu.client() as client:
        for name in names:
            stored = outside.document(act.tenant, name)
            assert found(client, act, name) == {version for version, _ in stored or ()}
    assert not wenshu.faults()
    wenshu.stop()
    assert outside.passages() == outside.named()


class After:
    """What verdicts ask."""

    def __init__(self, store: Outside) -> None:
        self.store = store


class Replace(ReplaceDocument):
    names = ("rules.txt", "twin.txt")


class Delete(DeleteDocuments):
    names = ("a.txt", "b.txt", "c.txt", "kept.txt")


class ClearAll(Clear):
    names = ("a.txt",)

    def verdict(self, after, *, answered):
        left = after.store.document(self.tenant, "a.txt")
        assert left is None or (left == whole("甲", self.size) and not answered)
        assert after.store.document("neighbour", "n.txt") == whole("甲", 100)


def kill_at(wenshu, client, act, reached) -> bool:
    """Kill at the first sight of the condition, or at the end where it was not seen; whether it was answered."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(act.run, client)
        while not reached() and not running.done():
            pass
        wenshu.kill()
        return running.result()


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (Replace, "staged"),
        pytest.param(Replace, "retired", marks=pytest.mark.slow),
        pytest.param(Delete, "retired", marks=pytest.mark.slow),
        pytest.param(ClearAll, "retired", marks=pytest.mark.slow),
    ],
)
def test_kill_between_the_index_and_the_rows(wenshu, outside, docs, kind, state):
    act = kind(docs, SIZE)
    wenshu.start(**outside.settings)
    with wenshu.client() as client:
        act.prepare(client)
        answered = kill_at(wenshu, client, act, lambda: state in outside.states())
    judge(wenshu, outside, act, answered=answered, names=kind.names)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Replace, Delete, ClearAll])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.8, 0.95])
def test_kill_at_a_share_of_the_time(wenshu, outside, docs, kind, share):
    act = kind(docs, SIZE)
    wenshu.start(**outside.settings)
    with wenshu.client() as client, ThreadPoolExecutor(1) as pool:
        act.prepare(client)
        started = time.monotonic()
        act.rehearse(client)
        seconds = time.monotonic() - started
        running = pool.submit(act.run, client)
        time.sleep(share * seconds)  # the fault's moment, not a wait for something
        wenshu.kill()
        answered = running.result()
    judge(wenshu, outside, act, answered=answered, names=kind.names)
