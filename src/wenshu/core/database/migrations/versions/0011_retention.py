"""Retention: what each tenant lets go after how many days, and where its audit log begins since."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "retention_rules",
        sa.Column("tenant_code", sa.String(128), nullable=False),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant_code", "kind", name="pk_retention_rules"),
    )
    op.add_column("audit_heads", sa.Column("trimmed", sa.Integer, nullable=False, server_default="0"))
    op.add_column("audit_heads", sa.Column("trimmed_hash", sa.String(64), nullable=False, server_default=""))


def downgrade() -> None:
    """Undo; a log that was trimmed does not verify any more."""
    op.drop_column("audit_heads", "trimmed_hash")
    op.drop_column("audit_heads", "trimmed")
    op.drop_table("retention_rules")
