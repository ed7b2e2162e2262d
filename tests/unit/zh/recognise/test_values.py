"""What the recognisers read, and what always holds of it."""

import random
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.zh.fold import fold
from wenshu.zh.recognise.codes import codes, is_bank_card, is_credit_code, is_id_card
from wenshu.zh.recognise.companies import companies, departments
from wenshu.zh.recognise.dates import dates
from wenshu.zh.recognise.measures import counts, durations
from wenshu.zh.recognise.money import money
from wenshu.zh.recognise.numbers import numbers, read
from wenshu.zh.recognise.percents import percents
from wenshu.zh.recognise.persons import persons
from wenshu.zh.recognise.places import places
from wenshu.zh.recognise.times import times

TODAY = date(2026, 11, 24)  # a Tuesday
ALL = [
    numbers, money, percents, durations, counts, times, codes, persons, companies, departments, places,
    lambda text: dates(text, TODAY),
]  # fmt: skip


def chinese(number: int) -> str:
    """A number below 100 million in Chinese numerals, as it is written out."""
    if number >= 10_000:
        rest = number % 10_000
        return chinese(number // 10_000) + "万" + (("零" if rest < 1000 else "") + chinese(rest) if rest else "")
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            text += ("零" if gap and text else "") + "零一二三四五六七八九"[digit] + name
            gap = False
        else:
            gap = True
    return text


@given(st.integers(1, 99_999_999))
def test_a_number_written_out_is_read_back(number: int) -> None:
    assert read(chinese(number)) == number


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_an_amount_in_digits_is_read_back(yuan: int, fen: int) -> None:
    (found,) = money(fold(f"共{yuan:,}.{fen:02}元"))
    assert found.value == Decimal(yuan) + Decimal(fen) / 100


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日"]))
def test_a_date_is_read_back(day: date, form: str) -> None:
    (found,) = dates(day.strftime(form), TODAY)
    assert found.value == day.isoformat()


@given(
    st.text(
        st.sampled_from("一二三万千百十点元块毛号月日周下上前后天年底:/-.0123456789张李公司部,。 个半%成ab@"),
        max_size=60,
    )
)
def test_spans_lie_in_the_text_and_nothing_is_raised(text: str) -> None:
    folded = fold(text)
    for recogniser in ALL:
        for found in recogniser(folded):
            assert 0 <= found.start < found.end <= len(text)


@given(st.integers(0, 2**60))
def test_a_changed_digit_breaks_a_checksum(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (test data)
    digits = "".join(chance.choices("123456789", k=17))
    cards = [digits + sign for sign in "0123456789X" if is_id_card(digits + sign)]
    assert len(cards) == 1
    at = chance.randrange(17)
    other = str((int(cards[0][at]) + 1) % 10)
    assert not is_id_card(cards[0][:at] + other + cards[0][at + 1 :])
    banks = [digits + sign for sign in "0123456789" if is_bank_card(digits + sign)]
    assert len(banks) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三万五", 35_000),
        ("一百二", 120),
        ("三万零五", 30_005),
        ("1.2万", 12_000),
        ("3万5", 35_000),
        ("壹仟贰佰叁拾肆", 1234),
        ("两百五十", 250),
        ("十五", 15),
        ("一点二万", 12_000),
        ("二零二六", 2026),
        ("2k", 2000),
    ],
)
def test_numbers(text: str, value: int) -> None:
    assert [one.value for one in numbers(fold(text))] == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("壹仟贰佰叁拾肆元伍角六分", "1234.56"),
        ("两百三十块五毛", "230.5"),
        ("九百九十九块九", "999.9"),
        ("叁仟元整", "3000"),
        ("¥1,200", "1200"),
        ("五毛", "0.5"),
        ("50美元", "50"),
    ],
)
def test_money(text: str, value: str) -> None:
    assert [one.value for one in money(fold(text))] == [Decimal(value)]


