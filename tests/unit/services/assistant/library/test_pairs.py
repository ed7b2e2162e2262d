import pytest

from wenshu.kit.errors import InvalidInput
from wenshu.knowledge.items import Pair
from wenshu.services.assistant.library.pairs import _read

HEADER = ["问题", "答案", "来源"]


def test_rows_become_pairs_and_empty_ones_are_passed_over():
    pairs, skipped = _read([HEADER, ["甲？", "乙", "丙"], ["", "", ""], ["丁？", " 戊 ", ""]])
    assert pairs == [Pair("甲？", "乙", "丙"), Pair("丁？", "戊", "")]
    assert skipped == []


def test_halves_are_named_by_row():
    pairs, skipped = _read([["填写说明"], HEADER, ["甲？", "", ""], ["", "乙", ""], ["返点？", "满1", "", "000万元"]])
    assert pairs == []
    assert [row["row"] for row in skipped] == [3, 4, 5]
    assert all(row["reason"] for row in skipped)


def test_columns_may_stand_in_any_order():
    assert _read([["答案", "问题"], ["乙", "甲？"]])[0] == [Pair("甲？", "乙", "")]


def test_without_the_columns_it_is_refused():
    with pytest.raises(InvalidInput):
        _read([["a", "b"], ["1", "2"]])
