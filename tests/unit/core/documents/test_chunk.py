import pytest
from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.documents.builder import TextBuilder
from wenshu.core.documents.chunk import Chunk, chunk
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed

_SENTENCE = "文枢回答问题时总会说明出处。"


def _document(*parts: tuple[str, object]) -> Parsed:
    builder = TextBuilder(Limits())
    for kind, value in parts:
        match kind, value:
            case "p", str(text):
                builder.paragraph(text, 1)
            case "li", str(text):
                builder.item(text)
            case "table", list(rows):
                builder.table(rows, 2)
            case level, str(text):
                builder.heading(text, int(level[1]))
    return builder.build(title="", media_type="text/plain")


def _texts(chunks: list[Chunk]) -> list[str]:
    return [piece.text for piece in chunks]


def test_a_short_document_is_one_piece_with_its_headings() -> None:
    parsed = _document(("h1", "标题"), ("p", "正文。"))
    assert chunk(parsed) == [Chunk(0, "# 标题\n\n正文。", 0, 9, "", None)]


def test_an_empty_document_has_no_pieces() -> None:
    assert chunk(Parsed("", (), "", "text/plain")) == []
    with pytest.raises(ValueError, match="size"):
        chunk(Parsed("", (), "", "text/plain"), size=0)


def test_pieces_are_whole_sentences() -> None:
    chunks = chunk(_document(("p", _SENTENCE * 30)), size=50)
    assert {piece.text for piece in chunks} == {_SENTENCE * 3}
    assert [piece.ordinal for piece in chunks] == list(range(10))
    assert {piece.page for piece in chunks} == {1}


def test_headings_are_the_path_of_what_follows() -> None:
    body = _SENTENCE * 2
    chunks = chunk(
        _document(
            ("h1", "年报"), ("h2", "经营"), ("p", body), ("h2", "风险"), ("p", body), ("h1", "附录"), ("p", body)
        ),
        size=40,
    )
    assert [piece.heading for piece in chunks] == ["年报 / 经营", "年报 / 风险", "附录"]
    assert _texts(chunks) == [body] * 3


def test_a_heading_with_nothing_under_it_is_found() -> None:
    chunks = chunk(_document(("h1", "甲"), ("h2", "空节"), ("h2", "乙"), ("p", _SENTENCE), ("h1", "末尾")), size=20)
    assert [(piece.heading, piece.text) for piece in chunks] == [("甲", "空节"), ("甲 / 乙", _SENTENCE), ("", "末尾")]


def test_tables_are_cut_between_rows_and_say_their_header() -> None:
    rows = [["公司", "营收"], *([f"公司{number}", "386"] for number in range(20))]
    parsed = _document(("p", _SENTENCE), ("table", rows), ("p", _SENTENCE))
    chunks = chunk(parsed, size=60)

    assert chunks[0].text == chunks[-1].text == _SENTENCE
    table = chunks[1:-1]
    assert table[0].text.startswith("| 公司 | 营收 |\n| --- | --- |\n| 公司0")
    assert {piece.lead for piece in table} == {"| 公司 | 营收 |"}
    assert all(line.startswith("| ") and line.endswith(" |") for piece in table for line in piece.text.split("\n"))
    assert {piece.page for piece in table} == {2}


def test_a_sentence_that_is_too_long_is_cut_after_a_comma() -> None:
    chunks = chunk(_document(("p", "一二三四五六七，八九十" * 10)), size=20)
    assert all(piece.text.endswith("，") for piece in chunks[:-1])
    chunks = chunk(_document(("p", "字" * 95)), size=20)
    assert [len(piece.text) for piece in chunks] == [20, 20, 20, 20, 15]


def test_a_quotation_keeps_its_closing_mark() -> None:
    chunks = chunk(_document(("p", "他说：“我们明年再来看看吧！”然后就走了，再没回来过。")), size=20)
    assert _texts(chunks) == ["他说：“我们明年再来看看吧！”", "然后就走了，再没回来过。"]


@pytest.mark.parametrize("unit", ["字", "（字", "（字）", "a.", "，", "字。", "“", "| "])
def test_a_long_line_is_cut_without_looking_at_it_all_again(unit: str) -> None:
    size = 320
    text = unit * (200_000 // len(unit))
    seen = 0

    class Counting(str):
        __slots__ = ()

        def __getitem__(self, key: object) -> str:
            nonlocal seen
            part = super().__getitem__(key)  # type: ignore[index]
            seen += len(part)
            return part

    parsed = _document(("p", text))
    chunks = chunk(Parsed(Counting(parsed.text), parsed.blocks, "", ""), size=size)

    assert "".join(piece.text for piece in chunks) == parsed.text.replace(" ", "") or unit == "| "
    assert max(len(piece.text) for piece in chunks) <= size
    assert seen < 12 * len(text)


_PART = st.tuples(
    st.sampled_from(["p", "li", "h1", "h2", "h3", "table"]),
    st.text(alphabet="文枢。！？；，、…“”（）ab .!?;,\n|#-1", max_size=120),
)


@given(st.lists(_PART, max_size=12), st.integers(1, 80))
def test_pieces_are_exact_ordered_and_lose_nothing(parts: list[tuple[str, str]], size: int) -> None:
    parsed = _document(*((kind, [[text, "乙"], ["1", text]] if kind == "table" else text) for kind, text in parts))
    chunks = chunk(parsed, size=size)

    covered = set[int]()
    end = 0
    for ordinal, piece in enumerate(chunks):
        assert piece.ordinal == ordinal
        assert parsed.text[piece.start : piece.end] == piece.text
        assert piece.text.strip() == piece.text != ""
        assert len(piece.text) <= size
        assert piece.start >= end
        end = piece.end
        covered.update(range(piece.start, piece.end))
    for block in parsed.blocks:
        if block.kind != "heading":
            missing = set(range(block.start, block.end)) - covered
            assert all(parsed.text[at].isspace() for at in missing)
    for block in parsed.headings:
        if title := parsed.text_of(block):
            found = any(title in piece.heading.split(" / ") or piece.end > block.start for piece in chunks)
            assert found
