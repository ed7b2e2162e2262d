"""Wire models of Baidu's calls, with every rule that the document states for a field."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, field_validator, model_validator

from wenshu.kit.errors import InvalidInput
from wenshu.services.gateway.tokens import tokens
from wenshu.web.scalars import Flag, Real, Whole

MOST_CHARACTERS = 516_096
MOST_TOKENS = 126_976
MOST_OUTPUT = 4_096
"""Of messages, functions and system together; of an answer, in tokens."""


class FunctionCall(BaseModel):
    """A call that the model has asked for."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    arguments: str = ""
    thoughts: str | None = None


class ErnieMessage(BaseModel):
    """One message; a function's result carries the function's name."""

    role: Literal["user", "assistant", "function"]
    content: str = ""
    name: Annotated[str | None, Field(min_length=1, max_length=128)] = None
    function_call: FunctionCall | None = None

    @model_validator(mode="after")
    def _whole(self) -> "ErnieMessage":
        if not self.content.strip() and not (self.role == "assistant" and self.function_call):
            raise ValueError("的 content 不能为空")
        if self.role == "function" and not self.name:
            raise ValueError("的 role 为 function 时 name 必填")
        return self


class Function(BaseModel):
    """A function that the model may call; ``parameters`` is a JSON Schema."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    description: str = ""
    parameters: dict[str, Any] = Field(default_factory=lambda: {"type": "object", "properties": {}})


class Named(BaseModel):
    """A function by its name."""

    name: Annotated[str, Field(min_length=1, max_length=128)]


class ToolChoice(BaseModel):
    """The function that is suggested to the model."""

    type: Literal["function"]
    function: Named


class ErnieChat(BaseModel):
    """``POST …/chat/{model}``."""

    access_token: str | None = Field(None, description="也可放在查询参数里")
    messages: Annotated[list[ErnieMessage], Field(min_length=1, max_length=2047)]
    functions: Annotated[list[Function], Field(description="可触发函数的描述列表")] = Field(
        default_factory=list[Function]
    )
    temperature: Annotated[Real, Field(gt=0, le=1)] = 0.8
    top_p: Annotated[Real, Field(ge=0, le=1)] = 0.8
    penalty_score: Annotated[Real, Field(ge=1, le=2)] = 1.0
    stream: Flag = False
    enable_system_memory: Flag = False
    system_memory_id: Annotated[str | None, Field(max_length=128)] = None
    system: str = ""
    stop: Annotated[list[Annotated[str, Field(min_length=1, max_length=20)]], Field(max_length=4)] = Field(
        default_factory=list[str]
    )
    disable_search: Flag = False
    enable_citation: Flag = False
    enable_trace: Flag = False
    max_output_tokens: Annotated[Whole, Field(ge=2, le=MOST_OUTPUT)] = MOST_OUTPUT
    response_format: Literal["json_object", "text"] = "text"
    user_ip: Annotated[str | None, Field(max_length=128)] = None
    user_id: Annotated[str | None, Field(max_length=256)] = None
    tool_choice: ToolChoice | None = None

    @field_validator("messages")
    @classmethod
    def _in_turns(cls, value: list[ErnieMessage]) -> list[ErnieMessage]:
        if len(value) % 2 == 0:
            raise ValueError("的成员数目必须为奇数")
        for at, message in enumerate(value):
            if (message.role == "assistant") != (at % 2 == 1):
                raise ValueError("的奇数位 role 须为 user 或 function，偶数位须为 assistant")
        return value

    @field_validator("system_memory_id")
    @classmethod
    def _one(cls, value: str | None) -> str | None:
        return value.strip() or None if value else None

    @field_validator("tool_choice")
    @classmethod
    def _offered(cls, value: ToolChoice | None, info: ValidationInfo) -> ToolChoice | None:
        functions: list[Function] = info.data.get("functions") or []
        if value is not None and value.function.name not in {function.name for function in functions}:
            raise ValueError("指定的函数名必须在 functions 中存在")
        return value

    def check_length(self) -> None:
        """Raise InvalidInput where messages, functions and system are too long together."""
        texts = [self.system, *(message.content for message in self.messages)]
        texts += [function.model_dump_json() for function in self.functions]
        if sum(map(len, texts)) > MOST_CHARACTERS:
            raise InvalidInput(
                f"参数 messages、functions 与 system 总长不能超过 {MOST_CHARACTERS} 个字符", field="messages"
            )
        if sum(map(tokens, texts)) > MOST_TOKENS:
            raise InvalidInput(
                f"参数 messages、functions 与 system 总长不能超过 {MOST_TOKENS} tokens", field="messages"
            )


class ErnieEmbeddings(BaseModel):
    """``POST …/embeddings/{model}``."""

    access_token: str | None = None
    input: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1, max_length=16)]
    user_id: Annotated[str | None, Field(max_length=256)] = None
