"""Rows: things that are listed, each with its number, unit, model and price: 显示器 2 台，单价 1200; 三箱 A4 纸."""

import re
from typing import Any

from wenshu.services.forms.candidates import Candidate
from wenshu.services.forms.choose import Choice
from wenshu.services.forms.fields import Field

_NAME = r"[\u4e00-\u9fffa-z0-9+/.·-]"
_LEAD = re.compile(
    r"^.*?(?:采购|申购|购买|购置|买|要|需要|申请|订|添置|再加|加上?|以及|还有|还要|另外|和|跟|、|再来|来|补|领|换|进|配|各)(?:一下|一批|点|些|个)?"
)
_TAIL = re.compile(r"(?:各|要|需要|来|买|大概|一共|共|总共|数量|是|:|：|再|的)+$")
_PRICE = re.compile(
    r"(?:单价|每[个台箱张把套包盒支瓶件条本只块]|一[个台箱张把套包盒支瓶件条本只块]|@|均价|单个|各)[是为约大概要]{0,2}\s?$"
)
_EACH = re.compile(r"^\s?(?:一|/|每)[个台箱张把套包盒支瓶件条本只块]")
_MODEL = re.compile(
    r"(?<![a-z0-9])(?=[a-z0-9-]*\d)[a-z]+[a-z0-9-]*\d[a-z0-9-]*|\d+(?:寸|英寸|克|ml|g|gb|mm|色|匹|w|孔|层|升|l)"
)


def rows(folded: str, text: str, field: Field, found: list[Candidate]) -> list[Choice]:
    """One choice a row; only the properties that the form's items have."""
    wanted = field.item.get("properties", {})
    if "Name" not in wanted or "Quantity" not in wanted:
        return []
    made: list[Choice] = []
    counts = [
        one for one in found if one.kind == "count" and not one.doubt and one.unit not in {"人", "位", "名", "人次"}
    ]
    last = 0
    for at, one in enumerate(counts):
        if _EACH.match(folded[max(0, one.start) : one.end + 1]) and re.search(
            r"单价|每$", folded[max(0, one.start - 3) : one.start]
        ):
            continue
        limit = counts[at + 1].start if at + 1 < len(counts) else len(folded)
        span = _name(folded, one, last, limit)
        if span is None:
            continue
        start, end = span
        row: dict[str, Any] = {"Name": text[start:end], "Quantity": one.value, "Unit": one.unit}
        price = _price(folded, found, max(end, one.end), limit)
        if price is not None:
            row["UnitPrice"] = price
        made.append(Choice(field, _row(text, one, start, end, {k: v for k, v in row.items() if k in wanted}), 0.7))
        last = max(end, one.end)
    return made


def _row(text: str, one: Candidate, start: int, end: int, row: dict[str, Any]) -> Candidate:
    first, last = min(start, one.start), max(end, one.end)
    return Candidate(first, last, "rows", row, text[first:last])


def _name(folded: str, one: Candidate, last: int, limit: int) -> tuple[int, int] | None:
    """The thing counted: right behind the measure word, else what stands before the number."""
    behind = re.match(rf"的?({_NAME}{{2,16}})", folded[one.end : limit])
    if behind and not re.match(r"单价|每|一共|总共|预算|就行|左右|吧|给|要|用|大概|价|不|下周|明|后", behind[1]):
        name = re.split(r"[,，。]|单价|每[个台箱]|预算|给|要|用|大概|和|跟|以及|还有", behind[1])[0]
        if len(name) >= 2:
            return one.end + behind.start(1), one.end + behind.start(1) + len(name)
    front = folded[last : one.start]
    cut = re.split(r"[,，。；;:：\n]", front.rstrip(" ,，:："))[-1]
    stop = last + len(front.rstrip(" ,，:："))
    tail = _TAIL.search(cut)
    if tail:
        stop -= len(cut) - tail.start()
        cut = cut[: tail.start()]
    lead = _LEAD.match(cut)
    start = stop - len(cut) + (lead.end() if lead else 0)
    return (start, stop) if stop - start >= 2 else None


def _price(folded: str, found: list[Candidate], start: int, limit: int) -> object:
    for one in found:
        if one.kind not in {"money", "number"} or not start <= one.start < limit or one.doubt:
            continue
        if _PRICE.search(folded[max(0, one.start - 8) : one.start]) or _EACH.match(folded[one.end : one.end + 4]):
            return one.value
    return None
