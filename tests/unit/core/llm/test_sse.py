import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenshu.core.llm.errors import ModelUnavailable
from wenshu.core.llm.sse import MAX_LINE_BYTES, DataLines

STREAM = (
    ": keep-alive\r\n\nevent: x\ndata: 一\r\n\r\ndata:two\nid: 7\nretry: 1\n"
    "data\ndata:  indented\ndata: a:b\n\ndata: last"
).encode()
DATA = ["一".encode(), b"two", b"", b" indented", b"a:b", b"last"]


@settings(deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=8).map(sorted))
def test_lines_however_they_are_cut(cuts: list[int]) -> None:
    lines = DataLines()
    found: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(STREAM)], strict=True):
        found += lines.feed(STREAM[start:end])
    found += lines.end()
    assert found == DATA


@pytest.mark.parametrize("garbage", [b"<html>\n", b'{"error": 1}\n', b"datax: 1\n", b" data: 1\n", b"\xff\n"])
def test_what_is_no_event_stream(garbage: bytes) -> None:
    lines = DataLines()
    assert list(lines.feed(b"data: fine\n")) == [b"fine"]
    with pytest.raises(ModelUnavailable) as caught:
        list(lines.feed(garbage))
    assert caught.value.reason == "garbage"


def test_a_line_without_end_is_not_kept_for_ever() -> None:
    lines = DataLines()
    assert list(lines.feed(b"data: " + b"x" * (MAX_LINE_BYTES - 6))) == []
    with pytest.raises(ModelUnavailable):
        list(lines.feed(b"x"))
