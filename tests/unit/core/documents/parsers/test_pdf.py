import pytest

from unit.core.documents import samples
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.parsers import pdf
from wenshu.kit.errors import ParseFailed

_WRAPPED = ["文枢是一台服务器，它做完企业的全部文字工作，从问答到报告，再", "到行程规划。"]


def _reason(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(ParseFailed) as failed:
        pdf.parse(data, limits or Limits())
    return failed.value.reason


def test_chinese_text_with_its_pages() -> None:
    parsed = pdf.parse(samples.pdf([["营收增长22.4%。"], [], ["第三页有生僻字𠮷。"]], title="年报"), Limits())

    assert parsed.text == "营收增长22.4%。\n\n第三页有生僻字𠮷。"
    assert [block.page for block in parsed.blocks] == [1, 3]
    assert (parsed.pages, parsed.title, parsed.media_type) == (3, "年报", "application/pdf")


def test_lines_of_a_paragraph_are_put_together() -> None:
    assert pdf.parse(samples.pdf([[*_WRAPPED, "另一段。"]]), Limits()).text == "".join(_WRAPPED) + "\n\n另一段。"


def test_bookmarks_make_headings() -> None:
    data = samples.pdf([["第一章 概述", "正文。"], ["第二章", "正文。"]], bookmarks=[("第一章概述", 1), ("第二章", 2)])
    parsed = pdf.parse(data, Limits())
    assert [(parsed.text_of(block), block.page) for block in parsed.headings] == [("第一章 概述", 1), ("第二章", 2)]


def test_a_scan_has_no_text() -> None:
    with pytest.raises(ParseFailed, match="扫描件") as failed:
        pdf.parse(samples.pdf([[], []]), Limits())
    assert failed.value.reason == "empty_text"


def test_refusals() -> None:
    assert _reason(samples.pdf([["x"]], password=True)) == "encrypted"
    assert _reason(b"%PDF-1.7\ngarbage") == "corrupt"
    assert _reason(samples.pdf([["x"]])[:200]) == "corrupt"
    assert _reason(samples.pdf([["x"]] * 3), Limits(pdf_pages=2)) == "too_large"
    assert _reason(samples.pdf([["长长的一行文字"]]), Limits(characters=3)) == "too_large"
