import pytest

from wenshu.core.documents.limits import Limits
from wenshu.core.documents.parsers import dispatch
from wenshu.kit.errors import ParseFailed


@pytest.mark.parametrize(
    ("name", "data"), [("a.html", b"<script>x</script>"), ("a.csv", b",,\n,,"), ("a.md", b"---\na: b\n---\n")]
)
def test_success_without_text_is_a_failure(name: str, data: bytes) -> None:
    with pytest.raises(ParseFailed) as failed:
        dispatch.parse(data, name, Limits())
    assert failed.value.reason == "empty_text"


def test_text_past_the_limit_is_refused() -> None:
    for name in ("a.txt", "a.md", "a.csv", "a.html"):
        with pytest.raises(ParseFailed) as failed:
            dispatch.parse("这一行超过了十个字的上限".encode(), name, Limits(characters=10))
        assert failed.value.reason == "too_large"
    with pytest.raises(ParseFailed) as failed:
        dispatch.parse(b"12345", "a.txt", Limits(file_bytes=4))
    assert failed.value.reason == "too_large"


def test_only_tables_have_rows() -> None:
    with pytest.raises(ParseFailed) as failed:
        dispatch.rows(b"x", "a.txt", Limits())
    assert failed.value.reason == "unsupported"
