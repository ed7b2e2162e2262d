"""The tables of chat: sessions, their messages, and the turns that are being answered."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from wenshu.core.database.schema import Instant, Key, metadata, owner_columns

sessions = Table(
    "chat_sessions",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("session_id", String(128), nullable=False, unique=True),
    Column("user_id", String(128), nullable=False),
    Column("title", String(255), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
    Index(None, "tenant_code", "user_id", "updated_at"),
)

messages = Table(
    "chat_messages",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("session_key", Key, ForeignKey("chat_sessions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("content", Text, nullable=False),
    Column("sources", JSON),
    Column("suggested_questions", JSON),
    Column("citations", JSON),
    Column("notices", JSON),
    Column("searched", Text),
    Column("is_pending", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)
"""``is_pending``: an answer that is still being written; it is shown once it is whole. ``searched``: of an answer,
what was searched for: the question, made whole where it leaned on the conversation."""

turns = Table(
    "chat_turns",
    metadata,
    Column("stream_id", String(32), primary_key=True),
    *owner_columns(),
    Column("session_key", Key, ForeignKey("chat_sessions.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("question_key", Key, ForeignKey("chat_messages.id", ondelete="CASCADE"), nullable=False),
    Column("answer_key", Key, ForeignKey("chat_messages.id", ondelete="CASCADE")),
    Column("state", String(16), nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("request", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)
"""One question and its answer. ``state``: answering → answered | failed. ``request`` is what a restart needs to answer
again; of it ``mode`` and
``theme`` stay once the answer is stored."""
