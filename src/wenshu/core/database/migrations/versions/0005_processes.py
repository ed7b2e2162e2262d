"""The registry of live processes, and which of them answers a question."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "processes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_processes"),
    )
    op.create_index("ix_processes_seen_at", "processes", ["seen_at"])
    op.add_column("chat_turns", sa.Column("process_id", sa.String(32)))


def downgrade() -> None:
    """Undo."""
    op.drop_column("chat_turns", "process_id")
    op.drop_table("processes")
