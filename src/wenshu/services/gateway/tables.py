"""The gateway's tables: what a tenant has set, its system memories, its usage by day, and who called what."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from wenshu.core.database.schema import Instant, Key, metadata, owner_columns

setups = Table(
    "gateway_setups",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("version", Integer, nullable=False),
    Column("aliases", JSON, nullable=False),
    Column("blocked", JSON, nullable=False),
    Column("allowed", JSON, nullable=False),
    Column("day_tokens", BigInteger),
    Column("month_tokens", BigInteger),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("tenant_code"),
)
"""One row a tenant. ``aliases``: name → models to try in turn. ``blocked``, ``allowed``: word lists. ``…_tokens``: the
budget, None: there is none. ``version`` counts the changes: what was made of a row is made anew when it differs."""

memories = Table(
    "gateway_memories",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("memory_id", String(64), nullable=False, unique=True),
    Column("app_id", String(128), nullable=False),
    Column("description", Text, nullable=False),
    Column("dialogues", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index(None, "tenant_code", "org_code"),
)
"""``dialogues``: a list of lists of ``{"role","content"}``, as Baidu's call takes them."""

usage = Table(
    "gateway_usage",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("day", String(10), nullable=False),
    Column("caller", String(160), nullable=False),
    Column("model", String(128), nullable=False),
    Column("calls", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    UniqueConstraint("tenant_code", "org_code", "day", "caller", "model"),
)
"""Sums by ``day`` (``2025-12-10`` in the server's zone), caller (``key:…``, ``user:…``) and the model that answered."""

calls = Table(
    "gateway_calls",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("at", Instant, nullable=False),
    Column("caller", String(160), nullable=False),
    Column("path", String(255), nullable=False),
    Column("asked_model", String(128), nullable=False),
    Column("model", String(128), nullable=False),
    Column("status", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("trace_id", String(128), nullable=False),
    Index(None, "tenant_code", "at"),
    Index(None, "at"),
)
"""Who called what, when, and what it came to; never what was asked or answered."""
