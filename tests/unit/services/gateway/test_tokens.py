import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.services.gateway.tokens import cut, tokens


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), (" \n", 0), ("你好", 2), ("hello", 2), ("你好 world", 4), ("a b c", 4), ("，。", 2)]
)
def test_counts(text: str, count: int) -> None:
    assert tokens(text) == count


@given(st.text(max_size=40), st.integers(-1, 20))
def test_cut_is_a_beginning_within_the_limit(text: str, most: int) -> None:
    kept = cut(text, most)
    assert text.startswith(kept)
    assert tokens(kept) <= max(most, 0)
    assert kept == text or tokens(text[: len(kept) + 1]) > most
