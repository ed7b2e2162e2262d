"""The caller's ``filter_expr``: a small grammar of what Milvus accepts, read into a checked tree.

Grammar, loosest first (keywords in any case)::

    or       = and { ("or" | "||") and }
    and      = not { ("and" | "&&") not }
    not      = { "not" | "!" } ( "(" or ")" | predicate )
    predicate= field comparator literal | literal comparator field
             | field ["not"] "in" "[" [literal {"," literal} [","]] "]"
             | field "like" string
    literal  = string | ["+" | "-"] (integer | float) | "true" | "false"

Nothing that a caller writes reaches a database as text: printers (``filter_printers``) build from the tree.
"""

import math
from collections.abc import Callable, Mapping
from typing import Final, Literal, NoReturn, cast

from wenshu.core.index.filter_lexer import Token, fail, shown, tokenize, unquote
from wenshu.core.index.filter_tree import And, Comparison, Expr, Like, Membership, Not, Operator, Or, Value, Wildcard
from wenshu.kit.errors import InvalidInput

FieldType = Literal["text", "integer", "float", "boolean"]

DOC_FIELDS: Final[Mapping[str, FieldType]] = {
    "tenant_code": "text",
    "org_code": "text",
    "doc_name": "text",
    "doc_url": "text",
    "chunk_index": "integer",
    "content": "text",
}
QA_FIELDS: Final[Mapping[str, FieldType]] = {
    "tenant_code": "text",
    "org_code": "text",
    "question": "text",
    "answer": "text",
    "source": "text",
}

MAX_CHARACTERS = 4_000
MAX_NESTING = 20
MAX_NODES = 200
_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**63 - 1


def parse_filter(text: str, fields: Mapping[str, FieldType]) -> Expr | None:
    """Read ``text`` into a checked tree; ``None`` where it is blank, which Milvus too takes for "no filter".

    ``fields`` (``DOC_FIELDS``, ``QA_FIELDS``) names what may be filtered on. Raises ``InvalidInput`` with
    ``field="filter_expr"`` for anything else than the grammar above, a literal of another type than its field's, more
    than ``MAX_CHARACTERS``, ``MAX_NESTING`` parentheses inside each other or ``MAX_NODES`` (predicates, operators
    between them, literals of lists).
    """
    if len(text) > MAX_CHARACTERS:
        raise InvalidInput(f"filter_expr 过长，最多 {MAX_CHARACTERS} 个字符", field="filter_expr")
    for position, character in enumerate(text):
        if character == "\0" or "\ud800" <= character <= "\udfff":
            fail(position, "不允许的字符")
    tokens = tokenize(text)
    return None if tokens[0].kind == "end" else _Parser(tokens, fields).whole()


def named_scope(expr: Expr | None) -> tuple[str | None, str | None]:
    """``(tenant_code, org_code)`` as ``== '…'`` among the top-level conjuncts names them; ``None`` where it does not.

    Of two different codes the first is named: and-ed with the expression it finds nothing, as it should.
    """
    named: dict[str, str] = {}
    for conjunct in expr.operands if isinstance(expr, And) else (expr,):
        if isinstance(conjunct, Comparison) and conjunct.operator == "==" and isinstance(conjunct.value, str):
            named.setdefault(conjunct.field, conjunct.value)
    return named.get("tenant_code"), named.get("org_code")


_TURNED_ROUND: dict[str, Operator] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TYPE_NAMES: dict[FieldType, str] = {"text": "字符串", "integer": "整数", "float": "数字", "boolean": "true 或 false"}


