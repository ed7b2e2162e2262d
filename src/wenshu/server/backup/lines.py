"""A row as a line of JSON: its values as they are stored, in the order of the table's columns."""

from base64 import b64decode, b64encode
from typing import Any, cast

import orjson

from wenshu.server.move.rows import Values

_BLOB = "base64"


def line_of(row: Values) -> bytes:
    """The line, with its end."""
    return orjson.dumps(row, default=_blob, option=orjson.OPT_APPEND_NEWLINE)


def row_of(line: bytes) -> Values:
    """The row. Raises ValueError, TypeError, KeyError for what ``line_of`` never made."""
    values = orjson.loads(line)
    if not isinstance(values, list):
        raise TypeError("a row is a list")
    return tuple(_value(value) for value in cast("list[Any]", values))


def _blob(value: object) -> dict[str, str]:
    if isinstance(value, bytes):
        return {_BLOB: b64encode(value).decode()}
    raise TypeError(f"no column holds a {type(value).__name__}")


def _value(value: Any) -> Any:  # noqa: ANN401 (a column's value)
    if isinstance(value, dict):
        return b64decode(cast("dict[str, str]", value)[_BLOB], validate=True)
    return value
