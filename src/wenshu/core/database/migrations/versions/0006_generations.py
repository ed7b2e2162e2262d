"""Passages by generation, vectors, the structure of documents, and which index the library has."""

import sqlalchemy as sa
from alembic import op

from wenshu.core.database.schema import Instant, Key

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Rows that are there are named by their own keys: new generations are far greater."""
    _library()
    if op.get_bind().dialect.name == "sqlite":
        _passages()
    op.create_table(
        "generations",
        sa.Column("collection", sa.String(8), nullable=False),
        sa.Column("generation", Key, autoincrement=False, nullable=False),
        *_owner(),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.PrimaryKeyConstraint("collection", "generation", name="pk_generations"),
    )
    op.create_index("ix_generations_state_since", "generations", ["state", "since"])
    op.create_table(
        "index_state",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("identity", sa.String(64), nullable=False),
        sa.Column("terms_version", sa.Integer, nullable=False),
        sa.Column("embedder", sa.String(255), nullable=False),
        sa.Column("dimension", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_index_state"),
    )
    if op.get_bind().dialect.name == "sqlite":
        # What was indexed so far was indexed in the database itself, with the first terms and without vectors.
        op.execute("INSERT INTO index_state VALUES (1, 'embedded', 'embedded', 1, '', 0)")


def _owner() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("tenant_code", sa.String(128), nullable=False, server_default=""),
        sa.Column("org_code", sa.String(128), nullable=False, server_default=""),
    )


def _library() -> None:
    op.add_column("documents", sa.Column("structure", sa.Text, nullable=False, server_default=""))
    for table in ("documents", "qa_pairs"):
        op.add_column(table, sa.Column("generation", Key, nullable=True))
        op.execute(f"UPDATE {table} SET generation = id")  # noqa: S608 (our own names)
        with op.batch_alter_table(table) as altered:
            altered.alter_column("generation", existing_type=Key, nullable=False)
            altered.create_unique_constraint(f"uq_{table}_generation", ["generation"])


def _passages() -> None:
    """The embedded index, which lives in SQLite only."""
    op.drop_index("ix_passages_collection_owner_id", "passages")
    op.execute("ALTER TABLE passages RENAME COLUMN owner_id TO generation")
    op.create_index("ix_passages_collection_generation", "passages", ["collection", "generation"])
    op.add_column("passage_owners", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "passage_vectors",
        sa.Column("id", Key, autoincrement=False, nullable=False),
        *_owner(),
        sa.Column("collection", sa.String(8), nullable=False),
        sa.Column("generation", Key, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_passage_vectors"),
    )
    owner = ["tenant_code", "org_code", "collection", "generation"]
    op.create_index("ix_passage_vectors_owner", "passage_vectors", owner)


def downgrade() -> None:
    """Undo."""
    op.drop_table("index_state")
    op.drop_table("generations")
    if op.get_bind().dialect.name == "sqlite":
        _named_by_keys()
    for table in ("documents", "qa_pairs"):
        with op.batch_alter_table(table) as altered:
            altered.drop_constraint(f"uq_{table}_generation", type_="unique")
            altered.drop_column("generation")
    op.drop_column("documents", "structure")


def _named_by_keys() -> None:
    op.drop_table("passage_vectors")
    op.drop_column("passage_owners", "version")
    op.drop_index("ix_passages_collection_generation", "passages")
    for table, collection in (("documents", "DOC"), ("qa_pairs", "QA")):
        row = f"SELECT id FROM {table} WHERE {table}.generation = passages.generation"  # noqa: S608 (our own names)
        op.execute(f"UPDATE passages SET generation = ({row}) WHERE collection = '{collection}'")  # noqa: S608 (as above)
    op.execute("ALTER TABLE passages RENAME COLUMN generation TO owner_id")
    op.create_index("ix_passages_collection_owner_id", "passages", ["collection", "owner_id"])
