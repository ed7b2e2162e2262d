import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.services.gateway.words import Masking, Words, folded


def masked(words: Words, *pieces: str) -> tuple[str, bool]:
    masking = Masking(words)
    text = "".join(masking.feed(piece) for piece in pieces) + masking.end()
    return text, masking.hit


@pytest.mark.parametrize(
    ("blocked", "allowed", "text", "result"),
    [
        (["机密"], [], "这是机密。", "这是**。"),
        (["机密"], [], "机", "机"),
        (["机密", "机密文件"], [], "机密文件在此", "****在此"),
        (["密文", "机密"], [], "机密文", "***"),
        (["白粉"], ["白粉笔"], "白粉笔和白粉", "白粉笔和**"),
        (["白粉"], ["白粉笔"], "白粉", "**"),
        (["ABC"], [], "aＢｃ", "***"),
        (["㎏重"], [], "5KG重", "5***"),
        (["机密"], [], "机\u200b密", "***"),
        (["he", "she", "his", "hers"], [], "ushers", "u*****"),
        ([], [], "什么都行", "什么都行"),
        (["", "\u200b"], [], "什么都行", "什么都行"),
    ],
)
def test_masked(blocked: list[str], allowed: list[str], text: str, result: str) -> None:
    words = Words(blocked, allowed)
    assert masked(words, text) == (result, "*" in result)
    assert masked(words, *text) == (result, "*" in result)
    assert words.found_in(text) == ("*" in result)


def test_only_what_may_become_a_word_is_held_back() -> None:
    masking = Masking(Words(["机密文件"]))
    assert masking.feed("看一看机密") == "看一看"
    assert masking.feed("室") == "机密室"
    assert masking.feed("机密文件") == "****"
    assert masking.end() == ""


letters = st.text(alphabet="ab", max_size=12)


@given(st.lists(st.text(alphabet="ab", min_size=1, max_size=4), max_size=4), letters, st.integers(0, 12))
def test_as_a_plain_search_finds_it_wherever_it_is_cut(blocked: list[str], text: str, at: int) -> None:
    covered = [
        any(
            text[start : start + len(word)] == word and start <= place < start + len(word)
            for word in blocked
            for start in range(len(text))
        )
        for place in range(len(text))
    ]
    wanted = "".join("*" if hit else char for hit, char in zip(covered, text, strict=True))
    assert masked(Words(blocked), text[:at], text[at:])[0] == wanted


@given(st.text(max_size=30), st.integers(0, 30))
def test_nothing_is_lost(text: str, at: int) -> None:
    assert masked(Words(["机密", "x"]), text[:at], text[at:])[0].replace("*", "") == "".join(
        char for char, one in zip(text, masked(Words(["机密", "x"]), text)[0], strict=True) if one != "*"
    )


def test_folding_is_the_same_for_words_and_texts() -> None:
    assert folded("Ａ\u200bBc ㎏") == "abckg"
