import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.knowledge.summary import MOST_CHARACTERS, bare, may_want_summary, summarise, wants_summary
from wenshu.knowledge.uploads import UploadedText, pages_of

REPORT = """# 2025年度报告

编制：财务部　电话：0591-01008020

## 一、总体情况

2025年营业收入为4.52亿元，比上年增长17.1%。毛利率为33.5%。

## 二、分产品

| 产品 | 收入（万元） |
| --- | --- |
| LX-N10 | 22,600 |
| LX-U20 | 12,650 |

## 三、目标

2026年8月投产第二条生产线，投资2,800万元。各项安排如下表。
"""


@pytest.mark.parametrize(
    "question",
    [
        "总结一下",
        "概括这份文件",
        "这份文件讲了什么？",
        "请帮我总结一下上传的两份报告的主要内容",
        "用三句话总结一下",
        "主要内容有哪些",
        "年度报告说了什么",
        "Summarize this document, please.",
    ],
)
def test_asks_for_the_whole(question: str) -> None:
    assert wants_summary(question, ["年度报告（2025版）.docx", "年度报告（2025版）"])
    assert may_want_summary(question)


@pytest.mark.parametrize(
    "question", ["总结一下净利润增长的原因", "这份文件里的质保期是多久", "报告提到谁负责？", "", "总结" + "很长" * 60]
)
def test_asks_for_something_in_it(question: str) -> None:
    assert not wants_summary(question, ["年度报告"])


def summary(*texts: str) -> str:
    given, passages = summarise(pages_of([UploadedText(f"文件{at}.md", "", text) for at, text in enumerate(texts)]))
    assert given.refusal is None
    for citation in given.cited():
        passage = citation.passage
        assert passage.text[citation.start - passage.start : citation.end - passage.start] == citation.quote
    assert {passage.kind for passage in passages} <= {"upload"}
    return given.text


def test_outline_a_sentence_each_figures_and_dates() -> None:
    text = summary(REPORT)
    assert text.startswith("《文件0》：3 个部分，约")
    assert "- 一、总体情况\n- 二、分产品\n- 三、目标\n" in text
    assert "- 一、总体情况：2025年营业收入为4.52亿元，比上年增长17.1%。[1]" in text
    assert "- 二、分产品：LX-N10：22,600。[1]" in text
    assert "- 毛利率为33.5%[1]" in text
    assert "关键日期：\n" in text or "2026年8月投产" in text
    for left_out in ("财务部", "0591", "如下表"):
        assert left_out not in text


def test_plain_texts_have_their_lines_for_headings_or_no_parts_at_all() -> None:
    minutes = (
        "例会纪要\n\n一、收入情况\n1月收入5,820万元。\n\n二、订单情况\n拟采购3,200台水表。\n\n"
        "三、其他事项\n下次例会4月13日召开。\n"
    )
    text = summary(minutes)
    assert "- 一、收入情况：1月收入5,820万元。[1]" in text
    assert "- 二、订单情况：拟采购3,200台水表。[1]" in text
    assert "要点：\n- 只有这样一句完整的话。[1]" in summary("只有这样一句完整的话。")


def test_several_files_each_have_their_own() -> None:
    text = summary(REPORT, "只有这样一句完整的话。")
    assert text.index("《文件0》") < text.index("《文件1》")


def test_nothing_to_say_is_said() -> None:
    for texts in ([], [UploadedText("空.md", "", " \n")]):
        given, passages = summarise(pages_of(texts))
        assert given.refusal == "文件中没有可以概括的文字。"
        assert passages == []


def test_long_files_are_read_within_bounds_and_that_is_told() -> None:
    long_ = "".join(f"第{n}条规定，设备每{n}天检修一次。" for n in range(MOST_CHARACTERS // 18 + 5_000))
    assert len(long_) > MOST_CHARACTERS
    given, _ = summarise(pages_of([UploadedText("长.txt", "", long_)]))
    assert "（文件很长，只概括了前约" in given.text
    assert max(citation.end for citation in given.cited()) <= MOST_CHARACTERS


def test_a_title_without_its_edition() -> None:
    assert [bare(title) for title in ("简介（2026版）", "简介", "（附件）", "A [v2]")] == ["简介", "简介", "", "A"]


@given(
    st.lists(st.text(alphabet="# |-\n一二、。，：2026年3月4日万元%abc", max_size=200), max_size=3), st.text(max_size=30)
)
def test_any_text_is_taken(texts: list[str], question: str) -> None:
    summarise(pages_of([UploadedText("甲.md", "", text) for text in texts]))
    wants_summary(question, texts)
