"""The dialect of chat and library: ``{"status","code","msg","data"}``."""

from collections.abc import Mapping
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from wenshu.kit.errors import MissingField, WenshuError
from wenshu.web.dialect import STATUS, StreamEvent, parted, sse

T = TypeVar("T")
_MISSING = {"user_id": "缺少用户ID", "question": "缺少问题", "file": "缺少文件"}


class Envelope(BaseModel, Generic[T]):
    """What every call of this family answers."""

    status: Literal["success", "fail"]
    code: int
    msg: str
    data: T


class AssistantDialect:
    """Failures carry ``data: ""``, and the HTTP status equals ``code``."""

    family = "assistant"

    def envelope(self, of: Any) -> Any:  # noqa: ANN401 (a type expression)
        """The model of a success."""
        return Envelope[of]

    def success(self, value: object) -> Mapping[str, Any]:
        """``value`` with its message; a call that has nothing to give answers ``data: ""``."""
        message, data = parted(value)
        return {"status": "success", "code": 200, "msg": message or "成功", "data": "" if data is None else data}

    def failure(self, error: WenshuError) -> tuple[int, Mapping[str, Any]]:
        """Status and body; the document's own wording where it gives one."""
        status = STATUS[error.code]
        message = _MISSING.get(error.field or "", error.message) if isinstance(error, MissingField) else error.message
        body: dict[str, Any] = {"status": "fail", "code": status, "msg": message, "data": ""}
        if error.details:
            body["errors"] = error.details
        return status, body

    def frame(self, event: StreamEvent) -> bytes:
        """A piece or the last event as it is; a fault as a failure that is also the last event."""
        if isinstance(event.data, WenshuError):
            return sse(event.id, {**self.failure(event.data)[1], "done": True})
        return sse(event.id, event.data)
