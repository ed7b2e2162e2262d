import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.kit.errors import InvalidInput, UnsupportedMediaType
from wenshu.web.strict import decode

JSON = "application/json"
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="abc中", max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.text(alphabet="abc中", max_size=5), values, max_size=5))
def test_a_sound_object_comes_through(body):
    assert decode(orjson.dumps(body), JSON) == body


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_an_empty_body_is_an_empty_object(body):
    assert decode(body, "") == {}


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b'"a"',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\u0000"}',
        b'{"a": ["x", {"b": "\\u0000"}]}',
        b'{"\\u0000": 1}',
        b'{"a": "\\ud800"}',
        b'{"a": 99999999999999999999999}',
        b'{"a": ' + b"[" * 3000 + b"]" * 3000 + b"}",
        b"\xff\xfe{}",
    ],
)
def test_an_unsound_one_does_not(body):
    with pytest.raises(InvalidInput):
        decode(body, JSON)


def test_the_field_is_named():
    with pytest.raises(InvalidInput) as caught:
        decode(b'{"docs": [{"name": "a"}, {"name": "\\u0000"}]}', JSON)
    assert caught.value.field == "docs[1].name"


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_json_is_declared(content_type):
    with pytest.raises(UnsupportedMediaType):
        decode(b"{}", content_type)


def test_a_charset_does_not_matter():
    assert decode(b'{"a": 1}', "Application/JSON; charset=utf-8") == {"a": 1}
