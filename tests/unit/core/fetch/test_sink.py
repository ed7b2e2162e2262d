import gzip
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wenshu.core.fetch.sink import Sink
from wenshu.kit.errors import FetchFailed

BODY = b"wenshu " * 50_000
PIECE = 64 * 1024


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def poured(into: Path, encoding: str, wire: bytes, *, step: int = 1_000, max_bytes: int = 10**6) -> int:
    sink = Sink(into, content_encoding=encoding, max_bytes=max_bytes)
    try:
        for start in range(0, len(wire), step):
            sink.feed(wire[start : start + step])
        return sink.finish()
    finally:
        sink.close()


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [
        ("", BODY),
        (" Identity ", BODY),
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("X-GZIP", gzip.compress(BODY, mtime=0)),
        ("gzip", gzip.compress(BODY[:70_000], mtime=0) + gzip.compress(BODY[70_000:], mtime=0)),
        ("gzip", gzip.compress(BODY, mtime=0) + b"\0\0padding"),
        ("deflate", zlib.compress(BODY)),
        ("deflate", bare(BODY)),
    ],
)
@pytest.mark.parametrize("step", [1, 1_000, 10**6])
def test_writes_the_unpacked_body(tmp_path: Path, encoding: str, wire: bytes, step: int) -> None:
    assert poured(tmp_path / "f", encoding, wire, step=step if len(wire) < 10_000 else 10_000) == len(BODY)
    assert (tmp_path / "f").read_bytes() == BODY


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.integers(-3, 3).map(lambda off: PIECE + off) | st.integers(0, 3 * PIECE),
    fill=st.sampled_from([b"\0", b"0123456789"]),
    step=st.sampled_from([1, 7, 100_000]),
    pack=st.sampled_from([("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", bare)]),
)
def test_any_size_comes_through(tmp_path: Path, size: int, fill: bytes, step: int, pack: tuple) -> None:
    body = (fill * size)[:size]
    encoding, packed = pack
    assert poured(tmp_path / "f", encoding, packed(body), step=step) == size
    assert (tmp_path / "f").read_bytes() == body


@pytest.mark.parametrize("over", [-1, 0, 1, 2, 258, 259])
def test_zlib_holds_nothing_back(tmp_path: Path, over: int) -> None:
    body = b"\0" * (PIECE + over)  # bare deflate has no trailer that would push the last bytes out
    assert poured(tmp_path / "f", "deflate", bare(body), step=10**6) == len(body)


def test_an_empty_body_needs_no_stream(tmp_path: Path) -> None:
    assert poured(tmp_path / "f", "gzip", b"") == 0


@pytest.mark.parametrize(
    ("encoding", "wire", "says"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)[:-1], "不完整"),
        ("gzip", gzip.compress(BODY, mtime=0) + gzip.compress(BODY, mtime=0)[:20], "不完整"),
        ("deflate", zlib.compress(BODY)[:-5], "不完整"),
        ("gzip", b"not gzip at all", "无法解压"),
        ("gzip", gzip.compress(BODY, mtime=0)[:30] + b"\xff" * 50, "无法解压"),
        ("br", b"x", "压缩方式"),
        ("gzip, gzip", b"x", "压缩方式"),
    ],
)
def test_a_bad_body_leaves_no_file(tmp_path: Path, encoding: str, wire: bytes, says: str) -> None:
    with pytest.raises(FetchFailed, match=says):
        poured(tmp_path / "f", encoding, wire)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("encoding", "wire"),
    [
        ("", b"0" * 1_000_001),
        ("gzip", gzip.compress(b"0" * 1_000_001, mtime=0)),
        ("gzip", gzip.compress(b"", mtime=0) * 60_000),
    ],
    ids=["plain", "bomb", "members that unpack to nothing"],
)
def test_the_limit_stops_it(tmp_path: Path, encoding: str, wire: bytes) -> None:
    with pytest.raises(FetchFailed, match="文件过大，超过 1000000 字节"):
        poured(tmp_path / "f", encoding, wire, step=10**9)
    assert list(tmp_path.iterdir()) == []


def test_the_limit_itself_is_allowed(tmp_path: Path) -> None:
    assert poured(tmp_path / "f", "gzip", gzip.compress(b"0" * 10**6)) == 10**6


def test_a_bomb_is_written_no_further_than_the_limit(tmp_path: Path) -> None:
    sink = Sink(tmp_path / "f", content_encoding="gzip", max_bytes=PIECE)
    with pytest.raises(FetchFailed):
        sink.feed(gzip.compress(b"\0" * 20_000_000))
    assert sink.size <= 2 * PIECE
    sink.close()
