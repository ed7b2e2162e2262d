import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.knowledge.passage import Passage
from wenshu.knowledge.phrase import ask, questions


@pytest.mark.parametrize(
    ("attribute", "question"),
    [
        ("负责人", "福州店的负责人是谁？"),
        ("地址", "福州店的地址在哪里？"),
        ("开业时间", "福州店的开业时间是什么时候？"),
        ("面积", "福州店的面积是多少？"),
        ("主营产品", "福州店的主营产品有哪些？"),
        ("付款方式", "福州店的付款方式是怎样的？"),
        ("型号", "福州店的型号是什么？"),
        ("含义", "福州店是什么意思？"),
        ("买断", ""),
        ("福州店电话", "福州店电话是多少？"),
    ],
)
def test_asks_with_the_word_that_fits(attribute: str, question: str) -> None:
    assert ask("福州店", attribute) == question


@pytest.mark.parametrize(
    ("title", "text", "question"),
    [
        ("霁虹桥", "霁虹桥位于哈尔滨市道里区。", "霁虹桥位于哪里？"),
        ("简介", "文枢科技有限公司成立于2016年5月。", "文枢科技有限公司是什么时候成立的？"),
        ("氨碱法", "氨碱法又名索尔维法。", "氨碱法又叫什么？"),
        ("于乐", "于乐是一名中国足球运动员，司职前锋。", "于乐是谁？"),
        ("广茂铁路", "广茂铁路全长364.6公里。", "广茂铁路全长多少公里？"),
        ("布洛涅森林", "该森林占地面积846公顷，布洛涅森林很大。", "布洛涅森林的占地面积是多少？"),
        ("云图X3说明书", "保修期：24个月", "云图X3的保修期是多少？"),
    ],
)
def test_makes_questions_from_what_is_said(shelf, title: str, text: str, question: str) -> None:
    assert question in questions(shelf.passage(text, title, start=5))


@pytest.mark.parametrize(
    "text",
    [
        "他位于哪里都行。",
        "其中位于福州的有三家。",
        "注：以上数据仅供参考",
        "“大槐树”是一种树。",
        "一种位于福州的车站。",
    ],
)
def test_asks_nothing_of_what_names_no_subject(shelf, text: str) -> None:
    assert questions(shelf.passage(text, "资料", start=5)) == []


def test_a_heading_and_an_opening_may_be_asked_about(shelf) -> None:
    assert questions(shelf.passage("满一年五天。", "员工手册", heading="3 假期 / 3.1 年假", start=5)) == [
        "年假是怎么规定的？"
    ]
    assert questions(shelf.passage("短兵，一种兵器。", "短兵")) == ["能介绍一下短兵吗？"]


@given(st.text(alphabet="文枢位于福州是一种：|-\n，。年2016成立《》（", max_size=60), st.text(max_size=10))
def test_any_text_gives_well_formed_questions(text: str, title: str) -> None:
    passage = Passage("doc:1:0", "doc", title, "", title, "", text, 0, len(text), 0)
    for question in questions(passage):
        assert question.endswith("？")
        assert "\n" not in question.strip()


@pytest.mark.parametrize(
    ("title", "heading", "text", "question"),
    [
        (
            "手册",
            "",
            "| 代码 | 含义 | 处理方法 |\n| --- | --- | --- |\n| E04 | 通信失败 | 手动上报 |",
            "E04是什么意思？",
        ),
        ("价目", "", "| 型号 | 目录价（元） |\n| --- | --- |\n| X3 | 618 |", "X3的目录价是多少？"),
        ("年报", "", "| 指标 | 2024年 |\n| --- | --- |\n| 净利润（万元） | 3,120 |", "2024年净利润是多少？"),
        ("政策", "", "| 等级 | 到场 |\n| --- | --- |\n| 一级故障 | 8小时 |", "一级故障的到场是多久？"),
        ("云图X3说明书", "三、安装 / 3.2 安装步骤", "- 甲\n- 乙", "云图X3的安装步骤有哪些？"),
        ("售后服务政策", "二、退货与换货", "七天内可退。", "退货与换货是怎么规定的？"),
    ],
)
def test_tables_and_headings_are_asked_about_naturally(shelf, title, heading, text, question) -> None:
    assert question in questions(shelf.passage(text, title, heading=heading, start=5))


@pytest.mark.parametrize(
    ("heading", "text"),
    [
        ("", "| 指标 | 更换前 | 更换后 |\n| --- | --- | --- |\n| 产销差率 | 23.6% | 14.2% |"),
        ("", "| 型号 | 产品名称 |\n| --- | --- |\n| X3 | 摄像机 |"),
        ("", "| 区域 | 2024年 |\n| --- | --- |\n| 华东 | 18,914 |"),
        ("六、2026年目标", "收入目标为5.4亿元。"),
        ("", "买断：按价目表一次采购，预付百分之三十，到货付百分之六十，质保金百分之十。"),
    ],
)
def test_what_cannot_be_asked_naturally_is_not_asked(shelf, heading, text) -> None:
    assert questions(shelf.passage(text, "方案", heading=heading, start=5)) == []
