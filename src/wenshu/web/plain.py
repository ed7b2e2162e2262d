"""The dialect of paths outside the families: a bare value, and a failure of one given shape."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from wenshu.kit.errors import WenshuError
from wenshu.web.dialect import STATUS, StreamEvent, parted, sse

Shape = Callable[[int, WenshuError], Mapping[str, Any]]
"""HTTP status and error → body."""


class PlainDialect:
    """Successes as they are; failures as ``shape`` makes them."""

    def __init__(self, family: str, shape: Shape) -> None:
        self.family = family
        self._shape = shape

    def envelope(self, of: Any) -> Any:  # noqa: ANN401 (a type expression)
        """The value's own model."""
        return of

    def success(self, value: object) -> Mapping[str, Any]:
        """The value's own fields."""
        return cast("Mapping[str, Any]", parted(value)[1])

    def failure(self, error: WenshuError) -> tuple[int, Mapping[str, Any]]:
        """Status and shaped body."""
        status = STATUS[error.code]
        return status, self._shape(status, error)

    def frame(self, event: StreamEvent) -> bytes:
        """The event's data, or the failure's body."""
        return sse(event.id, self.failure(event.data)[1] if isinstance(event.data, WenshuError) else event.data)
