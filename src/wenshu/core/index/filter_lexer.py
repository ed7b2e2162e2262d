"""Tokens of a Milvus filter expression, each with its position for error messages."""

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from wenshu.kit.errors import InvalidInput

TokenKind = Literal["text", "float", "integer", "word", "symbol", "end"]

_SHOWN_CHARACTERS = 20

# Every alternative is linear: no nested repetition over the same characters.
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*')
      | (?P<float>(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
      | (?P<integer>[0-9]+)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<symbol>==|!=|<=|>=|&&|\|\||[<>!()\[\],+-])""",
    re.VERBOSE,
)
_SPACE = re.compile(r"[ \t\r\n]*")
_AFTER_NUMBER = re.compile(r"[A-Za-z0-9_.]")
_ESCAPED = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "r": "\r", "t": "\t"}
_KEYWORDS = frozenset({"and", "or", "not", "in", "like", "true", "false"})
_KIND_OF_GROUP: dict[str, TokenKind] = {
    "text": "text",
    "float": "float",
    "integer": "integer",
    "word": "word",
    "symbol": "symbol",
}


@dataclass(frozen=True, slots=True)
class Token:
    """``start`` is the 0-based offset of the first character; messages count from 1."""

    kind: TokenKind
    raw: str
    start: int

    @property
    def keyword(self) -> str:
        """The symbol, or the keyword in lower case; empty for anything else."""
        if self.kind == "symbol":
            return self.raw
        lowered = self.raw.lower()
        return lowered if self.kind == "word" and lowered in _KEYWORDS else ""


def tokenize(text: str) -> list[Token]:
    """Split ``text`` into tokens, closed by one of kind ``end``; ``InvalidInput`` at a character that fits none."""
    tokens: list[Token] = []
    position = _skip_space(text, 0)
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            _refuse_character(text, position)
        kind = _KIND_OF_GROUP[match.lastgroup or ""]
        if kind in ("float", "integer") and _AFTER_NUMBER.match(text, match.end()):
            fail(position, "数字格式有误")
        tokens.append(Token(kind, match.group(), position))
        position = _skip_space(text, match.end())
    tokens.append(Token("end", "", len(text)))
    return tokens


def unquote(token: Token, *, is_pattern: bool) -> str:
    r"""Return the value of a string literal.

    Escapes are ``\\ \" \' \n \r \t``, as in Milvus. In a pattern ``\%`` and ``\_`` stay as they are: there they are the
    pattern's own escapes.
    """
    pieces: list[str] = []
    body = token.raw[1:-1]
    position = 0
    while (backslash := body.find("\\", position)) >= 0:
        pieces.append(body[position:backslash])
        escaped = body[backslash + 1]
        if is_pattern and escaped in "%_":
            pieces.append("\\" + escaped)
        elif escaped in _ESCAPED:
            pieces.append(_ESCAPED[escaped])
        else:
            fail(token.start + 1 + backslash, f"不支持的转义 \\{shown(escaped)}，此处反斜杠应写作 \\\\")
        position = backslash + 2
    pieces.append(body[position:])
    return "".join(pieces)


def fail(start: int, problem: str) -> NoReturn:
    """Raise ``InvalidInput`` naming the position (from 1) and the problem."""
    raise InvalidInput(f"filter_expr 第 {start + 1} 个字符处有误：{problem}", field="filter_expr")


def shown(raw: str) -> str:
    """Return ``raw`` as a message may carry it: short and printable."""
    visible = "".join(character if character.isprintable() else "�" for character in raw[:_SHOWN_CHARACTERS])
    return visible + ("…" if len(raw) > _SHOWN_CHARACTERS else "")


def _skip_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _refuse_character(text: str, position: int) -> NoReturn:
    character = text[position]
    if character in "\"'":
        fail(position, "字符串没有结束的引号")
    if character == "=":
        fail(position, "应为 ==")
    if character in "&|":
        fail(position, f"应为 {character * 2}")
    fail(position, f"无法识别的字符「{shown(character)}」")
