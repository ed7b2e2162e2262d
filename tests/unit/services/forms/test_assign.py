"""The assignment is the best there is; corrections, doubts, owners."""

from datetime import datetime
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenshu.services.forms.assign import assign
from wenshu.services.forms.builtin import builtin
from wenshu.services.forms.definition import check
from wenshu.services.forms.deliver import delay, signature
from wenshu.services.forms.extract import read

NOW = datetime.fromisoformat("2026-11-24T09:30:00+08:00")


def best(scores: list[list[float]]) -> float:
    """The greatest sum, by trying all."""
    rows, columns = len(scores), len(scores[0])
    ways = permutations([*range(columns), *[-1] * rows], rows)
    return max(sum(max(0.0, scores[row][at]) if at >= 0 else 0.0 for row, at in enumerate(way)) for way in ways)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(1, 3).flatmap(
        lambda n: st.lists(st.lists(st.integers(-3, 9), min_size=n, max_size=n), min_size=1, max_size=3)
    )
)
def test_no_other_assignment_is_better(scores: list[list[int]]) -> None:
    table = [[float(value) for value in row] for row in scores]
    taken = assign(table)
    used = [column for column in taken if column >= 0]
    assert len(used) == len(set(used))
    assert all(table[row][column] > 0 for row, column in enumerate(taken) if column >= 0)
    assert sum(table[row][column] for row, column in enumerate(taken) if column >= 0) == pytest.approx(best(table))


def result(form: str, text: str) -> dict:
    return read(builtin()[form], text, NOW).result or {}


def test_every_built_in_form_is_sound() -> None:
    assert len(builtin()) >= 11
    for definition in builtin().values():
        check(definition)


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("发票号码 66120983，日期11月3号，不对，日期是11月4号，100元", "2026-11-04"),
        ("发票号码 66120983，日期11月3号改成11月5号，100元", "2026-11-05"),
    ],
)
def test_the_later_value_stands(text: str, date: str) -> None:
    assert result("invoice_v1", text) == {"InvoiceNumber": "66120983", "Date": date, "Amount": 100}


def test_unclear_is_not_missing() -> None:
    said = read(builtin()["invoice_v1"], "票号10239948，金额一百来块，日期今天", NOW)
    assert [doubt.field for doubt in said.unclear or ()] == ["Amount"]
    assert said.missing == ["Amount"]
    silent = read(builtin()["invoice_v1"], "票号10239948，日期今天", NOW)
    assert silent.unclear is None


def test_who_it_is_about_is_not_who_writes() -> None:
    assert result("leave_v1", "张伟帮李娜请假，明天病假一天")["Applicant"] == "李娜"


@given(st.text(max_size=80))
@settings(deadline=None, max_examples=60)
def test_no_text_breaks_it_and_no_string_is_invented(text: str) -> None:
    for definition in builtin().values():
        for name, pieces in (read(definition, text, NOW, evidence=True).evidence or {}).items():
            for piece in pieces:
                assert text[piece.start : piece.end] == piece.text, name


def test_the_schedule_and_the_signature() -> None:
    assert [delay(number).total_seconds() for number in range(1, 8)] == [1, 5, 15, 60, 120, 240, 480]
    assert signature("s", 1, b"{}").startswith("t=1,v1=")
    assert signature("s", 1, b"{}") != signature("s", 2, b"{}")


@pytest.mark.parametrize("unit", ["一", "1", "张三，", "11月3号 ", "不对100元，", "合同", "甲方公司"])
def test_the_longest_text_of_one_word_is_read(unit: str) -> None:
    text = (unit * 20_000)[:20_000]
    assert read(builtin()["contract_v1"], text, NOW).status == "failed"
