from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.index.port import Entry, Found, Statistics
from wenshu.knowledge.features import Asked
from wenshu.knowledge.rerank import falling, rerank


def piece(generation, title, body, collection="DOC"):
    return Entry(
        collection=collection, generation=generation, ordinal=0, name="", title=title, heading="", body=body, source="",
        start=0, end=len(body), page=None,
    )  # fmt: skip


def ranked(question, *entries):
    return rerank(Asked(question), Found(entries, Statistics(len(entries), {})))


LINE = piece(1, "广茂铁路", "广茂铁路（三水至茂名）全长364.6公里，由三茂铁路公司经营。")
HISTORY = piece(2, "广茂铁路", "1959年动工，1991年全线通车。")
OTHER = piece(3, "京广铁路", "京广铁路连接北京与广州，全长2284公里。")
WEATHER = piece(4, "天气", "今天下雨，明天晴。")


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("广茂铁路全长多少公里？", LINE),
        ("廣茂鐵路全長多少公里？", LINE),
        ("广茂铁路哪一年全线通车？", HISTORY),
        ("京广铁路有多长？", OTHER),
        ("广茂铁路是什么？", LINE),
        ("明天天气怎么样", WEATHER),
    ],
)
def test_the_answering_passage_comes_first(question, best):
    for entries in ((LINE, HISTORY, OTHER, WEATHER), (WEATHER, OTHER, HISTORY, LINE)):
        assert ranked(question, *entries)[0].entry == best


def test_scores_tell_an_answer_from_a_chance_match():
    assert ranked("广茂铁路全长多少公里？", LINE)[0].score > 0.7
    assert ranked("广茂铁路全长多少公里？", WEATHER)[0].score < 0.05
    assert ranked("公司的年假有几天？", LINE)[0].score < 0.2


def test_a_score_does_not_depend_on_worse_candidates():
    question, statistics = Asked("广茂铁路全长多少公里？"), Statistics(4, {"铁路": 3})
    alone = rerank(question, Found([LINE], statistics))[0].score
    assert rerank(question, Found([WEATHER, OTHER, LINE], statistics))[0].score == alone


def test_with_a_limit_the_likeliest_at_a_glance_are_read():
    crowd = [piece(n, "天气", f"第{n}天下雨，路滑。") for n in range(10, 60)]
    asked, found = Asked("广茂铁路全长多少公里？"), Found([*crowd, LINE], Statistics(51, {"铁路": 1}))
    few = rerank(asked, found, 5)
    assert few[0] == rerank(asked, found)[0]
    assert few[0].entry == LINE
    assert 5 <= len(few) < len(rerank(asked, found)) == 51
    assert len(rerank(asked, found, 51)) == 51


def test_nothing_found_ranks_nothing():
    assert ranked("广茂铁路") == []


PAIRS = (
    piece(1, "产品优势是什么？", "核心优势包括性能和成本优势。", "QA"),
    piece(2, "产品的价格是多少？", "每套一万元。", "QA"),
    piece(3, "怎么申请退货？", "七天内联系客服。", "QA"),
)


@pytest.mark.parametrize(
    ("question", "best"),
    [("產品優勢是什麼", 1), ("你们产品有什么优势", 1), ("产品价格多少", 2), ("如何退货", 3), ("联系客服", 3)],
)
def test_the_alike_question_comes_first(question, best):
    assert ranked(question, *PAIRS)[0].entry.generation == best


def test_the_same_question_is_sure_in_any_script_and_punctuation():
    for question in ("产品优势是什么？", "產品優勢是什麼", "产品优势是什么!!"):
        assert ranked(question, *PAIRS)[0].score == pytest.approx(1.0)
    assert ranked("产品优势有哪些方面", *PAIRS)[0].score < 1.0
    assert ranked("海洋馆", *PAIRS)[0].score == 0.0


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([0.9, 0.5, 0.1], [0.9, 0.5, 0.1]),
        ([0.5, 0.7], [0.6, 0.6]),
        ([0.9, 0.2, 0.4, 0.6], [0.9, 0.4, 0.4, 0.4]),
    ],
)
def test_falling_examples(values, expected):
    assert falling(values) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), max_size=40))
def test_falling_never_rises_and_keeps_the_sum(values):
    found = falling(values)
    assert all(left >= right for left, right in pairwise(found))
    assert sum(found) == pytest.approx(sum(values))


@given(st.text(max_size=60), st.lists(st.tuples(st.text(max_size=20), st.text(max_size=60)), max_size=5))
def test_scores_are_likelihoods_in_falling_order(question, texts):
    for collection in ("DOC", "QA"):
        entries = [piece(n, title, body, collection) for n, (title, body) in enumerate(texts)]
        scores = [one.score for one in ranked(question, *entries)]
        assert all(0 <= score <= 1 for score in scores)
        assert scores == sorted(scores, reverse=True)
        assert len(scores) == len(entries)
