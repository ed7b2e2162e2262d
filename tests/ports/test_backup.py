"""Backups of every table and file, from either database into either; what is damaged, newer or not empty is refused."""

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from sqlalchemy import insert, select, text, update

from everything import fill
from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.migrations import revisions, tables_at
from wenshu.core.database.schema import metadata
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.settings import load
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import Links
from wenshu.core.storage.store import open_store
from wenshu.core.storage.tables import files
from wenshu.knowledge.tables import documents, qa_pairs
from wenshu.server.backup import backup as backing_up
from wenshu.server.backup import restore as restoring
from wenshu.server.backup.archive import create
from wenshu.server.backup.faults import BackupFailed, Damaged, RestoreFailed
from wenshu.server.compose import Misconfigured
from wenshu.server.home import Home
from wenshu.server.move import rows
from wenshu.server.prepare import own

ROWS = 25
BODY = "差旅费须在返程后三日内提交。".encode() * 20_000
MADE_ANEW = {"index_state", "generations", "facts", "passages", "passage_owners", "passage_vectors"}
"""The index and what is known of it."""
OF_INDEX = {"generation", "chunks", "structure"}
"""What rows of the library say of their passages, which are made anew."""


class World:
    """A filled home, on either database, and empty places to restore it into."""

    def __init__(self, folder, postgres, monkeypatch):
        monkeypatch.chdir(folder)
        self.folder = folder
        self.archive = folder / "backup.zip"
        self._postgres = postgres
        self._names = []

    def settings(self, name, kind):
        """A home of this name over a database of its own."""
        url = ""
        if kind == "postgresql":
            self._names.append(self._postgres.create())
            url = self._postgres.url(self._names[-1])
        return load({"home": self.folder / name, "database": {"url": url}})

    async def filled(self, kind):
        settings = self.settings("old", kind)
        home = Home(settings.home)
        home.path.mkdir()
        database = opened(settings)
        await database.migrate()
        await fill(database, ROWS)
        async with database.write(EVERYTHING) as tx:
            await tx.run(update(documents).values(structure="", text="# 报销\n\n三日内提交。"))
            await tx.run(update(qa_pairs).values(question="何时报销？", answer="三日内。"))
        store = Files(database, open_store(settings.storage, home.path), Links("http://x", b"0" * 32, 60))
        (self.folder / "body").write_bytes(BODY)
        for name in ("甲.txt", "乙.txt"):
            await store.keep(Scope("t"), self.folder / "body", name, "text/plain")
        home.secret.write_text("ab" * 32)
        await database.close()
        return settings

    def close(self):
        for name in self._names:
            self._postgres.drop(name)


@pytest.fixture
def world(tmp_path, postgres, monkeypatch):
    monkeypatch.setattr(rows, "_ROWS", 7)
    made = World(tmp_path, postgres, monkeypatch)
    yield made
    made.close()


def opened(settings):
    return Database(settings.database.url.get_secret_value() or sqlite_url(Home(settings.home).database))


async def made(settings, path):
    outcome = backing_up.Outcome()
    steps = [step async for step in backing_up.back_up(settings, path, outcome)]
    return outcome.manifest, steps


async def restored(settings, path):
    outcome = restoring.Outcome()
    steps = [step async for step in restoring.restore(settings, path, outcome)]
    return outcome, steps


