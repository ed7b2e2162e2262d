import pytest

from wenshu.knowledge.answer import answer
from wenshu.knowledge.holding import held
from wenshu.knowledge.question import read
from wenshu.knowledge.scene import Scene

METERS = """| 型号 | 口径 | 远传 | 阀门 | 适用 |
|---|---|---|---|---|
| LX-A1 | DN15 | √ | — | 居民户表 |
| LX-A2 | DN20 | √ | √ | 居民户表 |
| LX-B1 | DN50 | × | — | 大用户、分区计量 |
| LX-B2 | DN80 | √ | — | 分区计量 |
"""


@pytest.fixture
def found(shelf):
    def find(question, text=METERS, title="水表选型表"):
        finding = held(Scene(read(question), [shelf.passage(text, title)]))
        return finding and finding.statements[0]

    return find


def test_the_rows_that_have_a_column_of_yes(found):
    said = found("哪些型号支持远传？")
    assert said.text == "有远传的有3项：LX-A1、LX-A2、LX-B2。"
    assert [citation.quote.split(" | ")[0] for citation in said.citations] == ["| LX-A1", "| LX-A2", "| LX-B2"]


def test_and_those_that_have_not(found):
    assert found("哪些型号不支持远传").text == "没有远传的有1项：LX-B1。"


def test_the_rows_whose_cell_says_it_also_among_others(found):
    assert found("哪些型号适用分区计量").text == "适用为分区计量的有2项：LX-B1、LX-B2。"
    assert found("有几个型号适用居民户表").text == "适用为居民户表的有2项：LX-A1、LX-A2。"


def test_the_values_of_another_column_where_that_is_what_is_asked(found):
    assert found("分区计量有哪几种口径").text == "适用为分区计量的口径有2种：DN50、DN80。"


@pytest.mark.parametrize(
    "question",
    [
        "哪些型号支持预付费",
        "LX-A1的口径是多少",
        "哪些型号适用热水",
        "哪些型号支持远传和蓝牙",
        "哪些客户投诉过远传故障",
        "LX-C9有哪些型号支持远传",
        "为什么支持远传",
    ],
)
def test_none_where_the_table_does_not_say_it_all(found, question):
    assert found(question) is None


def test_a_table_with_only_some_of_its_rows_counts_nothing(shelf):
    part = shelf.passage(METERS.partition("---|\n")[2], "水表选型表", heading="型号、口径、远传、阀门、适用", start=90)
    asked = Scene(read("哪些型号支持远传"), [part])
    assert held(asked) is None
    assert held(asked, frozenset({part.key})).statements[0].text.startswith("有远传的有3项")


def test_the_answer_names_them_all(shelf):
    given = answer("哪些型号支持远传", [shelf.passage(METERS, "水表选型表")])
    assert given.refusal is None
    assert given.text == "有远传的有3项：LX-A1、LX-A2、LX-B2。[1]"
