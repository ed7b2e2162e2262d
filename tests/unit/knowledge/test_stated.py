from datetime import date

import pytest

from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.knowledge.answer import answer
from wenshu.knowledge.factbook import Known, Told
from wenshu.knowledge.facts import facts_of
from wenshu.knowledge.moments import moments
from wenshu.knowledge.question import read
from wenshu.knowledge.stated import likeliest, of_likely_tables, stated

MANUAL = """# 说明

## 技术参数

保修期：24个月

质保押金：500元

| 型号 | 目录价（元） | 交货期（天） |
|---|---|---|
| X3 | 1,299 | 15 |
| X5 | 1,599 | 20 |

断温：货物所处环境温度超出约定范围且连续达到30分钟。

公司的注册资本是5000万元，已经实缴。
"""


@pytest.fixture
def told(shelf):
    def of(text=MANUAL, title="云图X3使用手册", document=7):
        passage = shelf.passage(text, title, key=f"doc:{document}:0")
        parsed = Parsed(text, tuple(scan(text)), "", "text/markdown")
        return [Told(Known(fact, document, 0, title), passage) for fact in facts_of(title, parsed)]

    return of


@pytest.fixture
def said(told):
    def of(question, facts=None):
        asked = read(question)
        found = stated(asked, moments(asked.text, date(2026, 11, 24)), told() if facts is None else facts)
        return [statement.text for statement in found.statements] if found else None

    return of


@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("云图X3的保修期是多久？", "保修期：24个月。"),
        ("X3的目录价是多少", "X3：目录价为1,299元。"),
        ("X5多少钱", "X5：目录价为1,599元。"),
        ("X5的交货期", "X5：交货期为20天。"),
        ("什么是断温？", "断温：货物所处环境温度超出约定范围且连续达到30分钟。"),
        ("啥叫断温", "断温：货物所处环境温度超出约定范围且连续达到30分钟。"),
        ("公司的注册资本是多少", "公司的注册资本是5000万元，已经实缴。"),
    ],
)
def test_the_fact_that_is_asked_for_is_said(said, question, answered):
    assert said(question) == [answered]


@pytest.mark.parametrize(
    "question",
    [
        "云图X9的保修期是多久",
        "云图X3的防水等级是多少",
        "云图X3为什么保修期是24个月",
        "去年云图X3的保修期是多久",
        "2024年X5的目录价是多少",
        "日本的云图X3保修期是多久",
        "员工的质保押金",
        "什么是中心温度",
        "竞争对手的注册资本是多少",
        "",
    ],
)
def test_nothing_is_said_to_what_the_facts_do_not_cover(said, question):
    assert said(question) is None


def test_a_row_is_known_by_another_cell_too(said, told):
    facts = told(
        "| 编码 | 品名 | 起订量(箱) |\n|---|---|---|\n| F201 | 墨鱼丸 | 20 |\n| F203 | 虾滑 | 30 |\n", "价目表"
    )
    assert said("墨鱼丸的起订量是多少", facts) == ["F201（墨鱼丸）：起订量为20箱。"]
    assert said("鱿鱼丸的起订量是多少", facts) is None


def test_the_place_of_the_value_is_cited(told):
    asked = read("X5的目录价是多少")
    found = stated(asked, frozenset(), told())
    (citation,) = found.statements[0].citations
    assert citation.quote == MANUAL[citation.start : citation.end] == "1,599"
    assert found.certain


def test_of_two_years_papers_the_newer_is_believed(said, told):
    old = told("| 城市 | 住宿标准（元） |\n|---|---|\n| 上海 | 380 |\n", "差旅规定（2023版）", 1)
    new = told("| 城市 | 住宿标准（元） |\n|---|---|\n| 上海 | 480 |\n", "差旅规定（2026版）", 2)
    assert said("上海的住宿标准是多少", old + new) == ["上海：住宿标准为480元。"]
    assert said("上海2023年的住宿标准是多少", old + new) == ["上海：住宿标准为380元。"]


def test_papers_of_two_minds_and_no_year_say_nothing(said, told):
    one = told("| 城市 | 住宿标准（元） |\n|---|---|\n| 上海 | 380 |\n", "甲方差旅规定", 1)
    other = told("| 城市 | 住宿标准（元） |\n|---|---|\n| 上海 | 480 |\n", "乙方差旅规定", 2)
    assert said("上海的住宿标准是多少", one + other) is None


def test_a_fact_answers_where_no_passage_was_found(told):
    given = answer("X5的目录价是多少", [], facts=told())
    assert given.refusal is None
    assert given.text == "X5：目录价为1,599元。[1]"
    assert answer("X5的防水等级是多少", [], facts=told()).refusal


def test_facts_of_the_named_rows_are_worth_fetching(told):
    known = [one.known for one in told()]
    wanted = likeliest(read("X5的交货期"), known, date(2026, 1, 1))
    assert wanted[0].fact.value == "20"
    (table,) = of_likely_tables(read("哪个型号交货期最长"), known)
    assert table.fact.table == 0
    assert of_likely_tables(read("年假有几天"), known) == []
