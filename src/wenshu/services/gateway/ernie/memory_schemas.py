"""Wire models of ``/v2/memory``."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from wenshu.web.scalars import Whole

Action = Literal[
    "CreateSystemMemory",
    "DescribeSystemMemory",
    "DescribeSystemMemories",
    "ModifySystemMemory",
    "DeleteSystemMemory",
]


class Said(BaseModel):
    """One message of a dialogue."""

    role: Literal["user", "assistant", "system"]
    content: Annotated[str, Field(min_length=1, max_length=20_000)]


Dialogue = Annotated[list[Said], Field(max_length=100)]


def _text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class MemoryCall(BaseModel):
    """What any of the actions takes."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_alias=True, validate_by_name=True)

    access_token: str | None = Field(None, alias="access_token")
    app_id: Annotated[str, BeforeValidator(_text), Field(max_length=128)] = ""
    description: Annotated[str, Field(max_length=20_000)] = ""
    system_memory_id: Annotated[str | None, Field(max_length=128)] = None
    memories: Annotated[list[Dialogue] | None, Field(max_length=100)] = None
    page_no: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[Whole, Field(ge=1, le=100)] = 20
