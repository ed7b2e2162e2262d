"""Corrections: 不对，是…; 改成…; 不是…是…: what was taken back is no candidate any more."""

import re
from dataclasses import replace
from itertools import islice

from wenshu.services.forms.candidates import Candidate
from wenshu.zh.fold import fold

_MARK = re.compile(
    r"不对|不不+|错了|说错|搞错|记错|写错|看错|打错|更正|纠正|改成|改为|改到|改在|改一下|改[签期]?到?|应该是|应为|[哦噢喔呃额嗯啊][,，]?(?:不?是|应该|不)|换成|变成|还是(?!要|得|说)|推迟到|延到|提前到|不,|算了|scratch|sorry|no,|等等|等下"
)
_NOT = re.compile(
    r"(?:不是|并非|不再是|原来(?:说|写|定)?的?是?|原定|本来(?:说|写|定)?的?是?|之前(?:说|写|报|填)的?是?|原(?=\d))[^,，。;；]{0,4}$"
)
_REACH = 24
_MOST = 100


def amended(text: str, found: list[Candidate]) -> list[Candidate]:
    """The candidates that still stand."""
    folded = fold(text)
    gone: set[int] = set()
    instead: dict[int, Candidate] = {}
    for mark in islice(_MARK.finditer(folded), _MOST):
        after = [i for i, one in enumerate(found) if mark.end() <= one.start <= mark.end() + _REACH]
        renewed: set[str] = set()
        for i in after:
            key = _key(found[i])
            if key in renewed:
                continue
            renewed.add(key)
            before = [j for j, one in enumerate(found) if one.end <= mark.start() and _key(one) == key]
            if before and mark.start() - found[before[-1]].end <= 2 * _REACH:
                gone.update(j for j in before if found[j].end == found[before[-1]].end)
                instead[i] = found[before[-1]]
    for i, one in enumerate(found):
        if _NOT.search(folded, max(0, one.start - 10), one.start):
            later = any(other.start >= one.end and _key(other) == _key(one) for other in found)
            if later:
                gone.add(i)
    return [replace(one, instead=instead.get(i)) for i, one in enumerate(found) if i not in gone]


def _key(one: Candidate) -> str:
    """What a candidate can be corrected by: one of its kind, for the same field."""
    kind = {"number": "amount", "money": "amount"}.get(one.kind, one.kind)
    return f"{kind} {one.field} {one.unit if kind in {'duration', 'count'} else ''}"
