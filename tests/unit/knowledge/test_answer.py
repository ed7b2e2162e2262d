import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.knowledge.answer import NOTHING_ASKED, NOTHING_FOUND, answer
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.units import plain


@pytest.mark.parametrize(
    ("question", "holding"),
    [
        ("年假怎么申请", "提前三个工作日"),
        ("满十年的员工年假有几天？", "10天"),
        ("没休完的年假怎么办", "次年3月31日"),
        ("云图X3多少钱", "1,299元"),
        ("X3的保修期是多久？", "24个月"),
        ("公司的创始人是谁", "林国栋"),
        ("公司總部在哪裡", "福州市鼓楼区"),
        ("公司有哪些产品", "云盾安防平台"),
        ("2024年营业收入是多少", "3.2亿元"),
        ("厦门门店的负责人是谁", "王敏"),
        ("公司什么时候成立的", "2016年5月"),
        ("What is the warranty period of the X3 camera?", "24 months"),
    ],
)
def test_answers_with_the_sentence_that_holds_it(library: list[Passage], question: str, holding: str) -> None:
    given_ = answer(question, library)
    assert given_.refusal is None
    assert holding in given_.text
    assert len(given_.text) < 140


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("特斯拉的创始人是谁", "特斯拉"),
        ("2023年营业收入是多少", "2023"),
        ("X5的保修期是多久？", "X5"),
        ("北京有几家门店", "北京"),
        ("公司的股价是多少", "股价"),
        ("What is the warranty period of the X3 camera in Japan?", "Japan"),
    ],
)
def test_refuses_and_names_what_is_not_there(library: list[Passage], question: str, named: str) -> None:
    given_ = answer(question, library)
    assert given_.statements == ()
    assert given_.missing[0] == named
    assert given_.refusal == f"素材库中没有找到与“{named}”有关的内容，无法回答。"


def test_refuses_with_a_reason_when_there_is_nothing_to_go_by(shelf) -> None:
    assert answer("公司在哪里", []).refusal == NOTHING_FOUND
    assert answer("公司在哪里", [shelf.passage(" \n")]).refusal == NOTHING_FOUND
    assert answer("？！", [shelf.passage("公司在福州。")]).refusal == NOTHING_ASKED


def test_every_quote_is_the_source_at_its_offsets(library: list[Passage]) -> None:
    whole = {passage.key: passage for passage in library}
    for question in ("年假怎么申请", "公司有哪些产品", "厦门门店的负责人是谁"):
        for statement in answer(question, library).statements:
            for citation in statement.citations:
                passage = whole[citation.passage.key]
                assert citation.quote == passage.text[citation.start - passage.start : citation.end - passage.start]
                assert statement.text.endswith(citation.quote) or citation.quote.startswith("|")


def test_a_matching_qa_pair_is_answered_whole(library: list[Passage]) -> None:
    given_ = answer("怎么联系客服", library)
    assert given_.text == "请在工作日9:00-18:00拨打400-888-1234。[1]"
    assert given_.cited()[0].passage.kind == "qa"


def test_a_qa_pair_about_another_model_does_not_match(shelf) -> None:
    pair = shelf.passage("24个月。", "X3的保修期是多久？", kind="qa", key="qa:1")
    assert answer("X3保修期多久", [pair]).text == "24个月。[1]"
    assert answer("X5的保修期是多久？", [pair]).refusal is not None


def test_neighbouring_sentences_are_one_quote_and_a_pronoun_is_named(shelf) -> None:
    passage = shelf.passage("林国栋是文枢科技的创始人。他毕业于福州大学。", "林国栋")
    given_ = answer("林国栋毕业于哪所大学？", [passage])
    assert "毕业于福州大学" in given_.text
    assert given_.text.count("[1]") == 1
    assert given_.text.startswith("林国栋")


def test_a_long_sentence_is_cut_at_clauses_to_what_answers(shelf) -> None:
    filler = "，".join(f"第{number}项事务由相关部门按照年度计划逐步推进" for number in range(8))
    passage = shelf.passage(f"{filler}，云图X3的保修期为24个月，{filler}。", "制度汇编")
    statement = answer("云图X3的保修期是多久？", [passage]).statements[0]
    assert "保修期为24个月" in statement.text
    assert len(statement.text) <= 100
    assert statement.text in passage.text


def test_a_heading_is_never_said_and_marks_are_left_out(shelf) -> None:
    passage = shelf.passage("# 制度\n\n## 保修\n\n保修期为三年。\n\n- **电池**保修期为一年。\n", "制度汇编")
    given_ = answer("保修期是多久？", [passage])
    assert {statement.text for statement in given_.statements} <= {"保修期为三年。", "电池保修期为一年。"}
    assert {citation.quote for one in given_.statements for citation in one.citations} <= {
        "保修期为三年。",
        "**电池**保修期为一年。",
    }
    assert answer("保修是怎么规定的？", [shelf.passage("## 保修\n\n# 附录", "制度汇编")]).refusal is not None


def test_a_figure_is_said_whole(shelf) -> None:
    steps = "，".join(f"满{number},000万元的返点为{number}%" for number in range(1, 12))
    said = answer("经销商满9,000万元的返点是多少？", [shelf.passage(f"经销商{steps}。", "渠道政策")]).text
    assert "满9,000万元的返点为9%" in said
    assert re.search(r"满\d(?!,000)", said) is None


@given(
    st.text(alphabet="公司云图X3是谁多少？，。；|\n\t （）《", max_size=30),
    st.text(alphabet="公司云图X3是2谁多少？，。；|\n\t （）《他", max_size=80),
)
def test_never_raises_and_never_changes_a_word(question: str, text: str) -> None:
    passage = Passage("doc:1:0", "doc", "云图", "", "云图", "", text, 5, 5 + len(text), 0)
    for statement in answer(question, [passage]).statements:
        quote = statement.citations[0].quote
        assert quote in text
        assert quote.strip(" |") or not quote
        assert "\n" not in quote
        said = plain(quote)
        assert statement.text in (said, f"云图：{said}") or quote.startswith("|")
