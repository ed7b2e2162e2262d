import operator
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    Connection,
    Double,
    Integer,
    String,
    column,
    create_engine,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.visitors import iterate

from unit.core.index.filter_strategies import FIELDS, exprs, rows
from wenshu.core.index.filter_printers import to_milvus, to_sql
from wenshu.core.index.filter_tree import And, Comparison, Expr, Like, Membership, Not, Or, Wildcard
from wenshu.core.index.filters import DOC_FIELDS, parse_filter

SQL_TYPES = {"text": String(), "integer": Integer(), "float": Double(), "boolean": Boolean()}
COMPARE = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@pytest.fixture(scope="module")
def sqlite_connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def holds(expr: Expr, row: dict[str, Any]) -> bool | None:
    """What the expression means, in Kleene's three values; code points order text."""
    match expr:
        case Not(operand):
            known = holds(operand, row)
            return None if known is None else not known
        case And(operands) | Or(operands):
            found = [holds(operand, row) for operand in operands]
            decisive = isinstance(expr, Or)
            return decisive if decisive in found else None if None in found else not decisive
        case Membership(_, (), negated):
            return negated
        case _:
            return None if row[expr.field] is None else matches_value(expr, row[expr.field])


def matches_value(expr: Comparison | Membership | Like, found: Any) -> bool:
    match expr:
        case Comparison(_, symbol, value):
            return COMPARE[symbol](found, value)
        case Membership(_, values, negated):
            return (found in values) is not negated
        case Like(_, parts):
            wildcards = {Wildcard.RUN: ".*", Wildcard.ONE: "."}
            pattern = "".join(re.escape(part) if isinstance(part, str) else wildcards[part] for part in parts)
            return re.fullmatch(pattern, found, re.DOTALL) is not None


@settings(deadline=None)
@given(expr=exprs, row=rows)
def test_sqlite_agrees_with_the_reference(sqlite_connection: Connection, expr: Expr, row: dict[str, Any]) -> None:
    columns = {name: literal(value, SQL_TYPES[FIELDS[name]]) for name, value in row.items()}
    assert sqlite_connection.scalar(select(to_sql(expr, columns))) == holds(expr, row)


@pytest.mark.parametrize(
    ("pattern", "value", "matches"),
    [
        ("abc%", "abcdef", True),
        ("abc%", "ABCdef", False),
        ("%é", "É", False),
        ("_", "中", True),
        ("_", "𠮷", True),
        ("__", "中", False),
        ("%[a]%", "x[a]y", True),
        ("%[a]%", "xay", False),
        ("a*", "ab", False),
        ("a?", "ab", False),
        ("100!%", "100!x", True),
        (r"100\%", "100%", True),
        (r"100\%", "1000", False),
        ("%%", "", True),
        ("", "", True),
        ("", "a", False),
        ("a%b%c", "aXbYbZc", True),
    ],
)
def test_like_on_sqlite(sqlite_connection: Connection, pattern: str, value: str, *, matches: bool) -> None:
    expr = parse_filter(f"content like '{pattern}'", DOC_FIELDS)
    assert expr is not None
    assert sqlite_connection.scalar(select(to_sql(expr, {"content": literal(value)}))) == matches


def test_statements_hold_no_literal_of_the_caller() -> None:
    expr = parse_filter(
        "content like 'S1%' and doc_name > 'S2' and doc_url not in ['S3'] and not (org_code == 'S4')", DOC_FIELDS
    )
    assert expr is not None
    condition = to_sql(expr, {name: column(name, String()) for name in DOC_FIELDS})
    on_sqlite = str(condition.compile(dialect=sqlite.dialect()))
    on_postgresql = str(condition.compile(dialect=postgresql.dialect()))
    for statement in (on_sqlite, on_postgresql):
        assert re.search(r"S\d", statement) is None
    assert "content GLOB ?" in on_sqlite
    assert "ESCAPE '!'" in on_postgresql
    assert 'doc_name COLLATE "C"' in on_postgresql


def test_integers_are_bound_with_64_bits() -> None:
    expr = parse_filter("chunk_index == 5000000000 or chunk_index in [5000000000]", DOC_FIELDS)
    assert expr is not None
    condition = to_sql(expr, {"chunk_index": column("chunk_index", Integer())})
    assert {type(parameter.type) for parameter in iterate(condition) if isinstance(parameter, BindParameter)} == {
        BigInteger
    }


def test_one_compiled_statement_serves_other_values(sqlite_connection: Connection) -> None:
    for wanted in ("alpha", "beta"):
        condition = to_sql(Like("content", (wanted, Wildcard.RUN)), {"content": literal("alphabet")})
        assert sqlite_connection.scalar(select(condition)) == (wanted == "alpha")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (Comparison("doc_name", "==", "a\"b\\c'\n"), r'''doc_name == "a\"b\\c'\n"'''),
        (Comparison("live", "!=", value=True), "live != true"),
        (Comparison("weight", "<", 1e-07), "weight < 1e-07"),
        (Membership("chunk_index", (1, -2), negated=True), "chunk_index not in [1, -2]"),
        (Membership("chunk_index", ()), "chunk_index in []"),
        (Like("content", ("5%_\\", Wildcard.RUN, Wildcard.ONE)), r'content like "5\\%\\_\\\\%_"'),
        (
            Not(Or((Comparison("chunk_index", ">", 1), And((Comparison("chunk_index", "<", 0), Like("content", ())))))),
            'not (chunk_index > 1 or (chunk_index < 0 and content like ""))',
        ),
    ],
)
def test_milvus_text(expr: Expr, text: str) -> None:
    assert to_milvus(expr) == text
