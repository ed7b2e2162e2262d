"""The tables of chat: sessions, their messages, and the turns that are being answered."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint, false

from wenshu.core.database.schema import Instant, Key, metadata, owner_columns

sessions = Table(
    "chat_sessions",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("session_id", String(128), nullable=False, index=True),
    Column("user_id", String(128), nullable=False),
    Column("title", String(255), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
    UniqueConstraint("tenant_code", "session_id"),
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
    Column("nearest", JSON),
    Column("searched", Text),
    Column("is_pending", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("question_key", Key, index=True),
    Column("superseded", Boolean, nullable=False, server_default=false()),
    Column("stopped", Boolean, nullable=False, server_default=false()),
    Column("rating", String(8)),
    Column("comment", Text),
    Column("rated_at", Instant),
    Index(None, "tenant_code", "rated_at"),
)
"""``is_pending``: an answer that is still being written; it is shown once it is whole. ``question_key``: of an answer,
the message it answers; the newest answer to it is shown, the others are ``superseded``. ``stopped``: it ended because
somebody asked for that. ``rating``: what its reader thought of it, ``up`` or ``down``. ``searched``: of an
answer, what was searched for: the question, made whole where it leaned on the conversation. ``nearest``: of an answer
that refuses, the passages that come nearest."""

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
    Column("stop_requested", Boolean, nullable=False, server_default=false()),
    Column("uploads", JSON(none_as_null=True)),
    Column("process_id", String(32)),
)
"""One answer to a question. ``state``: answering → answered | failed. ``request`` is what answering again takes, but
for ``uploads``, the texts that the question brought along: they go when the next question comes. ``stop_requested``:
the process that answers, ``process_id``, sees it and ends the answer; after a crash it is not given again."""
