import math
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wenshu.knowledge
from wenshu.core.index.port import MAX_QUERY_TERMS, Entry, Statistics
from wenshu.knowledge.features import Asked, Comparison, Sought, most_telling

NOTHING_KNOWN = Statistics(0, {})
TEXT = st.text(st.characters(codec="utf-8"), max_size=80)


def entry(body, *, title="广茂铁路", heading=""):
    return Entry(
        collection="DOC", generation=1, ordinal=0, name="", title=title, heading=heading, body=body, source="",
        start=0, end=len(body), page=None,
    )  # fmt: skip


def numbers(question, body, **fields):
    return read(Comparison(Asked(question), NOTHING_KNOWN), entry(body, **fields))


def read(comparison, passage):
    return comparison.features(comparison.glance(passage))


def test_shares_are_of_worth():
    sought = Sought({"铁路": 3.0, "公里": 1.0})
    assert sought.share(sought.found("铁路")) == 0.75
    left = sought.all & ~sought.found("铁路")
    assert sought.share(sought.finding(left)("铁路公里"), left) == 1.0
    assert sought.share(sought.found("铁路"), of=0) == 0.5  # nothing left to find says nothing


def test_the_names_are_those_of_the_weights():
    weights = orjson.loads((Path(wenshu.knowledge.__file__).parent / "rerank.json").read_bytes())
    names = {*numbers("广茂铁路多长？", "全长364.6公里"), "bias"}
    assert names == set(weights["order"]) == set(weights["likelihood"])
    glance = Comparison(Asked("广茂铁路多长？"), NOTHING_KNOWN).glance(entry("全长364.6公里"))
    assert {*glance.told, "bias"} == set(weights["glance"])


@pytest.mark.parametrize(
    ("question", "named", "not_named"),
    [
        ("105人事件是什么？", "起诉一百零五人", "起诉六百人"),
        ("GPT-4o何时发布", "gpt-4o 于去年发布", "它在去年发布"),
        ("饭补多少钱", "伙食补贴每月三百", "交通补贴每月三百"),
    ],
)
def test_names_numbers_and_synonyms_are_seen_at_a_glance(question, named, not_named):
    comparison = Comparison(Asked(question), NOTHING_KNOWN)
    assert comparison.glance(entry(named)).named > comparison.glance(entry(not_named)).named


@pytest.mark.parametrize(
    ("name", "question", "more", "less"),
    [
        ("terms_whole", "广茂铁路全长多少公里？", "全长364.6公里", "1991年通车"),
        ("terms_beyond_head", "广茂铁路全长多少公里？", "全长364.6公里", "广茂铁路"),
        ("characters_whole", "广茂铁路有多长", "长364.6公里", "1991年"),
        ("words", "GPT-4o何时发布", "GPT-4o 于2024年发布", "它在2024年发布"),
        ("holds_when", "哪一年通车？", "1991年通车", "通车"),
        ("holds_count", "有多少个车站？", "有15个车站", "有车站"),
        ("unit", "全长多少公里？", "全长364.6公里", "全长很长"),
        ("list", "有哪些车站？", "车站有甲、乙、丙", "车站"),
        ("cue", "他什么时候去世？", "1901年卒于北京", "1901年在北京"),
        ("starts_with_title", "广茂铁路是什么？", "广茂铁路是一条铁路", "这是一条铁路"),
        ("introduces", "广茂铁路是什么？", "广茂铁路（英语：Line）是铁路", "广茂铁路沿线多山"),
        ("introduces_and_defines", "广茂铁路是什么？", "广茂铁路是一条铁路", "沿线多山"),
        ("title_in_body", "在哪里？", "广茂铁路在广东", "在广东"),
    ],
)
def test_a_number_grows_with_what_it_names(name, question, more, less):
    assert numbers(question, more)[name] > numbers(question, less)[name]


def test_a_name_in_brackets_behind_the_title_is_no_part_of_it():
    assert numbers("大曲车站在哪里", "大曲车站位于日本", title="大曲车站 (青森县)")["starts_with_title"] == 1.0


def test_the_heading_counts_with_the_title():
    assert numbers("退货期限", "七天", heading="退货期限")["terms_head"] == 1.0


def test_rarer_terms_of_the_scope_are_worth_more():
    statistics = Statistics(1000, {"铁路": 900, "茂铁": 1})
    compare = Comparison(Asked("茂铁路"), statistics)
    assert read(compare, entry("茂铁", title=""))["terms_whole"] > read(compare, entry("铁路", title=""))["terms_whole"]


def test_long_questions_are_cut_to_their_rarest_terms():
    question = "的是" * 5000 + "镕螭鲷" + "我们" * 5000
    kept = most_telling(question)
    assert "镕螭" in kept
    assert len(kept) <= MAX_QUERY_TERMS
    many = "".join(chr(0x4E00 + n) for n in range(20_000))
    assert len(most_telling(many)) == MAX_QUERY_TERMS


@given(TEXT, TEXT, TEXT)
def test_any_question_and_passage_give_finite_numbers(question, title, body):
    found = numbers(question, body, title=title)
    assert all(math.isfinite(value) for value in found.values())
    assert all(0 <= value <= 1 for name, value in found.items() if name != "sentences")
