"""Moving a home outside: every table to PostgreSQL, every file to S3; cut short, gone on with, and compared."""

import asyncio
import os
import re
import shutil
import sqlite3
from contextlib import closing, nullcontext
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, func, select, text

from everything import fill
from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.migrations import alembic_config
from wenshu.core.database.schema import metadata
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index import tables as index_tables
from wenshu.core.settings import StorageSettings
from wenshu.core.storage.files import Files as StoredFiles
from wenshu.core.storage.links import Links
from wenshu.core.storage.store import open_store
from wenshu.kit.ids import new_id
from wenshu.knowledge.reindex import Progress
from wenshu.server.home import Home, HomeInUse
from wenshu.server.move import rows, tables
from wenshu.server.move.faults import MoveFailed, NotTheSame
from wenshu.server.move.move import Outcome, move, opened

ROWS = 40
INDEX = {table.name for table in vars(index_tables).values() if table in metadata.tables.values()}
MOVED = set(metadata.tables) - INDEX

ONE_FILE = "INSERT INTO files (id, name, media_type, size, sha256, created_at) VALUES ('f', '', '', 0, '', 0)"


class Killed(Exception):
    """What a kill is to a test within its own process."""


@dataclass
class World:
    """A home that is to be moved, and what it is moved to."""

    home: Home
    target: Database
    outcome: Outcome

    async def move(self, *, database=True, objects=None, until=None, reindex=None) -> list:
        """Move; ``until`` is the number of steps, or the step, after which it is cut short."""
        steps = []
        self.outcome = Outcome()
        folder = self.home.path / "objects"
        async with opened(self.home, self.home.database) as source:
            target = self.target if database else None
            async for step in move(source, folder, target, objects, self.outcome, reindex):
                steps.append(step)
                if until is not None and (until(step) if callable(until) else len(steps) >= until):
                    raise Killed
        return steps

    def sql(self, statement: str, *values) -> list:
        with closing(sqlite3.connect(self.home.database, isolation_level=None)) as database:
            return database.execute(statement, values).fetchall()


async def contents(database: Database) -> dict[str, list]:
    """Every row of every table that is moved, decoded, in the order of its key."""
    found = {}
    for name in sorted(MOVED):
        table = metadata.tables[name]
        async with database.read(EVERYTHING) as tx:
            found[name] = sorted(map(repr, await tx.all(select(table))))
    return found


