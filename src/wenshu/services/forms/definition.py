"""Definitions: a form is one JSON Schema 2020-12 object, with keywords of ours for how people speak of its fields.

``aliases``: its names; ``synonyms``: value of an enumeration → words that mean it; ``cues``: words before
and after a value, or that exclude it; ``phrases``: where a text stands; ``unit``; ``tense``: ``past`` or
``future``, where a bare weekday lies.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

import jsonschema_rs
import orjson
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

from wenshu.kit.errors import InvalidInput

Definition = Mapping[str, Any]

MOST_FIELDS = 100
MOST_BYTES = 256 * 1024
_LISTS = ("aliases",)
_KINDS = frozenset({"string", "number", "integer", "boolean", "array", "object"})


def check(definition: Definition) -> None:
    """Raise InvalidInput, in words, for what is no form."""
    if len(orjson.dumps(definition)) > MOST_BYTES:
        raise InvalidInput(f"表单定义过大，最多 {MOST_BYTES // 1024} KiB")
    if definition.get("type") != "object":
        raise InvalidInput("表单定义的 type 应为 object", field="type")
    title = definition.get("title")
    if not isinstance(title, str) or not title.strip() or len(title) > 128:
        raise InvalidInput("表单定义缺少 title，或过长", field="title")
    properties = definition.get("properties")
    if not isinstance(properties, dict) or not properties:
        raise InvalidInput("表单定义缺少 properties", field="properties")
    fields = cast("dict[str, Any]", properties)
    if len(fields) > MOST_FIELDS:
        raise InvalidInput(f"表单最多 {MOST_FIELDS} 个字段", field="properties")
    for name, field in fields.items():
        _check_field(name, field)
    required = definition.get("required", [])
    if isinstance(required, list):
        unknown = next((name for name in cast("list[Any]", required) if name not in fields), None)
        if unknown is not None:
            raise InvalidInput(f"required 中的 {unknown} 不在 properties 中", field="required")
    _compile(definition)


def faults(definition: Definition, values: Mapping[str, Any]) -> dict[str, str]:
    """Field → what of its value breaks the schema; required fields that are absent are not told here."""
    found: dict[str, str] = {}
    for error in _validator(orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)).iter_errors(dict(values)):
        if error.instance_path:
            found.setdefault(str(error.instance_path[0]), str(error.kind.name))
    return found


def _check_field(name: str, field: object) -> None:
    where = f"properties.{name}"[:200]
    if not isinstance(field, dict):
        raise InvalidInput(f"{where} 应为对象", field=where)
    schema = cast("dict[str, Any]", field)
    if schema.get("type") not in _KINDS:
        raise InvalidInput(f"{where}.type 应为 string、number、integer、boolean、array 或 object 之一", field=where)
    for key in _LISTS:
        words = schema.get(key, [])
        if not isinstance(words, list) or not all(isinstance(word, str) for word in cast("list[Any]", words)):
            raise InvalidInput(f"{where}.{key} 应为字符串数组", field=f"{where}.{key}")
    synonyms = schema.get("synonyms", {})
    sound = isinstance(synonyms, dict) and all(
        isinstance(words, list) and all(isinstance(word, str) for word in cast("list[Any]", words))
        for words in cast("dict[str, Any]", synonyms).values()
    )
    if not sound:
        raise InvalidInput(f"{where}.synonyms 应为“取值 → 字符串数组”", field=f"{where}.synonyms")


def _is_clock(value: object) -> bool:
    """``HH:MM``, as people tell the time; RFC 3339's times have an offset that nobody says."""
    return isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", value) is not None


def _compile(definition: Definition) -> Draft202012Validator:
    try:
        made = jsonschema_rs.Draft202012Validator(
            dict(definition),
            validate_formats=True,
            formats={"time": _is_clock},
            offline=True,  # no remote $ref
            pattern_options=RegexOptions(),  # linear time
        )
    except ValidationError as error:
        where = ".".join(str(part) for part in error.instance_path)[:200]
        raise InvalidInput(f"表单定义不是有效的 JSON Schema 2020-12：{where or '$ref'}", field=where or None) from None
    except (ValueError, jsonschema_rs.ReferencingError):
        raise InvalidInput("表单定义不是有效的 JSON Schema 2020-12") from None
    return made


@lru_cache(maxsize=256)
def _validator(definition: bytes) -> Draft202012Validator:
    return _compile(orjson.loads(definition))
