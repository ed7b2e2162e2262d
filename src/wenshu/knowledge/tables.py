"""The tables of the material library: documents and question–answer pairs."""

from sqlalchemy import Column, Integer, String, Table, Text, UniqueConstraint

from wenshu.core.database.schema import Instant, Key, metadata, owner_columns

documents = Table(
    "documents",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("doc_name", String(255), nullable=False),
    Column("doc_url", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("tenant_code", "org_code", "doc_name"),
)
"""``text`` is the parsed text that spans of citations point into; ``chunks`` counts its passages."""

qa_pairs = Table(
    "qa_pairs",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("question_hash", String(64), nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("tenant_code", "org_code", "question_hash"),
)
"""``question_hash`` stands for the question in the unique key: PostgreSQL indexes no value over 2,700 bytes."""
