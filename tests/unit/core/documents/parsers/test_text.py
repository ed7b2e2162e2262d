from wenshu.core.documents.limits import Limits
from wenshu.core.documents.parsers import text


def test_plain_text_by_its_blank_lines() -> None:
    parsed = text.parse("第一段。\r\n第二段。\r\n \r\n第三段".encode("gb18030"), Limits())
    assert parsed.text == "第一段。\n第二段。\n\n第三段"
    assert len(parsed.blocks) == 2


def test_lines_wrapped_at_a_margin_are_paragraphs_again() -> None:
    wrapped = [
        "文枢是一台服务器，它做完企业的全部文字工作，从问答",
        "到报告，再到行程规划，样样都能追到出处，人人都能看",
        "懂，也都能用。",
    ]
    parsed = text.parse("\n".join([*wrapped, "第二段。"]).encode(), Limits())
    assert parsed.text == "".join(wrapped) + "\n\n第二段。"
