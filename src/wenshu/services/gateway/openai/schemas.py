"""Wire models of OpenAI's calls. What a vendor adds to a chat request is handed on to the model."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wenshu.web.scalars import Flag, Real, Whole

_OURS = {"n", "logprobs", "top_logprobs", "store", "metadata", "service_tier", "modalities", "audio", "prediction"}
"""What asks for something that is not served; it has no bearing on the text."""


class ChatMessage(BaseModel):
    """One message; ``content`` is text, or a list of parts."""

    model_config = ConfigDict(extra="allow")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: Annotated[str | None, Field(max_length=256)] = None

    @model_validator(mode="after")
    def _says_something(self) -> "ChatMessage":
        if self.content is None and not self.tool_calls and not (self.model_extra or {}).get("function_call"):
            raise ValueError("缺少 content")
        return self


class StreamOptions(BaseModel):
    """How to stream."""

    include_usage: Flag = False


class ResponseFormat(BaseModel):
    """The shape of the answer."""

    model_config = ConfigDict(extra="allow")

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None


class Chat(BaseModel):
    """``POST /v1/chat/completions``."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, Field(min_length=1, max_length=128, description="模型名或别名，default 总是可用")]
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=2048)]
    stream: Flag = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[Real | None, Field(ge=0, le=2)] = None
    top_p: Annotated[Real | None, Field(ge=0, le=1)] = None
    max_tokens: Annotated[Whole | None, Field(ge=1, le=1_000_000)] = None
    max_completion_tokens: Annotated[Whole | None, Field(ge=1, le=1_000_000)] = None
    stop: Annotated[list[str] | str | None, Field(max_length=128)] = None
    tools: Annotated[list[dict[str, Any]] | None, Field(max_length=512)] = None
    tool_choice: str | dict[str, Any] | None = None
    response_format: ResponseFormat | None = None
    n: Annotated[Whole, Field(ge=1, le=1, description="只支持 1")] = 1
    user: Annotated[str | None, Field(max_length=512)] = None

    @field_validator("stop")
    @classmethod
    def _few(cls, value: list[str] | str | None) -> list[str] | str | None:
        if isinstance(value, list) and (len(value) > 4 or any(len(word) > 128 for word in value)):
            raise ValueError("最多 4 个，每个最长 128 个字符")
        return value

    @property
    def stops(self) -> list[str]:
        """The stop words."""
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def most_tokens(self) -> int | None:
        """How long an answer may be; both names mean it."""
        return self.max_completion_tokens or self.max_tokens

    def options(self) -> dict[str, Any]:
        """What goes to the model beside name and messages, as it came."""
        sent = self.model_dump(
            exclude={"model", "messages", "stream", "stream_options", *_OURS}, exclude_unset=True, exclude_none=True
        )
        return {name: value for name, value in sent.items() if name not in _OURS}


class Embeddings(BaseModel):
    """``POST /v1/embeddings``."""

    model: Annotated[str, Field(min_length=1, max_length=128)]
    input: Annotated[str | list[Any], Field(description="一段或多段文字")]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[Whole | None, Field(ge=1, le=65_536)] = None
    user: Annotated[str | None, Field(max_length=512)] = None

    @field_validator("input")
    @classmethod
    def _texts(cls, value: str | list[Any]) -> str | list[Any]:
        texts = [value] if isinstance(value, str) else value
        if not 1 <= len(texts) <= 2048:
            raise ValueError("应为 1 至 2048 段文字")
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("只接受文字，不接受 token 编号")
        if not all(texts):
            raise ValueError("不能有空的文字")
        return value

    @property
    def texts(self) -> list[str]:
        """The texts."""
        return [self.input] if isinstance(self.input, str) else list(self.input)