async def contents(settings):
    """Every row of every table that is backed up, in the order of its key; and the bytes of every file."""
    database = opened(settings)
    found = {}
    for name in sorted(set(metadata.tables) - MADE_ANEW):
        columns = [column for column in metadata.tables[name].c if column.name not in OF_INDEX]
        async with database.read(EVERYTHING) as tx:
            found[name] = sorted(map(repr, await tx.all(select(*columns))))
    objects = open_store(settings.storage, settings.home)
    async with database.read(EVERYTHING) as tx:
        ids = [row.id for row in await tx.all(select(files.c.id).where(files.c.state == "kept"))]
    found["objects"] = {key: b"".join([piece async for piece in await objects.open(key)]) for key in ids}
    await database.close()
    return found


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
@pytest.mark.parametrize("source", ["sqlite", "postgresql"])
async def test_everything_comes_back(world, source, target):
    old = await world.filled(source)
    manifest, steps = await made(old, world.archive)
    assert manifest.database == source
    assert {table.name: table.rows for table in manifest.tables} == {
        name: ROWS + 2 * (name == "files") for name in set(metadata.tables) - MADE_ANEW
    }
    assert manifest.files.size == 2 * len(BODY)
    assert [(step.done, step.total) for step in steps][-1] == (2 * len(BODY), 2 * len(BODY))
    assert world.archive.stat().st_mode & 0o777 == 0o600
    before = await contents(old)
    assert len(before["objects"]) == 2
    new = world.settings("new", target)
    outcome, steps = await restored(new, world.archive)
    assert outcome.index_fault == ""
    assert list(dict.fromkeys(step.stage for step in steps)) == [
        "verify",
        "rows",
        "compare-rows",
        "files",
        "compare-files",
        "index",
    ]
    assert await contents(new) == before == await contents(old)
    home = Home(new.home)
    assert home.secret.read_text() == "ab" * 32
    assert home.secret.stat().st_mode & 0o777 == 0o600
    assert not home.restoring.exists()
    own(home)
    home.release()
    # And new rows do not take the keys of old ones.
    database = opened(new)
    async with database.write(EVERYTHING) as tx:
        row = {"tenant_code": "n", "subject": "s", "before": None, "expires_at": None}
        kept = metadata.tables["revocations"]
        row |= {name: (await tx.first(select(kept.c[name])))[0] for name in ("before", "expires_at")}
        assert await tx.insert(insert(kept).values(row)) > ROWS
    await database.close()


async def test_a_bucket_is_filled_and_read(world, s3, monkeypatch):
    old = await world.filled("sqlite")
    await made(old, world.archive)
    before = await contents(old)
    for name, value in s3.environment(f"s3://wenshu/{world.folder.name}").items():
        monkeypatch.setenv(name, value)
    new = world.settings("new", "sqlite")
    await restored(new, world.archive)
    assert not (new.home / "objects").exists()
    assert await contents(new) == before
    again = world.folder / "again.zip"
    manifest, _ = await made(new, again)
    assert (manifest.files.count, manifest.files.missing, manifest.files.damaged) == (2, [], [])
    # The same files may be there, others may not.
    await restored(world.settings("third", "sqlite"), again)
    monkeypatch.setenv("WENSHU_STORAGE_URL", f"s3://wenshu/{world.folder.name}-with-more")
    other = world.settings("other", "sqlite")
    await open_store(other.storage, other.home).put("foreign", b"theirs")
    with pytest.raises(RestoreFailed, match="目标存储不为空"):
        await restored(other, again)
    assert not other.home.exists()


async def test_an_older_backup_is_brought_into_the_newest_form(world):
    settings = world.settings("old", "sqlite")
    Home(settings.home).path.mkdir()
    database = opened(settings)
    await database.migrate(revisions()[0])
    first = {table.name for table in tables_at(revisions()[0])}
    async with database.write(EVERYTHING) as tx:
        await tx.run(
            text(
                "INSERT INTO chat_sessions"
                " (tenant_code, session_id, user_id, title, created_at, updated_at, is_deleted)"
                " VALUES ('t', 's-1', 'u', '标题', 1, 1, 0)"
            )
        )
    await database.close()
    manifest, _ = await made(settings, world.archive)
    assert manifest.table_revision == revisions()[0]
    assert {table.name for table in manifest.tables} <= first
    for kind in ("sqlite", "postgresql"):
        new = world.settings(f"new-{kind}", kind)
        await restored(new, world.archive)
        database = opened(new)
        assert await database.revision() == revisions()[-1]
        async with database.read(EVERYTHING) as tx:
            assert await tx.value(text("SELECT title FROM chat_sessions")) == "标题"
        await database.close()


