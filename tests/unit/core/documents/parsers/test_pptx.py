import io

import pptx
import pytest

from unit.core.documents import samples
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.parsers import dispatch
from wenshu.core.documents.parsers.pptx import parse
from wenshu.kit.errors import ParseFailed


def test_slides_tables_and_notes() -> None:
    parsed = parse(samples.pptx_file(), Limits())
    assert parsed.text == (
        "# 年度总结\n\n营收增长 22.4%\n\n  - 其中海外占三成\n\n备注：这一页讲三分钟。\n\n"
        "# 第 2 页\n\n| 地区 | 营收 |\n| --- | --- |\n| 华东 | 386 |"
    )
    assert (parsed.pages, parsed.title) == (2, "年度总结")
    assert [block.page for block in parsed.headings] == [1, 2]


def test_a_deck_of_pictures_has_no_text() -> None:
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[6])
    out = io.BytesIO()
    deck.save(out)
    with pytest.raises(ParseFailed) as failed:
        dispatch.parse(out.getvalue(), "a.pptx", Limits())
    assert failed.value.reason == "empty_text"
