"""Dates: 2026年9月1日, 9.1, 九月二十五, 16号, 昨天, 下周三, 上个月25号, 月底, 三天后, Nov 3; relative to a given day.

Weeks begin on Monday. A date without a year is the one nearest to the day it is relative to.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal

from wenshu.zh.recognise.found import Found, longest
from wenshu.zh.recognise.numbers import NUMBER, read

Tense = Literal["", "past", "future"]
"""Where a bare weekday lies; by default in this week."""

_N = r"(?:\d{1,2}|[〇零一二三四五六七八九十廿卅]{1,3})"
_YEAR = (
    r"(?P<year>(?:19|20)\d\d|[一二][〇零九][〇零一二三四五六七八九]{2}|\d\d(?=年)|[〇零一二三四五六七八九]{2}(?=年))"
)
_SHIFTS = {
    "大前天": -3, "前天": -2, "前日": -2, "昨天": -1, "昨日": -1, "昨儿": -1, "昨晚": -1, "昨夜": -1, "今天": 0, "今日": 0, "今儿": 0, "今晚": 0,
    "今早": 0, "今晨": 0, "当天": 0, "明天": 1, "明日": 1, "明儿": 1, "明早": 1, "明晚": 1, "明晨": 1, "后天": 2, "后日": 2, "后儿": 2, "大后天": 3,
}  # fmt: skip
_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1
    )
}
_EN = r"(?P<en>jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]*\.?"
_YEARS = {"前年": -2, "去年": -1, "今年": 0, "本年": 0, "明年": 1, "后年": 2}
_WEEK = {"下下": 2, "下": 1, "上上": -2, "上": -1, "本": 0, "这": 0, "当": 0}
_DAYS = {
    "一": 0,
    "二": 1,
    "三": 2,
    "四": 3,
    "五": 4,
    "六": 5,
    "日": 6,
    "天": 6,
    "1": 0,
    "2": 1,
    "3": 2,
    "4": 3,
    "5": 4,
    "6": 5,
    "末": 5,
}
_UNITS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7}
_RELATIVE_MONTH = r"(?P<rel>上上|下下|上|下|本|这|当)个?月"

Reader = Callable[["re.Match[str]", date, Tense], date | None]


def dates(folded: str, today: date, tense: Tense = "") -> list[Found]:
    """Every date as ``YYYY-MM-DD``; ``vague`` where a time is named without a day (月初, 国庆前)."""
    found: list[Found] = []
    for pattern, reader, bare in _READERS:
        for match in pattern.finditer(folded):
            value = _safe(reader, match, today, tense)
            if value is not None:
                found.append(Found(match.start(), match.end(), "date", value.isoformat(), bare=bare))
    found += [Found(m.start(), m.end(), "date", None, doubt="vague") for m in _VAGUE.finditer(folded)]
    return _joined(folded, longest([*_ranges(folded, today, found), *found]))


def _safe(reader: Reader, match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    try:
        return reader(match, today, tense)
    except (ValueError, OverflowError):
        return None


def _int(text: str) -> int:
    value = read(text)
    if value is None:
        raise ValueError(text)
    return int(value)


def _year(text: str | None) -> int | None:
    if text is None:
        return None
    year = _int(text)
    return year if year > 99 else 2000 + year if year < 70 else 1900 + year


def nearest(month: int, day: int, today: date) -> date:
    """The month's day in the year that puts it nearest to today. Raises ValueError."""
    candidates = [
        date(year, month, day) for year in (today.year - 1, today.year, today.year + 1) if _is_day(year, month, day)
    ]
    if not candidates:
        raise ValueError(month, day)
    return min(candidates, key=lambda one: abs((one - today).days))


