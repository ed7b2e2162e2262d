"""Decoders of OpenAI's chat completions, streamed and whole, that trust nothing of their shape."""

from collections.abc import Iterator
from typing import Any, Protocol, cast

import orjson

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.port import Call, Piece, Usage
from wenshu.core.llm.sse import DataLines

MAX_WHOLE_BYTES = 8_388_608


class Decoder(Protocol):
    """Bytes in, pieces of an answer out; either may raise ``ModelUnavailable``."""

    is_whole: bool
    """The answer is whole; at most what it cost is still to come."""
    is_done: bool
    """What follows is of no interest."""

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Yield the pieces that ``chunk`` completes, none of them empty."""
        ...

    def end(self) -> Iterator[Piece]:
        """Yield what is left once the connection has ended; ``ModelUnavailable("cut")`` if that was too early."""
        ...


class StreamedAnswer:
    """``chat.completion.chunk`` events; whole at ``[DONE]`` or a finish reason: vendors leave out one or the other."""

    def __init__(self) -> None:
        self.is_whole = False
        self.is_done = False
        self._lines = DataLines()

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """See ``Decoder``."""
        yield from self._pieces(self._lines.feed(chunk))

    def end(self) -> Iterator[Piece]:
        """See ``Decoder``."""
        yield from self._pieces(self._lines.end())
        if not self.is_whole:
            raise ModelUnavailable("cut")

    def _pieces(self, events: Iterator[bytes]) -> Iterator[Piece]:
        while not self.is_done:
            try:
                data = next(events, None)
                if data is None:
                    return
                piece = self._read(data.strip())
            except ModelUnavailable:
                if not self.is_whole:
                    raise
                self.is_done = True  # the answer was whole before it
                return
            if piece:
                yield piece

    def _read(self, data: bytes) -> Piece:
        if not data:
            return Piece()
        if data == b"[DONE]":
            self.is_whole = self.is_done = True
            return Piece()
        piece = _piece(data, "delta")
        if self.is_whole:
            piece = Piece(usage=piece.usage)
        self.is_whole = self.is_whole or bool(piece.finish)
        self.is_done = self.is_whole and piece.usage is not None
        return piece


class WholeAnswer:
    """One ``chat.completion`` object, from an upstream that does not stream."""

    def __init__(self) -> None:
        self.is_whole = False
        self.is_done = False
        self._body = bytearray()

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """See ``Decoder``."""
        self._body += chunk
        if len(self._body) > MAX_WHOLE_BYTES:
            raise ModelUnavailable("garbage")
        return iter(())

    def end(self) -> Iterator[Piece]:
        """See ``Decoder``."""
        piece = _piece(bytes(self._body), "message")
        return iter((piece,) if piece else ())


def _piece(data: bytes, where: str) -> Piece:
    """What one completion object says."""
    try:
        completion = _object(orjson.loads(data))
    except orjson.JSONDecodeError:
        raise ModelUnavailable("garbage") from None
    if completion.get("error"):
        raise ModelUnavailable("rejected")
    choices = completion.get("choices")
    if not isinstance(choices, list):
        raise ModelUnavailable("garbage")
    usage = _usage(completion.get("usage"))
    if not choices:
        return Piece(usage=usage)  # or a content filter's notes
    choice = _object(cast("list[Any]", choices)[0])
    said = _object(choice.get(where) or {})
    return Piece(
        text=_text(said.get("content")),
        reasoning=_text(said.get("reasoning_content")),
        calls=_calls(said.get("tool_calls")),
        finish=str(choice.get("finish_reason") or ""),
        usage=usage,
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ModelUnavailable("garbage")
    return value


def _calls(value: object) -> tuple[Call, ...]:
    """``tool_calls``, whole ones or parts of them; those of a whole message may carry no index."""
    if not value:
        return ()
    if not isinstance(value, list):
        raise ModelUnavailable("garbage")
    calls: list[Call] = []
    for at, item in enumerate(cast("list[Any]", value)):
        call = _object(item)
        function = _object(call.get("function") or {})
        index = call.get("index")
        place = index if isinstance(index, int) else at
        calls.append(Call(place, _text(call.get("id")), _text(function.get("name")), _text(function.get("arguments"))))
    return tuple(calls)


def _usage(value: object) -> Usage | None:
    """What the answer cost; vendors that know it only at the end send null or nothing before."""
    if not isinstance(value, dict):
        return None
    told = cast("dict[str, Any]", value)
    counts = [told.get(name) for name in ("prompt_tokens", "completion_tokens")]
    prompt, completion = (count if isinstance(count, int) and 0 <= count < 2**40 else 0 for count in counts)
    return Usage(prompt, completion) if prompt or completion else None


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ModelUnavailable("garbage")
    return cast("dict[str, Any]", value)
