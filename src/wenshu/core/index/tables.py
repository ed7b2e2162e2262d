"""Tables of the embedded index: passages with all that a hit shows, their terms in FTS5, how many each owner has."""

from collections.abc import Iterator

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint, column, table
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable, ExecutableDDLElement

from wenshu.core.database.schema import Key, metadata, owner_columns

passages = Table(
    "passages",
    metadata,
    Column("id", Key, primary_key=True),
    *owner_columns(),
    Column("collection", String(8), nullable=False),
    Column("generation", Key, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("heading", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer),
    Index("ix_passages_collection_generation", "collection", "generation"),
    Index("ix_passages_tenant_code_org_code_collection", "tenant_code", "org_code", "collection"),
)

passage_owners = Table(
    "passage_owners",
    metadata,
    Column("id", Key, primary_key=True),
    *owner_columns(),
    Column("collection", String(8), nullable=False),
    Column("passages", Integer, nullable=False),
    Column("version", Integer, nullable=False, server_default="0"),
    UniqueConstraint("tenant_code", "org_code", "collection"),
)
"""One row for each (tenant, org, collection) that ever held a passage, and one for each (tenant, '', collection).
``version`` grows with every change of the owner's passages."""

passage_vectors = Table(
    "passage_vectors",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    *owner_columns(),
    Column("collection", String(8), nullable=False),
    Column("generation", Key, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Index("ix_passage_vectors_owner", "tenant_code", "org_code", "collection", "generation"),
)
"""``id`` is the passage's; apart from it, so that searching by terms does not read vectors."""

passage_terms = table(
    "passage_terms", column("rowid", Integer), column("owner"), column("terms"), column("rank"), column("passage_terms")
)
"""FTS5; ``rowid`` is the passage's id. Not in the metadata: SQLite makes the virtual table and its shadows by itself.
The column named like the table is FTS5's handle for MATCH."""

# The ascii tokenizer takes every character beyond ASCII for part of a word: the terms are cut by us, never by SQLite.
CREATE_PASSAGE_TERMS = (
    "CREATE VIRTUAL TABLE passage_terms USING fts5(owner, terms, tokenize = \"ascii tokenchars '.'\")"
)
DROP_PASSAGE_TERMS = "DROP TABLE IF EXISTS passage_terms"

_TABLES = (passages, passage_owners, passage_vectors)


def create_tables() -> Iterator[ExecutableDDLElement]:
    """What makes the tables but for ``passage_terms``."""
    for each in _TABLES:
        yield CreateTable(each)
        yield from map(CreateIndex, each.indexes)


def drop_tables() -> Iterator[ExecutableDDLElement]:
    """What takes them away where they are."""
    for each in _TABLES:
        yield DropTable(each, if_exists=True)
