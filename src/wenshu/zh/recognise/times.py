"""Times of day: 14:30, 下午三点半, 九点一刻, 晚上8点到10点, 3pm; a part of the day holds for the second of two times, too."""

import re

from wenshu.zh.recognise.found import Found
from wenshu.zh.recognise.numbers import read

_N = r"(?:\d{1,2}|[零一二两三四五六七八九十]{1,3})"
_PART = r"(?P<part>凌晨|清晨|清早|早上|早晨|上午|中午|正午|下午|午后|傍晚|晚上|夜里|夜晚|深夜|今晚|明晚|昨晚|当晚|今早|明早|晚|早|am|pm)"
_CLOCK = re.compile(
    rf"(?:{_PART}的?\s?)?(?<![\d.第百千万:])(?:(?P<hour>{_N})\s?(?:点钟?(?!五十?万|几分钱)|时(?![间长候段常]))\s?(?:(?P<half>半)|(?P<quarter>[一三]刻)|(?P<minute>{_N})分?(?!钟|个|小时|张|元|块|人|到)|整)?"
    rf"|(?P<hour2>[01]?\d|2[0-4]):(?P<minute2>[0-5]\d)(?::[0-5]\d)?(?!\d)|(?P<hour3>1[0-2]|0?[1-9])(?=\s?(?:am|pm)))(?:\s?(?P<en>am|pm)(?![a-z]))?"
)
_LATE = {"下午", "午后", "傍晚", "晚上", "夜里", "夜晚", "深夜", "今晚", "明晚", "昨晚", "当晚", "晚", "pm"}
_NOON = {"中午", "正午"}
_ALSO = re.compile(r"\s?(?:到|至|[-~—–]+|、|和)\s?(?:[^\d一二三四五六七八九十。;]{0,2})$")


def times(folded: str) -> list[Found]:
    """Every time as ``HH:MM``; ``bare`` where nothing tells morning from afternoon."""
    found: list[Found] = []
    last = ""
    for match in _CLOCK.finditer(folded):
        hour, minute = _hour(match), _minute(match)
        if hour is None or minute is None or hour > 24 or minute > 59:
            continue
        part = match["part"] or match["en"] or ""
        if not part and found and _ALSO.match(folded, found[-1].end, match.start()) and hour <= 12:
            part = (
                last
                if (
                    _shift(hour, last) * 60 + minute > _minutes(found[-1]) >= 0
                    and hour * 60 + minute <= _minutes(found[-1])
                )
                or last
                else ""
            )
        last = part or last if found and part else part
        shifted = _shift(hour, part) % 24
        bare = not part and hour < 13 and match["hour2"] is None
        found.append(Found(match.start(), match.end(), "time", f"{shifted:02}:{minute:02}", bare=bare))
    return found


def _hour(match: "re.Match[str]") -> int | None:
    value = read(match["hour"] or match["hour2"] or match["hour3"])
    return None if value is None else int(value)


def _minute(match: "re.Match[str]") -> int | None:
    if match["half"]:
        return 30
    if match["quarter"]:
        return 15 if match["quarter"][0] == "一" else 45
    text = match["minute"] or match["minute2"]
    value = read(text) if text else 0
    return None if value is None else int(value)


def _shift(hour: int, part: str) -> int:
    if part in _LATE and hour < 12:
        return hour + 12
    if part in _NOON and hour < 11:
        return hour + 12
    return hour


def _minutes(one: Found) -> int:
    hours, minutes = str(one.value).split(":")
    return int(hours) * 60 + int(minutes)
