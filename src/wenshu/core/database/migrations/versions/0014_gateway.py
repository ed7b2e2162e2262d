"""The gateway: what tenants have set, system memories, usage, calls; secrets of keys, sealed."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant, Key

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _owned() -> tuple[sa.Column[int], sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("tenant_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
    )


def upgrade() -> None:
    """Apply."""
    op.add_column("api_keys", sa.Column("sealed_secret", sa.LargeBinary))
    op.create_table(
        "gateway_setups",
        *_owned(),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("aliases", sa.JSON, nullable=False),
        sa.Column("blocked", sa.JSON, nullable=False),
        sa.Column("allowed", sa.JSON, nullable=False),
        sa.Column("day_tokens", sa.BigInteger),
        sa.Column("month_tokens", sa.BigInteger),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_setups"),
        sa.UniqueConstraint("tenant_code", name="uq_gateway_setups_tenant_code"),
    )
    op.create_table(
        "gateway_memories",
        *_owned(),
        sa.Column("memory_id", sa.String(64), nullable=False),
        sa.Column("app_id", sa.String(128), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("dialogues", sa.JSON, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_memories"),
        sa.UniqueConstraint("memory_id", name="uq_gateway_memories_memory_id"),
    )
    op.create_index("ix_gateway_memories_tenant_code_org_code", "gateway_memories", ["tenant_code", "org_code"])
    _usage()


def _usage() -> None:
    same = ["tenant_code", "org_code", "day", "caller", "model"]
    op.create_table(
        "gateway_usage",
        *_owned(),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("caller", sa.String(160), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("completion_tokens", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_usage"),
        sa.UniqueConstraint(*same, name=f"uq_gateway_usage_{'_'.join(same)}"),
    )
    op.create_table(
        "gateway_calls",
        *_owned(),
        sa.Column("at", Instant, nullable=False),
        sa.Column("caller", sa.String(160), nullable=False),
        sa.Column("path", sa.String(255), nullable=False),
        sa.Column("asked_model", sa.String(128), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("completion_tokens", sa.BigInteger, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("trace_id", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_calls"),
    )
    op.create_index("ix_gateway_calls_tenant_code_at", "gateway_calls", ["tenant_code", "at"])
    op.create_index("ix_gateway_calls_at", "gateway_calls", ["at"])


def downgrade() -> None:
    """Undo."""
    for table in ("gateway_calls", "gateway_usage", "gateway_memories", "gateway_setups"):
        op.drop_table(table)
    op.drop_column("api_keys", "sealed_secret")
