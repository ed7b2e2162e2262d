"""Files, the material library and its embedded index, chat."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant, Key

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _files()
    _library()
    if op.get_bind().dialect.name == "sqlite":
        _index()
    _chat()


def _owner() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("tenant_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
    )


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("id", sa.String(32), nullable=False),
        *_owner(),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("media_type", sa.String(127), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
    )


def _library() -> None:
    op.create_table(
        "documents",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        *_owner(),
        sa.Column("doc_name", sa.String(255), nullable=False),
        sa.Column("doc_url", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("chunks", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("tenant_code", "org_code", "doc_name", name="uq_documents_tenant_code_org_code_doc_name"),
    )
    op.create_table(
        "qa_pairs",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        *_owner(),
        sa.Column("question_hash", sa.String(64), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_qa_pairs"),
        sa.UniqueConstraint(
            "tenant_code", "org_code", "question_hash", name="uq_qa_pairs_tenant_code_org_code_question_hash"
        ),
    )


def _index() -> None:
    """The embedded index, which lives in SQLite only."""
    op.create_table(
        "passages",
        sa.Column("id", Key, nullable=False),
        *_owner(),
        sa.Column("collection", sa.String(8), nullable=False),
        sa.Column("owner_id", Key, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("heading", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("page", sa.Integer),
        sa.PrimaryKeyConstraint("id", name="pk_passages"),
    )
    op.create_index("ix_passages_collection_owner_id", "passages", ["collection", "owner_id"])
    scope = ["tenant_code", "org_code", "collection"]
    op.create_index("ix_passages_tenant_code_org_code_collection", "passages", scope)
    op.create_table(
        "passage_owners",
        sa.Column("id", Key, nullable=False),
        *_owner(),
        sa.Column("collection", sa.String(8), nullable=False),
        sa.Column("passages", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passage_owners"),
        sa.UniqueConstraint(*scope, name="uq_passage_owners_tenant_code_org_code_collection"),
    )
    # The tokenizer takes every character beyond ASCII for part of a word: terms are cut by us, never by SQLite.
    op.execute("CREATE VIRTUAL TABLE passage_terms USING fts5(owner, terms, tokenize = \"ascii tokenchars '.'\")")


def _chat() -> None:
    op.create_table(
        "chat_sessions",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        *_owner(),
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("user_id", sa.String(128), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.Column("is_deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chat_sessions"),
        sa.UniqueConstraint("session_id", name="uq_chat_sessions_session_id"),
    )
    op.create_index(
        "ix_chat_sessions_tenant_code_user_id_updated_at", "chat_sessions", ["tenant_code", "user_id", "updated_at"]
    )
    session = "chat_sessions.id"
    message = "chat_messages.id"
    op.create_table(
        "chat_messages",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        *_owner(),
        sa.Column("session_key", Key, nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("sources", sa.JSON),
        sa.Column("suggested_questions", sa.JSON),
        sa.Column("citations", sa.JSON),
        sa.Column("notices", sa.JSON),
        sa.Column("is_pending", sa.Boolean, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chat_messages"),
        sa.ForeignKeyConstraint(["session_key"], [session], ondelete="CASCADE", name="fk_chat_messages_session_key"),
    )
    op.create_index("ix_chat_messages_session_key", "chat_messages", ["session_key"])
    op.create_table(
        "chat_turns",
        sa.Column("stream_id", sa.String(32), nullable=False),
        *_owner(),
        sa.Column("session_key", Key, nullable=False),
        sa.Column("question_key", Key, nullable=False),
        sa.Column("answer_key", Key),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("stream_id", name="pk_chat_turns"),
        sa.ForeignKeyConstraint(["session_key"], [session], ondelete="CASCADE", name="fk_chat_turns_session_key"),
        sa.ForeignKeyConstraint(["question_key"], [message], ondelete="CASCADE", name="fk_chat_turns_question_key"),
        sa.ForeignKeyConstraint(["answer_key"], [message], ondelete="CASCADE", name="fk_chat_turns_answer_key"),
    )
    op.create_index("ix_chat_turns_session_key", "chat_turns", ["session_key"])
    op.create_index("ix_chat_turns_state", "chat_turns", ["state"])


def downgrade() -> None:
    """Undo."""
    if op.get_bind().dialect.name == "sqlite":
        for table in ("passage_terms", "passage_owners", "passages"):
            op.drop_table(table)
    for table in ("chat_turns", "chat_messages", "chat_sessions", "qa_pairs", "documents", "files"):
        op.drop_table(table)