@pytest.fixture
def home(tmp_path, _filled):
    shutil.copytree(_filled, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def _filled(tmp_path_factory):
    """A home with rows in every table."""
    path = tmp_path_factory.mktemp("filled") / "home"
    path.mkdir()
    asyncio.run(_fill(path))
    return path


async def _fill(path):
    database = Database(sqlite_url(Home(path).database))
    await database.migrate()
    await fill(database, ROWS)
    await database.close()


@pytest.fixture
async def world(home, postgres, monkeypatch):
    monkeypatch.setattr(rows, "_ROWS", 7)
    name = postgres.create()
    target = Database(postgres.url(name))
    yield World(home, target, Outcome())
    await target.close()
    postgres.drop(name)


async def test_every_table_is_moved_with_every_row(world):
    before = snapshot_of(world.home.path)
    steps = await world.move()
    source = Database(sqlite_url(world.home.database))
    assert await contents(world.target) == await contents(source)
    await source.close()
    assert {found.name for found in world.outcome.tables} == MOVED
    assert {found.rows for found in world.outcome.tables} == {ROWS}
    assert {step.total for step in steps} == {ROWS * len(MOVED)}
    assert [step.done for step in steps if step.stage == "compare-rows"][-1] == ROWS * len(MOVED)
    assert snapshot_of(world.home.path) == before
    assert "wenshu_move" not in await world.target.tables()


def test_no_table_is_left_out():
    """A table that another room declares is moved; what is not is named here, with its reason."""
    assert {table.name for table in tables.moved()} | INDEX == set(metadata.tables)
    assert {name for name in INDEX if not name.startswith("passage")} == set()
    assert {"documents", "qa_pairs", "files", "chat_sessions", "chat_messages", "chat_turns"} <= MOVED


def snapshot_of(path: Path) -> dict[str, str]:
    return {
        str(found.relative_to(path)): sha256(found.read_bytes()).hexdigest()
        for found in path.rglob("*")
        if found.is_file() and found.name != "lock"
    }


@pytest.mark.slow
async def test_a_move_that_is_cut_short_goes_on_where_it_was(world):
    """At every eleventh step, again and again: no row twice, none left out."""
    cuts = 0
    for until in range(1, 400, 11):
        try:
            await world.move(until=until)
        except Killed:
            cuts += 1
        else:
            break
    assert cuts > 5
    source = Database(sqlite_url(world.home.database))
    assert await contents(world.target) == await contents(source)
    await source.close()


async def test_what_is_null_stays_null_and_what_is_json_null_too(world):
    await world.move()
    for name in ("sources", "notices", "comment", "rated_at"):
        query = f"SELECT id FROM chat_messages WHERE {name} IS NULL ORDER BY id"  # noqa: S608 (our own names)
        async with world.target.read(EVERYTHING) as tx:
            there = [row[0] for row in await tx.all(text(query))]
        assert there == [row[0] for row in world.sql(query)]
        assert 0 < len(there) < ROWS


async def test_new_rows_get_keys_behind_those_that_were_moved(world):
    await world.move()
    generated = [table for table in tables.moved() if table.autoincrement_column is not None]
    assert len(generated) >= 4
    for table in generated:
        column = table.autoincrement_column
        async with world.target.write(EVERYTHING) as tx:
            sequence = await tx.value(text(f"SELECT pg_get_serial_sequence('{table.name}', '{column.name}')"))
            if sequence:
                last = await tx.value(select(func.max(column)))
                assert await tx.value(text(f"SELECT nextval('{sequence}')")) > last


async def test_a_database_that_holds_rows_is_refused_and_left_alone(world):
    await world.target.migrate()
    async with world.target.write(EVERYTHING) as tx:
        await tx.run(text(ONE_FILE))
    before = await contents(world.target)
    with pytest.raises(MoveFailed, match="files"):
        await world.move()
    assert await contents(world.target) == before
    assert "wenshu_move" not in await world.target.tables()


async def test_a_finished_move_is_not_made_again(world):
    await world.move()
    with pytest.raises(MoveFailed, match="不为空"):
        await world.move()


async def test_a_home_that_changed_since_is_not_mixed_in(world):
    with pytest.raises(Killed):
        await world.move(until=10)
    world.sql("UPDATE documents SET text = text || '改' WHERE id = 1")
    with pytest.raises(MoveFailed, match="改动"):
        await world.move()


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE documents SET text = text || '!' WHERE id = 8",
        "UPDATE chat_messages SET sources = NULL WHERE sources IS NOT NULL",
        ONE_FILE,
        pytest.param("UPDATE chat_sessions SET is_deleted = NOT is_deleted WHERE id = 1", marks=pytest.mark.slow),
        pytest.param(
            "DELETE FROM chat_turns WHERE stream_id = (SELECT min(stream_id) FROM chat_turns)", marks=pytest.mark.slow
        ),
    ],
)
async def test_what_differs_in_the_end_is_found(world, harm):
    """Somebody meddled, or we have a fault: the move says which table, and does not end."""
    with pytest.raises(Killed):
        await world.move(until=lambda step: step.stage == "rows" and step.done == step.total)
    async with world.target.write(EVERYTHING) as tx:
        await tx.run(text(harm))
    with pytest.raises(NotTheSame) as caught:
        await world.move()
    assert re.findall("documents|chat_[a-z]+|files", harm)[0] in str(caught.value)
    assert "wenshu_move" in await world.target.tables()


async def test_rows_that_the_index_changed_are_not_compared_again(world):
    """Rows name their passages; a kill amid the making of the index comes after they were given new ones."""

    async def reindex():
        async with world.target.write(EVERYTHING) as tx:
            await tx.run(text("UPDATE documents SET generation = generation + 1000000"))
        yield Progress(1, 2)
        yield Progress(2, 2)

    for until in (lambda step: step.stage == "index", None):
        with pytest.raises(Killed) if until else nullcontext():
            steps = await world.move(until=until, reindex=reindex)
    assert [(step.done, step.total) for step in steps] == [(1, 2), (2, 2)]
    assert {found.name for found in world.outcome.tables} == MOVED
    assert "wenshu_move" not in await world.target.tables()


async def test_nul_in_an_old_text_becomes_a_mark_that_postgresql_stores(world):
    world.sql("UPDATE documents SET text = 'a' || char(0) || 'b' WHERE id = 1")
    await world.move()
    async with world.target.read(EVERYTHING) as tx:
        assert await tx.value(text("SELECT text FROM documents WHERE id = 1")) == "a\ufffdb"


async def test_a_text_that_the_target_cannot_hold_is_told(world):
    world.sql("UPDATE documents SET doc_name = ? WHERE id = 1", "长" * 300)
    with pytest.raises(MoveFailed, match=r"documents.*255"):
        await world.move()


async def test_large_rows_go_a_few_at_a_time(home, monkeypatch):
    monkeypatch.setattr(rows, "_BYTES", 1000)
    with closing(sqlite3.connect(home.database, isolation_level=None)) as database:
        database.execute("UPDATE documents SET doc_name = id, doc_url = '', text = ''")
        database.execute("UPDATE documents SET text = ? WHERE id IN (8, 15)", ("大" * 2000,))
    async with opened(home, home.database) as source:
        sizes = [
            (len(batch.rows), batch.size) async for batch in rows.Rows(metadata.tables["documents"]).batches(source)
        ]
    assert sum(count for count, _ in sizes) == ROWS
    assert [count for count, size in sizes if size > 1000] == [1, 1]


