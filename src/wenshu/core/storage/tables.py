"""The table of stored files."""

from sqlalchemy import BigInteger, Column, String, Table

from wenshu.core.database.schema import Instant, metadata, owner_columns

files = Table(
    "files",
    metadata,
    Column("id", String(32), primary_key=True),
    *owner_columns(),
    Column("name", String(255), nullable=False),
    Column("media_type", String(127), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)
