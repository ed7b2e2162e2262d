import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.services.gateway.stops import Stops


def run(words: list[str], *pieces: str, shown: bool = False) -> tuple[str, bool]:
    stops = Stops(words, shown=shown)
    text = ""
    for piece in pieces:
        text += stops.feed(piece)
        if stops.hit:
            return text, True
    return text + stops.end(), False


@pytest.mark.parametrize(
    ("words", "pieces", "text", "hit"),
    [
        ([], ["一二三"], "一二三", False),
        (["二"], ["一二三"], "一", True),
        (["二三"], ["一二", "三四"], "一", True),
        (["二四"], ["一二", "三四"], "一二三四", False),
        (["二二三"], ["一二", "二", "二三"], "一二", True),
        (["四", "二三"], ["一二三四"], "一", True),
        (["三"], ["一二"], "一二", False),
    ],
)
def test_where_an_answer_ends(words: list[str], pieces: list[str], text: str, hit: bool) -> None:  # noqa: FBT001
    assert run(words, *pieces) == (text, hit)
    if hit:
        shown, _ = run(words, *pieces, shown=True)
        assert any(shown == text + word for word in words)


def test_only_the_beginning_of_a_stop_word_is_held_back() -> None:
    stops = Stops(["停止"], shown=False)
    assert stops.feed("请停") == "请"
    assert stops.feed("车") == "停车"


@given(
    st.lists(st.text(alphabet="ab", min_size=1, max_size=3), max_size=3), st.text(alphabet="ab", max_size=10), st.data()
)
def test_the_same_however_it_is_cut(words: list[str], text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    assert run(words, text[:at], text[at:])[1] == any(word in text for word in words)
    whole, cut = run(words, *text), run(words, text[:at], text[at:])
    assert cut[1] == whole[1]
    assert not any(word in whole[0] for word in words)
