"""A tenant's own synonyms; the nearest passages that an answer without one shows."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant, Key

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("chat_messages", sa.Column("nearest", sa.JSON))
    op.create_table(
        "synonyms",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        sa.Column("tenant_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("groups", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_synonyms"),
        sa.UniqueConstraint("tenant_code", "org_code", name="uq_synonyms_tenant_code_org_code"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("synonyms")
    op.drop_column("chat_messages", "nearest")
