import pytest

from wenshu.knowledge.answer import NOT_ENOUGH, answer
from wenshu.knowledge.compare import compare
from wenshu.knowledge.question import read
from wenshu.knowledge.scene import Scene

QUARTERS = """| 季度 | 营业收入（万元） | 毛利率 |
| --- | --- | --- |
| 2025年第一季度 | 8,360 | 32.6% |
| 2025年第二季度 | 11,240 | 33.2% |
| 合计 | 19,600 | 33.0% |"""


@pytest.mark.parametrize(
    ("question", "said"),
    [
        (
            "2025年哪个季度的营业收入最高？",
            "营业收入最高的是2025年第二季度，为11,240万元（2025年第一季度 8,360、2025年第二季度 11,240）。",
        ),
        (
            "2025年毛利率最低的是哪个季度？",
            "毛利率最低的是2025年第一季度，为32.6%（2025年第一季度 32.6%、2025年第二季度 33.2%）。",
        ),
        (
            "2025年两个季度的营业收入一共多少？",
            "营业收入合计为19,600万元（2025年第一季度 8,360 + 2025年第二季度 11,240）。",
        ),
    ],
)
def test_compares_and_adds_with_the_figures_shown(shelf, question: str, said: str) -> None:
    finding = compare(Scene(read(question), [shelf.passage(QUARTERS, "季度经营")]))
    assert finding is not None
    (statement,) = finding.statements
    assert statement.text == said
    assert [citation.quote for citation in statement.citations] == QUARTERS.splitlines()[2:4]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("2025年两个季度的毛利率一共多少？", QUARTERS),
        ("2025年哪个季度的净利润最高？", QUARTERS),
        ("2024年哪个季度的营业收入最高？", QUARTERS),
        ("2025年哪个季度的营业收入最高？", QUARTERS.replace("8,360", "11,240")),
        ("2025年哪个季度的营业收入最高？", QUARTERS.replace("8,360", "约八千")),
        ("2025年第一季度的营业收入是多少？", QUARTERS),
    ],
)
def test_says_nothing_where_it_is_not_certain(shelf, question: str, text: str) -> None:
    assert compare(Scene(read(question), [shelf.passage(text, "季度经营")])) is None


def test_of_a_table_in_pieces_nothing_is_compared(shelf) -> None:
    piece = shelf.passage(QUARTERS, "季度经营", heading="季度、营业收入（万元）、毛利率")
    scene = Scene(read("2025年哪个季度的营业收入最高？"), [piece])
    assert compare(scene) is None
    assert compare(scene, frozenset({piece.key})) is not None
    assert answer("2025年哪个季度的营业收入最高？", [piece]).refusal == NOT_ENOUGH
