"""The sweep of uploads that never settled, on a folder and on S3."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from s3_gate import gate
from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import Scope
from wenshu.core.settings import StorageSettings
from wenshu.core.storage.errors import StorageUnavailable
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import Links
from wenshu.core.storage.store import open_store
from wenshu.core.storage.sweep import GRACE, sweep
from wenshu.kit.errors import NotFound
from wenshu.kit.ids import new_id

NOW = timedelta(0)


class World:
    """A store and a database, with what a killed upload leaves in them."""

    def __init__(self, database, objects, path):
        self.database = database
        self.objects = objects
        self.path = path
        self.prefix = ""
        self.files = Files(database, objects, Links("http://h", b"k" * 16, 60))

    async def upload(self):
        return await self.files.keep(Scope("t"), self.path / "source", "a.txt", "text/plain")

    async def abandoned(self, state="writing") -> str:
        """The id of an upload whose process died before its row said that it is there."""
        file = await self.upload()
        self.sql("UPDATE files SET state = ? WHERE id = ?", state, file.id)
        return file.id

    def sql(self, statement, *values):
        with closing(sqlite3.connect(self.path / "db.sqlite3", isolation_level=None)) as database:
            return database.execute(statement, values).fetchall()

    def ids(self) -> set[str]:
        return {row[0] for row in self.sql("SELECT id FROM files")}

    async def is_there(self, key) -> bool:
        try:
            await self.objects.open(key)
        except NotFound:
            return False
        return True


@pytest.fixture(params=["folder", "s3"])
async def world(request, tmp_path):
    (tmp_path / "source").write_bytes(b"body" * 1000)
    s3 = request.getfixturevalue("s3") if request.param == "s3" else None
    settings = StorageSettings(**s3.settings("s3://wenshu/sweep")) if s3 else StorageSettings()
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    await database.migrate()
    yield World(database, open_store(settings, tmp_path), tmp_path)
    await database.close()


@pytest.mark.parametrize("state", ["writing", "removing"])
async def test_what_never_settled_goes(world, state):
    """Wherever its process was killed, a sweep's included."""
    lost, kept = await world.abandoned(state), await world.upload()
    with capture_logs() as logged:
        assert await sweep(world.database, world.objects, NOW) == 1
    assert [(line["event"], line["files"]) for line in logged] == [("swept", 1)]
    assert world.ids() == {kept.id}
    assert not await world.is_there(lost)
    assert await world.is_there(kept.id)


async def test_an_upload_killed_before_its_object_leaves_no_row(world):
    lost = await world.abandoned()
    await world.objects.delete(lost)
    assert await sweep(world.database, world.objects, NOW) == 1
    assert world.ids() == set()


async def test_the_young_and_the_kept_stay(world):
    young, kept = await world.abandoned(), await world.upload()
    assert await sweep(world.database, world.objects) == 0
    assert world.ids() == {young, kept.id}
    hour = GRACE // timedelta(microseconds=1)
    world.sql("UPDATE files SET created_at = created_at - ?", hour)
    assert await sweep(world.database, world.objects) == 1
    assert world.ids() == {kept.id}
    assert await world.is_there(kept.id)


async def test_nobody_opens_what_has_not_settled(world):
    for state in ("writing", "removing"):
        lost = await world.abandoned(state)
        with pytest.raises(NotFound):
            await world.files.find(lost)


async def test_objects_without_a_row_are_not_ours_to_remove(world):
    """A bucket shared by mistake, or a database restored from a backup."""
    foreign = new_id()
    await world.objects.put(foreign, b"somebody else's")
    assert await sweep(world.database, world.objects, NOW) == 0
    assert await world.is_there(foreign)


async def test_many_go_in_batches_and_several_sweepers_do_not_mind_each_other(world):
    lost = {await world.abandoned() for _ in range(3)}
    one = "INSERT INTO files (id, name, media_type, size, sha256, state, created_at) VALUES (?, 'n', 'm', 1, '', ?, 0)"
    for _ in range(250):
        world.sql(one, new_id(), "writing")
    counts = await asyncio.gather(*(sweep(world.database, world.objects, NOW) for _ in range(3)))
    assert sum(counts) == 253
    assert world.ids() == set()
    assert not [key for key in lost if await world.is_there(key)]


async def test_what_cannot_be_removed_now_is_removed_by_the_next_sweep(world, s3, tmp_path):
    lost = await world.abandoned()
    refused = open_store(StorageSettings(**s3.settings(secret_access_key="wrong")), tmp_path)
    with pytest.raises(StorageUnavailable):
        await sweep(world.database, refused, NOW)
    assert world.ids() == {lost}
    assert await sweep(world.database, world.objects, timedelta(days=1)) == 1
    assert not await world.is_there(lost)


@pytest.fixture
async def held(s3, tmp_path):
    """A world whose store has the bytes of an upload, and has not said so yet."""
    (tmp_path / "source").write_bytes(b"body" * 1000)
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    await database.migrate()
    own = new_id()
    with gate(s3.endpoint) as door:
        settings = StorageSettings(**s3.settings(f"s3://wenshu/{own}", endpoint=door.endpoint))
        held = World(database, open_store(settings, tmp_path), tmp_path)
        door.shut()
        upload = asyncio.ensure_future(held.upload())
        assert await asyncio.to_thread(door.reached.wait, 30)
        held.prefix = own
        yield held, door, upload, open_store(StorageSettings(**s3.settings(f"s3://wenshu/{own}")), tmp_path)
    await database.close()


async def test_an_upload_in_flight_survives_a_sweep(held):
    world, door, upload, direct = held
    assert await sweep(world.database, direct) == 0
    door.open()
    file = await upload
    assert b"".join([piece async for piece in await world.files.read(file.id)]) == b"body" * 1000


async def test_an_upload_that_a_sweep_gave_up_is_told_so_and_leaves_nothing(held, s3):
    world, door, upload, direct = held
    assert await sweep(world.database, direct, NOW) == 1
    door.open()
    with pytest.raises(StorageUnavailable) as caught:
        await upload
    assert caught.value.reason == "slow"
    world.objects = direct
    assert world.ids() == set()
    assert s3.keys(world.prefix) == {}


async def test_everything_is_swept_whoever_owns_it(world):
    lost = await world.abandoned()
    world.sql("UPDATE files SET tenant_code = 'u', org_code = 'o' WHERE id = ?", lost)
    assert await sweep(world.database, world.objects, NOW) == 1
