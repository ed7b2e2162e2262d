import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.zh.tokens import LONGEST_TERM, query_terms, terms

CHINESE = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=1, max_size=8)


def test_chinese_gives_pairs_and_its_last_character():
    assert terms("广茂铁路") == ["广茂", "茂铁", "铁路", "路"]
    assert terms("茶") == ["茶"]


def test_other_words_and_numbers_stand_whole():
    assert terms("ω-force 2.5版，GPT-4o") == ["ω", "force", "2.5", "版", "gpt", "4o", "gpt-4o"]
    assert terms("x" * 100) == ["x" * LONGEST_TERM]


def test_numbers_are_added_in_plain_digits():
    assert "35000" in terms("三万五千元")
    assert "2023" in terms("二〇二三年")
    assert terms("2023").count("2023") == 1


def test_script_and_width_make_no_difference():
    assert terms("《戰國無雙３》") == terms("《战国无双3》")
    assert terms("５０㎡") == terms("50m2")


def test_question_words_are_not_searched_by():
    assert query_terms("广茂铁路全长多少公里？") == ["广茂", "茂铁", "铁路", "路全", "全长", "公里"]
    assert query_terms("他的目的是什么？") == ["他", "目的"]
    assert query_terms("何炅是谁") == ["何炅"]
    assert query_terms("你了解吗？") == ["你了", "了解"]


@pytest.mark.parametrize("question", ["是什么？", "哪里", "多少吗"])
def test_a_question_of_question_words_alone_still_has_terms(question):
    assert query_terms(question)


@pytest.mark.parametrize("question", ["", "？！。", " \n ", "《》"])
def test_without_a_letter_there_is_nothing_to_search_by(question):
    assert query_terms(question) == []


@given(CHINESE, CHINESE, CHINESE)
def test_every_piece_of_a_text_is_found_in_it(before, piece, after):
    held = terms(before + piece + after)
    plain = [term for term in query_terms(piece) if not term.isascii()]
    assert all(any(other.startswith(term) for other in held) for term in plain)


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_terms_never_hold_what_a_query_language_could_read(text):
    for term in terms(text) + query_terms(text):
        assert term
        assert len(term) <= LONGEST_TERM
        assert not any(character.isspace() for character in term)
        assert all(character.isalnum() or character in ".-" for character in term if character.isascii())


def test_a_products_code_is_a_term_beside_its_parts():
    assert {"lx-n10-15", "lx", "n10", "15"} <= set(terms("LX-N10-15的目录价"))
    assert "lx-n10-15" in query_terms("LX-N10-15多少钱？")
    assert not any("-" in term for term in terms("long-term 与 2023-"))
