from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, StringConstraints, ValidationError

from wenshu.kit.errors import MissingField
from wenshu.web.validation import as_error


class Item(BaseModel):
    name: str


class Body(BaseModel):
    user_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5)]
    limit: int = Field(3, ge=1, le=10)
    flag: bool = False
    ratio: float = Field(0, allow_inf_nan=False)
    kind: Literal["DOC", "QA"] = "DOC"
    items: list[Item] = []
    question: str | list[str] = ""


def error_of(**body):
    with pytest.raises(ValidationError) as caught:
        Body.model_validate({"user_id": "u", **body})
    faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in caught.value.errors()]
    return as_error(faults)


@pytest.mark.parametrize("value", [None, "", "   "])
def test_absent_null_and_blank_are_missing(value):
    error = error_of(user_id=value)
    assert isinstance(error, MissingField)
    assert error.field == "user_id"


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        ({"user_id": "x" * 6}, "user_id", "最长 5"),
        ({"user_id": 5}, "user_id", "字符串"),
        ({"limit": 0}, "limit", "不能小于 1"),
        ({"limit": 11}, "limit", "不能大于 10"),
        ({"limit": "many"}, "limit", "整数"),
        ({"limit": 1.5}, "limit", "整数"),
        ({"flag": "perhaps"}, "flag", "布尔"),
        ({"ratio": "x"}, "ratio", "数字"),
        ({"kind": "X"}, "kind", "'DOC' 或 'QA'"),
        ({"items": "x"}, "items", "数组"),
        ({"items": [{"name": "a"}, {"name": 1}]}, "items[1].name", "字符串"),
        ({"items": ["a"]}, "items[0]", "对象"),
        ({"question": [1]}, "question", "字符串"),
    ],
)
def test_faults_name_the_field_and_what_it_should_be(body, field, word):
    error = error_of(**body)
    assert error.field == field
    assert word in error.message
    assert field in error.message


def test_numbers_and_booleans_may_be_strings():
    body = Body.model_validate({"user_id": "u", "limit": "5", "flag": "true", "ratio": "0.5"})
    assert (body.limit, body.flag, body.ratio) == (5, True, 0.5)
