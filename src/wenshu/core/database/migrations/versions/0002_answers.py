"""What a question was searched as is kept with its answer."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("chat_messages", sa.Column("searched", sa.Text))


def downgrade() -> None:
    """Undo."""
    op.drop_column("chat_messages", "searched")
