"""A look at the database before it is used: is it there, and is it one that Wenshu can run on."""

from sqlalchemy import text

from wenshu.core.database.engine import Database, SchemaNewer
from wenshu.core.database.scope import EVERYTHING

LEAST_POSTGRESQL = 13
STEPS_SCHEMA = "wenshu_jobs"
"""Where the engine of durable jobs has its tables."""


async def examine(database: Database) -> tuple[str, list[str]]:
    """What answers there, and what is wrong with it; no faults where it can be used.

    Raises DatabaseUnavailable where nothing answers, with the driver's error as its cause.
    """
    faults: list[str] = []
    async with database.read(EVERYTHING) as tx:
        if not database.shared:
            return f"SQLite {await tx.value(text('SELECT sqlite_version()'))}", await _newer(database)
        row = await tx.first(text(_POSTGRESQL).bindparams(steps_schema=STEPS_SCHEMA))
    assert row is not None  # noqa: S101 (a select without FROM has one row)
    if row.version < LEAST_POSTGRESQL * 10_000:
        faults.append(f"需要 PostgreSQL {LEAST_POSTGRESQL} 或更新 needs {LEAST_POSTGRESQL} or newer")
    if row.encoding != "UTF8":
        faults.append(f"数据库编码为 {row.encoding}，需要 UTF8 the database's encoding must be UTF8")
    if not row.creates:
        faults.append("该用户不能在其模式中建表 the user may not create tables: GRANT CREATE ON SCHEMA public")
    if not row.steps:
        faults.append(
            f"该用户不能使用或建立后台任务的模式 {STEPS_SCHEMA} the user may not make the schema of the jobs' steps: "
            "GRANT CREATE ON DATABASE"
        )
    if row.reads:
        faults += await _newer(database)
    else:
        faults.append("该用户不能读取已有的数据表 the user may not read the tables that are there")
    return f"PostgreSQL {row.shown.split()[0]}", faults


async def _newer(database: Database) -> list[str]:
    try:
        await database.refuse_newer()
    except SchemaNewer as error:
        return [error.message]
    return []


_POSTGRESQL = """
SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_version') AS shown,
       current_setting('server_encoding') AS encoding,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS creates,
       coalesce(has_table_privilege(to_regclass('alembic_version'), 'SELECT'), true) AS reads,
       coalesce(
           (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = :steps_schema),
           has_database_privilege(current_database(), 'CREATE')
       ) AS steps
"""
