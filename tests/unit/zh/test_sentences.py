from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.zh.sentences import Span, clauses, split, trim


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("今天下雨。明天晴！后天呢？", ["今天下雨。", "明天晴！", "后天呢？"]),
        ("他说：“走吧。”然后走了。", ["他说：“走吧。”", "然后走了。"]),
        ("歌曲「你好！」是主打歌。发行了。", ["歌曲「你好！」是主打歌。", "发行了。"]),
        ('"好。"他说。"走！"', ['"好。"', "他说。", '"走！"']),
        ('他走了。"你好。"她说。', ["他走了。", '"你好。"', "她说。"]),
        ("他走了……她也走了。", ["他走了……", "她也走了。"]),
        ("全长364.6公里。共3.5万人。", ["全长364.6公里。", "共3.5万人。"]),
        ("1. 准备材料\n2. 提交申请", ["1. 准备材料\n", "2. 提交申请"]),
        ("Dr. Wang met U.S. officials. They left.", ["Dr. Wang met U.S. officials. ", "They left."]),
        ("见 http://a.cn/x?y=1!2。完", ["见 http://a.cn/x?y=1!2。", "完"]),
        ("电影《你好，李焕英！第二部》上映。", ["电影《你好，李焕英！第二部》上映。"]),
        ("出生地（今成都；一说重庆）不详。", ["出生地（今成都；一说重庆）不详。"]),
        ("结束。（注：这里有误。）下一句。", ["结束。", "（注：这里有误。）", "下一句。"]),
        ("| 名称 | 说明。备注 |\n| 甲 | 好。坏 |\n", ["| 名称 | 说明。备注 |\n", "| 甲 | 好。坏 |\n"]),
        ("第一段\n\n第二段", ["第一段\n\n", "第二段"]),
        ("甲；乙;丙", ["甲；", "乙;", "丙"]),
        ("Really?! Yes.", ["Really?! ", "Yes."]),
        ("", []),
    ],
)
def test_splits_where_a_reader_would(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


TRICKY = st.text(alphabet="甲乙，、。！？；…“”「」（）()《》\"'.!?; \n\t|1a", max_size=80)


@given(TRICKY | st.text(max_size=60))
def test_sentences_tile_the_text(text: str) -> None:
    spans = split(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert [span.start for span in spans] == [0, *(span.end for span in spans[:-1])][: len(spans)]
    assert all(start < end for start, end in spans)


@given(TRICKY)
def test_clauses_tile_each_sentence(text: str) -> None:
    for sentence in split(text):
        pieces = clauses(text, sentence)
        assert pieces[0].start == sentence.start
        assert pieces[-1].end == sentence.end
        assert all(left.end == right.start for left, right in pairwise(pieces))


def test_clauses_leave_brackets_and_thousands_alone() -> None:
    text = "公司（下称甲，乙方）成立，注册资本1,000万元；位于福州、厦门。"
    spans = clauses(text, Span(0, len(text)))
    assert [text[a:b] for a, b in spans] == [
        "公司（下称甲，乙方）成立，",
        "注册资本1,000万元；",
        "位于福州、",
        "厦门。",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("满500万元为3%，满1,000万元为4.5%", ["满500万元为3%，", "满1,000万元为4.5%"]),
        ("满1，000万元，兑现", ["满1，000万元，", "兑现"]),
        ("每天9:30至11:20，比例3:1", ["每天9:30至11:20，", "比例3:1"]),
        ("见http://a.cn/x,y;z?1,2，完", ["见http://a.cn/x,y;z?1,2，", "完"]),
        ("他说“敢拆，信得过”，第二年下单", ["他说“敢拆，信得过”，", "第二年下单"]),
        ("看《你好，李焕英》，很好", ["看《你好，李焕英》，", "很好"]),
        ("Red, green, 3 blue", ["Red, ", "green, ", "3 blue"]),
    ],
)
def test_clauses_end_where_a_reader_pauses(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in clauses(text, Span(0, len(text)))] == expected


@given(st.text(alphabet="1２,，；;、. 。“”（）元:", max_size=40))
def test_no_clause_ends_between_two_digits(text: str) -> None:
    for sentence in split(text):
        for _, end in clauses(text, sentence)[:-1]:
            before = text[sentence.start : end].rstrip("，；、;, ")
            assert not (before[-1:].isdigit() and text[end].isdigit())


@given(TRICKY)
def test_trim_leaves_no_blank_at_either_end(text: str) -> None:
    start, end = trim(text, Span(0, len(text)))
    assert text[start:end] == text.strip()
