"""Printers of a filter tree: SQLAlchemy Core for SQLite and PostgreSQL, and Milvus's own text.

Both match as Milvus does: case-sensitively, text ordered by code point, whole values. A null value compares as unknown
(three-valued logic), so pass ``coalesce(column, '')`` for a column in which null means "none".
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, String, and_, false, literal, not_, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from wenshu.core.index.filter_tree import And, Comparison, Expr, Like, Membership, Not, Or, Value, Wildcard

_MILVUS_LIKE = {Wildcard.RUN: "%", Wildcard.ONE: "_"}, str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})
_SQL_LIKE = {Wildcard.RUN: "%", Wildcard.ONE: "_"}, str.maketrans({"%": "!%", "_": "!_", "!": "!!"})
_GLOB = {Wildcard.RUN: "*", Wildcard.ONE: "?"}, str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})
_QUOTED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def to_sql(expr: Expr, columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
    """Return the condition over ``columns`` (one per field that may be named); every value is a bound parameter."""
    match expr:
        case Comparison(field, symbol, value):
            return _comparison(columns[field], symbol, value)
        case Membership(field, values, negated):
            return _membership(columns[field], values, negated=negated)
        case Like(field, parts):
            return _CaseSensitiveLike(
                columns[field], literal(_pattern(parts, _SQL_LIKE)), literal(_pattern(parts, _GLOB))
            )
        case Not(operand):
            return not_(to_sql(operand, columns))
        case And(operands):
            return and_(*(to_sql(operand, columns) for operand in operands))
        case Or(operands):
            return or_(*(to_sql(operand, columns) for operand in operands))


def to_milvus(expr: Expr) -> str:
    r"""Print the expression as Milvus reads it, every literal quoted by us.

    Operands of ``not`` stand in parentheses, as a server binds it tighter than comparisons and Lite does not. Only the
    escapes that both know are used. In a pattern ``\`` makes the next character literal, as in Lite and a present
    server; older servers read patterns that contain a backslash otherwise. Lite lets a null be ``not in`` a list.
    """
    match expr:
        case Comparison(field, symbol, value):
            return f"{field} {symbol} {_literal(value)}"
        case Membership(field, values, negated):
            return f"{field} {'not in' if negated else 'in'} [{', '.join(map(_literal, values))}]"
        case Like(field, parts):
            return f"{field} like {_literal(_pattern(parts, _MILVUS_LIKE))}"
        case Not(operand):
            return f"not ({to_milvus(operand)})"
        case And(operands):
            return " and ".join(map(_operand, operands))
        case Or(operands):
            return " or ".join(map(_operand, operands))


class _CaseSensitiveLike(FunctionElement[bool]):
    """(column, LIKE pattern, GLOB pattern): SQLite's LIKE ignores the case of ASCII letters, its GLOB does not."""

    type = Boolean()
    inherit_cache = True


@compiles(_CaseSensitiveLike)
def _compile_like(element: _CaseSensitiveLike, compiler: SQLCompiler, **options: object) -> str:
    column, like, _ = element.clauses
    return f"({compiler.process(column, **options)} LIKE {compiler.process(like, **options)} ESCAPE '!')"


@compiles(_CaseSensitiveLike, "sqlite")
def _compile_glob(element: _CaseSensitiveLike, compiler: SQLCompiler, **options: object) -> str:
    column, _, glob = element.clauses
    return f"({compiler.process(column, **options)} GLOB {compiler.process(glob, **options)})"


class _CodePointOrder(FunctionElement[str]):
    """(text column): compared by code point; a PostgreSQL database's own collation may order otherwise."""

    type = String()
    inherit_cache = True


@compiles(_CodePointOrder)
def _compile_plain(element: _CodePointOrder, compiler: SQLCompiler, **options: object) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_CodePointOrder, "postgresql")
def _compile_collated(element: _CodePointOrder, compiler: SQLCompiler, **options: object) -> str:
    return f'({compiler.process(element.clauses, **options)} COLLATE "C")'


def _comparison(column: ColumnElement[Any], symbol: str, value: Value) -> ColumnElement[bool]:
    is_ordering_text = isinstance(value, str) and symbol not in ("==", "!=")
    left = _CodePointOrder(column) if is_ordering_text else column
    return _OPERATORS[symbol](left, _bound(value))


def _membership(column: ColumnElement[Any], values: tuple[Value, ...], *, negated: bool) -> ColumnElement[bool]:
    if not values:
        return true() if negated else false()
    bound = [_bound(value) for value in values]
    return column.not_in(bound) if negated else column.in_(bound)


def _bound(value: Value) -> ColumnElement[Any]:
    """Bind integers with 64 bits: a column's own narrower type would make PostgreSQL refuse a larger number."""
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return literal(value, BigInteger()) if is_integer else literal(value)


def _pattern(parts: tuple[str | Wildcard, ...], syntax: tuple[dict[Wildcard, str], dict[int, str]]) -> str:
    wildcards, escapes = syntax
    return "".join(part.translate(escapes) if isinstance(part, str) else wildcards[part] for part in parts)


def _operand(expr: Expr) -> str:
    text = to_milvus(expr)
    return f"({text})" if isinstance(expr, And | Or) else text


def _literal(value: Value) -> str:
    if isinstance(value, str):
        return f'"{value.translate(_QUOTED)}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)
