"""The job of an export: every row and file that is held of a tenant or a person, in one ZIP file."""

import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import orjson
from sqlalchemy import ColumnElement, Table, select, true

from wenshu.core.auth.tables import users
from wenshu.core.database.engine import Transaction
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.running import RunningJob
from wenshu.core.storage.tables import files
from wenshu.kit import clock
from wenshu.kit.errors import NotFound
from wenshu.services.operations.holdings import rows_of
from wenshu.services.operations.parts import Operations

MEDIA_TYPE = "application/vnd.wenshu.export+zip"
"""Exports are files of the tenant themselves, and no part of the next export."""


async def export(parts: Operations, job: RunningJob) -> dict[str, Any]:
    """Write the file; its id, and how many rows of which table are in it."""
    result: dict[str, Any] = await job.step("write", partial(_write, parts, job))
    return result


async def ids_of(tx: Transaction, scope: Scope, user_id: str) -> list[str]:
    """What somebody goes by: the id of their account or of a caller's own, and their user name."""
    named = (users.c.id == user_id) | (users.c.username == user_id)
    row = await tx.first(select(users.c.id, users.c.username).where(named, scope.sees(users)))
    return list(dict.fromkeys([user_id, *(row or ())]))


async def _write(parts: Operations, job: RunningJob) -> dict[str, Any]:
    tenant, user_id = job.payload.get("tenant"), job.payload.get("user_id")
    scope = job.scope if tenant is None else Scope(tenant)
    with tempfile.TemporaryDirectory(prefix="wenshu-export-") as folder:
        path = Path(folder) / "export.zip"
        with ZipFile(path, "w", ZIP_DEFLATED) as archive:
            counts = await _rows(parts, job, scope, archive)
            held = await _files(parts, job, scope, archive) if user_id is None else []
            manifest = {
                "tenant": scope.tenant,
                "user_id": user_id,
                "created_at": clock.local_iso(clock.now(), parts.zone),
                "rows": counts,
                "files": held,
                "left_out": dict(parts.holdings.internal),
            }
            archive.writestr("manifest.json", orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        kept = await parts.files.keep(scope, path, f"export-{scope.tenant}.zip", MEDIA_TYPE)
    return {"file_id": kept.id, "size": kept.size, "rows": sum(counts.values()), "files": len(held)}


async def _rows(parts: Operations, job: RunningJob, scope: Scope, archive: ZipFile) -> dict[str, int]:
    """One state of all tables, a JSON object a line."""
    counts: Counter[str] = Counter()
    tables = await parts.holdings.present(parts.database)
    user_id = job.payload.get("user_id")
    async with parts.database.read(scope) as tx:
        ids = [] if user_id is None else await ids_of(tx, scope, user_id)
        for table in tables:
            owned = _owned(parts, scope, table, ids)
            if owned is None:
                continue
            job.check()
            with archive.open(f"rows/{table.name}.jsonl", "w", force_zip64=True) as target:
                async for row in rows_of(tx, scope, table, owned):
                    line = parts.holdings.handed_out(table, row)
                    target.write(orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE))
                    counts[str(table.name)] += 1
    return dict(counts)


def _owned(parts: Operations, scope: Scope, table: Table, ids: list[str]) -> ColumnElement[bool] | None:
    """Which rows of the table are asked for; None: it has nothing for people, or nothing of this person."""
    if table.name in parts.holdings.internal:
        return None
    if not ids:
        return files.c.media_type != MEDIA_TYPE if table is files else true()
    found = parts.holdings.personal.get(table.name)
    return None if found is None else found(scope, ids)


async def _files(parts: Operations, job: RunningJob, scope: Scope, archive: ZipFile) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = []
    wanted = (files.c.media_type != MEDIA_TYPE) & (files.c.state == "kept")
    async with parts.database.read(scope) as tx:
        rows = [row async for row in rows_of(tx, scope, files, wanted)]
    for row in rows:
        job.check()
        # Names are people's: the id is the path, the manifest has the name.
        item = {"id": row.id, "path": f"files/{row.id}", "name": row.name, "size": row.size, "sha256": row.sha256}
        try:
            pieces = await parts.files.read(row.id)
        except NotFound:
            listed.append(item | {"missing": True})
            continue
        with archive.open(item["path"], "w", force_zip64=True) as target:
            async for piece in pieces:
                target.write(piece)
        listed.append(item)
    return listed
