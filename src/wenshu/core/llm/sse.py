"""Server-sent events as model vendors write them: one JSON object per ``data:`` line."""

from collections.abc import Iterator

from wenshu.core.llm.errors import ModelUnavailable

MAX_LINE_BYTES = 1_048_576


class DataLines:
    """Cuts bytes, arriving in any pieces, into the values of ``data`` lines.

    Lines end in LF or CR LF. Comments, blank lines and other fields are passed over, and so is the space after the
    colon. Anything else is not an event stream: ``ModelUnavailable("garbage")``, as is a line over ``MAX_LINE_BYTES``.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the data of every line that ``chunk`` completes."""
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            self._append(line)
            complete = bytes(self._rest)
            self._rest.clear()
            yield from _data(complete)
        self._append(rest)

    def end(self) -> Iterator[bytes]:
        """Yield the data of a last line that no newline ended."""
        complete = bytes(self._rest)
        self._rest.clear()
        yield from _data(complete)

    def _append(self, part: bytes) -> None:
        self._rest += part
        if len(self._rest) > MAX_LINE_BYTES:
            raise ModelUnavailable("garbage")


def _data(line: bytes) -> Iterator[bytes]:
    line = line.removesuffix(b"\r")
    if not line or line.startswith(b":"):
        return
    field, _, value = line.partition(b":")
    if field == b"data":
        yield value.removeprefix(b" ")
    elif field not in (b"event", b"id", b"retry"):
        raise ModelUnavailable("garbage")
