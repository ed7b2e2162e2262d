import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenshu.core.llm.endpoint import _seconds, endpoint_url


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://api.deepseek.com", "https://api.deepseek.com/v1/chat/completions"),
        ("https://api.deepseek.com/", "https://api.deepseek.com/v1/chat/completions"),
        (" http://localhost:11434/v1/ ", "http://localhost:11434/v1/chat/completions"),
        ("https://ark.cn-beijing.volces.com/api/v3", "https://ark.cn-beijing.volces.com/api/v3/chat/completions"),
        ("https://host/compatible-mode/v1", "https://host/compatible-mode/v1/chat/completions"),
        ("https://host/v1beta", "https://host/v1beta/chat/completions"),
        ("https://host/proxy", "https://host/proxy/v1/chat/completions"),
        ("https://host/x/chat/completions/", "https://host/x/chat/completions"),
        ("https://host/v1?api-version=2", "https://host/v1/chat/completions?api-version=2"),
    ],
)
def test_the_address_of_a_call(url: str, target: str) -> None:
    assert str(endpoint_url(url, "/chat/completions")) == target


@pytest.mark.parametrize("url", ["", "api.deepseek.com", "/v1", "ftp://host/v1", "http://", "localhost:11434/v1"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="absolute"):
        endpoint_url(url, "/chat/completions")


def test_a_base_of_another_call_is_its_own_path() -> None:
    assert str(endpoint_url("https://host/v1", "/embeddings")) == "https://host/v1/embeddings"
    assert str(endpoint_url("https://host/v1/embeddings", "/embeddings")) == "https://host/v1/embeddings"


def test_retry_after_is_read() -> None:
    assert _seconds("7") == 7
    assert _seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    future = _seconds("Wed, 21 Oct 2099 07:28:00 GMT")
    assert future is not None
    assert future > 3600
    assert _seconds("") is None
    assert _seconds("soon") is None


@settings(deadline=None)
@given(
    st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]\d+", fullmatch=True)
)
def test_any_retry_after_is_read(text: str) -> None:
    seconds = _seconds(text)
    assert seconds is None or seconds >= 0
