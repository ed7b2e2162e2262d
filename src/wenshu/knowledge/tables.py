"""The tables of the material library: documents and what they state, pairs, what their index is."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint

from wenshu.core.database.schema import Instant, Key, metadata, owner_columns

documents = Table(
    "documents",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("doc_name", String(255), nullable=False),
    Column("doc_url", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("structure", Text, nullable=False, server_default=""),
    Column("chunks", Integer, nullable=False),
    Column("generation", Key, nullable=False, unique=True),
    Column("digest", String(64), nullable=False, server_default=""),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("tenant_code", "org_code", "doc_name"),
)
"""``text`` is the parsed text that spans of citations point into; ``structure`` is the rest of the parsed document, so
that it can be cut again, and empty where it was stored before that was kept. ``generation`` names its passages in the
index, ``chunks`` counts them. ``digest`` is the SHA-256 of the bytes it was parsed from, empty where nobody told."""

qa_pairs = Table(
    "qa_pairs",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("question_hash", String(64), nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("generation", Key, nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("tenant_code", "org_code", "question_hash"),
)
"""``question_hash`` stands for the question in the unique key: PostgreSQL indexes no value over 2,700 bytes."""

facts = Table(
    "facts",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("generation", Key, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("subject_key", String(64), nullable=False),
    Column("attribute", String(64), nullable=False),
    Column("attribute_key", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Column("value_key", String(64), nullable=False),
    Column("number", String(40), nullable=False),
    Column("unit", String(64), nullable=False),
    Column("day", String(10), nullable=False),
    Column("context", Text, nullable=False),
    Column("start", Integer, nullable=False),
    Column("line_start", Integer, nullable=False),
    Column("line_end", Integer, nullable=False),
    Column("table_number", Integer, nullable=False),
    Column("row_number", Integer, nullable=False),
    Index("ix_facts_generation", "generation"),
    Index("ix_facts_tenant_code_subject_key", "tenant_code", "subject_key"),
    Index("ix_facts_tenant_code_value_key", "tenant_code", "value_key"),
)
"""What documents state (``facts.Fact``), each of the generation of the document's passages, in one of which it stands:
``ordinal``. They come and go in the transaction of the document's row, wherever the passages are. ``start`` and the
line are offsets in the document's text; the keys are the names folded, ``value_key`` that of a cell which may name its
row, else empty."""

generations = Table(
    "generations",
    metadata,
    Column("collection", String(8), primary_key=True),
    Column("generation", Key, primary_key=True, autoincrement=False),
    *owner_columns(),
    Column("state", String(8), nullable=False),
    Column("since", Instant, nullable=False),
    Index("ix_generations_state_since", "state", "since"),
)
"""Generations in an index outside of the database that no row names: ``staged`` ones not yet, ``retired`` ones no more.
A row comes before the first passage is put and goes after the last was taken out, so that nothing is left unknown."""

synonyms = Table(
    "synonyms",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    *owner_columns(),
    Column("groups", JSON, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("tenant_code", "org_code"),
)
"""Words that mean the same to a tenant: of each owner one row, ``groups`` a list of lists of terms. ``version`` grows
with each change and never begins anew, so that whoever has read the groups sees that they are old: the row stays when
they go."""

index_state = Table(
    "index_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("identity", String(64), nullable=False),
    Column("terms_version", Integer, nullable=False),
    Column("embedder", String(255), nullable=False),
    Column("dimension", Integer, nullable=False),
)
"""One row, of id 1: which index has the library's passages, and what made their terms and vectors."""
