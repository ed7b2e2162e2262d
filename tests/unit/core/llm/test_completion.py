import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenshu.core.llm.completion import MAX_WHOLE_BYTES, Decoder, StreamedAnswer, WholeAnswer
from wenshu.core.llm.errors import ModelUnavailable


def decoded(decoder: Decoder, body: bytes) -> list[str]:
    pieces = list(decoder.feed(body))
    pieces += [] if decoder.is_done else decoder.end()
    return [piece.text for piece in pieces if piece.text]


@pytest.mark.parametrize(
    ("body", "pieces"),
    [
        (b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n', ["a"]),
        (b'data:{"choices":[{"delta":{"content":"a"}}]}\ndata:[DONE]', ["a"]),
        (b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}\n\n', ["a"]),
        (b'data: {"choices":[{"delta":{"content":"a"},"finish_reason":""}]}\n\ndata: [DONE]\n\n', ["a"]),
        (b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\ndata: [DONE]\n\n', []),
        (b'data: {"choices":[{"delta":{"content":null,"reasoning_content":"hm"}}]}\n\ndata: [DONE]\n\n', []),
        (b'data: {"choices":[],"usage":{"total_tokens":1}}\n\ndata:\n\ndata: [DONE]\n\n', []),
        (b'data: {"choices":[{}],"error":null}\n\ndata: [DONE]\n\n', []),
        (b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\nwhat follows\n', ["a"]),
    ],
)
def test_streamed(body: bytes, pieces: list[str]) -> None:
    assert decoded(StreamedAnswer(), body) == pieces


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "cut"),
        (b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n', "cut"),
        (b'data: {"error":{"message":"sk-secret"}}\n\n', "rejected"),
        (b'data: {"error":"sk-secret","choices":[]}\n\n', "rejected"),
        (b"data: {\n\n", "garbage"),
        (b"data: []\n\n", "garbage"),
        (b"data: 1\n\n", "garbage"),
        (b"data: {}\n\n", "garbage"),
        (b'data: {"choices":{}}\n\n', "garbage"),
        (b'data: {"choices":[1]}\n\n', "garbage"),
        (b'data: {"choices":[{"delta":"a"}]}\n\n', "garbage"),
        (b'data: {"choices":[{"delta":{"content":1}}]}\n\n', "garbage"),
        (b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n', "garbage"),
        (b"data: " + b"[" * 5_000 + b"\n\n", "garbage"),
    ],
)
def test_streamed_faults(data: bytes, reason: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        decoded(StreamedAnswer(), data)
    assert caught.value.reason == reason
    assert "secret" not in str(caught.value)


def test_pieces_before_a_fault_are_given() -> None:
    pieces = StreamedAnswer().feed(
        b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: {"error":{}, "x": 1}\n\nboom\n'
    )
    assert next(pieces).text == "a"
    with pytest.raises(ModelUnavailable):
        list(pieces)


def test_whole() -> None:
    decoder = WholeAnswer()
    body = '{"choices":[{"message":{"content":"整个回答"},"finish_reason":"stop"}]}'.encode()
    assert list(decoder.feed(body[:20])) == []
    assert decoded(decoder, body[20:]) == ["整个回答"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "garbage"),
        (b'{"choices":[{"message"', "garbage"),
        (b'{"error":{"message":"x"}}', "rejected"),
        (b"{}", "garbage"),
        (b" " * (MAX_WHOLE_BYTES + 1), "garbage"),
    ],
    ids=["empty", "cut", "error", "no choices", "too large"],
)
def test_whole_faults(body: bytes, reason: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        decoded(WholeAnswer(), body)
    assert caught.value.reason == reason


_json = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["choices", "delta", "message", "content", "error", "finish_reason"]), inner, max_size=3
        )
    ),
)


@settings(deadline=None)
@given(_json.map(lambda value: b"data: " + str(value).replace("'", '"').encode() + b"\n") | st.binary(max_size=40))
def test_anything_gives_text_or_the_one_error(body: bytes) -> None:
    for decoder in (StreamedAnswer(), WholeAnswer()):
        try:
            pieces = decoded(decoder, body)
        except ModelUnavailable:
            continue
        assert all(isinstance(piece, str) and piece for piece in pieces)