def rewritten(archive, into, change):
    """A copy of the archive with other contents, sound as a ZIP file."""
    with ZipFile(archive) as source, ZipFile(into, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                target.writestr(name, content)
    return into


def in_manifest(**values):
    return lambda name, content: json.dumps({**json.loads(content), **values}) if name == "manifest.json" else content


DAMAGES = {
    "a-row": lambda name, content: content.replace(b"t", b"u", 1) if name == "rows/files.jsonl" else content,
    "an-object": lambda name, content: content[:-1] + b"x" if name.startswith("objects/") else content,
    "the-list": lambda name, content: content[: len(content) // 2] if name == "files.jsonl" else content,
    "the-key": lambda name, content: b"cd" * 32 if name == "secret.key" else content,
    "missing": lambda name, content: None if name == "rows/jobs.jsonl" else content,
    "no-manifest": lambda name, content: None if name == "manifest.json" else content,
    "no-table": in_manifest(tables=[]),
    "nonsense": lambda name, content: b"[]" if name == "manifest.json" else content,
}


@pytest.fixture(scope="session")
def archive(tmp_path_factory, postgres):
    folder = tmp_path_factory.mktemp("archive")
    with pytest.MonkeyPatch.context() as monkeypatch:
        world = World(folder, postgres, monkeypatch)
        asyncio.run(make(world))
    return world.archive


async def make(world):
    await made(await world.filled("sqlite"), world.archive)


@pytest.mark.parametrize("damage", DAMAGES)
async def test_what_is_damaged_is_not_restored(world, archive, damage):
    new = world.settings("new", "sqlite")
    with pytest.raises(Damaged):
        await restored(new, rewritten(archive, world.archive, DAMAGES[damage]))
    assert not new.home.exists()


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.999])
async def test_what_was_cut_off_is_not_restored(world, archive, kept):
    content = archive.read_bytes()
    world.archive.write_bytes(content[: int(len(content) * kept)])
    new = world.settings("new", "sqlite")
    with pytest.raises(Damaged):
        await restored(new, world.archive)
    assert not new.home.exists()


