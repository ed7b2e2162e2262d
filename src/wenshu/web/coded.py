"""The dialect of ``/api/v1``: ``{"code","message","data"}``, its wire models and its pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from wenshu.kit.errors import InvalidInput, WenshuError
from wenshu.web.dialect import STATUS, StreamEvent, parted, sse
from wenshu.web.scalars import Whole

T = TypeVar("T")
MOST = 100
"""Items of a page."""


class Wire(BaseModel):
    """A model whose fields are spelled ``taskName`` on the wire."""

    model_config = ConfigDict(
        alias_generator=to_camel, validate_by_alias=True, validate_by_name=True, serialize_by_alias=True
    )


class Envelope(BaseModel, Generic[T]):
    """What every call of this dialect answers."""

    code: int
    message: str
    data: T


class Page(Wire, Generic[T]):
    """One page of a list; ``total`` counts all pages' items."""

    items: Sequence[T]
    page: int
    size: int
    total: int


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page is asked for."""

    page: int
    size: int

    @property
    def offset(self) -> int:
        """How many items come before."""
        return (self.page - 1) * self.size

    def of(self, items: Sequence[T], total: int) -> Page[T]:
        """The page with these items."""
        return Page[T](items=items, page=self.page, size=self.size, total=total)


def _paging(
    page: Annotated[Whole, Query(ge=1, le=1_000_000)] = 1, size: Annotated[Whole, Query(ge=1, le=MOST)] = 20
) -> Paging:
    return Paging(page, size)


AnyPaging = Annotated[Paging, Depends(_paging)]
"""``?page=1&size=20``."""


class FieldFault(BaseModel):
    """What is wrong with one field."""

    field: str
    message: str


class Failure(BaseModel):
    """A failure's body, for the OpenAPI document."""

    code: int
    message: str
    data: None
    errors: list[FieldFault] = Field(default_factory=list[FieldFault])


class CodedDialect:
    """Failures carry ``data: null``, the HTTP status equals ``code``, and ``errors`` names the fields at fault."""

    def __init__(self, family: str) -> None:
        self.family = family

    def envelope(self, of: Any) -> Any:  # noqa: ANN401 (a type expression)
        """The model of a success."""
        return Envelope[of]

    def success(self, value: object) -> Mapping[str, Any]:
        """The value as ``data``."""
        message, data = parted(value)
        return {"code": 200, "message": message or "success", "data": data}

    def failure(self, error: WenshuError) -> tuple[int, Mapping[str, Any]]:
        """Status and body."""
        status = STATUS[error.code]
        errors = _errors(error)
        message = "参数校验失败" if errors and isinstance(error, InvalidInput) else error.message
        body: dict[str, Any] = {"code": status, "message": message, "data": None}
        return status, {**body, "errors": errors} if errors else body

    def frame(self, event: StreamEvent) -> bytes:
        """The event's data, or the failure's body."""
        return sse(event.id, self.failure(event.data)[1] if isinstance(event.data, WenshuError) else event.data)


ADMIN = CodedDialect("admin")
"""Of all calls under ``/api/v1/admin``, whichever service they are of."""


def _errors(error: WenshuError) -> list[Mapping[str, Any]]:
    if error.details:
        return list(error.details)
    faults = error.faults if isinstance(error, InvalidInput) else ()
    if not faults and error.field:
        faults = ((error.field, error.message),)
    return [{"field": field, "message": message} for field, message in faults]