class _Parser:
    """Recursive descent, as deep as ``MAX_NESTING`` at most: chains of ``and``, ``or`` and ``not`` are loops."""

    def __init__(self, tokens: list[Token], fields: Mapping[str, FieldType]) -> None:
        self._tokens = tokens
        self._fields = fields
        self._next = 0
        self._nodes = 0
        self._nesting = 0

    def whole(self) -> Expr:
        expr = self._or()
        if self._peek().kind != "end":
            if self._peek().keyword in _TURNED_ROUND:
                fail(self._peek().start, "不支持连续比较，请用 and 连接")
            self._unexpected("and、or 或表达式结尾")
        return expr

    def _or(self) -> Expr:
        operands = self._chain(self._and, ("or", "||"))
        return operands[0] if len(operands) == 1 else Or(_flat(operands, Or))

    def _and(self) -> Expr:
        operands = self._chain(self._not, ("and", "&&"))
        return operands[0] if len(operands) == 1 else And(_flat(operands, And))

    def _chain(self, operand: Callable[[], Expr], joiners: tuple[str, str]) -> list[Expr]:
        operands = [operand()]
        while self._take(*joiners):
            self._count_node()
            operands.append(operand())
        return operands

    def _not(self) -> Expr:
        negated = False
        while self._take("not", "!"):
            negated = not negated
        operand = self._group() if self._peek().keyword == "(" else self._predicate()
        if not negated:
            return operand
        self._count_node()
        return operand.operand if isinstance(operand, Not) else Not(operand)

    def _group(self) -> Expr:
        opening = self._advance()
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            fail(opening.start, f"括号嵌套过深，最多 {MAX_NESTING} 层")
        expr = self._or()
        self._expect(")")
        self._nesting -= 1
        return expr

    def _predicate(self) -> Expr:
        self._count_node()
        if self._peek().kind in ("text", "integer", "float") or self._peek().keyword in ("+", "-", "true", "false"):
            return self._turned_comparison()
        field = self._field("字段名、字面量、not 或左括号")
        if self._peek().keyword in _TURNED_ROUND:
            return Comparison(field, self._operator(), self._literal(field))
        if self._take("like"):
            return Like(field, self._pattern(field))
        negated = self._take("not")
        if self._take("in"):
            return Membership(field, self._list(field), negated)
        return self._unexpected("in" if negated else "比较运算符、in 或 like")

    def _turned_comparison(self) -> Comparison:
        literal_start = self._peek().start
        kind, value = self._untyped_literal()
        operator = self._operator()
        field = self._field("字段名")
        return Comparison(field, _TURNED_ROUND[operator], self._typed(field, kind, value, literal_start))

    def _field(self, expected: str) -> str:
        token = self._peek()
        if token.kind != "word" or token.keyword:
            self._unexpected(expected)
        if token.raw not in self._fields:
            fail(token.start, f"未知字段「{shown(token.raw)}」，可用字段：{'、'.join(self._fields)}")
        return self._advance().raw

    def _operator(self) -> Operator:
        if self._peek().keyword not in _TURNED_ROUND:
            self._unexpected("比较运算符")
        return cast("Operator", self._advance().keyword)

    def _list(self, field: str) -> tuple[Value, ...]:
        values: list[Value] = []
        self._expect("[")
        while self._peek().keyword != "]":
            self._count_node()
            values.append(self._literal(field))
            if not self._take(","):
                break
        self._expect("]")
        return tuple(values)

    def _literal(self, field: str) -> Value:
        start = self._peek().start
        kind, value = self._untyped_literal()
        return self._typed(field, kind, value, start)

    def _typed(self, field: str, kind: FieldType, value: Value, start: int) -> Value:
        wanted = self._fields[field]
        if kind == "integer" and wanted == "float":
            return float(value)
        if kind != wanted:
            fail(start, f"字段 {field} 的值应为{_TYPE_NAMES[wanted]}，此处是{_TYPE_NAMES[kind]}")
        return value

    def _untyped_literal(self) -> tuple[FieldType, Value]:
        start = self._peek().start
        sign = self._advance().raw if self._peek().keyword in ("+", "-") else ""
        token = self._peek()
        if token.kind == "integer":
            return "integer", _integer(sign, self._advance())
        if token.kind == "float":
            value = float(sign + self._advance().raw)
            return ("float", value) if math.isfinite(value) else fail(start, "数字超出范围")
        if not sign and token.kind == "text":
            return "text", unquote(self._advance(), is_pattern=False)
        if not sign and token.keyword in ("true", "false"):
            return "boolean", self._advance().keyword == "true"
        return self._unexpected("数字" if sign else "字符串、数字或 true、false")

    def _pattern(self, field: str) -> tuple[str | Wildcard, ...]:
        token = self._peek()
        if token.kind != "text":
            self._unexpected("字符串")
        if self._fields[field] != "text":
            fail(token.start, f"字段 {field} 不是字符串，不能用 like")
        return _parts(unquote(self._advance(), is_pattern=True), token)

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _take(self, *keywords: str) -> bool:
        taken = self._peek().keyword in keywords
        self._next += taken
        return taken

    def _expect(self, symbol: str) -> None:
        if not self._take(symbol):
            self._unexpected(symbol)

    def _unexpected(self, expected: str) -> NoReturn:
        token = self._peek()
        found = f"却是「{shown(token.raw)}」" if token.raw else "表达式却到此结束"
        fail(token.start, f"应为 {expected}，{found}")

    def _count_node(self) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            fail(self._peek().start, f"表达式过于复杂，最多 {MAX_NODES} 个节点")


def _flat(operands: list[Expr], joined: type[And] | type[Or]) -> tuple[Expr, ...]:
    """Make ``a and (b and c)`` the same tree as ``a and b and c``."""
    flat: list[Expr] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, joined) else (operand,))
    return tuple(flat)


def _integer(sign: str, token: Token) -> int:
    if len(token.raw) > 1 and token.raw.startswith("0"):
        fail(token.start, "整数不能以 0 开头")  # octal in Milvus, decimal to most readers
    value = int(sign + token.raw) if len(token.raw) <= 19 else _MAX_INTEGER + 1
    if not _MIN_INTEGER <= value <= _MAX_INTEGER:
        fail(token.start, "整数超出 64 位范围")
    return value


def _parts(pattern: str, token: Token) -> tuple[str | Wildcard, ...]:
    """Literal runs and wildcards of an unquoted pattern, in which a backslash makes the next character literal."""
    parts: list[str | Wildcard] = []
    literal = ""
    characters = iter(pattern)
    for character in characters:
        if character in "%_":
            parts += [literal, Wildcard(character)] if literal else [Wildcard(character)]
            literal = ""
            continue
        if character == "\\" and not (character := next(characters, "")):
            fail(token.start, "like 的模式不能以单个反斜杠结尾")
        literal += character
    return tuple([*parts, literal] if literal else parts)