async def test_a_home_in_use_is_not_moved(world):
    other = Home(world.home.path)
    other.acquire()
    with pytest.raises(HomeInUse):
        await world.move()
    other.release()


async def test_what_a_killed_server_left_in_its_log_is_moved(world):
    """Its last rows stand in the write-ahead log only."""
    live = sqlite3.connect(world.home.database, isolation_level=None)
    live.execute("PRAGMA wal_autocheckpoint = 0")
    live.execute("UPDATE documents SET text = '只在日志里' WHERE id = 1")
    crashed = world.home.path.with_name("crashed")
    shutil.copytree(world.home.path, crashed)
    live.close()
    world.home = Home(crashed)
    await world.move()
    async with world.target.read(EVERYTHING) as tx:
        assert await tx.value(text("SELECT text FROM documents WHERE id = 1")) == "只在日志里"


async def test_an_older_home_is_moved_in_the_newest_form(world):
    """Its own database stays as old as it was."""
    world.home.database.unlink()
    engine = create_engine(f"sqlite:///{world.home.database}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0001")
        connection.execute(text("INSERT INTO chat_sessions VALUES (5, 't', '', 's', 'u', '旧', 0, 0, 0)"))
    engine.dispose()
    await world.move()
    assert world.sql("SELECT version_num FROM alembic_version") == [("0001",)]
    async with world.target.read(EVERYTHING) as tx:
        assert await tx.value(text("SELECT title FROM chat_sessions WHERE id = 5")) == "旧"


@pytest.fixture
async def shelf(home, s3):
    """Files in the home's folder, and a bucket to move them to."""
    with closing(sqlite3.connect(home.database, isolation_level=None)) as database:
        database.execute("DELETE FROM files")
    source = Database(sqlite_url(home.database))
    kept = StoredFiles(source, open_store(StorageSettings(), home.path), Links("http://h", b"k" * 16, 60))
    bodies = {}
    for number in range(11):
        path = home.path.with_name("upload")
        path.write_bytes(os.urandom(number * 700_000))
        file = await kept.keep(Scope("t"), path, f"{number}.bin", "application/octet-stream")
        bodies[file.id] = path.read_bytes()
    await source.close()
    prefix = new_id()
    settings = StorageSettings(**s3.settings(f"s3://wenshu/{prefix}"))
    return bodies, open_store(settings, home.path), prefix


async def test_every_file_is_moved_and_read_back(world, shelf, s3):
    bodies, objects, prefix = shelf
    before = snapshot_of(world.home.path)
    steps = await world.move(database=False, objects=objects)
    assert s3.keys(prefix) == {f"{prefix}/{key}": len(body) for key, body in bodies.items()}
    for key, body in bodies.items():
        assert b"".join([piece async for piece in await objects.open(key)]) == body
    assert (world.outcome.files, world.outcome.bytes) == (11, sum(map(len, bodies.values())))
    assert {step.stage for step in steps} == {"files", "compare-files"}
    assert steps[-1].done == steps[-1].total == world.outcome.bytes
    assert snapshot_of(world.home.path) == before
    await world.move(database=False, objects=objects)  # nothing is left to do, and that is no fault


async def test_files_go_on_where_they_were_and_half_a_file_is_written_again(world, shelf, s3):
    bodies, objects, prefix = shelf
    for until in (2, 3):
        with pytest.raises(Killed):
            await world.move(database=False, objects=objects, until=until)
    some = next(key for key, body in bodies.items() if body)
    await objects.put(some, b"half")
    await world.move(objects=objects)
    assert s3.keys(prefix) == {f"{prefix}/{key}": len(body) for key, body in bodies.items()}
    assert {found.name for found in world.outcome.tables} == MOVED


async def test_a_bucket_that_holds_anything_else_is_refused(world, shelf, s3):
    _, objects, prefix = shelf
    foreign = new_id()
    await objects.put(foreign, b"somebody else's")
    with pytest.raises(MoveFailed, match="不为空"):
        await world.move(objects=objects)
    assert set(s3.keys(prefix)) == {f"{prefix}/{foreign}"}
    assert await world.target.tables() == frozenset()


async def test_a_file_that_is_not_the_same_in_the_end_is_found(world, shelf):
    bodies, objects, _ = shelf
    spoiled = max(bodies, key=lambda key: len(bodies[key]))
    await objects.put(spoiled, bytes(len(bodies[spoiled])))
    with pytest.raises(NotTheSame, match=spoiled):
        await world.move(objects=objects)


async def test_what_was_damaged_before_is_moved_as_it_is_and_told(world, shelf):
    bodies, objects, _ = shelf
    gone, torn, *_ = sorted(key for key, body in bodies.items() if body)
    (world.home.path / "objects" / gone).unlink()
    (world.home.path / "objects" / torn).write_bytes(b"torn")
    await world.move(database=False, objects=objects)
    assert sorted(world.outcome.damaged) == [gone, torn]
