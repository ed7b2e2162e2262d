import pytest

from wenshu.knowledge.lookup import column_strength, look_up, stem, tables
from wenshu.knowledge.question import read

PRICES = """| 型号 | 产品名称 | 口径 | 目录价（元） | 备注 |
| --- | --- | --- | --- | --- |
| LX-U20-15 | 超声波水表 | DN15 | 568 | |
| LX-U20-20 | 超声波水表 | DN20 | 618 | 不带阀门 |
| LX-N10-15V | 阀控水表 | DN15 | 368 | 带阀门，支持预付费 |
| BAT-1 | 电池 | | 36 | 按只计价，适用于LX-N10和LX-U20 |"""
PEOPLE = """| 职务 | 姓名 | 分管工作 |
| --- | --- | --- |
| 总经理 | 陈屿洲 | 日常经营 |
| 营销副总经理 | 吴启帆 | 国内销售、海外业务部 |"""
CODES = """| 代码 | 含义 | 处理方法 |
| --- | --- | --- |
| E01 | 管道内没有水 | 打开阀门排气 |
| E04 | 通信失败 | 手动上报 |"""


@pytest.fixture
def shelves(shelf):
    return [
        shelf.passage(PRICES, "产品价目表"),
        shelf.passage(PEOPLE, "公司简介", heading="管理团队", start=100),
        shelf.passage(CODES, "水表手册", heading="故障代码", start=200),
        shelf.passage("| 项目 | 参数 |\n| --- | --- |\n| 防护等级 | IP68 |", "水表手册", heading="技术参数", start=300),
    ]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("LX-U20-20的目录价是多少元？", ["LX-U20-20：目录价为618元。"]),
        ("LX-U20-20多少钱", ["LX-U20-20：目录价为618元。"]),
        ("LX-U20的目录价是多少？", ["LX-U20-15：目录价为568元。", "LX-U20-20：目录价为618元。"]),
        ("哪种产品支持预付费？", ["LX-N10-15V：备注为带阀门，支持预付费。"]),
        ("总经理是谁？", ["总经理：姓名为陈屿洲。"]),
        ("谁分管海外业务部？", ["营销副总经理：姓名为吴启帆，分管工作为国内销售、海外业务部。"]),
        ("E04是什么意思？", ["E04：含义为通信失败。"]),
        ("出现E04应该怎么处理？", ["E04：处理方法为手动上报。"]),
        ("防护等级是多少？", ["防护等级：IP68。"]),
    ],
)
def test_says_the_cells_that_are_asked_for(shelves, question: str, said: list[str]) -> None:
    finding = look_up(read(question), shelves)
    assert finding is not None
    assert [statement.text for statement in finding.statements] == said
    for statement in finding.statements:
        (citation,) = statement.citations
        assert citation.quote.startswith("| ")
        assert citation.quote in citation.passage.text.splitlines()
        assert citation.quote == citation.passage.text[citation.start - citation.passage.start :][: len(citation.quote)]


@pytest.mark.parametrize(
    "question",
    [
        "LX-U20-25的目录价是多少？",
        "LX-U20-20的进货价是多少？",
        "LX-U20-15的备注是什么？",
        "E09是什么意思？",
        "总经理为什么辞职？",
        "北京有几家门店？",
        "水表",
        "目录价是多少？",
    ],
)
def test_finds_nothing_where_row_or_column_is_not_clear(shelves, question: str) -> None:
    assert look_up(read(question), shelves) is None


def test_pieces_of_one_table_are_one_table(shelf) -> None:
    header, rule, *rows = PRICES.splitlines()
    columns = "型号、产品名称、口径、目录价（元）、备注"
    later = shelf.passage("\n".join(rows[2:]), "价目", heading=columns, key="doc:1:1", start=300)
    first = shelf.passage("\n".join((header, rule, *rows[:2])), "价目", heading=columns, key="doc:1:0")
    (table,) = tables([later, first])
    assert [line.row.cells[0] for line in table.lines] == ["LX-U20-15", "LX-U20-20", "LX-N10-15V", "BAT-1"]


def test_how_far_a_column_is_named() -> None:
    asked = read("2025年的电池保修期是多久？")
    assert column_strength(asked, "电池保修期") == 1
    assert 0.4 < column_strength(asked, "整机保修期") < 1
    assert column_strength(asked, "2025年") == 1
    assert column_strength(asked, "2024年") == 0
    assert stem("目录价（元）") == "目录价"
