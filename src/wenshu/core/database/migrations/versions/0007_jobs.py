"""Durable jobs and their progress."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_READY = sa.text("state = 'queued' AND run_after IS NULL")
_WAITING = sa.text("state = 'queued' AND run_after IS NOT NULL")
_RUNNING = sa.text("state = 'running'")


def upgrade() -> None:
    """Apply."""
    _jobs()
    _events()


def _owner() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("tenant_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
    )


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), nullable=False),
        *_owner(),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("result", sa.JSON),
        sa.Column("error", sa.JSON),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("run_after", Instant),
        sa.Column("cancel_asked", sa.Boolean, nullable=False),
        sa.Column("progress_done", sa.Integer, nullable=False),
        sa.Column("progress_total", sa.Integer, nullable=False),
        sa.Column("trace_id", sa.String(128), nullable=False),
        sa.Column("process_id", sa.String(64)),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("started_at", Instant),
        sa.Column("finished_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("tenant_code", "org_code", "kind", "key", name="uq_jobs_tenant_code_org_code_kind_key"),
    )
    op.create_index("ix_jobs_tenant_code_kind_created_at", "jobs", ["tenant_code", "kind", "created_at"])
    op.create_index("ix_jobs_finished_at", "jobs", ["finished_at"])
    for name, columns, where in (
        ("ix_jobs_ready", ["tenant_code", "priority", "created_at"], _READY),
        ("ix_jobs_waiting", ["run_after"], _WAITING),
        ("ix_jobs_running", ["tenant_code"], _RUNNING),
    ):
        op.create_index(name, "jobs", columns, sqlite_where=where, postgresql_where=where)


def _events() -> None:
    op.create_table(
        "progress_events",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        *_owner(),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("is_final", sa.Boolean, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("subject", "number", name="pk_progress_events"),
    )
    op.create_index("ix_progress_events_created_at", "progress_events", ["created_at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("progress_events")
    op.drop_table("jobs")
