import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.documents.builder import TextBuilder
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Block, Parsed, dump, load, restore, structure

_TEXT = st.text(max_size=40)


@given(st.lists(st.tuples(st.sampled_from(["heading", "paragraph", "item", "table"]), _TEXT)), _TEXT)
def test_a_document_crosses_a_process_unchanged(parts: list[tuple[str, str]], title: str) -> None:
    builder = TextBuilder(Limits())
    for kind, text in parts:
        match kind:
            case "heading":
                builder.heading(text, 2)
            case "paragraph":
                builder.paragraph(text, 3)
            case "item":
                builder.item(text, 1)
            case _:
                builder.table([[text, "乙"], ["1", text]])
    parsed = builder.build(title=title, media_type="text/plain", pages=7)

    assert load(b"".join(dump(parsed))) == parsed
    assert restore(parsed.text, structure(parsed)) == parsed
    assert all(parsed.text_of(block).strip() for block in parsed.blocks if block.kind != "heading")


def test_a_long_text_is_written_in_slices() -> None:
    parsed = Parsed("文" * 2_500_001, (Block("paragraph", 0, 2_500_001),), "", "text/plain")
    pieces = list(dump(parsed))

    assert max(map(len, pieces)) <= 3_000_000
    assert load(b"".join(pieces)) == parsed


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}\n",
        b'[[],"","",null]',
        b'[[],1,"",null]\ntext',
        b'[{},"","",null]\ntext',
        b'[[0,0,9,0,0],"","",null]\ntext',
        b'[[0,2,1,0,0],"","",null]\ntext',
        b'[[0,0,1,0],"","",null]\ntext',
        b'[[],"","",null]\n\xff',
    ],
)
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        load(data)
