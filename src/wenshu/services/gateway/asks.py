"""A question to a model as both kinds of calls mean it: OpenAI's messages, and how the answer is dealt with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

ChatMessage = Mapping[str, Any]
"""``{"role","content",…}`` as OpenAI's chat completions take it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked. ``options`` goes to the model as it is."""

    model: str
    messages: Sequence[ChatMessage]
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    stops: Sequence[str] = ()
    shows_stop: bool = False
    """Whether an answer ends with the stop word, or before it."""
    most_tokens: int | None = None
    searches: bool = True
    """Whether the library may be looked into."""
    cites: bool = False
    """Whether the caller wants to know what was found there."""
    marks: bool = False
    """Whether the text says which source a sentence is from: ``^[1]^``."""
    otherwise_default: bool = False
    """Whether an unknown model means the default one."""


def text_of(message: ChatMessage) -> str:
    """A message's words: its content, or the text parts of it."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = cast("list[Any]", content) if isinstance(content, list) else []
    return "\n".join(_words(parts))


def _words(parts: list[Any]) -> Iterator[str]:
    for part in parts:
        text = cast("dict[str, Any]", part).get("text") if isinstance(part, dict) else None
        if isinstance(text, str):
            yield text
