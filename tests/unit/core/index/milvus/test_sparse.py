import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.index.milvus.sparse import MOST_COUNTED, document_vector, holding, query_vector, term_vector
from wenshu.core.index.port import Statistics
from wenshu.zh.tokens import terms


def product(question, document):
    return sum(weight * document.get(place, 0.0) for place, weight in question.items())


def vector(text):
    return document_vector("".join(f" {term}" for term in terms(text)))


@given(st.text(max_size=80))
def test_every_term_of_a_text_is_met_with_a_positive_weight(text):
    document = vector(text)
    assert document
    assert all(math.isfinite(weight) and weight > 0 for weight in document.values())
    assert all(0 <= place < 2**32 - 1 for place in document)
    assert all(product(term_vector(term), document) > 0 for term in terms(text))


def test_a_lone_character_stands_for_every_term_that_begins_with_it():
    assert product(term_vector("茶"), vector("绿茶很好")) > 0
    assert product(term_vector("茶"), vector("喝的是绿茶")) > 0
    assert product(term_vector("茶"), vector("咖啡")) == 0
    assert product(term_vector("x"), vector("xyz")) == 0


def test_rare_terms_count_for_more_and_repeats_for_less_and_less():
    question = query_vector(Statistics(1000, {"铁路": 500, "站台": 3, "海洋": 0}))
    assert product(question, vector("站台")) > product(question, vector("铁路"))
    assert product(question, vector("海洋")) == 0
    once, twice, often = (product(question, vector(" ".join(["铁路"] * count))) for count in (1, 2, 12))
    assert once < twice < often < 3 * once


@pytest.mark.parametrize(("counted", "passages", "least", "most"), [(7, 9000, 7, 7), (MOST_COUNTED, 9000, 1000, 9000)])
def test_beyond_what_is_counted_a_number_is_estimated(counted, passages, least, most):
    assert least <= holding(["的话"], [counted], passages)["的话"] <= most
