"""The tables of durable work: what people see of it. The engine keeps its own log of finished steps elsewhere."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, UniqueConstraint, text

from wenshu.core.database.schema import Instant, metadata, owner_columns

READY = text("state = 'queued' AND run_after IS NULL")
WAITING = text("state = 'queued' AND run_after IS NOT NULL")
RUNNING = text("state = 'running'")
"""Conditions of the partial indexes: a query finds its index only by the same words, without parameters."""

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    *owner_columns(),
    Column("kind", String(64), nullable=False),
    Column("key", String(200)),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("payload", JSON(none_as_null=True), nullable=False),
    Column("result", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("run_after", Instant),
    Column("cancel_asked", Boolean, nullable=False),
    Column("progress_done", Integer, nullable=False),
    Column("progress_total", Integer, nullable=False),
    Column("trace_id", String(128), nullable=False),
    Column("process_id", String(64)),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    UniqueConstraint("tenant_code", "org_code", "kind", "key"),
    Index(None, "tenant_code", "kind", "created_at"),
    Index("ix_jobs_ready", "tenant_code", "priority", "created_at", sqlite_where=READY, postgresql_where=READY),
    Index("ix_jobs_waiting", "run_after", sqlite_where=WAITING, postgresql_where=WAITING),
    Index("ix_jobs_running", "tenant_code", sqlite_where=RUNNING, postgresql_where=RUNNING),
    Index(None, "finished_at"),
)
"""``key`` makes accepting idempotent. ``run_after`` is empty once the job may run. ``attempts`` counts the runs begun,
``failures`` those in a row that ended, by an error or with their process, without one more finished step. ``error`` is
``{"code", "message"}``; ``process_id`` is whose run it is."""

progress_events = Table(
    "progress_events",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    *owner_columns(),
    Column("data", JSON, nullable=False),
    Column("is_final", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False, index=True),
)
"""What happened to a subject, such as a job, numbered from 1 for each; only ever appended to."""

retention_rules = Table(
    "retention_rules",
    metadata,
    Column("tenant_code", String(128), primary_key=True),
    Column("org_code", String(128), nullable=False, server_default=""),
    Column("kind", String(32), primary_key=True),
    Column("days", Integer, nullable=False),
)
"""What a tenant lets go once it is older than so many days; a kind without a row is kept for ever."""
