"""Decoders of OpenAI's chat completions, streamed and whole, that trust nothing of their shape."""

from collections.abc import Iterator
from typing import Any, Protocol, cast

import orjson

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.sse import DataLines

MAX_WHOLE_BYTES = 8_388_608


class Decoder(Protocol):
    """Bytes in, pieces of text out; either may raise ``ModelUnavailable``."""

    is_done: bool
    """The answer is whole; what follows is of no interest."""
    usage: object
    """What the upstream says that it took, as it says it; None where it does not."""

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Yield the pieces that ``chunk`` completes, none of them empty."""
        ...

    def end(self) -> Iterator[str]:
        """Yield what is left once the connection has ended; ``ModelUnavailable("cut")`` if that was too early."""
        ...


class StreamedAnswer:
    """``chat.completion.chunk`` events; whole at ``[DONE]`` or a finish reason: vendors leave out one or the other."""

    def __init__(self) -> None:
        self.is_done = False
        self.usage: object = None
        self._lines = DataLines()

    def feed(self, chunk: bytes) -> Iterator[str]:
        """See ``Decoder``."""
        yield from self._pieces(self._lines.feed(chunk))

    def end(self) -> Iterator[str]:
        """See ``Decoder``."""
        yield from self._pieces(self._lines.end())
        if not self.is_done:
            raise ModelUnavailable("cut")

    def _pieces(self, events: Iterator[bytes]) -> Iterator[str]:
        for data in events:
            if data.strip() == b"[DONE]":
                self.is_done = True
            elif data.strip():
                text, self.is_done, usage = _said(data, "delta")
                self.usage = usage or self.usage
                if text:
                    yield text
            if self.is_done:
                return


class WholeAnswer:
    """One ``chat.completion`` object, from an upstream that does not stream."""

    def __init__(self) -> None:
        self.is_done = False
        self.usage: object = None
        self._body = bytearray()

    def feed(self, chunk: bytes) -> Iterator[str]:
        """See ``Decoder``."""
        self._body += chunk
        if len(self._body) > MAX_WHOLE_BYTES:
            raise ModelUnavailable("garbage")
        return iter(())

    def end(self) -> Iterator[str]:
        """See ``Decoder``."""
        text, _, self.usage = _said(bytes(self._body), "message")
        return iter((text,) if text else ())


def _said(data: bytes, where: str) -> tuple[str, bool, object]:
    """Return (text, whether a finish reason stands beside it, what it took) of one completion object."""
    try:
        completion = _object(orjson.loads(data))
    except orjson.JSONDecodeError:
        raise ModelUnavailable("garbage") from None
    if completion.get("error"):
        raise ModelUnavailable("rejected")
    choices = completion.get("choices")
    if not isinstance(choices, list):
        raise ModelUnavailable("garbage")
    if not choices:
        return "", False, completion.get("usage")  # usage, or a content filter's notes
    choice = _object(cast("list[Any]", choices)[0])
    text = _object(choice.get(where) or {}).get("content")
    if text is not None and not isinstance(text, str):
        raise ModelUnavailable("garbage")
    return text or "", bool(choice.get("finish_reason")), completion.get("usage")


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ModelUnavailable("garbage")
    return cast("dict[str, Any]", value)
