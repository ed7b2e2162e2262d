"""The tree of a filter expression: what ``filters`` reads and ``filter_printers`` write.

Trees are canonical (see each class), so that two spellings of one expression give equal trees.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Operator = Literal["==", "!=", "<", "<=", ">", ">="]
Value = str | int | float | bool


class Wildcard(Enum):
    """``%``: any run of characters, also none; ``_``: exactly one character."""

    RUN = "%"
    ONE = "_"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``field operator value``; a literal written on the left has been turned round."""

    field: str
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """``field [not] in [values]``; no value at all is allowed and matches nothing (everything when negated)."""

    field: str
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Like:
    """``field like pattern``: the whole value, case-sensitively. Literal parts are never empty and never adjacent."""

    field: str
    parts: tuple[str | Wildcard, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The operand is never a ``Not``."""

    operand: "Expr"


@dataclass(frozen=True, slots=True)
class And:
    """Two operands or more, none of them an ``And``."""

    operands: "tuple[Expr, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """Two operands or more, none of them an ``Or``."""

    operands: "tuple[Expr, ...]"


Expr = Comparison | Membership | Like | Not | And | Or
