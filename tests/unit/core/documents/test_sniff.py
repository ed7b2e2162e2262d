import pytest

from unit.core.documents import samples
from wenshu.core.documents.sniff import Format, sniff
from wenshu.kit.errors import ParseFailed

_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
_ELF = b"\x7fELF\x02\x01\x01" + bytes(60)


def _reason(data: bytes, name: str) -> tuple[str, str]:
    with pytest.raises(ParseFailed) as failed:
        sniff(data, name)
    return failed.value.reason, failed.value.message


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (samples.pdf([["x"]]), "年报.PDF", Format.PDF),
        (b"junk before\n" + samples.pdf([["x"]]), "a.pdf", Format.PDF),
        (samples.docx_text("x"), "a.docx", Format.DOCX),
        (samples.pptx_file(), "a.pptx", Format.PPTX),
        (samples.xlsx({"a": [["x"]]}), "a.xlsx", Format.XLSX),
        (b"a,b\n1,2\n", "a.csv", Format.CSV),
        ("<p>中文".encode("gbk"), "a.htm", Format.HTML),
        (b"# a", "README.markdown", Format.MD),
        ("BM 是一种缩写".encode(), "a.txt", Format.TXT),
        (b"Subject: x\n\ny", "a.eml", Format.EML),
        (samples.docx_text("x"), "合同 v1.2", Format.DOCX),
        (samples.pdf([["x"]]), "", Format.PDF),
        (b"<!-- x --><!DOCTYPE html><html>", "首页", Format.HTML),
        (b"plain", "公司简介.最终版", Format.TXT),
        (b"%PDFs are nice", "a.md", Format.MD),
    ],
)
def test_name_and_content_agree(data: bytes, name: str, expected: Format) -> None:
    assert sniff(data, name) is expected
    assert "/" in expected.media_type


@pytest.mark.parametrize(
    ("data", "name", "word"),
    [
        (_PNG, "a.png", "图片"),
        (_PNG, "a.txt", "图片"),
        (_PNG, "a.pdf", "不是 PDF"),
        (b"MZ\x90\0" + bytes(60), "a.pdf", "不是 PDF"),
        (_ELF, "a.txt", "不符"),
        (_ELF, "a", "不符"),
        (_OLE, "a.doc", ".docx"),
        (_OLE, "a.xls", ".xlsx"),
        (_OLE, "a.docx", "旧版"),
        (b"x", "a.exe", ".exe"),
        (b"x", "a.7z", ".7z"),
        (b"x", "a.docm", ".docm"),
        (samples.pdf([["x"]]), "a.docx", "不符"),
        (samples.pdf([["x"]]), "a.txt", "不符"),
        (samples.docx_text("x"), "a.xlsx", "不符"),
        (b"no header here", "a.eml", "邮件"),
    ],
)
def test_anything_else_is_unsupported_and_says_why(data: bytes, name: str, word: str) -> None:
    reason, message = _reason(data, name)
    assert reason == "unsupported"
    assert word in message


@pytest.mark.parametrize("data", [b"", b" \r\n\t"])
def test_an_empty_file_has_no_text(data: bytes) -> None:
    assert _reason(data, "a.pdf")[0] == "empty_text"


def test_an_office_document_with_a_password_is_encrypted() -> None:
    assert _reason(_OLE + "EncryptedPackage".encode("utf-16-le"), "a.xlsx")[0] == "encrypted"


def test_a_plain_archive_is_no_office_document() -> None:
    assert _reason(samples.archive({"a.txt": b"x"}), "a.docx")[0] == "unsupported"
