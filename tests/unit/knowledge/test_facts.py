import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wenshu.core.documents.model import Block, Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.knowledge.facts import LONGEST_NAME, LONGEST_VALUE, MOST_FACTS, facts_of, key


def parsed(text):
    return Parsed(text, tuple(scan(text)), "", "text/markdown")


def stated(text, title="手册"):
    return [(fact.subject, fact.attribute, fact.value) for fact in facts_of(title, parsed(text))]


def one_block(text, kind="paragraph"):
    return Parsed(text, (Block(kind, 0, len(text)),) if text else (), "", "text/plain")


def test_a_table_states_each_cell_of_its_row():
    text = "## 价格\n\n| 型号 | 单价（元） | 起订量 |\n|---|---|---|\n| A-1 | 1,280 | 5 台 |\n| A-2 | — | 2 台 |\n"
    facts = facts_of("价目表", parsed(text))
    assert [(fact.subject, fact.attribute, fact.value, fact.number, fact.unit) for fact in facts] == [
        ("A-1", "单价", "1,280", "1280", "元"),
        ("A-1", "起订量", "5 台", "5", "台"),
        ("A-2", "起订量", "2 台", "2", "台"),
    ]
    assert {fact.context for fact in facts} == {"价格"}
    assert [(fact.table, fact.row) for fact in facts] == [(0, 0), (0, 0), (0, 1)]
    assert text[slice(*facts[0].line)] == "A-1 | 1,280 | 5 台"


def test_a_header_over_two_rows_names_a_column_by_both():
    text = (
        "| 型号 | 价格 | | 备注 |\n|---|---|---|---|\n| 型号 | 含税 | 不含税 | 备注 |\n| A-1 | 113 | 100 | 现货 |\n"
        "| A-2 | 226 | 200 | 期货 |\n"
    )
    assert stated(text)[:3] == [("A-1", "价格含税", "113"), ("A-1", "价格不含税", "100"), ("A-1", "备注", "现货")]


def test_a_second_row_of_figures_is_no_header():
    text = "| 型号 | 价格 | |\n|---|---|---|\n| 型号 | 113 | 100 |\n"
    assert stated(text) == [("型号", "价格", "113")]


@pytest.mark.parametrize("header", ["| 项目 | 参数 |\n|---|---|\n", ""])
def test_two_columns_of_keys_and_values_are_about_the_document(header):
    text = f"# 说明\n\n## 技术参数\n\n{header}| 额定功率 | 320 W |\n|---|---|\n| 净重 | 96 kg |\n"
    text = text if not header else text.replace("|---|---|\n| 净重", "| 净重")
    assert stated(text, "云图X3使用说明书") == [("云图X3", "额定功率", "320 W"), ("云图X3", "净重", "96 kg")]


def test_lines_of_keys_and_values_also_several_in_one():
    text = (
        "电话：0591-8800　　传真：0591-8801   联系人： 陈晓\n\n"
        "**地址**：福州市鼓楼区软件大道89号。\n\n- 保修期: 24个月；押金：500元\n"
    )
    assert stated(text, "公司") == [
        ("公司", "电话", "0591-8800"),
        ("公司", "传真", "0591-8801"),
        ("公司", "联系人", "陈晓"),
        ("公司", "地址", "福州市鼓楼区软件大道89号"),
        ("公司", "保修期", "24个月"),
        ("公司", "押金", "500元"),
    ]


def test_a_heading_that_names_a_thing_is_what_its_lines_are_about():
    text = "# 办事处\n\n## 成都办\n\n地址：新都区物流大道388号\n\n## 联系方式\n\n热线：95000\n"
    assert stated(text, "办事处一览") == [("成都办", "地址", "新都区物流大道388号"), ("办事处", "热线", "95000")]


