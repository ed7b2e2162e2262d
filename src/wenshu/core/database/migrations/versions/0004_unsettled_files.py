"""A file's row says whether its object is being written, there, or on its way out."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there already has settled."""
    op.add_column("files", sa.Column("state", sa.String(8), nullable=False, server_default="kept"))
    unsettled = sa.text("state != 'kept'")
    op.create_index(
        "ix_files_unsettled", "files", ["state", "created_at"], sqlite_where=unsettled, postgresql_where=unsettled
    )


def downgrade() -> None:
    """Undo; what has not settled is forgotten."""
    op.execute("DELETE FROM files WHERE state != 'kept'")
    op.drop_index("ix_files_unsettled", "files")
    with op.batch_alter_table("files") as files:
        files.drop_column("state")
