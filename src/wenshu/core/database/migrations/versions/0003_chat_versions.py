"""Chat: versions of an answer, stopped answers, what readers thought of them, and uploads kept for one more answer."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant, Key

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Columns are added, never a table made anew: that would cascade into the rows that refer to it."""
    for column in (
        sa.Column("question_key", Key),
        sa.Column("superseded", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("stopped", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("rating", sa.String(8)),
        sa.Column("comment", sa.Text),
        sa.Column("rated_at", Instant),
    ):
        op.add_column("chat_messages", column)
    op.execute(
        "UPDATE chat_messages SET question_key ="
        " (SELECT t.question_key FROM chat_turns t WHERE t.answer_key = chat_messages.id)"
    )
    op.create_index("ix_chat_messages_tenant_code_rated_at", "chat_messages", ["tenant_code", "rated_at"])
    op.create_index("ix_chat_messages_question_key", "chat_messages", ["question_key"])
    op.add_column("chat_turns", sa.Column("stop_requested", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("chat_turns", sa.Column("uploads", sa.JSON))


def downgrade() -> None:
    """Undo."""
    op.drop_column("chat_turns", "uploads")
    op.drop_column("chat_turns", "stop_requested")
    op.drop_index("ix_chat_messages_question_key", "chat_messages")
    op.drop_index("ix_chat_messages_tenant_code_rated_at", "chat_messages")
    for name in ("rated_at", "comment", "rating", "stopped", "superseded", "question_key"):
        op.drop_column("chat_messages", name)