def test_sentences_that_give_an_attribute_or_a_definition():
    text = "公司的注册资本为5000万元，成立多年。一般员工的住宿标准是每晚420元。所谓前置仓，是指把货提前存放的小型仓库。"
    assert stated(text) == [
        ("公司", "注册资本", "5000万元"),
        ("一般员工", "住宿标准", "每晚420元"),
        ("前置仓", "定义", "把货提前存放的小型仓库"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "今天天气很好。",
        "他的电话是多少？",
        "先问客户去年的产销差率是多少。",
        "时间是9:30，地点不定",
        "见 https://example.com/a：b",
        "- 2026 年 8 月 28 日：前置仓启用。",
        "注：以上仅供参考。",
        "| 甲 | 乙 |\n|---|---|\n| | |\n",
        "| 序号 | 内容 |\n|---|---|\n| 1 | 自7月1日起执行 |\n",
        "它的价格是12元。",
        "目的地主要是日本。",
        "公司的目标不是规模。",
    ],
)
def test_no_fact_from_what_states_none(text):
    assert stated(text) == []


def test_figures_and_days_are_read_and_kept_as_written():
    text = "签订日期：2026年1月5日\n\n金额：2.41 亿元\n\n| 年份 | 收入（万元） |\n|---|---|\n| 2025年 | 1,080 |\n"
    read = {fact.attribute: (fact.value, fact.number, fact.unit, fact.day) for fact in facts_of("合同", parsed(text))}
    assert read == {
        "签订日期": ("2026年1月5日", "", "", "2026-01-05"),
        "金额": ("2.41 亿元", "241000000", "元", ""),
        "收入": ("1,080", "10800000", "元", ""),
    }


def test_a_table_of_blanks_in_a_plain_text():
    text = (
        "七、待办\n事项            责任人    截止\n"
        "鱿鱼锁价合同    简明      10月31日\n武汉办交接      汤若楠    10月30日\n"
    )
    facts = facts_of("纪要", one_block(text))
    told = [(fact.subject, fact.attribute, fact.value, fact.row) for fact in facts]
    assert ("武汉办交接", "责任人", "汤若楠", 1) in told
    assert all(text[fact.start : fact.end] == fact.value for fact in facts)


def test_a_table_too_large_is_left_out_as_a_whole_and_the_rest_stays():
    rows = "".join(f"| A{number} | {number} | 现货 |\n" for number in range(MOST_FACTS))
    facts = stated(f"| 型号 | 单价 | 备注 |\n|---|---|---|\n{rows}\n\n联系人：陈晓\n")
    assert facts == [("手册", "联系人", "陈晓")]


def test_a_document_states_no_more_than_the_most():
    text = "".join(f"编号{number}甲：值{number}\n\n" for number in range(MOST_FACTS + 10)).replace("编号", "号")
    assert len(facts_of("手册", parsed(text))) == MOST_FACTS


@pytest.mark.parametrize(
    "text",
    [
        "甲：" * 100_000,
        "甲的乙" * 100_000,
        "| " * 200_000 + "|",
        ("|" + "x|" * 50 + "\n") * 5_000,
        "甲：乙 " * 60_000,
        "的是" * 150_000,
        "是指" * 150_000,
        "**" * 200_000,
    ],
)
def test_hostile_texts_come_to_an_end(text):
    facts = facts_of("手册", one_block(text, "table" if text.startswith("|") else "paragraph"))
    assert len(facts) <= MOST_FACTS
    assert all(text[fact.start : fact.end] == fact.value for fact in facts)


PIECES = st.sampled_from(
    [
        *"甲乙丙丁的是为指：:|\n，。；？ 　*#-12A",
        "保修期",
        "24个月",
        "| --- |",
        "是指",
        "电话：",
        "2026年1月5日",
        "---|",
        "**",
        "\\|",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_a_fact_s_span_is_its_value_whatever_the_text(text):
    kinds = (parsed(text), one_block(text), one_block(text, "table"))
    for document in kinds:
        for fact in facts_of("手册", document):
            assert text[fact.start : fact.end] == fact.value
            assert fact.value == fact.value.strip()
            assert 0 < len(fact.value) <= LONGEST_VALUE
            assert fact.line.start <= fact.start
            assert fact.end <= fact.line.end <= len(text)
            assert 0 < len(key(fact.subject)) <= LONGEST_NAME
            assert 0 < len(key(fact.attribute)) <= LONGEST_NAME
            assert (fact.table < 0) == (fact.row < 0)
