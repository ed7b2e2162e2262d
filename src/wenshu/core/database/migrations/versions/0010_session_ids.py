"""Session ids are unique in their tenant: whether server-wide, too, is judged where they are made."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_EVERYWHERE = "uq_chat_sessions_session_id"
_IN_TENANT = "uq_chat_sessions_tenant_code_session_id"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("chat_sessions") as table:
        table.drop_constraint(_EVERYWHERE, type_="unique")
        table.create_unique_constraint(_IN_TENANT, ["tenant_code", "session_id"])
    op.create_index("ix_chat_sessions_session_id", "chat_sessions", ["session_id"])


def downgrade() -> None:
    """Undo; raises where two tenants have a session of the same id."""
    taken_twice = "SELECT session_id FROM chat_sessions GROUP BY session_id HAVING count(*) > 1"
    if op.get_bind().execute(sa.text(taken_twice)).first() is not None:
        raise ValueError("two tenants have a session of the same id")
    op.drop_index("ix_chat_sessions_session_id", "chat_sessions")
    with op.batch_alter_table("chat_sessions") as table:
        table.drop_constraint(_IN_TENANT, type_="unique")
        table.create_unique_constraint(_EVERYWHERE, ["session_id"])
