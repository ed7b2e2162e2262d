import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.external.port import MOST_CHARACTERS, NotesFailed
from wenshu.core.external.reading import notes_in, notes_in_text


@pytest.mark.parametrize(
    "wrap",
    [
        lambda x: x,
        lambda x: {"items": x},
        lambda x: {"data": {"notes": x}},
        lambda x: {"result": {"data": {"list": x}}},
    ],
)
def test_lists_are_found_by_their_usual_names(wrap) -> None:
    (note,) = notes_in(
        wrap([{"name": "题", "description": "文", "link": "https://a.example/x", "author": {"name": "人"}}]), 5
    )
    assert (note.title, note.text, note.url, note.author) == ("题", "题\n文", "https://a.example/x", "人")


def test_what_says_nothing_or_comes_twice_is_left_out() -> None:
    items = [{}, {"title": " "}, None, 5, "", {"title": "甲"}, {"title": "甲"}, {"title": "乙", "content": "乙是好的"}]
    assert [note.text for note in notes_in(items, 9)] == ["甲", "乙是好的"]
    assert len(notes_in(items, 1)) == 1


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "/relative", "ftp://x", 5, "https://" + "a" * 5000]
)
def test_only_web_addresses_are_links(url) -> None:
    (note,) = notes_in([{"title": "甲", "url": url}], 1)
    assert note.url == ""


def test_texts_are_cut_and_cleaned() -> None:
    (note,) = notes_in([{"title": "甲\x00\u202e", "content": "乙\n" + "长" * 9000}], 1)
    assert note.title == "甲"
    assert note.text.startswith("甲\n乙\n长")
    assert len(note.text) == MOST_CHARACTERS


@pytest.mark.parametrize("value", [None, 5, "x", {}, {"data": {"x": []}}, {"a": {"b": {"c": {"d": {"items": []}}}}}])
def test_no_list_is_garbage(value) -> None:
    with pytest.raises(NotesFailed):
        notes_in(value, 5)


def test_a_text_that_is_no_json_is_a_note() -> None:
    assert [note.text for note in notes_in_text("只是一句话。", 5)] == ["只是一句话。"]
    assert notes_in_text(" ", 5) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["items", "data", "title", "content", "noteCard", "url", "user"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused(value) -> None:
    try:
        notes = notes_in(json.loads(json.dumps(value)), 3)
    except NotesFailed:
        return
    assert len(notes) <= 3
    assert all(note.text.strip() for note in notes)
