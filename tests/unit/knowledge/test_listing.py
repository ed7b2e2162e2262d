import pytest

from wenshu.knowledge.listing import listed
from wenshu.knowledge.question import read


@pytest.fixture
def policy(shelf):
    return [
        shelf.passage("- 自行拆开铅封。\n- 管道内的焊渣造成的损坏。", "售后政策", heading="四、不在保修范围内的情形"),
        shelf.passage("## 安装步骤\n\n1. 关闭阀门。\n2. 装上**水表**。\n\n只有这些。", "水表手册", start=50),
        shelf.passage("会议决定如下：\n- 甲方案\n- 乙方案", "纪要", start=90),
    ]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("哪些情况不在保修范围内？", ["自行拆开铅封。", "管道内的焊渣造成的损坏。"]),
        ("水表怎么安装？", ["关闭阀门。", "装上水表。"]),
        ("会议决定有哪些？", ["甲方案", "乙方案"]),
    ],
)
def test_says_every_item_under_a_heading_that_asks_the_same(policy, question: str, said: list[str]) -> None:
    finding = listed(read(question), policy)
    assert finding is not None
    assert [statement.text for statement in finding.statements] == said
    for statement in finding.statements:
        citation = statement.citations[0]
        assert citation.quote in citation.passage.text
        assert not citation.quote.startswith(("-", "1", "2"))


@pytest.mark.parametrize("question", ["不在保修范围内吗？", "食堂有哪些菜？", "X9的安装步骤有哪些？", "水表怎么退货？"])
def test_other_questions_get_no_list(policy, question: str) -> None:
    assert listed(read(question), policy) is None