def _is_day(year: int, month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _full(match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    del tense
    month, day = _int(match["month"]), _int(match["day"])
    word = match.groupdict().get("word")
    if word:
        return date(today.year + _YEARS[word], month, day)
    year = _year(match.groupdict().get("year"))
    return nearest(month, day, today) if year is None else date(year, month, day)


def _day(match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    del tense
    return today.replace(day=_int(match["day"]))


def _month_shifted(today: date, shift: int) -> tuple[int, int]:
    index = today.year * 12 + today.month - 1 + shift
    return index // 12, index % 12 + 1


def _of_month(match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    del tense
    year, month = _month_shifted(today, _WEEK[match["rel"]])
    text = match.groupdict().get("day")
    return date(year, month, monthrange(year, month)[1] if text is None else _int(text))


def _month_end(match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    del tense
    text, year = match["month"], _year(match.groupdict().get("year"))
    month = _int(text) if text else today.month
    if year is None:
        year = nearest(month, 28, today).year if text else today.year
    return date(year, month, monthrange(year, month)[1])


def _year_end(match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    del tense
    word = match["word"]
    return date(today.year + (_YEARS[word] if word else 0), 12, 31)


def _word(match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    del tense
    return today + timedelta(_SHIFTS[match["word"]])


def _weekday(match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    monday = today - timedelta(today.weekday())
    weekday = _DAYS[match["day"]]
    if match["week"]:
        return monday + timedelta(7 * _WEEK[match["week"]] + weekday)
    found = monday + timedelta(weekday)
    if tense == "future" and found < today:
        return found + timedelta(7)
    if tense == "past" and found > today:
        return found - timedelta(7)
    return found


def _shifted(match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    del tense
    sign = -1 if match["way"] in {"前", "以前", "之前"} else 1
    count, unit = _int(match["n"]) * sign, match["unit"]
    if unit in _UNITS:
        return today + timedelta(count * _UNITS[unit])
    year, month = _month_shifted(today, count * (12 if unit == "年" else 1))
    return date(year, month, min(today.day, monthrange(year, month)[1]))


def _english(match: "re.Match[str]", today: date, tense: Tense) -> date | None:
    del tense
    month, year = _MONTHS[match["en"][:3]], match.groupdict().get("year")
    return nearest(month, int(match["day"]), today) if year is None else date(int(year), month, int(match["day"]))


_SUFFIX = r"(?:日|号)(?![码线机楼院门栋房车])"
_READERS: tuple[tuple[re.Pattern[str], Reader, bool], ...] = (
    (re.compile(rf"(?<!\d){_YEAR}\s?(?:年|[-/.])\s?(?P<month>{_N})\s?(?:月|[-/.])\s?(?P<day>{_N})(?!\d)\s?(?:{_SUFFIX})?"), _full, False),
    (re.compile(r"(?<![\da-z-])(?P<year>20\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>[0-2]\d|3[01])(?![\da-z-])"), _full, True),
    (re.compile(rf"(?:(?P<word>{'|'.join(_YEARS)})的?)?(?<!\d)(?P<month>{_N})\s?月份?\s?(?P<day>{_N})(?!\d)\s?(?:{_SUFFIX})?(?!个|[多来]?天|月)"), _full, False),
    (re.compile(r"(?<![\d./:-])(?P<month>1[0-2]|0?[1-9])(?P<s>[/.-])(?P<day>3[01]|[12]\d|0?[1-9])(?![\d%]|[./-]\d)(?!\s?(?:元|块|万|千|[kw]|折|个|倍|小时|天|寸|米|吨|公斤))"), _full, True),
    (re.compile(rf"(?<![\d月一二三四五六七八九十.第-])(?P<day>\d{{1,2}}|[一二三四五六七八九十廿]{{1,3}}){_SUFFIX}(?!子|常)"), _day, False),
    (re.compile(rf"{_RELATIVE_MONTH}份?的?(?P<day>{_N})(?:{_SUFFIX})"), _of_month, False),
    (re.compile(rf"{_RELATIVE_MONTH}(?:底|末|月底)"), _of_month, False),
    (re.compile(rf"(?:{_YEAR}年)?(?:(?<!\d)(?P<month>{_N})\s?)?月(?:底|末)"), _month_end, False),
    (re.compile(rf"(?P<word>{'|'.join(_YEARS)})?年(?:底|末)"), _year_end, False),
    (re.compile(rf"(?P<word>{'|'.join(sorted(_SHIFTS, key=len, reverse=True))})"), _word, False),
    (re.compile(r"(?P<week>下下|上上|下|上|本|这|当)?个?(?:周|星期|礼拜)(?P<day>[一二三四五六日天]|[1-6](?!\d|个|天))"), _weekday, False),
    (re.compile(rf"(?<![\d第])(?P<n>{NUMBER})个?(?P<unit>天|日|周|星期|礼拜|月|年)(?P<way>以后|之后|后|以前|之前|前)"), _shifted, False),
    (re.compile(rf"{_EN}\s?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s?(?P<year>20\d\d))?"), _english, False),
    (re.compile(rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s{_EN}(?:,?\s(?P<year>20\d\d))?"), _english, False),
)  # fmt: skip
_VAGUE = re.compile(
    r"(?:(?:\d{1,2}|[一二三四五六七八九十]{1,2}|上个?|下个?|本|这个?)?月(?:初|中旬|中(?![国心])|上旬|下旬)|(?:国庆|春节|元旦|中秋|五一|节|年)(?:前|后)(?![天年])|(?:上|下|这)个?(?:周|星期|礼拜)(?![一二三四五六日天末1-6])|过(?:两|几)天|改天|这两天|近期|月初)"
)
_RANGE_END = re.compile(
    rf"\s?(?:到|至|[-~—–]|、|和)+\s?(?P<day>{_N})\s?(?P<suffix>日|号)?(?![\d月点:.元块万千百个天周])"
)
_RANGE_START = re.compile(rf"(?<![\d月.:一二三四五六七八九十])(?P<day>{_N})\s?(?:到|至|[-~—–])+\s?(?={_N}(?:日|号))")


_WEEKDAY_END = re.compile(r"\s?(?:到|至|[-~—–])+\s?(?P<whole>(?:周|星期|礼拜)(?P<day>[一二三四五六日天]))")


def _weekday_ends(folded: str, found: list[Found]) -> list[Found]:
    """The second day of 下周一到周三 is the first such day from the first one on."""
    more: list[Found] = []
    for one in found:
        match = _WEEKDAY_END.match(folded, one.end)
        if match and one.value is not None:
            first = date.fromisoformat(str(one.value))
            last = first + timedelta((_DAYS[match["day"]] - first.weekday()) % 7)
            more.append(Found(match.start("whole"), match.end("whole"), "date", last.isoformat()))
    return more


def _ranges(folded: str, today: date, found: list[Found]) -> list[Found]:
    """The second day of 3月5日到8日 is of the first one's month, the first of 5到7号 of the present month."""
    more = _weekday_ends(folded, found)
    for one in found:
        if one.value is None or one.bare:
            continue
        match = _RANGE_END.match(folded, one.end)
        first = date.fromisoformat(str(one.value))
        if match and (match["suffix"] or folded[match.start() : match.start("day")].strip(" 、和")):
            try:
                second = first.replace(day=_int(match["day"]))
            except ValueError:
                continue
            if second > first:
                more.append(Found(match.start("day"), match.end(), "date", second.isoformat()))
    for match in _RANGE_START.finditer(folded):
        try:
            start = today.replace(day=_int(match["day"]))
        except ValueError:
            continue
        more.append(Found(match.start("day"), match.end("day"), "date", start.isoformat()))
    return more


_BETWEEN = re.compile(r"[\s,(就是那天的]{0,3}$")


def _joined(folded: str, found: list[Found]) -> list[Found]:
    """A weekday beside a full date only says it again: 11月25号（周三）."""
    kept: list[Found] = []
    for one in found:
        near = kept and one.start - kept[-1].end <= 2 and _BETWEEN.fullmatch(folded[kept[-1].end : one.start])
        if near and re.match(r"周|星期|礼拜", folded[one.start : one.end]) and kept[-1].doubt == "":
            end = one.end + (folded[one.end : one.end + 1] == ")")
            kept[-1] = kept[-1]._replace(end=end)
        elif (
            near
            and re.match(r"周|星期|礼拜|下|上|这|本", folded[kept[-1].start : kept[-1].end])
            and folded[kept[-1].end : one.start].strip() in {"", "("}
        ):
            kept[-1] = one._replace(start=kept[-1].start)
        else:
            kept.append(one)
    return kept
