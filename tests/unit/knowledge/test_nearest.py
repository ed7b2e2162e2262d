import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.knowledge.nearest import LONGEST, MOST, nearest
from wenshu.knowledge.passage import Passage
from wenshu.knowledge.question import read


def passage(text, *, score=0.5, name="手册.md", start=100):
    return Passage(
        key=f"doc:1:{start}", kind="doc", name=name, url="", title="手册", heading="保修", text=text,
        start=start, end=start + len(text), ordinal=2, score=score,
    )  # fmt: skip


def test_the_nearest_come_first_and_only_once():
    found = [
        passage("保修甲。", score=0.1),
        passage("保修乙。", score=0.6),
        passage("保修乙。", score=0.3),
        passage("保修丙。", score=0.2),
    ]
    assert [one["text"] for one in nearest(read("保修几年？"), found)] == ["保修乙。", "保修丙。", "保修甲。"]


def test_what_says_nothing_of_the_question_is_left_out():
    assert nearest(read("月全食几点开始？"), [passage("今天下雨。", score=0.4)]) == []


def test_a_long_passage_is_shown_around_its_nearest_sentence():
    text = "前言没有内容。" * 60 + "压缩机保修五年。" + "后面说别的。" * 60
    (one,) = nearest(read("压缩机的颜色是什么？"), [passage(text)])
    assert "压缩机保修五年" in one["text"]
    assert len(one["text"]) <= LONGEST
    assert one["text"] == text[one["start"] - 100 : one["end"] - 100]


@given(st.text(max_size=60), st.lists(st.tuples(st.text(min_size=1, max_size=400), st.floats(0, 1)), max_size=5))
def test_each_is_a_piece_of_its_source(question, texts):
    found = [passage(text, score=score) for text, score in texts]
    shown = nearest(read(question), found)
    assert len(shown) <= MOST
    assert all(any(one["text"] == text[one["start"] - 100 : one["end"] - 100] for text, _ in texts) for one in shown)


@pytest.mark.parametrize("text", ["   ", "\n\n"])
def test_a_blank_passage_shows_nothing_of_substance(text):
    assert [one["text"] for one in nearest(read("保修几年？"), [passage(text)])] in ([], [""])
