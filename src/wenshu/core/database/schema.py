"""What the tables of all rooms share: the metadata and the column types that SQLite and PostgreSQL both keep."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Integer, MetaData, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Key = BigInteger().with_variant(Integer, "sqlite")
"""A generated key; SQLite generates only for INTEGER."""


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as microseconds since 1970 so that both databases order and compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Aware datetime → microseconds."""
        del dialect
        return None if value is None else round(value.timestamp() * 1_000_000)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ANN401 (SQLAlchemy's signature)
        """Microseconds → aware datetime, UTC."""
        del dialect
        return None if value is None else datetime.fromtimestamp(value / 1_000_000, UTC)


class database_now(FunctionElement[datetime]):  # noqa: N801 (a function of SQL)
    """The present instant by the database's clock, to the millisecond: the one that all processes share."""

    type = Instant()
    inherit_cache = True


@compiles(database_now, "postgresql")
def _postgresql_now(element: database_now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (SQLAlchemy's)
    del element, compiler, options
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


@compiles(database_now, "sqlite")
def _sqlite_now(element: database_now, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (SQLAlchemy's)
    del element, compiler, options
    return "CAST((julianday('now') - 2440587.5) * 86400000000.0 AS INTEGER)"


class by_code_point(FunctionElement[str]):  # noqa: N801 (a function of SQL)
    """Text to order or compare by code points: SQLite's own order, where PostgreSQL goes by the database's locale."""

    type = String()
    inherit_cache = True


@compiles(by_code_point)
def _by_code_point(element: by_code_point, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 (SQLAlchemy's)
    collation = '"C"' if compiler.dialect.name == "postgresql" else "BINARY"
    return f"({compiler.process(element.clauses, **options)} COLLATE {collation})"


def owner_columns() -> tuple[Column[str], Column[str]]:
    """The two columns that make a table tenant-owned; empty means "none"."""
    return (
        Column("tenant_code", String(128), nullable=False, server_default=""),
        Column("org_code", String(128), nullable=False, server_default=""),
    )
