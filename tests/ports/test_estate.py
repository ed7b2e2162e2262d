"""Exports and erasures of a tenant and of a person, over rows in every table that there is."""

import json
from contextlib import asynccontextmanager
from datetime import timedelta
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import UniqueConstraint, insert, select

from durable import Room
from everything import value
from parts import index_of
from wenshu.core.auth.audit import Audit
from wenshu.core.auth.revoked import Revocations
from wenshu.core.auth.tables import audit_entries, users
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index.port import Entry, Item
from wenshu.core.jobs.retention import Retention
from wenshu.core.jobs.rules import Rules
from wenshu.core.settings import StorageSettings
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import Links
from wenshu.core.storage.store import open_store
from wenshu.kit import clock
from wenshu.knowledge.catalog import Catalog
from wenshu.server.holdings import ERASED, INTERNAL, LASTING, PERSONAL, holdings
from wenshu.server.move.tables import set_sequence
from wenshu.services.operations.estate import ERASURE, EXPORT, person
from wenshu.services.operations.exporting import MEDIA_TYPE
from wenshu.services.operations.parts import Operations
from wenshu.services.operations.run import register

ROWS = 8
T, U = Scope("t"), Scope("u")
SETTLED = {
    "files": {"state": "kept", "media_type": "text/plain"},
    "revocations": {"expires_at": clock.now() + timedelta(days=1)},
    "tenants": {"is_disabled": False},
    "users": {"is_disabled": False},
    "jobs": {"state": "succeeded", "attempts": 1},
}
OUTSIDE = {"passages", "passage_vectors", "passage_owners"}
"""Where the index is the database these are filled by it alone."""


@pytest.fixture
async def tables(database):
    there = await database.tables()
    return [table for table in holdings().tables if table.name in there and table.name not in OUTSIDE]


@pytest.fixture
async def filled(database, tables, tmp_path):
    """A folder, beside a database with rows of t and u by turns in every table, half of the sessions of one person."""
    for table in tables:
        async with database.write(EVERYTHING) as tx:
            await tx.run(table.delete())
            for number in range(ROWS):
                row = {column.name: value(table, column, number) for column in table.columns}
                of_t = number % 2 == 1
                if number < 2 or not one_of_a_tenant(table):
                    row["tenant_code"] = "t" if of_t else "u"
                row |= SETTLED.get(table.name, {})
                if table.name == "chat_sessions":
                    row["user_id"] = "somebody" if number < 4 else "another"
                if table.name == "users":
                    row["is_operator"] = not of_t
                await tx.run(insert(table).values(row))
        await set_sequence(database, table)
    return tmp_path


def one_of_a_tenant(table):
    """Whether a tenant has one row at most, or few."""
    unique = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    alone = any(constraint.columns.keys() == ["tenant_code"] for constraint in unique)
    return alone or "tenant_code" in table.primary_key.columns


@asynccontextmanager
async def house(database, folder):
    """One process that exports and erases."""
    objects = open_store(StorageSettings(), folder)
    room, rules = Room(database, folder), Rules(database)
    async with index_of(database, folder) as index:
        parts = Operations(
            database=database,
            jobs=room.jobs,
            rules=rules,
            audit=Audit(database),
            revocations=Revocations(database, timedelta(minutes=15)),
            catalog=Catalog(database, index),
            files=Files(database, objects, Links("http://x", b"0" * 32, 60)),
            holdings=holdings(),
            zone=ZoneInfo("Asia/Shanghai"),
        )
        register(room.kinds, parts)
        async with room.working() as worker:
            Retention(database, worker._engine, timedelta(days=365), rules)
            yield room, parts


async def done(room, scope, kind, **payload):
    (job,) = await room.over(scope, await room.accept(scope, kind, {"actor": "user:admin", **payload}))
    assert job.state == "succeeded", job.error
    return job


async def rows(database, tables, tenant):
    """Table → its rows of the tenant."""
    found = {}
    for table in tables:
        async with database.read(EVERYTHING) as tx:
            found[table.name] = await tx.all(select(table).where(table.c.tenant_code == tenant))
    return found


def counts(found):
    return {name: len(rows) for name, rows in found.items()}


def read(folder, file_id):
    with ZipFile(folder / "objects" / file_id) as archive:
        lines = {
            name.split("/")[1].removesuffix(".jsonl"): [json.loads(line) for line in archive.read(name).splitlines()]
            for name in archive.namelist()
            if name.startswith("rows/")
        }
        files = {name: archive.read(name) for name in archive.namelist() if name.startswith("files/")}
        return lines, files, json.loads(archive.read("manifest.json"))


