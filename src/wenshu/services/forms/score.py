"""Scores: how well a candidate suits a field, by type, by the words around it, and by what stands between them."""

import re
from dataclasses import replace

from wenshu.services.forms.candidates import Candidate
from wenshu.services.forms.fields import Field

_BASE: dict[tuple[str, str], float] = {
    ("date", "date"): 2.0, ("date-time", "date-time"): 2.2, ("time", "time"): 2.0, ("phone", "phone"): 2.0, ("phone", "landline"): 1.8,
    ("email", "email"): 2.5, ("id-card", "id-card"): 2.5, ("credit-code", "credit-code"): 2.5, ("bank-card", "bank-card"): 2.2,
    ("plate-number", "plate-number"): 2.5, ("person", "person"): 1.0, ("company", "company"): 1.4, ("department", "department"): 1.6,
    ("place", "place"): 1.6, ("code", "code"): 1.2,
}  # fmt: skip
_MEASURES = {"天": "day", "小时": "hour", "月": "month"}
_COUNTED = {"人": "人位名个人", "份": "份", "张": "张"}
_BOUNDARY = re.compile(r"[。！？!?；;\n]")
_MONEY_CUE = re.compile(
    r"(?:一共|总共|合计|共计|共|金额|花了|花费|费用|价|钱|报|预算|[费额款薪资])[是为约要:：大概]{0,3}$"
)
_TO = re.compile(r"(?:到|至|[-~—–]+)\s?$")
_REQUEST = re.compile(
    r"^[,，]?(?:[^,，。;；]{0,3})?(?:请|申请|要请|想请|休|报销|报|出差|去|加班|要|想|需要|预订|订|约)"
)
_HELPING = re.compile(r"^(?:来|想)?(?:帮|替|给|代|为)")
_HELPED = re.compile(r"(?:帮|替|给|代|为)(?:我们?|一下|同事|部门的?|组里的?)?$")
_SELF = re.compile(r"(?:我是|我叫|本人|我,|姓名)[:：]?$")
_MEASURE = "[个台箱张把套包盒支瓶件条本只块桶颗袋斤份次晚位间]"
_EACH = re.compile(rf"\s?(?:一|/|每){_MEASURE}")
_PER = re.compile(rf"(?:单价|每{_MEASURE}|每天|均价)[是为约大概要:]{{0,2}}\s?$")
_TRIES = 10
_LEAST_BARE = 10
"""A smaller number without a unit is no amount: 一等座, 3 楼."""


def score(folded: str, field: Field, one: Candidate, labels: list[tuple[int, int, str]]) -> float:
    """How well; not positive where it is out of the question. ``labels``: where which field's names stand."""
    if one.field:
        return one.weight if one.field == field.name else 0.0
    own = _scored(folded, field, one, labels)
    if one.instead is None or own <= 0:
        return own
    earlier = replace(one, start=one.instead.start, end=one.instead.end, instead=one.instead.instead)
    return max(own, score(folded, field, earlier, labels))


def _scored(folded: str, field: Field, one: Candidate, labels: list[tuple[int, int, str]]) -> float:
    base = _base(field, one)
    if base <= 0 or _excluded(folded, field, one):
        return 0.0
    total = base + _cued(folded, field, one) + _labelled(folded, field, one, labels)
    if field.role:
        total += _role(folded, field, one) - (0.7 if field.role == "end" and total <= base else 0.0)
    if field.kind == "person":
        total += _person(folded, field, one)
    if one.bare:
        total -= 0.8
    return total - (0.6 if one.doubt else 0.0)


def _base(field: Field, one: Candidate) -> float:
    if field.kind != "number":
        return _BASE.get((field.kind, one.kind), 0.0)
    if field.unit == "元":
        small = one.kind == "number" and isinstance(one.value, int | float) and one.value < _LEAST_BARE
        return 0.0 if small else {"money": 2.0, "number": 0.3}.get(one.kind, 0.0)
    if field.unit == "%":
        return {"percent": 2.2, "number": 0.2}.get(one.kind, 0.0)
    if field.unit in _MEASURES:
        return 2.0 if one.kind == "duration" and one.unit == _MEASURES[field.unit] else 0.0
    if field.unit in _COUNTED and one.kind == "count":
        return 1.2 if one.unit in _COUNTED[field.unit] else 0.0
    return {"number": 0.2, "count": 0.2 if not field.unit else 0.0}.get(one.kind, 0.0)


