"""Wire models of form extraction."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, StringConstraints, model_serializer

from wenshu.web.scalars import Flag

MOST_CHARACTERS = 20_000
"""Of an utterance; a longer one is 413."""

FormCode = Annotated[str, StringConstraints(min_length=1, max_length=128, strip_whitespace=True)]


class Said(BaseModel):
    """A body whose fields without a value are left out."""

    @model_serializer(mode="wrap")
    def _told(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}


class Extract(BaseModel):
    """What is to be extracted, and how it is to be answered."""

    model_config = ConfigDict(populate_by_name=True)

    utterance: Annotated[str, Field(min_length=1, description="待解析的自然语言文本，最长 20,000 字符")]
    form_code: Annotated[FormCode, Field(description="表单类型")]
    in_background: Annotated[Flag, Field(alias="async", description="是否异步执行")] = False
    callback_url: Annotated[str | None, Field(max_length=8000, description="异步任务完成后的回调地址")] = None
    reference_time: Annotated[datetime | None, Field(description="相对日期以此时刻为准（ISO 8601），缺省为现在")] = None


class Evidence(BaseModel):
    """Where in the utterance a value stands: characters ``[start, end)``; confidence from 0 to 1."""

    text: str
    start: int
    end: int
    confidence: float
    reason: str


class Doubt(BaseModel):
    """A field that the utterance touches without a value that can be used."""

    field: str
    text: str
    reason: str


class Outcome(Said):
    """What an extraction came to. ``missing``: required fields without a value; ``unclear``: touched without one."""

    status: str
    result: dict[str, Any] | None = None
    error: str | None = None
    missing: list[str] | None = None
    unclear: list[Doubt] | None = None
    evidence: dict[str, list[Evidence]] | None = None


class Task(Outcome):
    """A task of its own: its state, and once it is over what it came to."""

    task_id: str
    expires_at: str | None = None


class Form(BaseModel):
    """A form's definition: one JSON Schema 2020-12 object."""

    form_code: str
    title: str
    built_in: bool
    definition: dict[str, Any]


class FormSummary(BaseModel):
    """A form in a list."""

    form_code: str
    title: str
    built_in: bool
    fields: int


class FormPage(BaseModel):
    """One page of forms."""

    items: list[FormSummary]
    page: int
    size: int
    total: int


class Deleted(BaseModel):
    """That a form is gone."""

    form_code: str
    deleted: bool = True


class Secret(BaseModel):
    """What deliveries are signed with."""

    secret: str
    created_at: str


class Delivery(Said):
    """One webhook delivery. ``state``: pending, delivered or dead."""

    delivery_id: str
    task_id: str
    url: str
    state: str
    attempts: int
    error: str | None = None
    created_at: str
    next_attempt_at: str | None = None
    finished_at: str | None = None


class DeliveryPage(BaseModel):
    """One page of deliveries, newest first."""

    items: list[Delivery]
    page: int
    size: int
    total: int
