"""What documents state, as rows: documents that are there get theirs when they are stored anew or reindexed."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Key

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "facts",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("tenant_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("generation", Key, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("subject_key", sa.String(64), nullable=False),
        sa.Column("attribute", sa.String(64), nullable=False),
        sa.Column("attribute_key", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("value_key", sa.String(64), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("unit", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("context", sa.Text, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("line_start", sa.Integer, nullable=False),
        sa.Column("line_end", sa.Integer, nullable=False),
        sa.Column("table_number", sa.Integer, nullable=False),
        sa.Column("row_number", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_facts"),
    )
    op.create_index("ix_facts_generation", "facts", ["generation"])
    op.create_index("ix_facts_tenant_code_subject_key", "facts", ["tenant_code", "subject_key"])
    op.create_index("ix_facts_tenant_code_value_key", "facts", ["tenant_code", "value_key"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("facts")
