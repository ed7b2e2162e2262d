"""Where a response's body goes: decompressed and counted on its way into a file."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from wenshu.kit.errors import FetchFailed

_PIECE = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_GZIP_MAGIC = b"\x1f"


class Sink:
    """One body. All calls block and may come from any thread, one after another.

    ``max_bytes`` bounds what is written and, apart from that, what comes in: a bomb stops at the limit, and so does an
    endless stream that unpacks to nothing. A sink closed without ``finish`` leaves no file behind.
    """

    def __init__(self, into: Path, *, content_encoding: str, max_bytes: int) -> None:
        self.size = 0
        self._into = into
        self._max_bytes = max_bytes
        self._incoming = 0
        self._decoder = _decoder(content_encoding.strip().lower())
        self._finished = False
        # A cancelled fetch closes the sink while a thread may still be inside `feed`.
        self._lock = Lock()
        self._file = into.open("wb")

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes off the wire; ``FetchFailed`` if they do not unpack or pass the limit."""
        with self._lock:
            self._incoming += len(chunk)
            self._check(self._incoming)
            for piece in (chunk,) if self._decoder is None else self._decoder.unpack(chunk):
                self.size += len(piece)
                self._check(self.size)
                self._file.write(piece)

    def finish(self) -> int:
        """Close the whole body; return its size in bytes. ``FetchFailed`` if it was cut."""
        with self._lock:
            if self._decoder is not None and not self._decoder.is_complete:
                raise FetchFailed("对方返回的内容不完整")
            self._file.close()
            self._finished = True
            return self.size

    def close(self) -> None:
        """Close in any case; remove what an unfinished fetch has written."""
        with self._lock:
            self._file.close()
            if not self._finished:
                self._into.unlink(missing_ok=True)

    def _check(self, size: int) -> None:
        if size > self._max_bytes:
            raise too_large(self._max_bytes)


def too_large(max_bytes: int) -> FetchFailed:
    """Return the error for a body over the limit."""
    limit = f"{max_bytes / 2**20:.4g} MB" if max_bytes >= 2**20 else f"{max_bytes} 字节"
    return FetchFailed(f"文件过大，超过 {limit}")


class _Inflater:
    """gzip (several members in a row too) and deflate (with zlib's header or bare), never more than a piece at once."""

    def __init__(self, window_bits: int | None) -> None:
        self._window_bits = window_bits
        self._stream = zlib.decompressobj(window_bits or zlib.MAX_WBITS)
        self._is_fresh = True

    @property
    def is_complete(self) -> bool:
        return self._is_fresh or self._stream.eof

    def unpack(self, chunk: bytes) -> Iterator[bytes]:
        piece = b""
        while chunk or len(piece) == _PIECE:  # after a full piece zlib may hold more, with no input left
            if not self._takes(chunk):
                return
            try:
                piece = self._stream.decompress(chunk, _PIECE)
            except zlib.error:
                raise FetchFailed("对方返回的内容无法解压") from None
            chunk = self._stream.unconsumed_tail or self._stream.unused_data
            yield piece

    def _takes(self, chunk: bytes) -> bool:
        """Have a stream ready for ``chunk``; false where it only pads the end."""
        if self._is_fresh and self._window_bits is None and chunk[0] & 0x0F != 8:
            # RFC 9110 means zlib's format by "deflate"; some servers send it bare. The first byte tells.
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        elif self._stream.eof:
            if self._window_bits != _GZIP or chunk[:1] != _GZIP_MAGIC:
                return False
            self._stream = zlib.decompressobj(_GZIP)
        self._is_fresh = False
        return True


def _decoder(content_encoding: str) -> _Inflater | None:
    match content_encoding:
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return _Inflater(_GZIP)
        case "deflate":
            return _Inflater(None)
        case _:
            raise FetchFailed("对方使用了不支持的压缩方式")
