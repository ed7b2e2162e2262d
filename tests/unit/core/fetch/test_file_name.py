import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from wenshu.core.fetch.file_name import MAX_CHARACTERS, file_name_of

PLAIN = URL("http://host/")


def as_aiohttp_reads(header: bytes) -> str:
    return header.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"attachment; filename=report.pdf", "report.pdf"),
        (b'attachment; filename="annual report.pdf"', "annual report.pdf"),
        (b'attachment;FILENAME="a\\"b\\\\c.txt"', "c.txt"),
        (b"attachment; filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf", "报告.pdf"),
        (b"attachment; filename=\"x.pdf\"; filename*=utf-8'zh'%E6%8A%A5.pdf", "报.pdf"),
        (b"attachment; filename*=GBK''%B1%A8%B8%E6.pdf", "报告.pdf"),
        (b"attachment; filename*=iso-8859-1'en'%A3%20rates", "£ rates"),
        (b"attachment; filename*=UTF-8''%FF; filename=good.txt", "good.txt"),
        (b"attachment; filename*=martian''x.pdf; filename=good.txt", "good.txt"),
        ('attachment; filename="报告.pdf"'.encode(), "报告.pdf"),
        ('attachment; filename="报告.pdf"'.encode("gbk"), "报告.pdf"),
        (b"attachment; filename=%E6%8A%A5%E5%91%8A.pdf", "报告.pdf"),
        (b"attachment; filename=100%.txt", "100%.txt"),
        (b'attachment; filename="../../etc/passwd"', "passwd"),
        (b"attachment; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        (b'attachment; filename="C:\\\\dir\\\\f.txt"', "f.txt"),
        (b"attachment; filename*=UTF-8''a%00%0D%0Ab%E2%80%AEfdp.exe", "abfdp.exe"),
        (b'attachment; note="; filename=evil"; filename=good.txt', "good.txt"),
        (b'attachment; filename=".."', "download"),
        (b"inline", "download"),
        (b"", "download"),
    ],
)
def test_from_the_header(header: bytes, name: str) -> None:
    assert file_name_of(as_aiohttp_reads(header), PLAIN) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://host/a/b.pdf?x=/c.txt", "b.pdf"),
        ("http://host/%E6%8A%A5.pdf", "报.pdf"),
        ("http://host/a%2F..%2Fb.pdf", "b.pdf"),
        ("http://host/a/", "download"),
        ("http://host", "download"),
    ],
)
def test_from_the_url(url: str, name: str) -> None:
    assert file_name_of("", URL(url)) == name


def test_a_long_name_keeps_its_extension() -> None:
    name = file_name_of(f"attachment; filename={'长' * 300}.docx", PLAIN)
    assert len(name) == MAX_CHARACTERS
    assert name.endswith("长.docx")


@settings(deadline=None)
@given(st.binary(max_size=80), st.sampled_from([b"", b"attachment; filename=", b"attachment; filename*=UTF-8''"]))
def test_any_header_gives_a_bare_name(garbage: bytes, start: bytes) -> None:
    name = file_name_of(as_aiohttp_reads(start + garbage), PLAIN)
    assert 0 < len(name) <= MAX_CHARACTERS
    assert name not in (".", "..")
    assert not any(character in "/\\" or unicodedata.category(character)[0] == "C" for character in name)
