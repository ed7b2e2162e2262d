import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.knowledge.question import read


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("公司的创始人是谁？", "who"),
        ("公司什么时候成立的", "when"),
        ("广三铁路在哪年建成？", "when"),
        ("广茂铁路全长多少公里？", "count"),
        ("保修期多久", "count"),
        ("总部在哪里", "where"),
        ("为什么要提前申请？", "why"),
        ("氨碱法又叫什么？", "alias"),
        ("妙法寺的大殿称为什么？", "alias"),
        ("什么是年假？", "define"),
        ("怎么申请年假", "how"),
        ("由哪家公司管理？", "which"),
        ("职业是什么？", "what"),
        ("可以退货吗？", "yesno"),
        ("Where is the head office?", "where"),
        ("How many stores are there?", "count"),
    ],
)
def test_reads_what_is_asked(question: str, asks: str) -> None:
    assert read(question).asks == asks


def test_reads_the_unit_the_focus_and_the_content() -> None:
    assert read("广茂铁路全长多少公里？").unit == "公里"
    assert read("新西兰鸲鹟身体呈什么颜色？").focus == "颜色"
    assert read("于乐的职业是什么？").focus == "职业"
    assert read("于乐的职业是什么？").runs == ("于乐", "职业")
    assert read("ＹＴ－Ｘ3的價格").runs == ("yt-x3", "价格")
    assert read("What is the warranty period?").runs == ("warranty", "period")
    assert read("公司有哪些产品").several


@given(st.text(max_size=60))
def test_reads_anything(question: str) -> None:
    asked = read(question)
    assert all(run and run in asked.text for run in asked.runs)
