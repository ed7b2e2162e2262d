"""The table of stored files."""

from typing import Literal

from sqlalchemy import BigInteger, Column, Index, String, Table, text

from wenshu.core.database.schema import Instant, metadata, owner_columns

State = Literal["writing", "kept", "removing"]
"""Each object has a row at all times: before it is there, while it is, until it is gone."""

files = Table(
    "files",
    metadata,
    Column("id", String(32), primary_key=True),
    *owner_columns(),
    Column("name", String(255), nullable=False),
    Column("media_type", String(127), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("state", String(8), nullable=False, server_default="kept"),
    Column("created_at", Instant, nullable=False),
    Index(
        "ix_files_unsettled",
        "state",
        "created_at",
        sqlite_where=text("state != 'kept'"),
        postgresql_where=text("state != 'kept'"),
    ),
)
