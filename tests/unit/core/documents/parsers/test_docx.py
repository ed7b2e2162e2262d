import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from unit.core.documents import samples
from wenshu.core.documents.limits import Limits
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.docx import parse
from wenshu.kit.errors import ParseFailed

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _body(xml: str) -> Parsed:
    document = f'<w:document {_W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"><w:body>{xml}'
    data = samples.repacked(samples.docx_text("x"), {"word/document.xml": f"{document}</w:body></w:document>".encode()})
    return parse(data, Limits())


def test_headings_lists_tables_and_paragraphs_in_order() -> None:
    def fill(document: docx.document.Document) -> None:
        document.add_heading("公司年报", 0)
        document.add_heading("经营情况", 1)
        document.add_paragraph("营收 386 亿。")
        document.add_paragraph("华东", style="List Bullet")
        table = document.add_table(3, 2)
        for row, cells in enumerate((("部门", "姓名"), ("研发", "张三"), ("", "李|四"))):
            for column, text in enumerate(cells):
                table.cell(row, column).text = text
        table.cell(1, 0).merge(table.cell(2, 0))
        document.add_heading("风险", 2)

    parsed = parse(samples.docx_file(fill), Limits())
    assert parsed.text == (
        "# 公司年报\n\n# 经营情况\n\n营收 386 亿。\n\n- 华东\n\n"
        "| 部门 | 姓名 |\n| --- | --- |\n| 研发 | 张三 |\n| 研发 | 李\\|四 |\n\n## 风险"
    )
    assert parsed.title == "公司年报"
    assert [block.kind for block in parsed.blocks] == ["heading", "heading", "paragraph", "list", "table", "heading"]


def test_an_outline_level_makes_a_heading() -> None:
    def fill(document: docx.document.Document) -> None:
        properties = document.add_paragraph("自定义标题")._p.get_or_add_pPr()
        level = OxmlElement("w:outlineLvl")
        level.set(qn("w:val"), "1")
        properties.append(level)

    assert parse(samples.docx_file(fill), Limits()).text == "## 自定义标题"


def test_tracked_changes_controls_and_boxes() -> None:
    text = _body(
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>控件</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:ins><w:r><w:t>新</w:t></w:r></w:ins><w:del><w:r><w:delText>旧</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>挪走</w:t></w:r></w:moveFrom><w:r><w:tab/><w:t>尾</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>外</w:t><mc:AlternateContent><mc:Choice><w:txbxContent><w:p><w:r><w:t>框</w:t></w:r></w:p>"
        "</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>框</w:t></w:r></w:p></w:txbxContent>"
        "</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    ).text
    assert text == "控件\n\n新\t尾\n\n外\n\n框"


def test_entities_and_bombs_are_refused() -> None:
    hostile = f'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><w:document {_W}>&b;</w:document>'.encode()
    with pytest.raises(ParseFailed) as failed:
        parse(samples.repacked(samples.docx_text("x"), {"word/document.xml": hostile}), Limits())
    assert failed.value.reason == "unsupported"

    bomb = f"<w:document {_W}><w:body>".encode() + b" " * 30_000_000
    with pytest.raises(ParseFailed) as failed:
        parse(samples.repacked(samples.docx_text("x"), {"word/document.xml": bomb}), Limits())
    assert failed.value.reason == "too_large"
