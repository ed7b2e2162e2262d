from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.zh.fold import fold
from wenshu.zh.numerals import numerals

DIGITS = "〇一二三四五六七八九"


def values(text):
    return [numeral.value for numeral in numerals(fold(text))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("二〇二三年", ["2023"]),
        ("２０２３年", ["2023"]),
        ("三万五", ["35000"]),
        ("3.5万", ["35000"]),
        ("35,000元", ["35000"]),
        ("三亿五万", ["300050000"]),
        ("一万亿", ["1000000000000"]),
        ("一万万", ["100000000"]),
        ("3亿", ["300000000"]),
        ("十二", ["12"]),
        ("十", ["10"]),
        ("一百二", ["120"]),
        ("一百零五", ["105"]),
        ("三万零五", ["30005"]),
        ("壹仟贰佰叁拾肆", ["1234"]),
        ("貳佰", ["200"]),
        ("一百零五人和三百万元", ["105", "3000000"]),
        ("364.6公里", ["364.6"]),
        ("1.50", ["1.5"]),
    ],
)
def test_numbers(text, found):
    assert values(text) == found


@pytest.mark.parametrize("text", ["千里之外", "万一", "亿", "三五成群", "一二", "mp3", "b2b", "", "三四十二十百"])
def test_what_is_no_number(text):
    assert values(text) == []


def test_an_overlong_run_is_left_out():
    assert values("一" * 41) == []
    assert values("9" * 20_000) == []
    assert values("1" + "亿" * 39) == []
    assert values("一" + "万" * 39) == []


def chinese(number):
    """The positional writing of 1 … 9999."""
    text = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += DIGITS[digit] + name
        elif text and number % unit and not text.endswith("零"):
            text += "零"
    return text


@given(st.integers(1, 9999), st.integers(0, 9999))
def test_positional_writing_is_read_back(high, low):
    assert values(chinese(high)) == [str(high)]
    gap = "零" if 0 < low < 1000 else ""
    assert values(f"{chinese(high)}万{gap}{chinese(low)}") == [str(high * 10_000 + low)]


@given(st.integers(1000, 9999))
def test_years_digit_by_digit(year):
    assert values("".join(DIGITS[int(digit)] for digit in str(year))) == [str(year)]


@given(st.text(st.sampled_from("〇一二三十百千万亿零两.,0123456789年 x"), max_size=60))
def test_anything_is_read_without_an_error_and_in_order(text):
    found = numerals(text)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert all(float(one.value) >= 0 for one in found)