async def test_a_flipped_bit_is_seen(world, archive):
    with ZipFile(archive) as opened:
        entry = next(info for info in opened.infolist() if info.filename.startswith("objects/"))
    content = bytearray(archive.read_bytes())
    content[entry.header_offset + 100 + entry.compress_size // 2] ^= 1
    world.archive.write_bytes(content)
    with pytest.raises(Damaged, match=entry.filename):
        await restored(world.settings("new", "sqlite"), world.archive)


@pytest.mark.parametrize(
    ("values", "said"),
    [({"format": 2, "release": "9.9"}, "9.9"), ({"table_revision": "9999", "release": "9.8"}, "9.8")],
)
async def test_what_a_later_release_wrote_is_refused(world, archive, values, said):
    new = world.settings("new", "sqlite")
    with pytest.raises(RestoreFailed, match=said):
        await restored(new, rewritten(archive, world.archive, in_manifest(**values)))
    assert not new.home.exists()


async def test_only_an_empty_place_is_filled(world, archive):
    with pytest.raises(RestoreFailed, match="无法读取"):
        await restored(world.settings("new", "sqlite"), world.folder / "nothing.zip")
    full = world.settings("full", "sqlite")
    full.home.mkdir()
    (full.home / "wenshu.sqlite3").write_text("mine")
    with pytest.raises(RestoreFailed, match="不为空"):
        await restored(full, archive)
    assert (full.home / "wenshu.sqlite3").read_text() == "mine"
    there = world.settings("there", "postgresql")
    database = opened(there)
    await database.migrate()
    async with database.write(EVERYTHING) as tx:
        await tx.run(text("INSERT INTO tenants VALUES ('t', 't', false, 0)"))
    with pytest.raises(RestoreFailed, match="tenants"):
        await restored(there, archive)
    async with database.read(EVERYTHING) as tx:
        assert await tx.value(text("SELECT count(*) FROM tenants")) == 1
    await database.close()
    assert not there.home.exists()


async def test_settings_may_stand_in_an_empty_home(world, archive):
    new = world.settings("new", "sqlite")
    new.home.mkdir()
    (new.home / "wenshu.toml").write_text("[log]\nlevel = 'error'\n")
    await restored(new, archive)
    assert (new.home / "wenshu.toml").exists()
    assert (new.home / "wenshu.sqlite3").exists()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_cut_short_it_is_begun_anew(world, archive, kind):
    new = world.settings("new", kind)
    stages = ["rows", "compare-rows", "files", "index"]
    for stage in stages:
        work = restoring.restore(new, archive, restoring.Outcome())
        async for step in work:
            if (step.stage, step.done > 0) == (stage, True):
                break
        await work.aclose()
        home = Home(new.home)
        assert [path.name for path in home.path.iterdir() if path.name != "lock"] == ["restoring"]
        with pytest.raises(Misconfigured, match="wenshu restore"):
            own(home)
    outcome, _ = await restored(new, archive)
    assert outcome.manifest is not None
    assert len((await contents(new))["objects"]) == 2


async def test_the_last_steps_may_be_cut_short(world, archive):
    new = world.settings("new", "sqlite")
    await restored(new, archive)
    home = Home(new.home)
    with restoring.read(archive) as backup:
        home.restoring.mkdir()
        (home.restoring / "whole").write_text(backup.digest)
    home.secret.rename(home.restoring / "secret.key")
    outcome, steps = await restored(new, archive)
    assert steps == []
    assert outcome.manifest is not None
    assert home.secret.exists()
    assert not home.restoring.exists()


async def test_no_backup_is_made_of_what_cannot_be_read(world):
    empty = world.settings("empty", "sqlite")
    with pytest.raises(BackupFailed, match="没有数据库"):
        await made(empty, world.archive)
    settings = await world.filled("sqlite")
    with closing(sqlite3.connect(Home(settings.home).database)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    with pytest.raises(BackupFailed, match="更新版本"):
        await made(settings, world.archive)
    assert not world.archive.exists()
    assert not [path for path in world.folder.iterdir() if "partial" in path.name]


async def test_nothing_is_overwritten(world, archive):
    shutil.copy(archive, world.archive)
    before = world.archive.read_bytes()
    settings = await world.filled("sqlite")
    with pytest.raises(BackupFailed, match="已存在"):
        await made(settings, world.archive)
    assert world.archive.read_bytes() == before
    other = world.folder / "other.zip"
    with create(other), pytest.raises(BackupFailed, match="另一个备份"):
        await made(settings, other)


async def test_files_that_are_gone_or_damaged_are_named(world):
    settings = await world.filled("sqlite")
    gone, damaged = sorted((settings.home / "objects").iterdir())
    gone.unlink()
    damaged.write_bytes(b"other")
    manifest, _ = await made(settings, world.archive)
    assert (manifest.files.missing, manifest.files.damaged) == ([gone.name], [damaged.name])
    new = world.settings("new", "sqlite")
    await restored(new, world.archive)
    assert (new.home / "objects" / damaged.name).read_bytes() == b"other"


async def test_a_backup_is_of_one_instant(world):
    settings = await world.filled("sqlite")
    outcome = backing_up.Outcome()
    work = backing_up.back_up(settings, world.archive, outcome)
    await anext(work)
    database = opened(settings)
    async with database.write(EVERYTHING) as tx:
        for table in reversed(metadata.sorted_tables):
            if table.name not in MADE_ANEW and table.name != "files":
                await tx.run(table.delete())
    await database.close()
    async for _ in work:
        pass
    assert {table.rows for table in outcome.manifest.tables} == {ROWS, ROWS + 2}