async def test_a_tenant_is_exported_whole_and_nobody_else(database, tables, filled):
    theirs = await rows(database, tables, "t")
    kept = theirs["files"][0].id
    (filled / "objects").mkdir()
    (filled / "objects" / kept).write_text("正文", "utf-8")
    async with house(database, filled) as (room, parts):
        job = await done(room, Scope(), EXPORT, tenant="t")
        again = await done(room, Scope(), EXPORT, tenant="t")
        file = await parts.files.find(job.result["file_id"], T)
        assert file.media_type == MEDIA_TYPE
    lines, files, manifest = read(filled, job.result["file_id"])
    wanted = {name: count for name, count in counts(theirs).items() if name not in INTERNAL}
    assert {name: len(found) for name, found in lines.items()} == wanted
    assert {row["tenant_code"] for found in lines.values() for row in found} == {"t"}
    assert files == {f"files/{kept}": "正文".encode()}
    assert {item["id"] for item in manifest["files"] if item.get("missing")} == {
        row.id for row in theirs["files"] if row.id != kept
    }
    assert not [row for row in lines["users"] if "password_hash" in row]
    assert not [row for row in lines["api_keys"] if "digest" in row]
    # An export is no part of the next one.
    assert len(read(filled, again.result["file_id"])[2]["files"]) == len(manifest["files"])


async def test_a_tenant_is_erased_and_nobody_else(database, tables, filled):
    other = counts(await rows(database, tables, "u"))
    (filled / "objects").mkdir()
    before = await rows(database, tables, "t")
    for row in before["files"]:
        (filled / "objects" / row.id).write_text("正文", "utf-8")
    async with house(database, filled) as (room, parts):
        item = passage_of(before["documents"][0])
        async with database.write(T) as tx:
            await parts.catalog.index.within(tx if parts.catalog.index.in_database else None).put(T, [item])
        job = await done(room, Scope(), ERASURE, tenant="t")
    left = await rows(database, tables, "t")
    assert {name for name, found in left.items() if found} <= set(LASTING)
    assert not left["files"]
    assert list((filled / "objects").iterdir()) == []
    now = counts(await rows(database, tables, "u"))
    assert now == other
    assert job.result["rows"]["chat_messages"] == len(before["chat_messages"])
    assert job.result["rows"]["documents"] == len(before["documents"])
    async with database.read(EVERYTHING) as tx:
        (entry,) = await tx.all(select(audit_entries).where(audit_entries.c.action == "tenant.erase"))
    assert (entry.tenant_code, entry.actor, entry.target) == ("", "user:admin", "t")
    assert entry.details == job.result["rows"]


def passage_of(document):
    entry = Entry(
        collection="DOC",
        generation=document.generation,
        ordinal=0,
        name="甲.txt",
        title="",
        heading="",
        body="正文",
        source="",
        start=0,
        end=2,
        page=None,
    )
    return Item(entry, " 正文")


async def test_a_person_is_exported(database, filled):
    async with house(database, filled) as (room, _):
        job = await done(room, T, EXPORT, user_id="somebody")
    lines, files, manifest = read(filled, job.result["file_id"])
    assert set(lines) == set(PERSONAL) - set(INTERNAL)
    assert {row["user_id"] for row in lines["chat_sessions"]} == {"somebody"}
    assert {row["session_key"] for row in lines["chat_messages"]} == {row["id"] for row in lines["chat_sessions"]}
    assert {row["tenant_code"] for found in lines.values() for row in found} == {"t"}
    assert len(lines["chat_sessions"]) == 2
    assert (files, manifest["user_id"]) == ({}, "somebody")


async def test_a_person_is_erased_with_their_account(database, tables, filled):
    before = {tenant: await rows(database, tables, tenant) for tenant in "tu"}
    account = before["t"]["users"][0]
    async with house(database, filled) as (room, _):
        job = await done(room, T, ERASURE, user_id="somebody")
        assert job.result["rows"] == {"chat_sessions": 2, "chat_messages": 2, "chat_turns": 2}
        again = await done(room, T, ERASURE, user_id=account.username)
        assert again.result["rows"]["users"] == 1
        assert "somebody" not in repr(await room.jobs.get(T, job.id))
        assert account.username not in repr(await room.jobs.get(T, again.id))
    after = {tenant: await rows(database, tables, tenant) for tenant in "tu"}
    assert counts(after["u"]) == counts(before["u"])
    assert {row.user_id for row in after["t"]["chat_sessions"]} == {"another"}
    assert account.id not in {row.id for row in after["t"]["users"]}
    changed = {name for name in after["t"] if len(after["t"][name]) < len(before["t"][name])}
    assert changed <= set(ERASED)
    assert {row.subject for row in after["t"]["revocations"]} >= {f"user:{account.id}"}
    told = [row for row in after["t"]["audit_entries"] if row.action == "person.erase"]
    assert [row.target for row in told] == [person("somebody"), person(account.username)]


async def test_the_last_operator_stays(database, filled):
    async with house(database, filled) as (room, _):
        (job,) = await room.over(Scope(), await room.accept(Scope(), ERASURE, {"actor": "x", "tenant": "u"}))
    assert job.state == "failed"
    assert "运维管理员" in job.error["message"]
    async with database.read(EVERYTHING) as tx:
        assert len(await tx.all(select(users).where(users.c.tenant_code == "u"))) == ROWS // 2
