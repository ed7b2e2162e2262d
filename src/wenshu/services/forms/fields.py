"""Fields: what a form's schema says of each, as the assignment needs it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from wenshu.services.forms.definition import Definition
from wenshu.zh.fold import fold

_BY_FORMAT = {
    "date": "date", "date-time": "date-time", "time": "time", "phone": "phone", "email": "email", "id-card": "id-card",
    "credit-code": "credit-code", "bank-card": "bank-card", "plate-number": "plate-number", "person": "person", "company": "company",
    "department": "department", "place": "place", "code": "code",
}  # fmt: skip
_BY_TITLE = (
    ("code", re.compile(r"编号|号码|单号|代码|编码|[^账型牌]号$")),
    ("department", re.compile("部门|科室")),
    ("place", re.compile("目的地|城市|出差地点")),
    ("person", re.compile(r"姓名|[^本代]人$")),
    ("company", re.compile("公司|单位|供应商|厂家")),
    ("date", re.compile("日期")),
)  # fmt: skip
_UNITS = (
    ("%", re.compile("比例|百分比|率$")),
    ("天", re.compile("天数")),
    ("小时", re.compile("小时|时长")),
    ("月", re.compile("月）|月数")),
    ("人", re.compile("人数")),
    ("份", re.compile("份数")),
    ("张", re.compile("张数")),
    ("元", re.compile("金额|费|预算|价|薪|款|补助|总额|合计")),
)
_END = re.compile("结束|到期|返回|回程|截止|终止|End|Return")
_START = re.compile("开始|出发|生效|起始|Start|Departure")


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a form."""

    name: str
    kind: str
    schema: Mapping[str, Any]
    labels: tuple[str, ...]
    """What it is called, folded, the longest first."""
    before: tuple[str, ...]
    after: tuple[str, ...]
    excludes: tuple[str, ...]
    """Words right before a value that say that it is another one's."""
    phrases: tuple[str, ...]
    """``因为{}``: where a text stands; a ``{}`` ends with the clause."""
    unit: str
    tense: str
    role: str
    """``start`` or ``end`` of a span of time, else empty."""
    many: bool
    required: bool

    @property
    def item(self) -> Mapping[str, Any]:
        """The schema of one value: the items' where there may be many."""
        return cast("Mapping[str, Any]", self.schema.get("items", {})) if self.many else self.schema


def fields_of(definition: Definition) -> list[Field]:
    """The form's fields in their order."""
    required = set(definition.get("required", ()))
    return [_field(name, schema, required=name in required) for name, schema in definition["properties"].items()]


def _field(name: str, schema: Mapping[str, Any], *, required: bool) -> Field:
    many = schema.get("type") == "array"
    item = cast("Mapping[str, Any]", schema.get("items", {})) if many else schema
    title = str(schema.get("title", name))
    kind = _kind(item, title)
    cues = cast("Mapping[str, Any]", schema.get("cues", {}))
    names = {fold(word) for word in (title, *schema.get("aliases", ())) if word}
    role = "end" if _END.search(title + name) else "start" if _START.search(title + name) else ""
    return Field(
        name=name,
        kind=kind,
        schema=schema,
        labels=tuple(sorted(names, key=len, reverse=True)),
        before=_words(cues.get("before")),
        after=_words(cues.get("after")),
        excludes=_words(cues.get("excludes")),
        phrases=_words(schema.get("phrases")),
        unit=_unit(schema, title) if kind == "number" else "",
        tense=str(schema.get("tense", "")),
        role=role if kind in {"date", "date-time", "time"} else "",
        many=many,
        required=required,
    )


def _words(words: object) -> tuple[str, ...]:
    return tuple(fold(str(word)) for word in cast("list[object]", words)) if isinstance(words, list) else ()


def _kind(item: Mapping[str, Any], title: str) -> str:
    plain = {"boolean": "flag", "object": "rows", "number": "number", "integer": "number"}
    if "enum" in item:
        return "choice"
    if item.get("type") in plain:
        return plain[item["type"]]
    named = _BY_FORMAT.get(str(item.get("format", "")))
    if named:
        return named
    return next((kind for kind, pattern in _BY_TITLE if pattern.search(title)), "text")


def _unit(schema: Mapping[str, Any], title: str) -> str:
    said = schema.get("unit")
    return str(said) if said else next((unit for unit, pattern in _UNITS if pattern.search(title)), "")