def _excluded(folded: str, field: Field, one: Candidate) -> bool:
    """Whether the words right before it name something else."""
    start = max(0, one.start - 8)
    if field.unit == "元" and (_EACH.match(folded, one.end) or _PER.search(folded[start : one.start])):
        return "单价" not in field.labels  # the price of one thing
    return any(
        re.search(re.escape(word) + r"[是为:：的号约]{0,2}\s?$", folded[start : one.start]) for word in field.excludes
    )


def _cued(folded: str, field: Field, one: Candidate) -> float:
    """What stands close by that calls for this field."""
    best = 0.0
    front = _clause_before(folded, one.start, 12)
    for word in field.before:
        at = front.rfind(word)
        if at >= 0:
            best = max(best, 2.2 - 0.12 * (len(front) - at - len(word)))
    back = _clause_after(folded, one.end, 8)
    for word in field.after:
        at = back.find(word)
        if at >= 0:
            best = max(best, 2.0 - 0.2 * at)
    return best


def _labelled(folded: str, field: Field, one: Candidate, labels: list[tuple[int, int, str]]) -> float:
    """The nearest name of a field before it: this field's draws it here, another's away."""
    nearest = [
        (end, name, end - start) for start, end, name in labels if end <= one.start and one.start - end <= _TRIES
    ]
    total = 0.0
    if nearest:
        at = max(end for end, _, _ in nearest)
        between = folded[at : one.start]
        if not _BOUNDARY.search(between):
            mine = any(name == field.name for end, name, _ in nearest if end == at)
            gap = len(between)
            total = 2.5 - 0.15 * gap if mine else -(1.2 - 0.1 * gap)
    behind = any(name == field.name and 0 <= start - one.end <= 2 for start, _, name in labels)
    if behind:
        total = max(total, 1.2)
    if (
        field.unit == "元"
        and one.kind in {"number", "money"}
        and _MONEY_CUE.search(folded[max(0, one.start - 8) : one.start])
    ):
        total += 0.8 if one.kind == "money" else 1.0
    return total


def _role(folded: str, field: Field, one: Candidate) -> float:
    behind_to = bool(_TO.search(folded, max(0, one.start - 3), one.start))
    before_to = bool(re.match(r"\s?(?:到|至|[-~—–])", folded[one.end : one.end + 2]))
    if field.role == "end":
        return 1.2 if behind_to else -0.6
    return -0.8 if behind_to else 0.8 if before_to else 0.3


def _person(folded: str, field: Field, one: Candidate) -> float:
    """Whom it is about: who asks for it, or for whom somebody else does."""
    if not re.search("申请人|报销人|请假人|加班人|出差人|预订人|报修人|用印人|经办人|姓名", " ".join(field.labels)):
        return -0.6
    front, back = folded[max(0, one.start - 6) : one.start], folded[one.end : one.end + 8]
    total = 0.4
    if _REQUEST.match(back) or one.start <= 1:
        total += 0.6
    if _SELF.search(front):
        total += 0.6
    if _HELPED.search(front):
        total += 1.2
    if _HELPING.match(back):
        total -= 1.0
    return total


def _clause_before(folded: str, end: int, reach: int) -> str:
    window = folded[max(0, end - reach) : end]
    cut = max((match.end() for match in re.finditer(r"[。！？!?；;\n]", window)), default=0)
    return window[cut:]


def _clause_after(folded: str, start: int, reach: int) -> str:
    window = folded[start : start + reach]
    cut = re.search(r"[。！？!?；;\n，,]", window)
    return window[: cut.start()] if cut else window
