"""The ports to models: messages in, pieces of text out; texts in, vectors out."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost, in tokens."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function that the model wants called, or the next part of one: parts of one ``index`` are joined."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""
    """JSON, as the model wrote it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The next piece of an answer. ``finish`` is OpenAI's reason, empty before the end."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    finish: str = ""
    usage: Usage | None = None

    def __bool__(self) -> bool:
        return bool(self.text or self.reasoning or self.calls or self.finish or self.usage)


class Relay(Protocol):
    """A model asked in the full words of OpenAI's chat completions; safe for concurrent use."""

    @property
    def name(self) -> str:
        """Return the model's name, for people, logs and bills."""
        ...

    def ask(self, request: Mapping[str, Any]) -> AsyncGenerator[Piece]:
        """Answer in pieces, none of them empty; ``request`` as for OpenAI, without ``model`` and ``stream``.

        Raises and ends as ``ChatModel.stream`` does.
        """
        ...

    async def close(self) -> None:
        """Close connections; answers under way fail."""
        ...


class ChatModel(Protocol):
    """A model that answers; safe for concurrent use."""

    @property
    def name(self) -> str:
        """Return the model's name, for people and logs."""
        ...

    def stream(
        self, messages: Sequence[Message], *, temperature: float = 0.2, max_tokens: int | None = None
    ) -> AsyncIterator[str]:
        """Answer in pieces, none of them empty; joined they are the whole answer.

        Raises ``errors.ModelUnavailable`` before or after the first piece; an iteration that ends by itself was a whole
        answer. The upstream's work is cancelled when the consumer's task is, or when the iterator is closed or dropped.
        """
        ...

    async def close(self) -> None:
        """Close connections; streams under way fail."""
        ...


class Embedder(Protocol):
    """A model that turns texts into vectors; safe for concurrent use."""

    model: str
    """The model's name: vectors of two models cannot be compared."""

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector a text, in their order, all of one dimension and finite. Raises ``errors.ModelUnavailable``."""
        ...

    async def close(self) -> None:
        """Close connections; calls under way fail."""
        ...
