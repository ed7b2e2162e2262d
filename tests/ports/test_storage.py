"""The conformance suite of stored files; S3 joins it with its adapter."""

import pytest

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.storage.files import Files, open_store
from wenshu.core.storage.links import Links
from wenshu.kit.errors import NotFound


@pytest.fixture
async def files(tmp_path):
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    await database.migrate()
    yield Files(database, open_store("", tmp_path), Links("http://h", b"k", 60))
    await database.close()


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(bytes(range(256)) * 10_000)
    return path


async def test_what_is_kept_comes_back(files, source, tmp_path):
    file = await files.keep(Scope("t"), source, "报告.pdf", "application/pdf")
    assert file.size == 2_560_000
    assert await files.find(file.id) == file
    await files.fetch(file.id, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == source.read_bytes()


async def test_another_scope_finds_nothing(files, source):
    file = await files.keep(Scope("t", "a"), source, "x", "text/plain")
    assert await files.find(file.id, Scope("t")) == file
    for other in (Scope(), Scope("t", "b"), Scope("u")):
        with pytest.raises(NotFound):
            await files.find(file.id, other)


async def test_an_unknown_id_is_not_found(files):
    with pytest.raises(NotFound):
        await files.find("0" * 32)
    with pytest.raises(NotFound):
        [piece async for piece in files.read("0" * 32)]


def test_a_store_of_another_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match="folder"):
        open_store("s3://bucket", tmp_path)
