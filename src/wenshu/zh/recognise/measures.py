"""Lengths of time and counted things: 三天半, 两个半小时, 半天, 5 台, 一式三份, 12 个人."""

import re
from decimal import Decimal

from wenshu.zh.recognise.found import Found
from wenshu.zh.recognise.numbers import NUMBER, is_about, read

_TIME = {
    "工作日": "day", "天": "day", "日": "day", "周": "week", "星期": "week", "礼拜": "week", "月": "month", "年": "year",
    "小时": "hour", "钟头": "hour", "钟": "hour", "分钟": "minute", "h": "hour", "d": "day",
}  # fmt: skip
_UNIT = "|".join(sorted(_TIME, key=len, reverse=True))
_DURATION = re.compile(
    rf"(?<![a-z\d.第])(?P<few>[几数])?(?:(?P<run>{NUMBER})(?P<more>多|来|几)?(?P<half0>个半|半)?\s?个?(?P<unit>{_UNIT})(?![a-z期])(?P<half>半)?|半个?(?P<unit2>工作日|天|日|小时|钟头|月|年)|(?P<few2>几)个?(?P<unit3>天|小时|月))(?P<about>左右|上下)?"
)
_WORDS = "台个张份人位本把套包盒支瓶件箱部辆块条只双卷桶袋根株间盏名项层组批次款册枚颗副吨斤克米桌席瓦幅面扇卡页"
_LONG = "公斤|千克|平米|平方米|平方|人次|令|打|元/个|卷|extra"
_COUNT = re.compile(
    rf"(?<![a-z\d.第])(?P<few>[几数好])?(?P<run>{NUMBER})(?P<more>多|来|几|余)?\s?(?P<unit>{_LONG}|[{_WORDS}])(?P<about>左右|上下)?"
)


def durations(folded: str) -> list[Found]:
    """Every length of time; ``unit`` is minute, hour, day, week, month or year."""
    found: list[Found] = []
    for match in _DURATION.finditer(folded):
        unit = match["unit"] or match["unit2"] or match["unit3"]
        value = Decimal("0.5") if match["unit2"] else read(match["run"]) if match["run"] else None
        vague = bool(match["few"] or match["few2"] or match["more"] or (match["run"] and is_about(match["run"])))
        if value is None and not vague:
            continue
        if match["half"] or match["half0"]:
            value = (value or 0) + Decimal("0.5")
        found.append(Found(match.start(), match.end(), "duration", value, _TIME[unit], "about" if vague else ""))
    return found


def counts(folded: str) -> list[Found]:
    """Every number of things; ``unit`` is the measure word as it stands in the text."""
    found: list[Found] = []
    for match in _COUNT.finditer(folded):
        value = read(match["run"])
        if value is not None:
            vague = match["few"] or match["more"] or match["about"] or is_about(match["run"])
            found.append(Found(match.start(), match.end(), "count", value, match["unit"], "about" if vague else ""))
    return found
