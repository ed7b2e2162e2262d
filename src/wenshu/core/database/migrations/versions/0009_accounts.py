"""Tenants, users, keys, refresh tokens, revocations, signing keys."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant, Key

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _people()
    _tokens()
    _keys()
    _kept_answers()
    _audit()


def _owner() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("tenant_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
    )


def _people() -> None:
    op.create_table(
        "tenants",
        sa.Column("tenant_code", sa.String(128), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("is_disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("tenant_code", name="pk_tenants"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(32), nullable=False),
        *_owner(),
        sa.Column("username", sa.String(128), nullable=False),
        sa.Column("display_name", sa.String(255), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("is_operator", sa.Boolean, nullable=False),
        sa.Column("is_disabled", sa.Boolean, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("updated_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )
    op.create_index("ix_users_tenant_code_org_code", "users", ["tenant_code", "org_code"])


def _tokens() -> None:
    op.create_table(
        "refresh_tokens",
        sa.Column("digest", sa.String(64), nullable=False),
        *_owner(),
        sa.Column("family", sa.String(32), nullable=False),
        sa.Column("user_id", sa.String(32), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_tokens"),
    )
    for column in ("family", "user_id", "expires_at"):
        op.create_index(f"ix_refresh_tokens_{column}", "refresh_tokens", [column])
    op.create_table(
        "revocations",
        sa.Column("id", Key, nullable=False),
        *_owner(),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("before", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revocations"),
    )
    op.create_index("ix_revocations_expires_at", "revocations", ["expires_at"])
    op.create_table(
        "login_failures",
        sa.Column("id", Key, nullable=False),
        *_owner(),
        sa.Column("username_digest", sa.String(64), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_login_failures"),
    )
    op.create_index("ix_login_failures_at", "login_failures", ["at"])
    op.create_index("ix_login_failures_address_at", "login_failures", ["address", "at"])


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(32), nullable=False),
        *_owner(),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("roles", sa.JSON, nullable=False),
        sa.Column("families", sa.JSON),
        sa.Column("created_by", sa.String(160), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant),
        sa.Column("revoked_at", Instant),
        sa.Column("last_used_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(32), nullable=False),
        *_owner(),
        sa.Column("private_pem", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("retired_at", Instant),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_keys"),
    )


def _kept_answers() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("lookup", sa.String(64), nullable=False),
        *_owner(),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("lease_until", Instant, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("media_type", sa.String(100)),
        sa.Column("answer", sa.LargeBinary),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("lookup", name="pk_kept_answers"),
    )
    op.create_index("ix_kept_answers_expires_at", "kept_answers", ["expires_at"])


def _audit() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("tenant_code", sa.String(128), nullable=False),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant_code", name="pk_audit_heads"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", Key, autoincrement=True, nullable=False),
        *_owner(),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.Column("action", sa.String(128), nullable=False),
        sa.Column("target", sa.String(512), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("trace_id", sa.String(128), nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
        sa.UniqueConstraint("tenant_code", "number", name="uq_audit_entries_tenant_code_number"),
    )
    op.create_index("ix_audit_entries_tenant_code_at", "audit_entries", ["tenant_code", "at"])


def downgrade() -> None:
    """Undo."""
    keys = "audit_entries", "audit_heads", "kept_answers", "signing_keys", "api_keys"
    for table in (*keys, "login_failures", "revocations", "refresh_tokens", "users", "tenants"):
        op.drop_table(table)
