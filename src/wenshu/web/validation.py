"""Validation faults: from pydantic's list to one domain error that names the field in Chinese."""

from collections.abc import Mapping, Sequence
from typing import Any

from wenshu.kit.errors import InvalidInput, MissingField

_WORDING = {
    "string_type": "应为字符串",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_parsing_size": "应为整数，且不超过 64 位",
    "int_from_float": "应为整数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "finite_number": "应为有限的数字",
    "bool_type": "应为布尔值",
    "bool_parsing": "应为布尔值",
    "list_type": "应为数组",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "greater_than": "应大于 {gt}",
    "less_than": "应小于 {lt}",
    "string_too_long": "最长 {max_length} 个字符",
    "string_too_short": "不能为空",
    "too_long": "最多 {max_length} 项",
    "too_short": "至少 {min_length} 项",
    "literal_error": "取值应为 {expected}",
    "enum": "取值应为 {expected}",
    "string_pattern_mismatch": "格式不正确",
    "value_error": "{error}",
}


def as_error(faults: Sequence[Mapping[str, Any]]) -> InvalidInput:
    """The first fault as InvalidInput, or as MissingField where a required value is absent, null or blank.

    It carries all of them, one a field.
    """
    first = faults[0]
    field = _path(first["loc"])
    wording = _wording(first)
    error = MissingField(field) if wording is None else InvalidInput(f"参数 {field} {wording}", field=field)
    worded: dict[str, str] = {}
    for fault in faults:
        worded.setdefault(_path(fault["loc"]), _wording(fault) or "不能为空")
    error.faults = tuple(worded.items())
    return error


def _wording(fault: Mapping[str, Any]) -> str | None:
    """What is wrong with the value; None where there is none."""
    kind, value = str(fault["type"]), fault.get("input")
    blank = isinstance(value, str) and not value.strip() and kind == "string_too_short"
    if kind == "missing" or value is None or blank:
        return None
    context: dict[str, Any] = fault.get("ctx") or {}
    return _WORDING.get(kind, "取值无效").format_map({"error": "", **context}).replace(" or ", " 或 ")


def _path(loc: Sequence[int | str]) -> str:
    """``("body", "docs", 0, "name")`` → ``docs[0].name``; members of a union are not part of the field's name."""
    path = ""
    for part in loc[1:]:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in {"str", "int", "float", "bool"} and not part.startswith(
            ("list[", "constrained-", "function-")
        ):
            path += f".{part}" if path else part
    return path or "请求体"
