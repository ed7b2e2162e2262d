"""Forms: definitions, tasks, deliveries and the secrets that sign them."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant, Key

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def _owner() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("tenant_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
    )


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "forms",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        *_owner(),
        sa.Column("form_code", sa.String(128), nullable=False),
        sa.Column("definition", sa.JSON, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_forms"),
        sa.UniqueConstraint("tenant_code", "org_code", "form_code", name="uq_forms_tenant_code_org_code_form_code"),
    )
    op.create_table(
        "form_tasks",
        sa.Column("id", sa.String(36), nullable=False),
        *_owner(),
        sa.Column("form_code", sa.String(128), nullable=False),
        sa.Column("definition", sa.JSON, nullable=False),
        sa.Column("utterance", sa.Text, nullable=False),
        sa.Column("reference_time", sa.String(40), nullable=False),
        sa.Column("callback_url", sa.Text),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("outcome", sa.JSON),
        sa.Column("evidence", sa.Boolean, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_form_tasks"),
    )
    op.create_index("ix_form_tasks_expires_at", "form_tasks", ["expires_at"])
    op.create_table(
        "form_deliveries",
        sa.Column("id", sa.String(32), nullable=False),
        *_owner(),
        sa.Column("task_id", sa.String(36), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("due_at", Instant, nullable=False),
        sa.Column("give_up_at", Instant, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("finished_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_form_deliveries"),
        sa.ForeignKeyConstraint(["task_id"], ["form_tasks.id"], ondelete="CASCADE", name="fk_form_deliveries_task_id"),
        sa.UniqueConstraint("task_id", name="uq_form_deliveries_task_id"),
    )
    op.create_index("ix_form_deliveries_state_due_at", "form_deliveries", ["state", "due_at"])
    op.create_index("ix_form_deliveries_tenant_code_created_at", "form_deliveries", ["tenant_code", "created_at"])
    op.create_table(
        "webhook_secrets",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        *_owner(),
        sa.Column("secret", sa.String(80), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_secrets"),
        sa.UniqueConstraint("tenant_code", "org_code", name="uq_webhook_secrets_tenant_code_org_code"),
    )


def downgrade() -> None:
    """Undo."""
    for table in ("webhook_secrets", "form_deliveries", "form_tasks", "forms"):
        op.drop_table(table)
