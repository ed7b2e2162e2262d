"""Numerals for matching: 二〇二三, ２０２３ and 2023 are one number, and so are 三万五, 3.5万 and 35,000.

This is for finding text, not for reading amounts: what is doubtful is left out, nothing is raised.
"""

import re
from decimal import Decimal
from typing import NamedTuple


class Numeral(NamedTuple):
    """A number written in a text: its span and its plain decimal form (``35000``, ``3.5``)."""

    start: int
    end: int
    value: str


def numerals(folded: str) -> list[Numeral]:
    """The numbers in an already folded text, left to right, not overlapping.

    What begins with 百, 千, 万 or 亿 is no number (千里, 万一), nor are two digits side by side (三五).
    Runs longer than 40 characters and numbers longer than 24 are left out.
    """
    found: list[Numeral] = []
    for match in _RUN.finditer(folded):
        value = _value(match.group()) if match.end() - match.start() <= _LONGEST else None
        if value is not None and len(value) <= _MOST_DIGITS:
            found.append(Numeral(match.start(), match.end(), value))
    return found


_LONGEST = 40
_MOST_DIGITS = 24
_DIGITS = {character: index for index, character in enumerate("〇一二三四五六七八九")} | {
    "零": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_CHINESE = "".join(_DIGITS) + "".join(_SMALL) + "".join(_LARGE)
_ARABIC = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
# A number glued to a Latin word (``b2b``, ``mp3``) is part of the word; the tokens keep it whole.
_RUN = re.compile(rf"(?<![a-z0-9.])(?:{_ARABIC})(?![a-z])[百千万亿]*|[{_CHINESE}]+", re.ASCII)


def _value(run: str) -> str | None:
    if run[0].isascii():
        return _mixed(run)
    if all(character in _DIGITS for character in run):
        return "".join(str(_DIGITS[character]) for character in run) if len(run) != 2 else _pair(run)
    return _positional(run) if run[0] in _DIGITS or run[0] in "十拾" else None


def _pair(run: str) -> str | None:
    """Two digits side by side: 一二 or 三四 mostly mean "one or two"; with a zero they are a number."""
    return "".join(str(_DIGITS[character]) for character in run) if "〇" in run or "零" in run else None


def _mixed(run: str) -> str:
    """``3.5万`` → ``35000``: Arabic digits, then units."""
    digits = run.rstrip("百千万亿")
    value = Decimal(digits.replace(",", ""))
    for unit in run[len(digits) :]:
        value *= _SMALL.get(unit) or _LARGE[unit]
    return _plain(value)


def _positional(run: str) -> str | None:
    """三万五 → ``35000``; None where the units do not make a number."""
    total = section = 0
    digit: int | None = None
    unit = last_unit = 1
    for character in run:
        if character in _DIGITS:
            if digit not in {None, 0}:
                return None
            digit = _DIGITS[character]
            continue
        unit = _SMALL.get(character) or _LARGE[character]
        if character in _SMALL:
            section += (1 if digit is None else digit) * unit
            last_unit = unit
        else:
            # 一万亿 and 一万五亿 multiply all so far, 三亿五万 only the section since the last large unit.
            section += digit or 0
            total = (total + section) * unit if unit > total or not section else total + section * unit
            section, last_unit = 0, unit
        digit = None
    if digit is None:
        return str(total + section)
    # 三万五 is 35,000 and 一百二 is 120, but 三万零五 is 30,005 and 十五 is 15.
    scale = last_unit // 10 if last_unit > 10 and not {"零", "〇"} & set(run) and run[-2] not in _DIGITS else 1
    return str(total + section + digit * scale)


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
