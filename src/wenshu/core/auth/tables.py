"""The tables of identity: tenants, users, keys, tokens, what was revoked, the keys that sign, answers that are kept."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from wenshu.core.database.schema import Instant, Key, metadata, owner_columns

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_code", String(128), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", String(32), primary_key=True),
    *owner_columns(),
    Column("username", String(128), nullable=False, unique=True),
    Column("display_name", String(255), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", JSON, nullable=False),
    Column("is_operator", Boolean, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index(None, "tenant_code", "org_code"),
)
"""``username`` is unique server-wide and folded (NFKC, lower case): a login names no tenant. ``org_code`` empty: the
whole tenant. ``is_operator``: may look after the server and all its tenants, whatever the roles in their own."""

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    *owner_columns(),
    Column("family", String(32), nullable=False, index=True),
    Column("user_id", String(32), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("used_at", Instant),
)
"""SHA-256 of each refresh token. A family is one login; a used token that comes again ends its whole family."""

revocations = Table(
    "revocations",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("subject", String(160), nullable=False),
    Column("before", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)
"""Access tokens of ``subject`` (``family:…``, ``user:…`` or ``tenant:…``) issued up to ``before`` are void; the row is
needed until the last of them would have expired."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    *owner_columns(),
    Column("name", String(255), nullable=False),
    Column("prefix", String(16), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("sealed_secret", LargeBinary),
    Column("roles", JSON, nullable=False),
    Column("families", JSON),
    Column("created_by", String(160), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
)
"""``prefix`` is shown and found by; ``digest`` is SHA-256 of the whole key, which has 256 random bits and so needs no
slow hash. ``sealed_secret``: its secret half under ``core.auth.seals``, for callers that sign with it (None: an older
key, which cannot)."""

login_failures = Table(
    "login_failures",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("username_digest", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Index(None, "address", "at"),
)
"""The last minute of failures; kept in the database so that all processes count together."""

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(32), primary_key=True),
    *owner_columns(),
    Column("private_pem", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("retired_at", Instant),
)
"""Ed25519 keys; the newest that is not retired signs. A retired one verifies until its last token has expired."""

kept_answers = Table(
    "kept_answers",
    metadata,
    Column("lookup", String(64), primary_key=True),
    *owner_columns(),
    Column("fingerprint", String(64), nullable=False),
    Column("lease_until", Instant, nullable=False),
    Column("status", Integer),
    Column("media_type", String(100)),
    Column("answer", LargeBinary),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)
"""Answers under an ``Idempotency-Key``. ``status`` None: the call is running, until ``lease_until`` at least."""

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("tenant_code", String(128), primary_key=True),
    Column("org_code", String(128), nullable=False, server_default=""),
    Column("number", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("trimmed", Integer, nullable=False, server_default="0"),
    Column("trimmed_hash", String(64), nullable=False, server_default=""),
)
"""The end of each tenant's chain, and the last entry that retention deleted, by which the rest is verified; 0: none."""

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("action", String(128), nullable=False),
    Column("target", String(512), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("status", Integer, nullable=False),
    Column("trace_id", String(128), nullable=False),
    Column("address", String(64), nullable=False),
    Column("details", JSON, nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("tenant_code", "number"),
    Index(None, "tenant_code", "at"),
)
"""See ``core.auth.audit``. ``number`` counts the tenant's entries from 1."""
