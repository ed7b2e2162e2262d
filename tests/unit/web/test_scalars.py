import pytest
from pydantic import TypeAdapter, ValidationError

from wenshu.web.scalars import Flag, Real, Whole


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (Whole, 5, 5),
        (Whole, "5", 5),
        (Real, 0.5, 0.5),
        (Real, "0.5", 0.5),
        (Real, 1, 1.0),
        (Flag, True, True),
        (Flag, "true", True),
        (Flag, "False", False),
    ],
)
def test_values_and_their_text_are_read(kind, value, read):
    found = TypeAdapter(kind).validate_python(value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Whole, True), (Whole, "true"), (Whole, 1.5), (Real, False), (Real, "x"), (Flag, 1), (Flag, 0.0), (Flag, "2")],
)
def test_neither_stands_for_the_other(kind, value):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


def test_the_schema_is_the_plain_one():
    assert [TypeAdapter(kind).json_schema() for kind in (Whole, Real, Flag)] == [
        {"type": "integer"},
        {"type": "number"},
        {"type": "boolean"},
    ]