@pytest.mark.parametrize("text", ["几百块", "三四千元", "一百多块", "一百来块", "两三百块"])
def test_what_is_no_exact_amount_is_in_doubt(text: str) -> None:
    assert [one.doubt for one in money(fold(text))] == ["about"]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("昨天", "2026-11-23"),
        ("大前天", "2026-11-21"),
        ("后天", "2026-11-26"),
        ("上周五", "2026-11-20"),
        ("下周三", "2026-12-02"),
        ("16号", "2026-11-16"),
        ("上个月25号", "2026-10-25"),
        ("月底", "2026-11-30"),
        ("三天后", "2026-11-27"),
        ("去年12月30号", "2025-12-30"),
        ("九月二十五", "2026-09-25"),
        ("1月3号", "2027-01-03"),
        ("Nov 3", "2026-11-03"),
        ("11月25号（周三）", "2026-11-25"),
    ],
)
def test_dates(text: str, day: str) -> None:
    assert [one.value for one in dates(fold(text), TODAY)] == [day]


def test_the_second_day_of_a_span_is_of_the_first_one_s_month() -> None:
    assert [one.value for one in dates("12月3日到8日", TODAY)] == ["2026-12-03", "2026-12-08"]
    assert [one.value for one in dates("5到7号", TODAY)] == ["2026-11-05", "2026-11-07"]
    assert [one.value for one in dates("下周一到周三", TODAY)] == ["2026-11-30", "2026-12-02"]
    assert [one.value for one in dates("周五至周一", TODAY)] == ["2026-11-27", "2026-11-30"]


def test_a_bare_weekday_lies_where_the_form_looks() -> None:
    assert [dates("周一", TODAY, tense)[0].value for tense in ("", "past", "future")] == [
        "2026-11-23",
        "2026-11-23",
        "2026-11-30",
    ]


@pytest.mark.parametrize(
    ("text", "clocks"),
    [
        ("下午三点半", ["15:30"]),
        ("14:05", ["14:05"]),
        ("九点一刻", ["09:15"]),
        ("下午两点到四点", ["14:00", "16:00"]),
        ("上午9点到下午5点", ["09:00", "17:00"]),
    ],
)
def test_times(text: str, clocks: list[str]) -> None:
    assert [one.value for one in times(fold(text))] == clocks


def test_percents_and_measures() -> None:
    assert [one.value for one in percents("百分之三十")] == [30]
    assert [one.value for one in percents("三成")] == [30]
    assert [(one.value, one.unit) for one in durations("三天半")] == [(Decimal("3.5"), "day")]
    assert [(one.value, one.unit) for one in durations("半天")] == [(Decimal("0.5"), "day")]
    assert [(one.value, one.unit) for one in counts("显示器5台")] == [(5, "台")]


def test_codes_with_and_without_a_sound_checksum() -> None:
    assert is_credit_code("91350100M000100Y43")
    kinds = {one.kind: one for one in codes(fold("身份证11010519491231002X，手机138 0013 8000，a.b@c.cn，闽A12345"))}
    assert kinds["id-card"].value == "11010519491231002X"
    assert kinds["phone"].value == "13800138000"
    assert kinds["email"].value == "a.b@c.cn"
    assert kinds["plate-number"].value == "闽A12345"
    wrong = [one for one in codes(fold("身份证110105194912310021")) if one.kind == "id-card"]
    assert [one.doubt for one in wrong] == ["checksum"]
    assert [one.doubt for one in codes("1380013800") if one.kind == "phone"] == ["length"]


def test_names() -> None:
    assert [one.value for one in persons("我是王小明，请三天假")] == ["王小明"]
    assert [one.doubt for one in persons("王总让我来的")] == ["vague"]
    assert [one.value for one in places("去杭州和上海出差")] == ["杭州", "上海"]
    assert [one.value for one in companies("乙方是杭州云帆科技有限公司")] == ["杭州云帆科技有限公司"]
    assert [one.doubt for one in companies("我们公司")] == ["vague"]
