from hypothesis import given
from hypothesis import strategies as st

from wenshu.knowledge.passage import Passage
from wenshu.knowledge.units import Row, in_words, plain, units


def test_headings_rules_and_separators_are_no_units(shelf) -> None:
    text = "# 一级\n\n甲句。乙句。\n---\n\n## 二级 ##\n- 第一项；其余\n  1. 第二项\n> 引文。\n三、小节\n丙句。"
    found = units(shelf.passage(text))
    assert [(unit.kind, unit.said, unit.under) for unit in found] == [
        ("sentence", "甲句。", "一级"),
        ("sentence", "乙句。", "一级"),
        ("item", "第一项；", "二级"),
        ("item", "其余", "二级"),
        ("item", "第二项", "二级"),
        ("sentence", "引文。", "二级"),
        ("sentence", "丙句。", "三、小节"),
    ]
    assert [text[slice(*unit.line)] for unit in found[2:4]] == ["第一项；其余"] * 2


def test_rows_take_their_columns_from_the_header(shelf) -> None:
    first, second = units(shelf.passage("| 型号 | 价格（元） |\n|---|:---:|\n| X3 | 618 |\n| X5 \\| 新 | |"))
    assert first.row == Row(("型号", "价格（元）"), ("X3", "618"), 0)
    assert first.said == "X3：618。"
    assert second.row is not None
    assert second.row.cells == ("X5 | 新", "")


def test_later_rows_take_their_columns_from_the_heading(shelf) -> None:
    text = "| X3 | DN20 | 618 |\n| X5 | DN25 | 728 |"
    unit = units(shelf.passage(text, heading="价目 / 型号、口径、目录价（元）"))[0]
    assert unit.said == "X3：口径为DN20，目录价为618元。"
    assert unit.under == "价目"
    assert units(shelf.passage(text, heading="价目 / 型号、口径"))[0].said == "X3；DN20；618"


def test_numbers_take_the_unit_in_brackets() -> None:
    row = Row(("指标", "2024年", "变动", "口径（含税）"), ("净利润（万元）", "3,120", "+17.1%", "5"), 0)
    assert in_words(row) == "净利润（万元）：2024年为3,120万元，变动为+17.1%，口径（含税）为5。"
    assert in_words(row, (1,)) == "净利润：2024年为3,120万元。"


def test_emphasis_is_left_out_and_lone_marks_stay() -> None:
    assert plain("**重点**：`X3`的__价格__是2 ** 3") == "重点：X3的价格是2 ** 3"


@given(st.text(alphabet="甲乙。；，#-*+>|\\ \n\t1.、（一）X`", max_size=80), st.text(alphabet="甲、/ |", max_size=12))
def test_units_are_in_order_on_one_line_and_never_blank(text: str, heading: str) -> None:
    passage = Passage("doc:1:0", "doc", "", "", "", heading, text, 0, len(text), 0)
    end = 0
    for unit in units(passage):
        assert end <= unit.span.start < unit.span.end <= len(text)
        assert text[slice(*unit.span)].strip() == text[slice(*unit.span)]
        assert "\n" not in text[slice(*unit.span)]
        assert unit.said.strip()
        end = unit.span.end
