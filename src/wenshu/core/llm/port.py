"""The ports to models: messages in, pieces of text out; texts in, vectors out."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


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
