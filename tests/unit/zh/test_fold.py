import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.zh.fold import fold

ANY_TEXT = st.text(st.characters(codec="utf-8"))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３", "abc123"),
        ("《戰國無雙３》", "《战国无双3》"),
        ("臺灣的開發與經營", "台湾的开发与经营"),
        ("①Ⓐ", "1a"),
        ("（，！", "(,!"),
        ("裡裏", "里里"),
        ("㎡½ﬁ", "㎡½ﬁ"),  # longer when folded: they stay
        ("", ""),
    ],
)
def test_examples(text, folded):
    assert fold(text) == folded


@given(ANY_TEXT)
def test_length_is_kept_and_a_second_time_changes_nothing(text):
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


@given(ANY_TEXT)
def test_a_part_folds_as_it_does_in_the_whole(text):
    middle = len(text) // 2
    assert fold(text[:middle]) + fold(text[middle:]) == fold(text)


def test_every_character_of_the_first_planes_is_stable():
    characters = "".join(chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000)
    once = fold(characters)
    assert len(once) == len(characters)
    assert fold(once) == once


def test_the_table_holds_single_characters_only():
    pairs = [(chr(code), fold(chr(code))) for code in range(0x3400, 0xA000)]
    assert all(unicodedata.category(folded).startswith("L") for character, folded in pairs if folded != character)
    assert sum(folded != character for character, folded in pairs) > 3000
