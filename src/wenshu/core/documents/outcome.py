"""What a parse came to, as bytes between the child that parsed and the server, which does not trust them."""

from collections.abc import Iterator
from typing import cast

import orjson

from wenshu.core.documents.model import Parsed, dump, load
from wenshu.kit.errors import PARSE_REASONS, ParseFailed

DOCUMENT, ROWS = "document", "rows"
"""The tasks of a child."""

_DONE, _FAILED = b"+", b"-"


def document(parsed: Parsed) -> Iterator[bytes]:
    """The result of a ``document`` task, in pieces."""
    yield _DONE
    yield from dump(parsed)


def table(rows: list[list[str]]) -> Iterator[bytes]:
    """The result of a ``rows`` task, in pieces."""
    yield _DONE
    yield orjson.dumps(rows)


def failure(error: ParseFailed, cause: str = "") -> bytes:
    """The result of any task that failed; ``cause`` is for the log."""
    return _FAILED + orjson.dumps([error.reason, error.message, cause])


def read_document(result: bytes) -> Parsed:
    """The document. Raises ParseFailed as the child did (``cause`` as its note), ValueError for what is no result."""
    return load(_done(result))


def read_rows(result: bytes) -> list[list[str]]:
    """The rows; raises as ``read_document``."""
    return [[str(cell) for cell in _listed(row)] for row in _listed(orjson.loads(_done(result)))]


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("not a table")  # noqa: TRY004 - the data is wrong, not the caller
    return cast("list[object]", value)


def _done(result: bytes) -> bytes:
    if result[:1] == _DONE:
        return result[1:]
    if result[:1] != _FAILED:
        raise ValueError("not a result")
    match orjson.loads(result[1:]):
        case [str(reason), str(message), str(cause)] if reason in PARSE_REASONS:
            failed = ParseFailed(reason, message)
            if cause:
                failed.add_note(cause)
            raise failed
        case _:
            raise ValueError("not a failure")
