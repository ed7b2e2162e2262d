"""Imports of many documents, and what each document was parsed from."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant, Key

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("documents", sa.Column("digest", sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "import_items",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("tenant_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("import_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("doc_name", sa.String(255), nullable=False),
        sa.Column("doc_url", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("finished_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_import_items"),
        sa.ForeignKeyConstraint(["import_id"], ["jobs.id"], ondelete="CASCADE", name="fk_import_items_import_id"),
        sa.UniqueConstraint("import_id", "position", name="uq_import_items_import_id_position"),
    )
    op.create_index("ix_import_items_import_id_state_position", "import_items", ["import_id", "state", "position"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("import_items")
    op.drop_column("documents", "digest")
