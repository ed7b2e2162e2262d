"""The dialect of reports and operations: ``{"code","message","data"[,"errors"]}``."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from wenshu.kit.errors import WenshuError
from wenshu.web.dialect import STATUS, StreamEvent, parted, sse

T = TypeVar("T")


class Envelope(BaseModel, Generic[T]):
    """What every call of the family answers; ``code`` equals the HTTP status."""

    code: int
    message: str
    data: T


class CodedDialect:
    """Failures carry ``data: null``, and ``errors`` where single items of a batch went wrong."""

    def __init__(self, family: str) -> None:
        self.family = family

    def envelope(self, of: Any) -> Any:  # noqa: ANN401 (a type expression)
        """The model of a success."""
        return Envelope[of]

    def success(self, value: object) -> Mapping[str, Any]:
        """``value`` with its message."""
        message, data = parted(value)
        return {"code": 200, "message": message or "成功", "data": data}

    def failure(self, error: WenshuError) -> tuple[int, Mapping[str, Any]]:
        """Status and body."""
        status = STATUS[error.code]
        body: dict[str, Any] = {"code": status, "message": error.message, "data": None}
        if error.details:
            body["errors"] = error.details
        return status, body

    def frame(self, event: StreamEvent) -> bytes:
        """An event's data as it is; a fault as a failure."""
        return sse(event.id, self.failure(event.data)[1] if isinstance(event.data, WenshuError) else event.data)
