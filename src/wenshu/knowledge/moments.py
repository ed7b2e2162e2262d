"""The years, quarters and months that texts speak of, so that last year's figure is not given for this year's."""

import re
from datetime import date

from wenshu.zh.numerals import numerals


def moments(folded: str, today: date | None = None) -> frozenset[str]:
    """What a folded text names: years as ``2026``, quarters as ``q3``, half years as ``h1``, months as ``m9``.

    今年 and the like are years only where ``today`` says which.
    """
    found = {match.group(1) for match in _YEAR.finditer(folded)}
    found |= {f"20{match.group(1)}" for match in _SHORT_YEAR.finditer(folded)}
    found |= {f"q{_number(match.group(1) or match.group(2))}" for match in _QUARTER.finditer(folded)}
    found |= {f"h{'上下'.index(match.group(1)) + 1}" for match in _HALF.finditer(folded)}
    found |= {f"m{_number(match.group(1) or match.group(2))}" for match in _MONTH.finditer(folded)}
    if today:
        found |= {str(today.year + offset) for word, offset in _RELATIVE.items() if word in folded}
    return frozenset(found)


def years(found: frozenset[str]) -> frozenset[str]:
    """The years of what ``moments`` found."""
    return frozenset(moment for moment in found if moment.isdigit())


_YEAR = re.compile(r"(?<![\d.\-])((?:19|20)\d\d)(?=年|q[1-4]|[-./]\d|$|[^\d.,%a-z])")
_SHORT_YEAR = re.compile(r"(?<![\d.])([12]\d)年(?!以|内|前|后|期|的?保|限|级)")
_QUARTER = re.compile(r"第?([一二三四1-4])季度|(?<![a-z])q([1-4])(?![a-z0-9])")
_HALF = re.compile("([上下])半年")
_MONTH = re.compile(
    r"(?<![\d.])(1[0-2]|0?[1-9])\s?月(?!龄)|(?<![一二三四五六七八九十])(十[一二]?|[一二三四五六七八九])月(?!龄)"
)
_RELATIVE = {"今年": 0, "本年": 0, "去年": -1, "上年": -1, "前年": -2, "明年": 1, "后年": 2}


def _number(text: str) -> int:
    return int(text) if text.isdigit() else int(next(iter(numerals(text))).value)
