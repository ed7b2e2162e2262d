from hypothesis import given
from hypothesis import strategies as st

from wenshu.core.documents.builder import clean
from wenshu.knowledge.uploads import UploadedText, find_in_texts

NOISE = "".join(f"第{n}条：办公用品由行政部统一采购，按季度发放。\n\n" for n in range(200))


def test_the_piece_that_answers_comes_first():
    texts = [UploadedText("制度.md", "", NOISE), UploadedText("手册.md", "u", f"{NOISE}水表质保期为三年。\n\n{NOISE}")]
    best = find_in_texts("水表的质保期是多久？", texts, 3)[0]
    assert "质保期为三年" in best.text
    assert (best.name, best.url, best.kind) == ("手册.md", "u", "upload")
    assert clean(texts[1].text)[best.start : best.end] == best.text


def test_short_texts_come_whole_and_empty_ones_not_at_all():
    assert [p.text for p in find_in_texts("总结一下", [UploadedText("a.txt", "", "只有一句。")], 3)] == ["只有一句。"]
    assert find_in_texts("总结一下", [UploadedText("a.txt", "", "  \n")], 3) == []


@given(st.text(max_size=300), st.text(max_size=40))
def test_any_text_and_question_are_taken(text, question):
    found = find_in_texts(question, [UploadedText("a.md", "", text)], 5)
    assert all(clean(text)[p.start : p.end] == p.text for p in found)
    assert all(0 <= p.score <= 1 for p in found)


def test_later_rows_of_a_long_table_keep_the_names_of_their_columns():
    rows = "\n".join(f"| LX-{n} | {n}元 |" for n in range(100, 200))
    table = UploadedText("价目.md", "", f"| 型号 | 目录价 |\n| --- | --- |\n{rows}\n")
    best = find_in_texts("LX-187的目录价是多少？", [table], 1)[0]
    assert "LX-187" in best.text
    assert "目录价" in best.heading
