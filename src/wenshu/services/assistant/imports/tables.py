"""The table of imports: an import is a job, each of its documents a row here."""

from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from wenshu.core.database.schema import Instant, Key, metadata, owner_columns


class ItemState(StrEnum):
    """Where a document of an import stands."""

    PENDING = "pending"
    ADDED = "added"
    SKIPPED = "skipped"
    FAILED = "failed"


items = Table(
    "import_items",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("import_id", String(32), ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("doc_name", String(255), nullable=False),
    Column("doc_url", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("finished_at", Instant),
    UniqueConstraint("import_id", "position"),
    Index(None, "import_id", "state", "position"),
)
"""``position`` counts from 0 in the order of the call. ``doc_url`` of a file of ours is its canonical link: that the
caller may read it was seen to when the import was accepted. ``reason`` says in words why a document failed."""
