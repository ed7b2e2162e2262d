"""Every query of a tenant-owned table names a scope, and nothing slow is awaited while a write transaction is open."""

import ast
from pathlib import Path

import wenshu.core.auth.tables
import wenshu.core.index.tables
import wenshu.core.jobs.tables
import wenshu.core.storage.tables
import wenshu.knowledge.tables
import wenshu.services.assistant.chat.tables
import wenshu.services.assistant.imports.tables
import wenshu.services.gateway.tables
from wenshu.core.database.schema import metadata

ROOT = Path(__file__).parents[2] / "src" / "wenshu"
SOURCES = [path for path in ROOT.rglob("*.py") if "migrations" not in path.parts and path.name != "tables.py"]
MODULES = (
    wenshu.core.auth.tables,
    wenshu.core.index.tables,
    wenshu.core.jobs.tables,
    wenshu.core.storage.tables,
    wenshu.knowledge.tables,
    wenshu.services.assistant.chat.tables,
    wenshu.services.assistant.imports.tables,
    wenshu.services.gateway.tables,
)
OWNED = {
    name
    for module in MODULES
    for name, value in vars(module).items()
    if value in metadata.tables.values() and "tenant_code" in value.c
}
NOBODYS = {"index_state", "processes"}  # the server's own: no row is made from a caller's words
STATEMENTS = {"select", "update", "delete", "insert"}
SCOPED = {"sees", "exactly", "stamp"}


def functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def called(node: ast.AST) -> set[str]:
    names = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            function = inner.func
            names.add(function.id if isinstance(function, ast.Name) else getattr(function, "attr", ""))
    return names


def names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def statement_calls(function: ast.AST):
    for inner in ast.walk(function):
        if isinstance(inner, ast.Call) and (
            (isinstance(inner.func, ast.Name) and inner.func.id in STATEMENTS)
            or (isinstance(inner.func, ast.Attribute) and inner.func.attr == "upsert")
        ):
            yield inner


def test_tables_are_known():
    assert {"files", "documents", "qa_pairs", "sessions", "messages", "turns", "passages", "jobs"} <= OWNED


def test_every_table_with_rows_of_tenants_is_owned():
    assert {name for name, table in metadata.tables.items() if "tenant_code" not in table.c} <= NOBODYS


def unscoped(path: Path):
    for function in functions(path):
        statements = [call for call in statement_calls(function) if names(call) & OWNED]
        if statements and not called(function) & SCOPED:
            yield f"{path}:{function.lineno} {function.name}"


def test_every_query_of_an_owned_table_takes_a_scope():
    assert not [fault for path in SOURCES for fault in unscoped(path)]


def test_an_unscoped_query_would_be_found(tmp_path):
    path = tmp_path / "leak.py"
    path.write_text("async def leak(tx):\n    return await tx.all(select(documents.c.text))\n")
    assert list(unscoped(path))
    path.write_text("async def leak(tx):\n    return await tx.upsert(documents, {}, key=())\n")
    assert list(unscoped(path))


def blocks(path: Path, kind: str):
    """Each ``async with ….read(…) as tx`` or ``….write(…) as tx``, with the name of its transaction."""
    for function in functions(path):
        for block in ast.walk(function):
            if not isinstance(block, ast.AsyncWith):
                continue
            for item in block.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == kind and item.optional_vars:
                    yield block, ast.unparse(item.optional_vars)


def slow_awaits(path: Path):
    """Awaits inside ``async with ….write(…) as tx`` that are neither on ``tx`` nor hand ``tx`` on."""
    for block, tx in blocks(path, "write"):
        for inner in ast.walk(block):
            if isinstance(inner, ast.Await) and tx not in names(inner):
                yield f"{path}:{inner.lineno} {ast.unparse(inner)}"


def test_nothing_slow_is_awaited_in_a_write():
    assert not [fault for path in SOURCES for fault in slow_awaits(path)]


def test_a_slow_await_would_be_found(tmp_path):
    path = tmp_path / "slow.py"
    path.write_text(
        "async def slow(db, f):\n    async with db.write(s) as tx:\n        await tx.run(q)\n        await f.fetch()\n"
    )
    assert len(list(slow_awaits(path))) == 1


def writes_in_reads(path: Path):
    """PostgreSQL refuses them, SQLite does not."""
    for block, tx in blocks(path, "read"):
        for inner in ast.walk(block):
            if isinstance(inner, ast.Call) and ast.unparse(inner.func) in {f"{tx}.run", f"{tx}.insert", f"{tx}.upsert"}:
                yield f"{path}:{inner.lineno} {ast.unparse(inner)}"


def test_nothing_is_written_in_a_read():
    assert not [fault for path in SOURCES for fault in writes_in_reads(path)]


def test_a_write_in_a_read_would_be_found(tmp_path):
    path = tmp_path / "write.py"
    path.write_text("async def wrong(db):\n    async with db.read(s) as tx:\n        await tx.run(q)\n")
    assert len(list(writes_in_reads(path))) == 1
